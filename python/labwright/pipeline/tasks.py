"""The tree of a pipeline as the IR's components and tasks."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from .conditions import to_ir
from .model import (
    ITEM_PARAMETER,
    RUNTIME_PARAMETER,
    STATUS_PARAMETER,
    WORKSPACE_PARAMETER,
    Component,
    Pipeline,
    Retry,
    Source,
    Step,
)
from .program import WORKSPACE
from .tree import Group, Leaf, Node
from .values import ir_type
from .wiring import Channel, Json, Wiring, artifact_type

_RUN_AFTER_ALL = "ALL_UPSTREAM_TASKS_COMPLETED"


class Tasks:
    """Components and tasks of one pipeline; `root` and `components` are the result."""

    def __init__(self, pipeline: Pipeline, root: Group, cache_volumes: bool) -> None:
        self._cache_volumes = cache_volumes
        self._carried = any(RUNTIME_PARAMETER in group.constants for group in _groups(root))
        types = {
            Source(step.name, value.key): ir_type(value.type)
            for step in pipeline.steps
            for value in step.component.values
        }
        self._wiring = Wiring(root, types)
        self._conditions: dict[Group, str] = {}
        self._items: dict[Group, tuple[str, Json]] = {}
        for group in _groups(root):
            self._wire_group(group)
        for leaf in root.leaves():
            self._wire_leaf(leaf)
        self.components: Json = {}
        self.root: Json = {"dag": self._dag(root)}
        if pipeline.parameters:
            self.root["inputDefinitions"] = {
                "parameters": {
                    p.name: {"parameterType": p.type, "isOptional": True, "defaultValue": p.default}
                    for p in pipeline.parameters
                }
            }

    # Drawing the wires

    def _wire_group(self, group: Group) -> None:
        if group.when:
            references, types = {}, {}
            for operand in group.when.operands:
                name, taken = self._wiring.operand(group, operand)
                self._take(group, name, taken)
                self._wiring.ports(group).inputs["parameters"][name] = {
                    "parameterType": operand.type
                }
                references[operand.name], types[operand.name] = name, operand.type
            self._conditions[group] = to_ir(group.when.expression, types, references)
        if group.foreach:
            self._wire_loop(group)

    def _wire_loop(self, group: Group) -> None:
        loop = group.foreach
        assert loop is not None
        inputs = self._wiring.ports(group).inputs["parameters"]
        if loop.source is None:
            item = f"pipelinechannel--{group.task}-loop-item"
            items = {"raw": json.dumps(loop.items)}
        else:
            name, taken = self._wiring.operand(group, loop.source)
            self._take(group, name, taken)
            inputs[name] = {"parameterType": "LIST"}
            item, items = f"{name}-loop-item", {"inputParameter": name}
        inputs[item] = {"parameterType": loop.item_type}
        self._items[group] = item, {"itemInput": item, "items": items}

    def _wire_leaf(self, leaf: Leaf) -> None:
        step = leaf.step
        taken = self._wiring.ports(leaf).taken
        for parameter in step.component.parameters:
            taken["parameters"][parameter.name] = self._wiring.parameter(leaf, parameter)
        for item in step.component.inputs:
            taken["artifacts"][item.key] = self._wiring.artifact(leaf, item.source)[1]
        for name in step.after:
            self._wiring.wait(leaf, name)
        if step.foreach:
            name = self._items[leaf.parent][0]
            taken["parameters"][ITEM_PARAMETER] = {"componentInputParameter": name}
        if step.component.uses_workspace:
            taken["parameters"][WORKSPACE_PARAMETER] = _constant(WORKSPACE)
        if self._carried:
            taken["parameters"][RUNTIME_PARAMETER] = self._wiring.constant(leaf, RUNTIME_PARAMETER)

    def _take(self, node: Node, name: str, taken: Json) -> None:
        self._wiring.ports(node).taken["parameters"][name] = taken

    # Writing it down

    def _dag(self, group: Group) -> Json:
        dag: Json = {"tasks": {node.task: self._task(node) for node in group.children}}
        for node in group.children:
            self.components[f"comp-{node.task}"] = self._component(node)
        outputs = _without_empty(self._wiring.ports(group).selectors)
        return {"outputs": outputs, **dag} if outputs else dag

    def _component(self, node: Node) -> Json:
        if isinstance(node, Leaf):
            return self._step_component(node)
        ports = self._wiring.ports(node)
        component: Json = {"dag": self._dag(node)}
        inputs = _without_empty(ports.inputs)
        if node.kind == "finally":
            inputs.setdefault("parameters", {})[STATUS_PARAMETER] = _STATUS_INPUT
        return component | _definitions(inputs, _without_empty(ports.outputs))

    def _step_component(self, leaf: Leaf) -> Json:
        component = leaf.step.component
        parameters: Json = {p.name: {"parameterType": p.type} for p in component.parameters}
        if leaf.step.foreach:
            parameters[ITEM_PARAMETER] = {"parameterType": leaf.step.foreach.item_type}
        if leaf.step.finally_:
            parameters[STATUS_PARAMETER] = _STATUS_INPUT
        for name in (WORKSPACE_PARAMETER, RUNTIME_PARAMETER):
            if name in self._wiring.ports(leaf).taken["parameters"]:
                parameters[name] = {"parameterType": "STRING"}
        return {"executorLabel": f"exec-{leaf.task}", **interface(component, parameters)}

    def _task(self, node: Node) -> Json:
        ports = self._wiring.ports(node)
        task: Json = {
            "taskInfo": {"name": node.step.name if isinstance(node, Leaf) else node.task},
            "componentRef": {"name": f"comp-{node.task}"},
        }
        inputs = _without_empty(ports.taken)
        waits = sorted(ports.waits)
        if isinstance(node, Leaf):
            cached = is_cached(node.step, self._cache_volumes)
            task["cachingOptions"] = {"enableCache": True} if cached else {}
            if node.step.retry:
                task["retryPolicy"] = retry_policy(node.step.retry)
        elif node in self._conditions:
            task["triggerPolicy"] = {"condition": self._conditions[node]}
        elif node in self._items:
            task["parameterIterator"] = self._items[node][1]
        if status := self._status(node):
            inputs.setdefault("parameters", {})[STATUS_PARAMETER] = status
            if "taskFinalStatus" in status:
                waits = [status["taskFinalStatus"]["producerTask"]]
                task["triggerPolicy"] = {"strategy": _RUN_AFTER_ALL}
        if waits:
            task["dependentTasks"] = waits
        if inputs:
            task["inputs"] = inputs
        return task

    def _status(self, node: Node) -> Json | None:
        """Where a finally step learns how the others ended."""
        last = node.step.finally_ if isinstance(node, Leaf) else node.kind == "finally"
        if not last:
            return None
        assert node.parent is not None
        if any(group.kind == "finally" for group in node.parent.path()):
            return {"componentInputParameter": STATUS_PARAMETER}
        handler = next(c for c in node.parent.children if getattr(c, "kind", "") == "exit-handler")
        return {"taskFinalStatus": {"producerTask": handler.task}}


def is_cached(step: Step, cache_volumes: bool = False) -> bool:
    """Whether an earlier result may stand for a run of `step`.

    A finally step is there for what it does. Of volumes KFP compares the names of claims, not
    what is in them, so that an old result could be wrong.
    """
    if step.finally_ or (step.component.environment.volumes and not cache_volumes):
        return False
    return step.cache


_STATUS_INPUT: Json = {"parameterType": "TASK_FINAL_STATUS", "isOptional": True}


def interface(component: Component, parameters: Json) -> Json:
    """A component's `inputDefinitions` and `outputDefinitions`."""
    artifacts = {
        item.key: artifact_type(item.key) | ({"isArtifactList": True} if item.collected else {})
        for item in component.inputs
    }
    inputs: dict[Channel, Json] = {"artifacts": artifacts, "parameters": parameters}
    outputs: dict[Channel, Json] = {
        "artifacts": {key: artifact_type(key) for key in component.outputs},
        "parameters": {v.key: {"parameterType": ir_type(v.type)} for v in component.values},
    }
    return _definitions(_without_empty(inputs), _without_empty(outputs))


def _definitions(inputs: Json, outputs: Json) -> Json:
    definitions: Json = {}
    if inputs:
        definitions["inputDefinitions"] = inputs
    if outputs:
        definitions["outputDefinitions"] = outputs
    return definitions


def _constant(value: str) -> Json:
    return {"runtimeValue": {"constant": value}}


def retry_policy(retry: Retry) -> Json:
    """The IR's `retryPolicy`."""
    return {
        "maxRetryCount": retry.count,
        "backoffDuration": _seconds(retry.backoff_seconds),
        "backoffFactor": float(retry.backoff_factor),
        "backoffMaxDuration": _seconds(retry.backoff_max_seconds),
    }


def _seconds(seconds: float) -> str:
    return f"{seconds:.3f}".rstrip("0").rstrip(".") + "s"


def _without_empty(channels: Mapping[Channel, Json]) -> dict[str, Any]:
    return {channel: ports for channel, ports in channels.items() if ports}


def _groups(root: Group) -> list[Group]:
    """Every group, outermost first."""
    found = [root]
    for child in root.children:
        if isinstance(child, Group):
            found += _groups(child)
    return found
