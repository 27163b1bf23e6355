"""The decisions that need no process: conditions, placeholders, selectors, quantities."""

from __future__ import annotations

from typing import Any

import pytest

from labwright.errors import LabwrightError
from labwright.targets.local.dag import Unresolved, coerce, select
from labwright.targets.local.expressions import ExpressionError, evaluate
from labwright.targets.local.ir import Container
from labwright.targets.local.limits import in_words, quantity
from labwright.targets.local.placeholders import PlaceholderError, fill, fill_command
from labwright.targets.local.program import (
    kfp_requirements,
    kfp_source,
    modules,
    python_code,
    sets_variables,
)

from .ir_by_hand import value

VALUES: dict[str, Any] = {
    "n": 3, "x": 0.85, "s": "heads", "t": "5", "yes": True, "list": [1, 2], "map": {"a": {"b": 1}},
    "quote": "it's", "nothing": None,
}  # fmt: skip


@pytest.mark.parametrize(
    ("expression", "holds"),
    [
        ("{n} == 3", True),
        ("{n} == 3.0", True),
        ("{n} != 3", False),
        ("{x} >= 0.85 && {x} < 1", True),
        ("{s} == 'heads'", True),
        ('{s} == "tails"', False),
        ("{quote} == 'it\\'s'", True),
        ("!({s} == 'heads')", False),
        ("!({s} == 'heads') && {s} == 'tails' || {yes} == true", True),
        ("{yes}", True),
        ("!{yes}", False),
        ("{s} in ['heads', 'tails']", True),
        ("3 in {list}", False),
        ("'a' in {map}", True),
        ("{map}['a'].b == 1", True),
        ("{list}[1] == 2", True),
        ("int({t}) > 4", True),
        ("double({t}) / 2 == 2.5", True),
        ("string({n}) == '3'", True),
        ("bool('true')", True),
        ("size({list}) == 2", True),
        ("{n} * 2 + 1 == 7 && -{n} < 0 && {n} % 2 == 1 && {n} - 1 == 2", True),
        ("{nothing} == null", True),
        ("{yes} == 1", False),
        ("{s} == 3", False),
        # What && and || do not need is not looked at.
        ("{s} == 'tails' && {s} > 3", False),
        ("{s} == 'heads' || {missing} > 3", True),
    ],
)
def test_conditions(expression: str, holds: bool) -> None:
    names = {name: value(name) for name in (*VALUES, "missing")}
    text = expression
    for name, reference in names.items():
        text = text.replace("{" + name + "}", reference)
    assert evaluate(text, VALUES) is holds


@pytest.mark.parametrize(
    ("expression", "complaint"),
    [
        (f"{value('s')} > 3", "cannot compare 'heads' with 3"),
        (f"{value('n')}", "gives 3, not true or false"),
        (f"{value('gone')} == 1", "no 'gone'"),
        ("1 == ", "ends where a value is expected"),
        ("(1 == 1", "ends where `)`"),
        ("1 == 1 2", "`2` is not expected there"),
        ("__import__('os') == 1", "function `__import__` is not known"),
        ("os.system == 1", "`os` is not known"),
        ("1 == $", "cannot be read"),
        ("int('x') == 1", "`int` cannot be made of 'x'"),
        ("1 / 0 == 1", "divides by zero"),
        ("'a' && true", "joins true or false"),
        ("1 in 2", "`in` looks into"),
    ],
)
def test_conditions_that_make_no_sense(expression: str, complaint: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        evaluate(expression, VALUES)
    assert complaint in str(caught.value)


INPUT: dict[str, Any] = {
    "inputs": {
        "parameterValues": {
            "name": 'a"b', "n": 2, "list": [1, "x"], "tricky": "{{$.pipeline_root}}",
        },
        "artifacts": {"data": {"artifacts": [{"uri": "/d", "name": "D", "metadata": {"k": 1}}]}},
    },
    "outputs": {
        "parameters": {"out": {"outputFile": "/p/out"}},
        "artifacts": {"model": {"artifacts": [{"uri": "/m"}]}},
        "outputFile": "/o.json",
    },
}  # fmt: skip


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("plain", "plain"),
        ("{{$.inputs.parameters['name']}}", 'a"b'),
        ("n={{$.inputs.parameters['n']}}!", "n=2!"),
        ("{{$.inputs.parameters[''n'']}}", "2"),
        ("{{$.inputs.parameters['list']}}", '[1, "x"]'),
        ("{{$.inputs.parameters['absent']}}", "null"),
        ("{{$.inputs.parameters['tricky']}}", "{{$.pipeline_root}}"),
        ("{{$.json_escape[1].inputs.parameters['name']}}", 'a\\"b'),
        ("{{$.inputs.artifacts['data'].uri}} {{$.inputs.artifacts['data'].path}}", "/d /d"),
        ("{{$.inputs.artifacts['data'].name}}", "D"),
        ("{{$.inputs.artifacts['data'].metadata['k']}}", "1"),
        ("{{$.inputs.artifacts['data'].metadata}}", '{"k": 1}'),
        ("{{$.outputs.parameters['out'].output_file}}", "/p/out"),
        ("{{$.outputs.artifacts['model'].path}}", "/m"),
        ("{{$.outputs.output_file}} {{$.outputMetadataUri}}", "/o.json /o.json"),
        ("{{$.pipeline_root}}", "/root"),
        ("{{$.inputs.artifacts['gone'].uri}}", None),
        ("{{$.pipeline_google_cloud_location}}", None),
    ],
)
def test_placeholders(text: str, filled: str | None) -> None:
    if filled is None:
        with pytest.raises(PlaceholderError, match="names nothing"):
            fill(text, INPUT, {"pipeline_root": "/root"})
    else:
        assert fill(text, INPUT, {"pipeline_root": "/root"}) == filled


