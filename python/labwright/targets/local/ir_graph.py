"""The graph of a compiled pipeline in the form a notebook's has, for runs without a notebook."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .ir import Component, Iterator, ParentInput, Pipeline, Task, TaskOutput
from .steps import Step, join, plan_steps
from .wire import HIDDEN

_TYPES = {
    "NUMBER_INTEGER": "int",
    "NUMBER_DOUBLE": "float",
    "BOOLEAN": "bool",
    "LIST": "list",
    "STRUCT": "dict",
    "TASK_FINAL_STATUS": "dict",
}


@dataclass(frozen=True)
class _Origin:
    """Where a value comes from: a step, or one of the pipeline's parameters."""

    step: str | None
    name: str


@dataclass(frozen=True)
class _Place:
    """What is known inside a graph: its inputs, and the conditions and loop around it."""

    path: str
    inputs: Mapping[str, _Origin]
    after: tuple[str, ...] = ()
    when: tuple[str, ...] = ()
    foreach: str | None = None
    last: bool = False


@dataclass
class _Walk:
    pipeline: Pipeline
    steps: Mapping[str, Step]
    found: list[dict[str, Any]] = field(default_factory=list)

    def graph(self, component: Component, place: _Place) -> dict[str, _Origin]:
        """Note the steps of a graph; where its outputs come from."""
        assert component.dag is not None
        given: dict[str, dict[str, _Origin]] = {}
        for task in component.dag.tasks.values():
            given[task.name] = self._task(task, place, given)
        selectors = {**component.dag.parameters, **component.dag.artifacts}
        return {
            name: given[source.task][source.key]
            for name, sources in selectors.items()
            for source in sources[:1]
            if source.key in given[source.task]
        }

    def _task(
        self, task: Task, place: _Place, given: Mapping[str, Mapping[str, _Origin]]
    ) -> dict[str, _Origin]:
        inner = self.pipeline.components[task.component]
        inputs = {
            name: origin
            for name, source in {**task.parameters, **task.artifacts}.items()
            for origin in [_origin(source, place, given)]
            if origin is not None
        }
        path = join(place.path, task.name)
        waits = tuple(name for one in task.upstream for name in self._below(place.path, one))
        within = _Place(
            path,
            inputs,
            (*place.after, *waits),
            (*place.when, _condition(task, inputs)) if task.condition else place.when,
            _loop(task.iterator, inputs) if task.iterator else place.foreach,
            place.last or task.always,
        )
        if inner.dag is not None:
            return self.graph(inner, within)
        return self._leaf(self.steps[path], inner, within)

    def _leaf(self, step: Step, component: Component, place: _Place) -> dict[str, _Origin]:
        program = step.program or {}
        variables = {key: name for name, key in (program.get("inputs") or {}).items()}
        made = {key: name for name, key in (program.get("outputs") or {}).items()}
        # A variable that a condition or a loop reads is given as a parameter as well.
        made |= {key: name for name, (key, _) in (program.get("values") or {}).items()}
        outputs = [*component.output_artifacts, *component.output_parameters]
        sources = {origin.step for origin in place.inputs.values()}
        self.found.append(
            {
                "name": step.name,
                "cells": [],
                "inputs": [
                    {"name": variables.get(name, name), "from": origin.step}
                    for name, origin in place.inputs.items()
                    if not name.startswith(HIDDEN)
                ],
                "outputs": list(
                    dict.fromkeys(made.get(k, k) for k in outputs if not k.startswith(HIDDEN))
                ),
                "after": [one for one in dict.fromkeys(place.after) if one not in sources],
                "when": " and ".join(f"({one})" for one in place.when) or None,
                "foreach": place.foreach,
                "finally": place.last,
                "settings": {},
            }
        )
        return {key: _Origin(step.name, made.get(key, key)) for key in outputs}

    def _below(self, path: str, task: str) -> list[str]:
        """The names of the steps that a task consists of."""
        place = join(path, task)
        return [
            step.name
            for where, step in self.steps.items()
            if where == place or where.startswith(f"{place}/")
        ]


def graph_of_ir(pipeline: Pipeline) -> dict[str, Any]:
    """The steps of a pipeline, what flows between them, and its parameters."""
    walk = _Walk(pipeline, plan_steps(pipeline))
    root = pipeline.root
    walk.graph(root, _Place("", {name: _Origin(None, name) for name in root.parameters}))
    return {
        "name": pipeline.name,
        "parameters": [
            {
                "name": name,
                "type": _TYPES.get(spec.type, "str"),
                "default": spec.default,
                "required": not (spec.has_default or spec.optional),
            }
            for name, spec in root.parameters.items()
        ],
        "steps": walk.found,
        "cells": [],
        "diagnostics": [],
    }


def _origin(
    source: Any, place: _Place, given: Mapping[str, Mapping[str, _Origin]]
) -> _Origin | None:
    match source:
        case ParentInput():
            return place.inputs.get(source.name)
        case TaskOutput():
            return given[source.task].get(source.key)
    return None


def _condition(task: Task, inputs: Mapping[str, _Origin]) -> str:
    """The task's condition with the names of what it reads, where they are known."""

    def name(match: re.Match[str]) -> str:
        return inputs[match[1]].name if match[1] in inputs else match[0]

    return re.sub(r"inputs\.parameter_values\['([^']+)'\]", name, task.condition)


def _loop(iterator: Iterator, inputs: Mapping[str, _Origin]) -> str:
    """`item in items`, as far as the names are known."""
    if not isinstance(iterator.items, str):
        return f"item in {iterator.items}"
    origin = inputs.get(iterator.items)
    return f"item in {origin.name if origin else iterator.items}"
