from __future__ import annotations

from typing import Any

import pytest

from labwright.errors import LabwrightError
from labwright.notebook.model import Parameter, ParameterType
from labwright.notebook.parameters import coerce, coerce_all, read_parameters


def found(*sources: str) -> dict[str, tuple[str, Any]]:
    parameters, _ = read_parameters(enumerate(sources))
    return {parameter.name: (parameter.type, parameter.default) for parameter in parameters}


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("n = 3", ("int", 3)),
        ("n = -1", ("int", -1)),
        ("n = 0.5", ("float", 0.5)),
        ("n = -1e-3", ("float", -1e-3)),
        ("n = True", ("bool", True)),
        ("n = 'it''s'", ("str", "its")),
        ("n = [1, 'a', None, -2.5]", ("list", [1, "a", None, -2.5])),
        ("n = {'a': [1], 'b': {}}", ("dict", {"a": [1], "b": {}})),
        ("n: float = 1", ("float", 1)),
        ("n: int = 1.5", ("float", 1.5)),
        ("n: 'float' = 1", ("float", 1)),
        ("n = 1  # how many", ("int", 1)),
        ("n = None", ("str", None)),
        ("n: int | None = None", ("int", None)),
        ("n: None | float = None", ("float", None)),
        ("n: Optional[bool] = None", ("bool", None)),
        ("n: typing.Optional[float] = 1", ("float", 1)),
        ("n: list[int] = [1]", ("list", [1])),
        ("n: List[int] = None", ("list", None)),
        ("n: int | str = 1", ("int", 1)),
        ("n: Any = 'x'", ("str", "x")),
        ("n = 1\nn = 2.5", ("float", 2.5)),
        ("n = m = 4", ("int", 4)),
        ("m, n = 1, 'x'", ("str", "x")),
        ("n = 1\nprint(n)", ("int", 1)),
        ("n = 1\nmodel = Model(n)", ("int", 1)),
        ("n = [1, 2]\nsize = len(n) + n[0]\nprint(f'{n}')", ("list", [1, 2])),
        ("%time n = 3\nn = 4", ("int", 4)),
        ("(n) = (\n  5\n)", ("int", 5)),
    ],
)
def test_literal_defaults(source: str, expected: tuple[str, Any]) -> None:
    kind, default = found(source)["n"]
    assert (kind, default) == expected
    assert type(default) is type(expected[1])


@pytest.mark.parametrize(
    "source",
    [
        "n = m * 2",
        "n = f()",
        "n = (1, 2)",
        "n = {1, 2}",
        "n = b'x'",
        "n = 1j",
        "n = 1e999",
        "n = 2**3",
        "n = 2000000000000000000000",
        "n = {1: 2}",
        "n = [(1,)]",
        "n = '\\ud800'",
        "n: int",
        "n = 1\nn = n + 1",
        "n = 1\nn += 1",
        "n = 1\ndel n",
        "n = 1\nif x:\n    n = 2",
        "n = 1\nfor n in range(3): pass",
        "n = 1\nimport n",
        "n = 1\ndef n(): pass",
        "n = 1\ndef f():\n    global n\n    n = 2\nf()",
        "n = []\nn.append(1)",
        "n = []\nn[0] = 1",
        "n = []\nrandom.shuffle(n)",
        "n = []\nm = n",
        "n = m = []",
        "n = []\nm, k = n, 1",
        "(n, m), k = f()",
        "*n, m = [1, 2]",
        "if True:\n    n = 1",
        "def f():\n    n = 1",
        "n = ",
    ],
)
def test_what_is_no_parameter(source: str) -> None:
    assert "n" not in found(source)


def test_why_it_is_none() -> None:
    _, remarks = read_parameters(
        [(3, "a = (1,)\nb = 1\nc = b * 2\nd = [1]\nd.append(2)\ne = None")]
    )
    said = {remark.message.split("'")[1]: (remark.code, remark.message) for remark in remarks}
    assert "a tuple cannot be passed" in said["a"][1]
    assert "computed" in said["c"][1]
    assert "changed after its default" in said["d"][1]
    assert said["e"][0] == "untyped-parameter"
    assert all(remark.cell == 3 and remark.severity == "info" for remark in remarks)


