"""`foreach`: what a loop walks, in the form the pipeline's engine takes it."""

from __future__ import annotations

import ast
import json
import math
from collections.abc import Mapping
from typing import Any

from ..dataflow.model import Loop
from ..errors import LabwrightError
from .model import ForEach, IRType, Operand, TypedParameter
from .values import Interface


def foreach(
    loop: Loop, interface: Interface, parameters: Mapping[str, TypedParameter], where: str
) -> ForEach:
    """The items of `loop`: JSON texts known now, a step's list, or a pipeline parameter."""
    if loop.source is None:
        return ForEach("STRING", "json", items=_literal_items(loop, where))
    operand = Operand(loop.source.name, *interface.operand(loop.source, parameters))
    if operand.source is not None:
        return ForEach("STRING", "json", source=operand)
    item_type = _item_type(parameters[operand.name], where)
    return ForEach(item_type, "value", _like(parameters[operand.name]), source=operand)


def _literal_items(loop: Loop, where: str) -> tuple[str, ...]:
    try:
        items = _literal(ast.parse(loop.items.strip(), mode="eval").body)
    except (ValueError, SyntaxError, TypeError) as error:
        raise LabwrightError(
            f"foreach over `{loop.items}`: items must be a literal list or a variable's name",
            where=where,
            hint="give the list a name in an earlier step",
        ) from error
    for item in items:
        if not _exact(item):
            raise LabwrightError(
                f"foreach over `{loop.items}`: item `{item!r}` cannot travel between steps",
                where=where,
                hint="items are numbers, text, truth values, None, and lists and dicts of them",
            )
    return tuple(json.dumps(item) for item in items)


def _literal(node: ast.expr) -> list[Any]:
    """The items of a literal list, tuple, dict or text, or of a `range` of literal numbers."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "range":
        if node.keywords:
            raise ValueError(node)
        return list(range(*(ast.literal_eval(argument) for argument in node.args)))
    if isinstance(node, ast.Set):
        raise ValueError(node)  # it has no order to keep
    return list(ast.literal_eval(node))


def _exact(value: Any) -> bool:
    """Whether JSON gives it back as it is."""
    if isinstance(value, list):
        return all(map(_exact, value))
    if isinstance(value, dict):
        return all(isinstance(key, str) and _exact(item) for key, item in value.items())
    if isinstance(value, float):
        return math.isfinite(value)
    return value is None or isinstance(value, bool | int | str)


def _item_type(parameter: TypedParameter, where: str) -> IRType:
    """The type of a parameter's items, as its default shows it: the engine checks each item."""
    types: set[IRType] = set()
    if parameter.type == "LIST":
        types = {_type_of(item) for item in parameter.default}
        if types == {"NUMBER_INTEGER", "NUMBER_DOUBLE"}:
            types = {"NUMBER_DOUBLE"}
    if len(types) != 1:
        raise LabwrightError(
            f"foreach over parameter `{parameter.name}`: its default must be a list with at least "
            "one item, all of one type",
            where=where,
            hint=f"or give the list a name in an earlier step: `items = list({parameter.name})`",
        )
    return types.pop()


def _like(parameter: TypedParameter) -> Any:
    """An item that stands for all, where the default's are of one Python type."""
    alike = len({type(item) for item in parameter.default}) == 1
    return parameter.default[0] if alike else None


def _type_of(item: Any) -> IRType:
    if isinstance(item, bool):
        return "BOOLEAN"
    if isinstance(item, int):
        return "NUMBER_INTEGER"
    if isinstance(item, float):
        return "NUMBER_DOUBLE"
    if isinstance(item, str):
        return "STRING"
    return "LIST" if isinstance(item, list) else "STRUCT"
