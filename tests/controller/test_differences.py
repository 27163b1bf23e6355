"""What counts as a difference, and what the API server or others may add."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.objects import notebook, server
from labwright_controller.builders.statefulset import stateful_set
from labwright_controller.differences import covers, mark, merge_patch, quantity
from labwright_controller.kinds import APPLIED
from labwright_controller.settings import Settings

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner, max_size=3)
    ),
    max_leaves=12,
)
DOCUMENT = st.dictionaries(st.text(max_size=2), JSON, max_size=4)


@given(JSON)
def test_everything_covers_itself(value: Any) -> None:
    assert covers(value, value)


def test_defaults_and_injected_entries_are_no_difference() -> None:
    desired = stateful_set(notebook(), Settings())
    live = stateful_set(notebook(), Settings())
    live["spec"].update(revisionHistoryLimit=10, podManagementPolicy="OrderedReady")
    live["spec"]["template"]["spec"].update(dnsPolicy="ClusterFirst", restartPolicy="Always")
    server(live)["env"].insert(0, {"name": "INJECTED", "value": "1"})
    server(live).update(imagePullPolicy="IfNotPresent", terminationMessagePath="/dev/x")
    live["spec"]["template"]["spec"]["containers"].insert(0, {"name": "proxy", "image": "p"})
    assert covers(live, desired)


@pytest.mark.parametrize("change", ["image", "workingDir"])
def test_a_changed_field_is_a_difference(change: str) -> None:
    desired = stateful_set(notebook(), Settings())
    live = stateful_set(notebook(), Settings())
    server(live)[change] = "else"
    assert not covers(live, desired)


def test_a_field_that_is_gone_changes_the_mark() -> None:
    body = notebook()
    server(body)["env"] = [{"name": "A", "value": "1"}]
    before = mark(stateful_set(body, Settings()))
    server(body)["env"] = []
    after = mark(stateful_set(body, Settings()))
    assert before["metadata"]["annotations"][APPLIED] != after["metadata"]["annotations"][APPLIED]
    assert not covers(before, after)


def test_any_texts_can_be_compared() -> None:
    digests = ["0e12345678901234", "1234e56789012345", "123456e789012345", "0123456789abcdef"]
    for one in digests:
        assert [covers(one, other) for other in digests].count(True) == 1


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [("1", 1, True), ("0.5", "500m", True), ("1024Mi", "1Gi", True), ("1G", "1Gi", False)],
)
def test_quantities_are_compared_as_numbers(one: Any, other: Any, same: bool) -> None:
    assert covers({"cpu": one}, {"cpu": other}) is same


@pytest.mark.parametrize("text", ["", "x", "Gi", None, True, {}, "1234e56789012345", "9e999999k"])
def test_what_is_no_quantity(text: Any) -> None:
    assert quantity(text) is None


def apply(document: Any, patch: Any) -> Any:
    """RFC 7386, as the API server does it."""
    if not isinstance(patch, dict):
        return patch
    result = dict(document) if isinstance(document, dict) else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = apply(result.get(key), value)
    return result


def without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: without_nulls(v) for k, v in value.items() if v is not None}
    return value


@given(DOCUMENT, DOCUMENT)
def test_a_merge_patch_leads_from_one_to_the_other(old: Any, new: Any) -> None:
    old, new = without_nulls(old), without_nulls(new)
    patch = merge_patch(old, new)
    assert apply(old, patch) == new
    assert bool(patch) == (old != new)