def test_cells_add_up_and_the_last_default_counts() -> None:
    parameters, _ = read_parameters([(0, "a = 1\nb = 2"), (4, "a = 'x'")])
    assert [(p.name, p.default, p.cell) for p in parameters] == [("b", 2, 0), ("a", "x", 4)]


def parameter(kind: ParameterType, default: Any) -> Parameter:
    return Parameter("p", kind, default, 0)


@pytest.mark.parametrize(
    ("kind", "given", "expected"),
    [
        ("int", "3", 3),
        ("int", " -3 ", -3),
        ("int", 3, 3),
        ("int", 3.0, 3),
        ("float", "3", 3.0),
        ("float", "1e-3", 1e-3),
        ("float", 3, 3.0),
        ("bool", "True", True),
        ("bool", "no", False),
        ("bool", "0", False),
        ("bool", False, False),
        ("str", 'it\'s; "x"\n', 'it\'s; "x"\n'),
        ("str", "5", "5"),
        ("str", "", ""),
        ("list", "[1, 2.5]", [1, 2.5]),
        ("list", "['a', None]", ["a", None]),
        ("list", [1], [1]),
        ("dict", '{"a": null}', {"a": None}),
        ("dict", "{'a': True}", {"a": True}),
    ],
)
def test_coerce(kind: ParameterType, given: Any, expected: Any) -> None:
    defaults: dict[str, Any] = {"int": 1, "float": 1.0, "bool": True, "str": "", "list": []}
    got = coerce(parameter(kind, defaults.get(kind, {})), given)
    assert got == expected
    assert type(got) is type(expected)


@pytest.mark.parametrize("given", [None, "none", "None", "null"])
def test_nothing_can_be_given_where_nothing_is_the_default(given: Any) -> None:
    assert coerce(parameter("int", None), given) is None
    assert coerce(parameter("int", None), "3") == 3


@pytest.mark.parametrize(
    ("kind", "given", "allowed"),
    [
        ("int", "three", "a whole number"),
        ("int", "1.5", "a whole number"),
        ("int", 1.5, "a whole number"),
        ("int", True, "a whole number"),
        ("int", "9" * 30, "a whole number"),
        ("int", None, "a whole number"),
        ("float", "x", "a number"),
        ("float", "nan", "a number"),
        ("float", float("inf"), "a number"),
        ("float", [], "a number"),
        ("bool", "maybe", "true or false"),
        ("bool", 1, "true or false"),
        ("str", 5, "text"),
        ("list", "1, 2", "a JSON list"),
        ("list", "{}", "a JSON list"),
        ("list", "open('x')", "a JSON list"),
        ("list", "[1, (2,)]", "a JSON list"),
        ("dict", "[]", "a JSON object"),
        ("dict", "{1: 2}", "a JSON object"),
    ],
)
def test_values_that_do_not_fit(kind: ParameterType, given: Any, allowed: str) -> None:
    with pytest.raises(LabwrightError) as error:
        coerce(parameter(kind, 1), given)
    assert f"parameter 'p' is a{'n' if kind == 'int' else ''} {kind}, and" in str(error.value)
    assert f"give {allowed}" in str(error.value)


def test_all_parameters_at_once() -> None:
    parameters, _ = read_parameters([(0, "epochs = 3\nlr = 0.1")])
    assert coerce_all(parameters, {"lr": "1"}) == {"epochs": 3, "lr": 1.0}
    with pytest.raises(LabwrightError, match=r"no parameter 'epoch' \(did you mean 'epochs'\?\)"):
        coerce_all(parameters, {"epoch": "4"})
    with pytest.raises(LabwrightError, match="parameters: epochs, lr"):
        coerce_all(parameters, {"zzz": "4"})
    with pytest.raises(LabwrightError, match="tag the cell that sets it"):
        coerce_all([], {"x": "4"})
