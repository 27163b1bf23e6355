"""Parameters of a batch run: `-p NAME=VALUE` read and put into the notebook as papermill does."""

from __future__ import annotations

import ast
import math
import os
from collections.abc import Mapping, Sequence
from typing import Any

from ..errors import LabwrightError

INJECTED = "injected-parameters"


def tagged(cells: Sequence[Mapping[str, Any]], tag: str) -> int | None:
    """The index of the first cell with the tag."""
    for index, cell in enumerate(cells):
        if tag in cell.get("metadata", {}).get("tags", ()):
            return index
    return None


def split(text: str) -> tuple[str, str]:
    """`NAME=VALUE` as its two halves."""
    name, equals, value = text.partition("=")
    name = name.strip()
    if not equals or not name.isidentifier():
        raise LabwrightError(f"{text!r} is not NAME=VALUE", where="-p", hint="as in -p epochs=3")
    return name, value


def read(cells: Sequence[Mapping[str, Any]], texts: Sequence[str], where: str) -> dict[str, Any]:
    """The values that `NAME=VALUE` texts give, typed as the defaults of the `parameters` cell.

    A notebook without such a cell takes any name: the values are put at its top.
    """
    pairs = [split(text) for text in texts]
    index = tagged(cells, "parameters")
    if not pairs or index is None:
        return {name: guess(text) for name, text in pairs}
    from ..notebook.parameters import coerce, read_parameters

    source = _text(cells[index].get("source", ""))
    typed = {p.name: p for p in read_parameters([(index, source)])[0]}
    known = [*typed, *(name for name in assigned(source) if name not in typed)]
    values = {}
    for name, text in pairs:
        if name not in known:
            raise _unknown(name, known, where)
        values[name] = coerce(typed[name], text) if name in typed else guess(text)
    return values


def _unknown(name: str, known: list[str], where: str) -> LabwrightError:
    from ..notebook.place import did_you_mean

    hint = did_you_mean(name, known) or f"its parameters are {', '.join(known) or 'none'}"
    return LabwrightError(f"the notebook has no parameter {name!r}", where=where, hint=hint)


def assigned(source: str) -> list[str]:
    """The names a cell assigns at its top level, computed values included."""
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return []
    targets: list[ast.expr] = []
    for node in tree.body:
        if isinstance(node, ast.Assign):
            targets += node.targets
        elif isinstance(node, ast.AnnAssign):
            targets.append(node.target)
    names = [n.id for t in targets for n in ast.walk(t) if isinstance(n, ast.Name)]
    return list(dict.fromkeys(names))


def guess(text: str) -> Any:
    """What a text stands for when no default says its type: papermill's rule."""
    words = {"True": True, "False": False, "None": None}
    if text in words:
        return words[text]
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def inject(document: dict[str, Any], values: Mapping[str, Any]) -> None:
    """Put a cell that assigns the values after the `parameters` cell, or in place of an old one."""
    cell: dict[str, Any] = {
        "cell_type": "code",
        "execution_count": None,
        "id": os.urandom(4).hex(),
        "metadata": {"tags": [INJECTED]},
        "outputs": [],
        "source": code(values),
    }
    cells = document["cells"]
    old = tagged(cells, INJECTED)
    if old is not None:
        cells[old] = cell
        return
    index = tagged(cells, "parameters")
    cells.insert(0 if index is None else index + 1, cell)


def code(values: Mapping[str, Any]) -> str:
    """The source of an injected cell, written as papermill writes it."""
    lines = [f"{name} = {literal(value)}\n" for name, value in values.items()]
    return "# Parameters\n" + "".join(lines)


def literal(value: Any) -> str:
    """The value as Python source."""
    if isinstance(value, str):
        escaped = value.encode("unicode_escape").decode("ascii").replace('"', '\\"')
        return f'"{escaped}"'
    if isinstance(value, float) and not math.isfinite(value):
        return f"float('{value}')"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{literal(k)}: {literal(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(literal(item) for item in value) + "]"
    return repr(value)


def _text(source: str | list[str]) -> str:
    return source if isinstance(source, str) else "".join(source)
