"""`when` expressions: what they become, that it decides as Python does, and what is refused."""

from __future__ import annotations

import itertools
import re
from typing import Any

import pytest

from labwright.errors import LabwrightError
from labwright.pipeline.conditions import operand_types, to_ir
from labwright.pipeline.model import IRType

PARAMETERS: dict[str, IRType] = {
    "n": "NUMBER_INTEGER",
    "lr": "NUMBER_DOUBLE",
    "mode": "STRING",
    "flag": "BOOLEAN",
}
VALUES: dict[str, list[Any]] = {
    "n": [-2, 0, 3],
    "lr": [-0.5, 0.0, 0.1],
    "mode": ["", "fast", "it's"],
    "flag": [False, True],
    "accuracy": [0.5, 0.85, 0.9],
    "best": ["", "rf", 'a"b\\c\n'],
    "go": [False, True],
    "count": [0.0, 1.0, 5.0],
}


def ir(expression: str) -> str:
    kinds = operand_types(expression, PARAMETERS)
    types = PARAMETERS | {n: "BOOLEAN" if k == "TRUTH" else k for n, k in kinds.items()}  # type: ignore[dict-item]
    return to_ir(expression, types, {name: name for name in VALUES})


@pytest.mark.parametrize(
    ("expression", "written"),
    [
        ("accuracy > 0.85", "inputs.parameter_values['accuracy'] > 0.85"),
        ("accuracy > 1", "inputs.parameter_values['accuracy'] > 1.0"),
        ("n == 3", "int(inputs.parameter_values['n']) == 3"),
        ("n > 2.5", "inputs.parameter_values['n'] > 2.5"),
        ("best == 'rf'", "inputs.parameter_values['best'] == 'rf'"),
        ("go", "inputs.parameter_values['go'] == true"),
        ("not go", "!(inputs.parameter_values['go'] == true)"),
        ("flag == True", "inputs.parameter_values['flag'] == true"),
        (
            "accuracy > 0.85 and n == 3",
            "inputs.parameter_values['accuracy'] > 0.85 && int(inputs.parameter_values['n']) == 3",
        ),
        (
            "best in ('rf', 'svm')",
            "(inputs.parameter_values['best'] == 'rf' || inputs.parameter_values['best'] == 'svm')",
        ),
        (
            "0.5 < accuracy <= 0.9",
            "0.5 < inputs.parameter_values['accuracy'] "
            "&& inputs.parameter_values['accuracy'] <= 0.9",
        ),
        ("mode == 'it\\'s'", r"inputs.parameter_values['mode'] == 'it\'s'"),
    ],
)
def test_what_is_written(expression: str, written: str) -> None:
    assert ir(expression) == written


def decide(condition: str, values: dict[str, Any]) -> bool:
    """Decide an IR condition, as kfp.local does, with the numbers doubles as they travel."""
    names = re.findall(r"inputs\.parameter_values\['(\w+)'\]", condition)
    text = re.sub(r"inputs\.parameter_values\['(\w+)'\]", r"\1", condition)
    text = text.replace("&&", " and ").replace("||", " or ").replace("!(", " not (")
    given = {n: float(v) if type(v) is int else v for n, v in values.items() if n in names}
    return bool(eval(text, {"true": True, "false": False, "int": int}, given))


@pytest.mark.parametrize(
    "expression",
    [
        "accuracy > 0.85 or (n < 0 and not flag)",
        "not (accuracy >= 0.85 and lr != 0.1) or best",
        "n in [0, 3] and mode not in ('fast', '')",
        "-1 < n < 3 and count == 5",
        "n * 2 - 1 >= lr + 0.5",
        "go and not flag or mode == 'fast'",
        "n and lr and mode",
        "count",
        "not count or count > 1",
        "(n > 0) == flag",
        "(go is True) != flag",
        'best == "a\\"b\\\\c\\n" or mode == "it\'s"',
        "True",
        "1 > 2",
        "n in ()",
        "(accuracy - lr) / 2 > -0.1",
        "lr < accuracy",
        "mode < 'g'",
        "+n > -(n - 1)",
        "go == flag",
    ],
)
def test_decides_as_python_does(expression: str) -> None:
    condition = ir(expression)
    names = [name for name in VALUES if re.search(rf"\b{name}\b", expression)]
    for given in itertools.product(*(VALUES[name] for name in names)):
        values = dict(zip(names, given, strict=True))
        # A bare truth value travels as its truthiness.
        travels = {k: bool(v) if f"['{k}'] == true" in condition else v for k, v in values.items()}
        assert decide(condition, travels) == bool(eval(expression, {}, dict(values))), values


def test_types_the_names_need() -> None:
    assert operand_types("accuracy > 0.5 and kind == 'a' and go and n > 2", PARAMETERS) == {
        "accuracy": "NUMBER_DOUBLE",
        "kind": "STRING",
        "go": "TRUTH",
    }
    assert operand_types("a < b and b == c and d == True", {}) == {
        "a": "NUMBER_DOUBLE",
        "b": "NUMBER_DOUBLE",
        "c": "NUMBER_DOUBLE",
        "d": "BOOLEAN",
    }
    assert operand_types("a == b and b == 'x'", {}) == {"a": "STRING", "b": "STRING"}


@pytest.mark.parametrize(
    ("expression", "why"),
    [
        ("len(rows) > 3", "len(rows)"),
        ("scores['a'] > 1", "scores['a']"),
        ("model.ok", "model.ok"),
        ("x is None", "None"),
        ("x == 'a' and x > 1", "string"),
        ("n == 'a'", "number"),
        ("x % 2 == 0", "+ - * /"),
        ("x in names", "literal tuple"),
        ("flag > True", "no order"),
        ("x > float('inf')", "float('inf')"),
        ("x > 1e999", "no number"),
        ("f'{x}' == 'a'", "more than names"),
        ("lambda: x", "more than names"),
        ("x >", "no Python expression"),
    ],
)
def test_what_cannot_be_said_is_refused(expression: str, why: str) -> None:
    with pytest.raises(LabwrightError) as caught:
        ir_of_any(expression)
    assert why in str(caught.value)
    assert str(caught.value).startswith("step `deploy`")


def ir_of_any(expression: str) -> str:
    kinds = operand_types(expression, PARAMETERS, "step `deploy`")
    names = {name: name for name in (*kinds, *PARAMETERS)}
    return to_ir(expression, PARAMETERS, names, "step `deploy`")


def test_a_list_cannot_decide() -> None:
    with pytest.raises(LabwrightError, match="list or a dict"):
        operand_types("grid", {"grid": "LIST"})
