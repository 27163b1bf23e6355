"""Typed pipeline parameters: names with a literal default in the `parameters` cells.

Only what survives a trip through JSON unchanged is a parameter: a tuple, a set or a key that is
no text would come back as another type, so such names stay plain code and are reported.
"""

from __future__ import annotations

import ast
import json
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..diagnostics import Diagnostic
from ..errors import LabwrightError
from .ipython import parse
from .model import Parameter, ParameterType

_TYPES: dict[type, ParameterType] = {
    bool: "bool",
    int: "int",
    float: "float",
    str: "str",
    list: "list",
    dict: "dict",
}
_HINTS: dict[str, ParameterType] = {
    "bool": "bool",
    "int": "int",
    "float": "float",
    "str": "str",
    "list": "list",
    "List": "list",
    "Sequence": "list",
    "Iterable": "list",
    "dict": "dict",
    "Dict": "dict",
    "Mapping": "dict",
}
_NO_CHANGE = (
    *("abs", "all", "any", "bool", "dict", "enumerate", "filter", "float", "frozenset", "int"),
    *("isinstance", "len", "list", "map", "max", "min", "print", "range", "repr", "reversed"),
    *("round", "set", "sorted", "str", "sum", "tuple", "type", "zip"),
)
# Beyond it a number loses digits on its way through Kubeflow, which carries doubles.
_MAX_INT = 2**53
_TRUE = ("true", "yes", "on", "1")
_FALSE = ("false", "no", "off", "0")


def read_parameters(
    cells: Iterable[tuple[int, str]],
) -> tuple[tuple[Parameter, ...], tuple[Diagnostic, ...]]:
    """The parameters in `(cell index, source)` pairs, and remarks on names that are none.

    A later assignment of a literal gives the default; a name that is computed, changed or deleted
    after its literal is no parameter.
    """
    reading = _Reading()
    for index, source in cells:
        try:
            body = parse(source).body
        except SyntaxError:
            continue  # the analysis of the cell says what is wrong with it
        for statement in body:
            reading.statement(index, statement)
    return reading.result()


def coerce(parameter: Parameter, value: Any) -> Any:
    """`value`, a text as in `-p NAME=VALUE` or a JSON value, as the parameter's type."""
    if value is None or (
        isinstance(value, str)
        and parameter.default is None
        and value.strip().lower() in ("none", "null")
    ):
        if parameter.default is None:
            return None
        raise _wrong(parameter, value)
    if isinstance(value, str) and parameter.type != "str":
        return _from_text(parameter, value)
    return _from_value(parameter, value)


def coerce_all(parameters: Iterable[Parameter], given: dict[str, Any]) -> dict[str, Any]:
    """Every parameter's value: as given, else the default. An unknown name is an error."""
    from .place import did_you_mean

    known = {parameter.name: parameter for parameter in parameters}
    for name in given:
        if name not in known:
            hint = did_you_mean(name, list(known)) or (
                f"parameters: {', '.join(known)}"
                if known
                else "tag the cell that sets it with `parameters`"
            )
            raise LabwrightError(f"the notebook has no parameter {name!r}", hint=hint)
    return {
        name: coerce(parameter, given[name]) if name in given else parameter.default
        for name, parameter in known.items()
    }


