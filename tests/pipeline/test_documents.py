"""The YAML that is written says what was meant, to a YAML library."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from labwright.pipeline.documents import to_yaml

plain = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
texts = st.text(st.characters(exclude_categories=["Cs"]))
YAML_WORDS = (
    r"null|Null|yes|NO|on|~|1|1.0|1e5|0x1|0o7|1_0|2001-01-01|<<:|=|-|?|.inf|!x|&a|*a|a:b|a#b"
    r"|a: b|a #b| a|a ||- a|it's"
)
tricky = st.sampled_from([*YAML_WORDS.split("|"), '"', "a\nb", "\x00\x7f\u2028\ufeff", "é😀"])
values = st.recursive(
    plain | texts | tricky,
    lambda inner: st.lists(inner) | st.dictionaries(texts | tricky, inner),
    max_leaves=8,
)


@settings(max_examples=40, deadline=None)
@given(st.dictionaries(texts | tricky, values, min_size=1, max_size=3))
def test_reads_back_as_it_was(document: dict[str, Any]) -> None:
    text = to_yaml([document, document])
    # kfp reads with the Python loader, clusters with others: both libyaml and PyYAML here.
    assert list(yaml.safe_load_all(text)) == [document, document]
    if hasattr(yaml, "CSafeLoader"):
        assert list(yaml.load_all(text, yaml.CSafeLoader)) == [document, document]


def test_small_and_large_numbers_stay_numbers() -> None:
    (document,) = yaml.safe_load_all(to_yaml([{"a": 1e-05, "b": 1e300, "c": 1.5e-7, "d": 1.0}]))
    assert document == {"a": 1e-05, "b": 1e300, "c": 1.5e-7, "d": 1.0}
    assert all(isinstance(v, float) for v in document.values())


def test_what_yaml_cannot_hold_is_refused() -> None:
    with pytest.raises(ValueError, match="nan"):
        to_yaml([{"a": float("nan")}])


def test_a_lone_surrogate_can_be_written_to_a_file() -> None:
    text = to_yaml([{"a": "x\ud800"}])
    assert json.loads(text.split(": ", 1)[1]) == "x\ud800"
    text.encode("utf-8")


def test_layout() -> None:
    document = {"b": [{"w": 1, "v": []}, [1, 2], "s"], "a": {}, "c": {"k": "plain words"}}
    assert to_yaml([document, {"z": None}]) == (
        "a: {}\nb:\n- v: []\n  w: 1\n-\n  - 1\n  - 2\n- s\nc:\n  k: plain words\n---\nz: null\n"
    )
