"""How values get from the step that gives them to where they are read, through the groups between.

In the IR a task sees only the tasks and inputs of its own DAG. A value that leaves a group is an
output of it, one that enters is an input; out of a loop it comes as the list of all runs.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from .model import ARTIFACT_SCHEMAS, VALUE_SCHEMA, IRType, Operand, Source, TypedParameter
from .names import ITEMS_KEY
from .tree import Group, Leaf, Node

Json = dict[str, Any]
Channel = Literal["artifacts", "parameters"]


def _channels() -> dict[Channel, Json]:
    return {"artifacts": {}, "parameters": {}}


@dataclass
class Ports:
    """What a node takes, and what a group declares; filled while the wires are drawn."""

    taken: dict[Channel, Json] = field(default_factory=_channels)
    inputs: dict[Channel, Json] = field(default_factory=_channels)
    outputs: dict[Channel, Json] = field(default_factory=_channels)
    selectors: dict[Channel, Json] = field(default_factory=_channels)
    waits: set[str] = field(default_factory=set)


class Wiring:
    """Draws the wires of one pipeline. `types` are those of the values given as parameters."""

    def __init__(self, root: Group, types: Mapping[Source, IRType]) -> None:
        self._leaves: dict[str, Leaf] = {leaf.step.name: leaf for leaf in root.leaves()}
        self._types = types
        self._ports: dict[Node, Ports] = {}

    def ports(self, node: Node) -> Ports:
        return self._ports.setdefault(node, Ports())

    def artifact(self, node: Node, source: Source) -> tuple[str, Json]:
        """A name, and the task input by which `node` gets an artifact."""
        return self._wire(node, "artifacts", source)

    def operand(self, node: Node, operand: Operand) -> tuple[str, Json]:
        """A name, and the task input by which `node` gets what a condition or loop reads."""
        if operand.source is not None:
            return self._wire(node, "parameters", operand.source)
        name = f"pipelinechannel--{operand.name}"
        start = {"componentInputParameter": operand.name}
        declared = {"parameterType": operand.type}
        return name, self._enter(enclosing(node)[1:], "parameters", name, start, declared)

    def parameter(self, node: Node, parameter: TypedParameter) -> Json:
        """The task input by which `node` gets a pipeline parameter."""
        return self.operand(node, Operand(parameter.name, parameter.type, None))[1]

    def constant(self, node: Node, name: str) -> Json:
        """The task input by which `node` gets a constant that a group around it hands down."""
        path = enclosing(node)
        place = next(i for i, group in enumerate(path) if name in group.constants)
        start = {"runtimeValue": {"constant": path[place].constants[name]}}
        return self._enter(path[place:], "parameters", name, start, {"parameterType": "STRING"})

    def wait(self, node: Node, step: str) -> None:
        """`node` starts after `step`, or what holds it after what holds the step."""
        producer = self._leaves[step]
        path: list[Node] = [*enclosing(node), node]
        other: list[Node] = [*enclosing(producer), producer]
        place = _common(path, other)
        self.ports(path[place]).waits.add(other[place].task)

    def _wire(self, node: Node, channel: Channel, source: Source) -> tuple[str, Json]:
        producer = self._leaves[source.step]
        path, other = enclosing(node), enclosing(producer)
        common = _common(path, other)
        task, key, is_list = producer.task, source.key, False
        for group in reversed(other[common:]):
            is_list = is_list or group.kind == "for-loop"
            name = f"pipelinechannel--{task}-{key}"
            ports = self.ports(group)
            ports.outputs[channel][name] = self._declared(channel, source, is_list)
            ports.selectors[channel][name] = _selector(channel, task, key)
            task, key = group.task, name
        self.wait(node, source.step)
        # kfp.local reads task and output off these names when it decides a condition or a loop.
        joint = "--" if channel == "parameters" and key != ITEMS_KEY else "-"
        name = f"pipelinechannel--{task}{joint}{key}"
        declared = self._declared(channel, source, is_list)
        start = _task_output(channel, task, key)
        return name, self._enter(path[common:], channel, name, start, declared)

    def _declared(self, channel: Channel, source: Source, is_list: bool) -> Json:
        if channel == "parameters":
            return {"parameterType": "LIST" if is_list else self._types[source]}
        return artifact_type(source.key) | ({"isArtifactList": True} if is_list else {})

    def _enter(
        self, groups: Iterable[Group], channel: Channel, name: str, start: Json, declared: Json
    ) -> Json:
        """Hand a value down through `groups`; how it is called in the innermost."""
        reference = start
        for group in groups:
            ports = self.ports(group)
            ports.inputs[channel][name] = declared
            ports.taken[channel][name] = reference
            kind = "Artifact" if channel == "artifacts" else "Parameter"
            reference = {f"componentInput{kind}": name}
        return reference


def enclosing(node: Node) -> list[Group]:
    """The groups around `node`, from the root."""
    return node.parent.path() if node.parent else []


def artifact_type(key: str) -> Json:
    return {
        "artifactType": {
            "schemaTitle": ARTIFACT_SCHEMAS.get(key, VALUE_SCHEMA),
            "schemaVersion": "0.0.1",
        }
    }


def _common(path: Sequence[Node], other: Sequence[Node]) -> int:
    """How many groups from the root on the two share."""
    return next(
        (i for i, (a, b) in enumerate(zip(path, other, strict=False)) if a is not b),
        min(len(path), len(other)),
    )


def _selector(channel: Channel, task: str, key: str) -> Json:
    if channel == "artifacts":
        return {"artifactSelectors": [{"producerSubtask": task, "outputArtifactKey": key}]}
    return {"valueFromParameter": {"producerSubtask": task, "outputParameterKey": key}}


def _task_output(channel: Channel, task: str, key: str) -> Json:
    if channel == "artifacts":
        return {"taskOutputArtifact": {"producerTask": task, "outputArtifactKey": key}}
    return {"taskOutputParameter": {"producerTask": task, "outputParameterKey": key}}
