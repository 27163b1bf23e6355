"""Task names as KFP wants them; artifact keys that never collide."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labwright.pipeline.names import artifact_key, task_name, task_names, value_key


@pytest.mark.parametrize(
    ("name", "task"),
    [("Train_Model", "train-model"), ("a--b", "a-b"), ("_x_", "x"), ("__", "step"), ("é1", "1")],
)
def test_task_name(name: str, task: str) -> None:
    assert task_name(name) == task


def test_task_names_are_unique_and_never_the_pipelines() -> None:
    tasks, names = task_names("Digits", ["digits", "a_b", "a-b"])
    assert tasks == {"digits": "digits-2", "a_b": "a-b", "a-b": "a-b-2"}
    assert names.numbered("condition") == "condition-1"
    assert names.numbered("condition") == "condition-2"


@pytest.mark.parametrize(
    ("variable", "key"),
    [
        ("X_train", "X_train"),
        ("numpy.random", "state_numpy_random"),
        ("state_numpy_random", "var_state_numpy_random"),
        ("labwright_html", "var_labwright_html"),
        ("Output", "var_Output"),
        ("a__value", "var_u615f5f76616c7565"),
        ("é", "var_uc3a9"),
    ],
)
def test_artifact_key(variable: str, key: str) -> None:
    assert artifact_key(variable) == key
    assert key.isascii()


identifiers = st.builds(
    "".join,
    st.tuples(
        st.sampled_from(["", "var_", "state_", "labwright_", "u"]),
        st.text("aé_", min_size=1, max_size=3),
        st.sampled_from(["", "__value"]),
    ),
)


@settings(max_examples=100, deadline=None)
@given(st.sets(identifiers, min_size=2, max_size=8))
def test_keys_are_never_shared(variables: set[str]) -> None:
    keys = [artifact_key(v) for v in variables] + [value_key(v) for v in variables]
    assert len(set(keys)) == len(keys)
