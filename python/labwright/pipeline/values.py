"""Which variables also travel as parameters, because a condition or a loop decides by them."""

from __future__ import annotations

from collections.abc import Mapping

from ..dataflow.model import Flow, Input
from ..errors import LabwrightError
from .conditions import operand_types
from .model import IRType, Source, TypedParameter, ValueOutput, ValueType
from .names import ITEMS_KEY, value_key

_IR_TYPES: dict[ValueType, IRType] = {
    "STRING": "STRING",
    "NUMBER_DOUBLE": "NUMBER_DOUBLE",
    "BOOLEAN": "BOOLEAN",
    "TRUTH": "BOOLEAN",
    "ITEMS": "LIST",
}


def ir_type(value: ValueType) -> IRType:
    """The type of a value's parameter in the IR."""
    return _IR_TYPES[value]


class Interface:
    """What the steps of a flow give each other beside artifacts."""

    def __init__(self, flow: Flow, values: dict[str, dict[str, ValueType]]) -> None:
        self._steps = {step.name: step for step in flow.steps}
        self._values = values

    def loops(self, step: str) -> bool:
        return self._steps[step].loop is not None

    def values(self, step: str) -> tuple[ValueOutput, ...]:
        given = self._values.get(step, {})
        first = next((v for v, kind in given.items() if kind == "ITEMS"), None)
        return tuple(
            ValueOutput(ITEMS_KEY if variable == first else value_key(variable), variable, kind)
            for variable, kind in given.items()
        )

    def operand(
        self, item: Input, parameters: Mapping[str, TypedParameter]
    ) -> tuple[IRType, Source | None]:
        """Type and source of a name a condition or a loop reads."""
        if item.source is None:
            return parameters[item.name].type, None
        for value in self.values(item.source):
            if value.variable == item.name:
                return ir_type(value.type), Source(item.source, value.key)
        raise KeyError(item.name)


def read_interface(flow: Flow, parameters: Mapping[str, TypedParameter]) -> Interface:
    """The values each step gives; an error where two uses of one name cannot both be served."""
    values: dict[str, dict[str, ValueType]] = {}
    interface = Interface(flow, values)

    def give(item: Input, kind: ValueType, where: str) -> None:
        assert item.source is not None
        if interface.loops(item.source):
            raise LabwrightError(
                f"`{item.name}` comes from step `{item.source}`, which runs once for each item, "
                "so it is a list of results",
                where=where,
                hint="decide in a step of its own: give the answer a name there and use that",
            )
        given = values.setdefault(item.source, {})
        held = given.get(item.name)
        if held is None or (held == "TRUTH" and kind != "ITEMS"):
            given[item.name] = kind
        elif held != kind and (kind != "TRUTH" or held == "ITEMS"):
            raise LabwrightError(
                f"`{item.name}` is used once as a {_SAID[held]} and once as a {_SAID[kind]}",
                where=where,
                hint="give one of them a name of its own in a cell",
            )

    for step in flow.steps:
        where = f"step `{step.name}`"
        for condition in step.conditions:
            known = {i.name: parameters[i.name].type for i in condition.inputs if not i.source}
            kinds = operand_types(condition.expression, known, where)
            given_names = {item.name for item in condition.inputs}
            for name in kinds.keys() - given_names:
                raise LabwrightError(
                    f"condition `{condition.expression}` reads `{name}`, which no earlier step "
                    "and no parameter gives",
                    where=where,
                    hint="check the spelling",
                )
            for item in condition.inputs:
                if item.source is not None:
                    give(item, kinds[item.name], where)
        if step.loop and step.loop.source and step.loop.source.source is not None:
            give(step.loop.source, "ITEMS", where)
    return interface


_SAID: dict[ValueType, str] = {
    "STRING": "text",
    "NUMBER_DOUBLE": "number",
    "BOOLEAN": "truth value",
    "TRUTH": "truth value",
    "ITEMS": "list to loop over",
}