@dataclass
class _Reading:
    found: dict[str, Parameter] = field(default_factory=dict)
    remarks: dict[str, Diagnostic] = field(default_factory=dict)

    def statement(self, cell: int, statement: ast.stmt) -> None:
        bindings = dict(_bindings(statement))
        rebound = _rebound(statement) - set(bindings)
        for name, parameter in list(self.found.items()):
            mutable = isinstance(parameter.default, (list, dict))
            if name in rebound or (mutable and _may_mutate(statement, name)):
                self.refuse(cell, name, "it is changed after its default")
        for name, (value, hint) in bindings.items():
            self.bind(cell, name, value, hint)

    def bind(self, cell: int, name: str, value: ast.expr | None, hint: str | None) -> None:
        if value is None:
            self.refuse(cell, name, "its default is unpacked, or has another name too")
            return
        try:
            default = ast.literal_eval(value)
        except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
            self.refuse(cell, name, "its default is computed")
            return
        reason = _unfit(default)
        if reason:
            self.refuse(cell, name, reason)
            return
        self.remarks.pop(name, None)
        if default is None and hint is None:
            self.remarks[name] = Diagnostic(
                cell,
                "info",
                "untyped-parameter",
                f"parameter {name!r} has the default None and no type, so a value given to it is"
                f" text; write its type, as in `{name}: int | None = None`",
            )
        self.found.pop(name, None)
        self.found[name] = Parameter(name, _type(default, hint), default, cell)

    def refuse(self, cell: int, name: str, reason: str) -> None:
        self.found.pop(name, None)
        self.remarks[name] = Diagnostic(
            cell,
            "info",
            "not-a-parameter",
            f"{name!r} is no parameter: {reason}; give it a literal number, text, boolean, list or"
            " dictionary to make it one",
        )

    def result(self) -> tuple[tuple[Parameter, ...], tuple[Diagnostic, ...]]:
        return tuple(self.found.values()), tuple(self.remarks.values())


def _bindings(
    statement: ast.stmt,
) -> Iterator[tuple[str, tuple[ast.expr | None, str | None]]]:
    """The names an assignment binds, each with its default and its hinted type.

    The default is None where it cannot be told, or is one object with several names.
    """
    if isinstance(statement, ast.AnnAssign):
        if isinstance(statement.target, ast.Name) and statement.value is not None:
            yield statement.target.id, (statement.value, _hint(statement.annotation))
        return
    if not isinstance(statement, ast.Assign):
        return
    shared = len(statement.targets) > 1 and isinstance(
        statement.value, (ast.List, ast.Dict, ast.Tuple)
    )
    for target in statement.targets:
        if isinstance(target, ast.Name):
            hint = _hint_text(statement.type_comment)
            yield target.id, (None if shared else statement.value, hint)
        elif isinstance(target, (ast.Tuple, ast.List)):
            values = _parts(statement.value, len(target.elts))
            for part, value in zip(target.elts, values, strict=True):
                for node in ast.walk(part):
                    if isinstance(node, ast.Name):
                        yield node.id, (value if node is part and not shared else None, None)


def _parts(value: ast.expr, count: int) -> Sequence[ast.expr | None]:
    """The values of an unpacking, one a target; None where they cannot be told."""
    parts = value.elts if isinstance(value, (ast.Tuple, ast.List)) else []
    if len(parts) != count or any(isinstance(part, ast.Starred) for part in parts):
        return [None] * count
    return parts


def _rebound(statement: ast.stmt) -> set[str]:
    """Names the statement may bind or delete."""
    if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        declared = (node for node in ast.walk(statement) if isinstance(node, ast.Global))
        return {statement.name, *(name for node in declared for name in node.names)}
    rebound: set[str] = set()
    for node in ast.walk(statement):
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            rebound.add(node.id)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            rebound.update(alias.asname or alias.name.split(".")[0] for alias in node.names)
    return rebound


def _may_mutate(statement: ast.stmt, name: str) -> bool:
    """Whether the statement may change the object `name` refers to, or give it a second name."""
    harmless: set[int] = set()
    for node in ast.walk(statement):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            if node.func.id in _NO_CHANGE:
                harmless.update(id(argument) for argument in node.args)
        elif isinstance(node, (ast.BinOp, ast.Compare, ast.BoolOp, ast.UnaryOp)):
            harmless.update(id(child) for child in ast.iter_child_nodes(node))
        elif isinstance(node, ast.FormattedValue):
            harmless.add(id(node.value))
        elif isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load):
            harmless.update((id(node.value), id(node.slice)))
    return any(
        isinstance(node, ast.Name)
        and isinstance(node.ctx, ast.Load)
        and node.id == name
        and id(node) not in harmless
        for node in ast.walk(statement)
    )


