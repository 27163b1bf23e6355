"""The components of an exported pipeline: a step's program as a literal, its interface as a
function's arguments."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .model import (
    ARTIFACT_SCHEMAS,
    ITEM_PARAMETER,
    STATUS_PARAMETER,
    WORKSPACE_PARAMETER,
    Component,
    IRType,
    Step,
)
from .names import ITEMS_KEY
from .packages import installing
from .values import ir_type

PYTHON_TYPES: dict[IRType, str] = {
    "STRING": "str",
    "NUMBER_INTEGER": "int",
    "NUMBER_DOUBLE": "float",
    "BOOLEAN": "bool",
    "LIST": "list",
    "STRUCT": "dict",
}
_CLASSES = {"system.Artifact": "Artifact", "system.HTML": "HTML", "system.Metrics": "Metrics"}


def output_name(component: Component, key: str) -> str:
    """The name of an output: not that of an input, for both are arguments of one function, and
    not `Output`, which the SDK refuses."""
    if key == ITEMS_KEY:
        return next(v.variable for v in component.values if v.key == key) + "__items"
    taken = {i.key for i in component.inputs} | {p.name for p in component.parameters}
    return f"{key}_out" if key in taken else key


def program_constant(step: Step, function: str) -> str:
    """`TRAIN = {…}`, with the names its outputs have here."""
    component = step.component
    program = dict(component.program)
    if outputs := program.get("outputs"):
        program["outputs"] = {v: output_name(component, key) for v, key in outputs.items()}
    if values := program.get("values"):
        program["values"] = {
            v: [output_name(component, key), kind] for v, (key, kind) in values.items()
        }
    return f"{function.upper()} = {literal(program)}\n"


def component_function(step: Step, function: str) -> str:
    """The component of a step."""
    component = step.component
    arguments = [f"{p.name}: {PYTHON_TYPES[p.type]}" for p in component.parameters]
    if step.foreach:
        arguments.append(f"{ITEM_PARAMETER}: {PYTHON_TYPES[step.foreach.item_type]}")
    if component.uses_workspace:
        arguments.append(f"{WORKSPACE_PARAMETER}: str")
    for item in component.inputs:
        kind = "List[Artifact]" if item.collected else "Artifact"
        arguments.append(f"{item.key}: Input[{kind}]")
    if step.finally_:
        arguments.append(f"{STATUS_PARAMETER}: dsl.PipelineTaskFinalStatus")
    for key in component.outputs:
        kind = _CLASSES[ARTIFACT_SCHEMAS.get(key, "system.Artifact")]
        arguments.append(f"{output_name(component, key)}: Output[{kind}]")
    for value in component.values:
        kind = PYTHON_TYPES[ir_type(value.type)]
        arguments.append(f"{output_name(component, value.key)}: dsl.OutputPath({kind})")
    listed = "".join(f"    {argument},\n" for argument in arguments)
    environment = component.environment
    extra = ""
    if environment.packages:
        extra = f", {literal(installing(environment.packages, ''))} + LOADER"
    return (
        f"@dsl.container_component\ndef {function}(\n{listed}):\n"
        f"    return container({literal(environment.image)}, {function.upper()}{extra})\n"
    )


def literal(value: Any, indent: str = "") -> str:
    """`value` as Python: containers a key or an item a line, text a line a line."""
    inner = indent + "    "
    if isinstance(value, Mapping) and value:
        items = (f"{inner}{_text(k)}: {literal(v, inner)},\n" for k, v in value.items())
        return "{\n" + "".join(items) + indent + "}"
    if isinstance(value, list | tuple) and any(isinstance(v, Mapping | list) for v in value):
        return "[\n" + "".join(f"{inner}{literal(v, inner)},\n" for v in value) + indent + "]"
    if isinstance(value, str) and "\n" in value.rstrip("\n"):
        lines = value.splitlines(keepends=True)
        return "(\n" + "".join(f"{inner}{_text(line)}\n" for line in lines) + indent + ")"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(literal(v, inner) for v in value) + "]"
    return _text(value) if isinstance(value, str) else repr(value) if value else _empty(value)


def _text(value: str) -> str:
    """With double quotes, unless that takes more escapes."""
    written = repr(value)
    if written[0] == "'" and '"' not in value:
        return '"' + written[1:-1].replace("\\'", "'") + '"'
    return written


def _empty(value: Any) -> str:
    return "{}" if isinstance(value, Mapping) else repr(value)
