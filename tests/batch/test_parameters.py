"""Parameters of a batch run: reading, typing, and the code of the injected cell."""

import ast
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labwright.batch import parameters
from labwright.errors import LabwrightError

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@given(VALUES)
def test_a_literal_evaluates_to_its_value(value):
    assert eval(parameters.literal(value), {"float": float}) == value


def test_a_literal_that_is_no_number():
    assert math.isnan(eval(parameters.literal(math.nan)))


@given(st.dictionaries(st.from_regex(r"[a-z]{1,5}_", fullmatch=True), st.text()))
def test_the_code_assigns_nothing_but_the_values(values):
    body = ast.parse(parameters.code(values)).body
    assert {node.targets[0].id: ast.literal_eval(node.value) for node in body} == values


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1", 1),
        ("-1", -1),
        ("1.5", 1.5),
        ("1e3", 1000.0),
        ("True", True),
        ("None", None),
        ("true", "true"),
        ("", ""),
        ("[1]", "[1]"),
    ],
)
def test_a_guess_is_papermills(text, value):
    assert parameters.guess(text) == value


@pytest.mark.parametrize("text", ["x", "=1", "a b=1", "1x=2"])
def test_what_is_no_assignment(text):
    with pytest.raises(LabwrightError, match="NAME=VALUE"):
        parameters.split(text)


def test_a_value_may_hold_an_equals_sign():
    assert parameters.split("x=a=b") == ("x", "a=b")