def _unfit(value: Any) -> str:
    """Why a literal cannot be a parameter; empty when it can."""
    if value is None or isinstance(value, (bool, str)):
        if isinstance(value, str):
            try:
                value.encode()
            except UnicodeEncodeError:
                return "its text is not valid Unicode"
        return ""
    if isinstance(value, int):
        return "" if abs(value) <= _MAX_INT else "its number is too large to be passed exactly"
    if isinstance(value, float):
        return "" if math.isfinite(value) else "its number is not finite"
    if isinstance(value, list):
        return next(filter(None, map(_unfit, value)), "")
    if isinstance(value, dict):
        if not all(isinstance(key, str) for key in value):
            return "its dictionary has keys that are not text"
        return next(filter(None, map(_unfit, [*value, *value.values()])), "")
    return f"a {type(value).__name__} cannot be passed as a parameter"


def _type(default: Any, hint: str | None) -> ParameterType:
    """The literal's own type, which a hint may only widen: an int to a float, None to anything."""
    hinted = _HINTS.get(hint or "")
    if default is None:
        return hinted or "str"
    own = _TYPES[type(default)]
    return "float" if own == "int" and hinted == "float" else own


def _hint(annotation: ast.expr) -> str | None:
    """The plain type a hint names: `float`, `list[int]`, `Optional[int]`, `int | None`, texts."""
    if isinstance(annotation, ast.Constant) and isinstance(annotation.value, str):
        return _hint_text(annotation.value)
    if isinstance(annotation, ast.Attribute):
        return annotation.attr
    if isinstance(annotation, ast.Name):
        return annotation.id
    if isinstance(annotation, ast.BinOp):
        sides = [annotation.left, annotation.right]
        named = [side for side in sides if not isinstance(side, ast.Constant) or side.value]
        return _hint(named[0]) if len(named) == 1 else None
    if isinstance(annotation, ast.Subscript):
        outer = _hint(annotation.value)
        return _hint(annotation.slice) if outer == "Optional" else outer
    return None


def _hint_text(text: str | None) -> str | None:
    try:
        return _hint(ast.parse(text, mode="eval").body) if text else None
    except SyntaxError:
        return None


def _from_text(parameter: Parameter, text: str) -> Any:
    word = text.strip()
    try:
        if parameter.type == "bool":
            if word.lower() not in _TRUE + _FALSE:
                raise ValueError
            return word.lower() in _TRUE
        if parameter.type == "int":
            return _from_value(parameter, int(word))
        if parameter.type == "float":
            return _from_value(parameter, float(word))
    except ValueError:
        raise _wrong(parameter, text) from None
    return _from_value(parameter, _structure(parameter, word))


def _structure(parameter: Parameter, word: str) -> Any:
    """A list or dictionary from JSON, or from Python's spelling of it."""
    try:
        return json.loads(word)
    except ValueError:
        pass
    try:
        return ast.literal_eval(word)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        raise _wrong(parameter, word) from None


def _from_value(parameter: Parameter, value: Any) -> Any:
    if parameter.type in ("int", "float"):
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise _wrong(parameter, value)
        if not math.isfinite(value) or (isinstance(value, int) and abs(value) > _MAX_INT):
            raise _wrong(parameter, value)
        if parameter.type == "float":
            return float(value)
        if value != int(value):
            raise _wrong(parameter, value)
        return int(value)
    if _TYPES.get(type(value)) != parameter.type or _unfit(value):
        raise _wrong(parameter, value)
    return value


def _wrong(parameter: Parameter, value: Any) -> LabwrightError:
    allowed = {
        "int": "a whole number, as 3",
        "float": "a number, as 0.1",
        "bool": "true or false",
        "str": "text",
        "list": "a JSON list, as [1, 2]",
        "dict": 'a JSON object, as {"a": 1}',
    }[parameter.type]
    kind = "an" if parameter.type == "int" else "a"
    return LabwrightError(
        f"parameter {parameter.name!r} is {kind} {parameter.type}, and {value!r} is none",
        hint=f"give {allowed}",
    )
