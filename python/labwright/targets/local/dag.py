"""What goes into a task and what comes out of a graph: pure decisions, no running."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from .expressions import ExpressionError, evaluate
from .ir import Component, Constant, Dag, FinalStatus, Iterator, ParentInput, Task, TaskOutput
from .record import State, StepError


@dataclass(frozen=True)
class Artifact:
    """A thing a step made. `uri` is where it can be read; `digest` is that of its content.

    `place` is where people find it, in the run's folder. `source` is the name of the step that
    made it. Without a digest there is no content: only metadata, and a URI that leads elsewhere.
    """

    name: str
    uri: str
    place: str = ""
    digest: str | None = None
    bytes: int | None = None
    schema: Mapping[str, Any] = field(default_factory=dict)
    metadata: Mapping[str, Any] = field(default_factory=dict)
    source: str | None = None


@dataclass(frozen=True)
class Value:
    """A parameter's value. `source` is the name of the step that gave it, None for the run's."""

    value: Any
    source: str | None = None


@dataclass(frozen=True)
class Bound:
    """Parameters and artifacts by name: what a task is given, or what it gives."""

    parameters: Mapping[str, Value] = field(default_factory=dict)
    artifacts: Mapping[str, tuple[Artifact, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Result:
    """How a task ended."""

    state: State
    outputs: Bound = Bound()
    error: StepError | None = None


class Unresolved(ValueError):
    """An input that cannot be had, or that makes no sense."""


Results = Mapping[str, Result]


def may_run(task: Task, results: Results) -> bool:
    """Whether what the task waits for ended as it needs: a skipped step stops those after it."""
    return task.always or all(results[name].state == "SUCCEEDED" for name in task.upstream)


def task_inputs(
    task: Task, component: Component, scope: Bound, results: Results, run_id: str
) -> Bound:
    """The task's inputs, from constants, the enclosing graph's inputs and other tasks' outputs."""
    parameters: dict[str, Value] = {}
    for name, source in task.parameters.items():
        found = _parameter(task, source, scope, results, run_id)
        if found is not None:
            parameters[name] = found
    artifacts: dict[str, tuple[Artifact, ...]] = {}
    for name, origin in task.artifacts.items():
        bound = scope if isinstance(origin, ParentInput) else results[origin.task].outputs
        key = origin.name if isinstance(origin, ParentInput) else origin.key
        if key in bound.artifacts:
            artifacts[name] = bound.artifacts[key]
    return complete(component, Bound(parameters, artifacts), task)


def _parameter(
    task: Task,
    source: Constant | TaskOutput | ParentInput | FinalStatus,
    scope: Bound,
    results: Results,
    run_id: str,
) -> Value | None:
    match source:
        case Constant(value):
            return Value(value)
        case FinalStatus(name):
            return Value(final_status(name, results[name], run_id))
        case ParentInput(name, selector):
            found = scope.parameters.get(name)
        case TaskOutput(producer, key, selector):
            found = results[producer].outputs.parameters.get(key)
    if found is None or not selector:
        return found
    try:
        return Value(select(found.value, selector), found.source)
    except (ValueError, LookupError, TypeError) as error:
        raise Unresolved(f"{task.name}: {selector} finds nothing: {error}") from None


def complete(component: Component, bound: Bound, task: Task | None = None) -> Bound:
    """Inputs with defaults filled in; Unresolved when a needed one is missing."""
    where = f"{task.display}: " if task else ""
    item = task.iterator.item_input if task and task.iterator else ""
    parameters = dict(bound.parameters)
    for name, spec in component.parameters.items():
        if name in parameters or name == item:
            continue
        if spec.has_default:
            parameters[name] = Value(spec.default)
        elif not spec.optional:
            raise Unresolved(f"{where}its input {name!r} has no value: no step gave it one")
    for name, artifact in component.artifacts.items():
        if name not in bound.artifacts and not artifact.optional and name != item:
            raise Unresolved(f"{where}its input {name!r} is missing: no step made it")
    return Bound(parameters, bound.artifacts)


def typed(component: Component, bound: Bound) -> dict[str, Any]:
    """The parameter values as the component declares them."""
    return {
        name: coerce(value.value, component.parameters[name].type, name)
        if name in component.parameters
        else value.value
        for name, value in bound.parameters.items()
    }