def test_words_that_stand_for_several_or_none() -> None:
    words = [
        '{"IfPresent": {"InputName": "n", "Then": ["--n", "{{$.inputs.parameters[\'n\']}}"]}}',
        '{"IfPresent": {"InputName": "gone", "Then": "a", "Else": "b"}}',
        '{"IfPresent": {"InputName": "gone", "Then": ["a"]}}',
        '{"Concat": ["x", {"IfPresent": {"InputName": "n", "Then": "y"}}, "z"]}',
        '{"just": "json"}',
    ]
    assert fill_command(words, INPUT, {}) == ["--n", "2", "b", "xyz", '{"just": "json"}']
    with pytest.raises(PlaceholderError, match="cannot be read"):
        fill_command(['{"Concat": nonsense'], INPUT, {})


def test_selectors() -> None:
    item = {"a": {"b": [1, 2]}, "c d": 3}
    assert select(item, 'parseJson(string_value)["a"]["b"][1]') == 2
    assert select('{"c d": 3}', "parseJson(string_value)['c d']") == 3
    with pytest.raises(ValueError, match="not known"):
        select(item, "size(string_value)")


@pytest.mark.parametrize(
    ("given", "kind", "result"),
    [
        (1.0, "NUMBER_INTEGER", 1),
        ("7", "NUMBER_INTEGER", 7),
        (2, "NUMBER_DOUBLE", 2.0),
        ("2.5", "NUMBER_DOUBLE", 2.5),
        ({"a": 1}, "STRING", '{"a": 1}'),
        (3, "STRING", "3"),
        ("True", "BOOLEAN", True),
        ("[1]", "LIST", [1]),
        ({"a": 1}, "STRUCT", {"a": 1}),
        (None, "STRUCT", None),
    ],
)
def test_parameters_take_their_declared_type(given: Any, kind: str, result: Any) -> None:
    taken = coerce(given, kind, "p")
    assert taken == result
    assert type(taken) is type(result)


@pytest.mark.parametrize(
    ("given", "kind"),
    [
        (1.5, "NUMBER_INTEGER"),
        (True, "NUMBER_DOUBLE"),
        ("x", "BOOLEAN"),
        ({}, "LIST"),
        (1, "STRUCT"),
    ],
)
def test_parameters_of_another_type_are_refused(given: Any, kind: str) -> None:
    with pytest.raises(Unresolved, match=f"'p' is .* is no {kind}"):
        coerce(given, kind, "p")


def test_quantities() -> None:
    assert [quantity(text) for text in ("512Mi", "1.5G", "500m", "10")] == [
        512 * 2**20, 1.5e9, 0.5, 10,
    ]  # fmt: skip
    with pytest.raises(LabwrightError, match="'lots' is no quantity"):
        quantity("lots")
    assert [in_words(n) for n in (5, 2048, 3 << 20, 300 << 20)] == [
        "5 B", "2.0 KiB", "3.0 MiB", "300 MiB",
    ]  # fmt: skip


def test_commands_are_recognised() -> None:
    assert python_code(["python3", "-u", "-c", "pass", "a"]) == ("pass", ["a"])
    assert python_code(["/usr/bin/python3.11", "-c", "pass"]) == ("pass", [])
    assert python_code(["python3", "script.py"]) is None
    assert python_code(["sh", "-c", "pass"]) is None
    install = "python3 -m pip install --quiet 'kfp==2.17.0' '--no-deps' && python3 -m pip install "
    install += "--index-url https://x.org/simple 'numpy>=2' 'kfp-kubernetes' && \"$0\" \"$@\""
    run = "_KFP_RUNTIME=true python3 -m kfp.dsl.executor_main --component_module_path "
    run += '"$program_path/ephemeral_component.py" "$@"'
    command = ["sh", "-c", install, "sh", "-ec", run, "def f(): 'pip install nothing &&'"]
    assert kfp_source(command) == "def f(): 'pip install nothing &&'"
    assert kfp_requirements(command) == ["numpy>=2", "kfp-kubernetes"]


def test_what_is_imported_before_a_step_forks() -> None:
    source = """
import numpy as np, pandas as pd; import torch
from sklearn import (datasets, svm as machine)
from sklearn.ensemble import RandomForestClassifier  # not a module
def draw():
    import matplotlib.pyplot as plt
import tensorflow, os
from . import numpy
text = "import scipy"
"""
    assert modules(Container(command=("python3", "-c", source))) == (
        "matplotlib.pyplot", "numpy", "pandas", "sklearn", "sklearn.datasets", "sklearn.ensemble",
        "sklearn.svm", "torch",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("source", "sets"),
    [
        ("os.environ['A'] = '1'", True),
        ("environ.setdefault('A', '1')", True),
        ("os.environ.update(A='1')", True),
        ("%env A=1", True),
        ("get_ipython().run_line_magic('set_env', 'A=1')", True),
        ("os.environ['A'] == '1'", False),
        ("os.environ.get('A')", False),
        ("environment['a'] = 1", False),
    ],
)
def test_variables_that_a_step_sets_are_seen(source: str, sets: bool) -> None:
    assert sets_variables(Container(command=("python3", "-c", source))) == sets