def coerce(value: Any, kind: str, name: str) -> Any:
    """A parameter's value as its declared type; protobuf has but one number and loose loop items.

    Raises Unresolved where it is something else.
    """
    if value is None:
        return None
    try:
        match kind:
            case "STRING":
                return value if isinstance(value, str) else json.dumps(value)
            case "NUMBER_INTEGER":
                number = json.loads(value) if isinstance(value, str) else value
                if isinstance(number, bool) or int(number) != number:
                    raise ValueError
                return int(number)
            case "NUMBER_DOUBLE":
                if isinstance(value, bool):
                    raise ValueError
                return float(value)
            case "BOOLEAN":
                truth = json.loads(value.lower()) if isinstance(value, str) else value
                if not isinstance(truth, bool):
                    raise ValueError
                return truth
            case "LIST" | "STRUCT" | "TASK_FINAL_STATUS":
                data = json.loads(value) if isinstance(value, str) else value
                if not isinstance(data, list if kind == "LIST" else dict):
                    raise ValueError
                return data
    except (ValueError, TypeError):
        raise Unresolved(f"parameter {name!r} is {value!r}, which is no {kind}") from None
    return value


_SELECTOR = re.compile(r"^parseJson\(string_value\)((?:\[[^\]]+\])+)$")


def select(value: Any, selector: str) -> Any:
    """Apply `parseJson(string_value)["key"][0]`, the one selector that compilers write."""
    match = _SELECTOR.match(selector)
    if match is None:
        raise ValueError("this selector is not known")
    data = json.loads(value) if isinstance(value, str) else value
    for key in re.findall(r"\[([^\]]+)\]", match[1]):
        data = data[key.strip("'\"") if key[0] in "'\"" else int(key)]
    return data


def condition_holds(task: Task, component: Component, inputs: Bound) -> bool:
    """Whether the task's own condition is true; Unresolved when it makes no sense."""
    if not task.condition:
        return True
    try:
        return evaluate(task.condition, typed(component, inputs))
    except ExpressionError as error:
        raise Unresolved(f"{task.display}: {error}") from None


def turns(iterator: Iterator, inputs: Bound) -> list[Bound]:
    """The inputs of each turn of a loop, in order."""
    if iterator.kind == "artifact":
        listed = inputs.artifacts.get(str(iterator.items), ())
        return [
            replace(inputs, artifacts={**inputs.artifacts, iterator.item_input: (one,)})
            for one in listed
        ]
    items, source = iterator.items, None
    if isinstance(items, str):
        found = inputs.parameters.get(items)
        if found is None:
            raise Unresolved(f"the list to repeat over, {items!r}, has no value")
        items, source = coerce(found.value, "LIST", items), found.source
    return [
        replace(inputs, parameters={**inputs.parameters, iterator.item_input: Value(item, source)})
        for item in items
    ]


def gather(component: Component, outputs: Sequence[Bound]) -> Bound:
    """A loop's outputs: for each name the list of what its turns gave, in order."""
    parameters = {
        name: Value(
            [one.parameters[name].value for one in outputs if name in one.parameters],
            next((one.parameters[name].source for one in outputs if name in one.parameters), None),
        )
        for name in component.output_parameters
    }
    artifacts = {
        name: tuple(item for one in outputs for item in one.artifacts.get(name, ()))
        for name in component.output_artifacts
    }
    return Bound(parameters, artifacts)


def dag_outputs(dag: Dag, results: Results) -> Bound:
    """A graph's outputs; of several possible sources, the one whose branch ran."""
    parameters: dict[str, Value] = {}
    for name, sources in dag.parameters.items():
        values = [
            results[one.task].outputs.parameters[one.key]
            for one in sources
            if one.key in results[one.task].outputs.parameters
        ]
        if len(values) > 1:
            raise Unresolved(f"more than one branch gave {name!r}, and only one may")
        if values:
            parameters[name] = values[0]
        elif len(sources) > 1:
            raise Unresolved(f"no branch that ran gave {name!r}")
    artifacts: dict[str, tuple[Artifact, ...]] = {}
    for name, sources in dag.artifacts.items():
        found = [
            results[one.task].outputs.artifacts[one.key]
            for one in sources
            if one.key in results[one.task].outputs.artifacts
        ]
        if len(found) > 1:
            raise Unresolved(f"more than one branch made {name!r}, and only one may")
        if found:
            artifacts[name] = found[0]
        elif len(sources) > 1:
            raise Unresolved(f"no branch that ran made {name!r}")
    return Bound(parameters, artifacts)


def dag_state(results: Results) -> tuple[State, StepError | None]:
    """How a graph ended, with the first error in it."""
    for state in ("FAILED", "CANCELED"):
        for result in results.values():
            if result.state == state:
                return result.state, result.error
    return "SUCCEEDED", None


def final_status(task: str, result: Result, run_id: str) -> dict[str, Any]:
    """What an exit handler's task is told of the tasks it follows."""
    error = {"code": 1, "message": str(result.error)} if result.error else {}
    return {
        "state": result.state,
        "error": error,
        "pipelineJobResourceName": run_id,
        "pipelineTaskName": task,
    }
