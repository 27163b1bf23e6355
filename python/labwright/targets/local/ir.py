"""KFP IR 2.1.0 read into plain typed objects, with clear errors for what cannot be run."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from ...errors import LabwrightError


@dataclass(frozen=True)
class ParameterSpec:
    type: str = "STRING"
    default: Any = None
    has_default: bool = False
    optional: bool = False


@dataclass(frozen=True)
class ArtifactSpec:
    schema: Mapping[str, Any] = field(default_factory=dict)
    is_list: bool = False
    optional: bool = False
    metadata: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Constant:
    value: Any


@dataclass(frozen=True)
class TaskOutput:
    task: str
    key: str
    selector: str = ""


@dataclass(frozen=True)
class ParentInput:
    name: str
    selector: str = ""


@dataclass(frozen=True)
class FinalStatus:
    task: str


Source = Constant | TaskOutput | ParentInput | FinalStatus


@dataclass(frozen=True)
class Iterator:
    """`items` is a literal list, or the name of the input that holds the list."""

    kind: Literal["parameter", "artifact"]
    item_input: str
    items: list[Any] | str
    limit: int = 0


@dataclass(frozen=True)
class Retry:
    count: int = 0
    backoff: float = 0.0
    factor: float = 2.0
    longest: float = 3600.0

    def wait(self, failures: int) -> float:
        """Seconds to wait after the n-th failure, n from 1."""
        return float(min(self.backoff * self.factor ** (failures - 1), self.longest))


@dataclass(frozen=True)
class Task:
    """`always`: runs once everything upstream has ended, however it ended."""

    name: str
    display: str
    component: str
    parameters: Mapping[str, Source]
    artifacts: Mapping[str, TaskOutput | ParentInput]
    upstream: tuple[str, ...]
    condition: str = ""
    always: bool = False
    iterator: Iterator | None = None
    retry: Retry = Retry()
    cache: bool = False
    cache_key: str = ""


@dataclass(frozen=True)
class Dag:
    """`tasks` are in an order in which they could run, as written where the graph leaves it open.

    `outputs` name where each output comes from; several sources mean: the one that exists.
    """

    tasks: Mapping[str, Task]
    parameters: Mapping[str, tuple[TaskOutput, ...]]
    artifacts: Mapping[str, tuple[TaskOutput, ...]]


@dataclass(frozen=True)
class Component:
    name: str
    parameters: Mapping[str, ParameterSpec]
    artifacts: Mapping[str, ArtifactSpec]
    output_parameters: Mapping[str, ParameterSpec]
    output_artifacts: Mapping[str, ArtifactSpec]
    dag: Dag | None = None
    executor: str = ""


@dataclass(frozen=True)
class Container:
    image: str = ""
    command: tuple[str, ...] = ()
    args: tuple[str, ...] = ()
    env: tuple[tuple[str, str], ...] = ()
    resources: Mapping[str, Any] = field(default_factory=dict)

    @property
    def gpu_count(self) -> str:
        """How many GPUs it asks for, as written: a number, or a placeholder of one."""
        accelerator = self.resources.get("accelerator") or {}
        return str(accelerator.get("resourceCount") or accelerator.get("count") or 0)


@dataclass(frozen=True)
class Importer:
    uri: Constant | ParentInput
    metadata: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Pipeline:
    name: str
    root: Component
    components: Mapping[str, Component]
    executors: Mapping[str, Container | Importer]


def read_pipeline(spec: Mapping[str, Any]) -> Pipeline:
    """The pipeline of an IR document (its first YAML document, as a dict)."""
    if not isinstance(spec, Mapping) or "root" not in spec or "deploymentSpec" not in spec:
        raise LabwrightError(
            "this is not a compiled KFP pipeline: `root` or `deploymentSpec` is missing",
            hint="compile it with `labwright compile` or the kfp SDK",
        )
    version = str(spec.get("schemaVersion", "2.1.0"))
    if not version.startswith("2."):
        raise LabwrightError(f"the pipeline's schemaVersion is {version}; 2.1.0 is what runs here")
    try:
        return _pipeline(spec)
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise LabwrightError(
            f"the compiled pipeline is damaged: {type(error).__name__}: {error}"
        ) from error


def _pipeline(spec: Mapping[str, Any]) -> Pipeline:
    components = {
        name: _component(name, data) for name, data in (spec.get("components") or {}).items()
    }
    root = _component("root", spec["root"])
    executors = {
        name: read_executor(name, data)
        for name, data in (spec["deploymentSpec"].get("executors") or {}).items()
    }
    for component in (root, *components.values()):
        if component.dag is None and component.executor not in executors:
            raise LabwrightError(f"component {component.name}: there is no {component.executor!r}")
        for task in component.dag.tasks.values() if component.dag else ():
            if task.component not in components:
                raise LabwrightError(f"task {task.name}: there is no component {task.component!r}")
    name = spec.get("pipelineInfo", {}).get("name") or "pipeline"
    return Pipeline(str(name), root, components, executors)


def _component(name: str, data: Mapping[str, Any]) -> Component:
    inputs, outputs = data.get("inputDefinitions") or {}, data.get("outputDefinitions") or {}
    dag = _dag(data["dag"], name) if "dag" in data else None
    return Component(
        name,
        {key: _parameter(value) for key, value in inputs.get("parameters", {}).items()},
        {key: _artifact(value) for key, value in inputs.get("artifacts", {}).items()},
        {key: _parameter(value) for key, value in outputs.get("parameters", {}).items()},
        {key: _artifact(value) for key, value in outputs.get("artifacts", {}).items()},
        dag,
        "" if dag else data["executorLabel"],
    )


_OLD_TYPES = {"INT": "NUMBER_INTEGER", "DOUBLE": "NUMBER_DOUBLE", "STRING": "STRING"}


def _parameter(data: Mapping[str, Any]) -> ParameterSpec:
    kind = data.get("parameterType") or _OLD_TYPES.get(str(data.get("type")), "STRING")
    return ParameterSpec(
        kind, data.get("defaultValue"), "defaultValue" in data, bool(data.get("isOptional"))
    )


def _artifact(data: Mapping[str, Any]) -> ArtifactSpec:
    return ArtifactSpec(
        dict(data.get("artifactType") or {}),
        bool(data.get("isArtifactList")),
        bool(data.get("isOptional")),
        dict(data.get("metadata") or {}),
    )


def _dag(data: Mapping[str, Any], where: str) -> Dag:
    tasks = {name: _task(name, task) for name, task in (data.get("tasks") or {}).items()}
    outputs = data.get("outputs") or {}
    return Dag(
        _ordered(tasks, where),
        {key: _selectors(value) for key, value in outputs.get("parameters", {}).items()},
        {
            key: tuple(
                TaskOutput(one["producerSubtask"], one["outputArtifactKey"])
                for one in value.get("artifactSelectors", ())
            )
            for key, value in outputs.get("artifacts", {}).items()
        },
    )


def _selectors(data: Mapping[str, Any]) -> tuple[TaskOutput, ...]:
    if "valueFromParameter" in data:
        chosen = [data["valueFromParameter"]]
    else:
        chosen = data["valueFromOneof"]["parameterSelectors"]
    return tuple(TaskOutput(one["producerSubtask"], one["outputParameterKey"]) for one in chosen)


def _task(name: str, data: Mapping[str, Any]) -> Task:
    inputs = data.get("inputs") or {}
    parameters = {k: _source(name, k, v) for k, v in inputs.get("parameters", {}).items()}
    artifacts = {k: _artifact_source(name, k, v) for k, v in inputs.get("artifacts", {}).items()}
    producers = [
        source.task
        for source in (*parameters.values(), *artifacts.values())
        if isinstance(source, (TaskOutput, FinalStatus))
    ]
    policy, caching = data.get("triggerPolicy") or {}, data.get("cachingOptions") or {}
    return Task(
        name,
        (data.get("taskInfo") or {}).get("name") or name,
        data["componentRef"]["name"],
        parameters,
        artifacts,
        tuple(dict.fromkeys([*(data.get("dependentTasks") or ()), *producers])),
        policy.get("condition", ""),
        policy.get("strategy") == "ALL_UPSTREAM_TASKS_COMPLETED",
        _iterator(name, data),
        _retry(data.get("retryPolicy") or {}),
        bool(caching.get("enableCache")),
        caching.get("cacheKey", ""),
    )


def _source(task: str, name: str, data: Mapping[str, Any]) -> Source:
    selector = data.get("parameterExpressionSelector", "")
    if "taskOutputParameter" in data:
        output = data["taskOutputParameter"]
        return TaskOutput(output["producerTask"], output["outputParameterKey"], selector)
    if "componentInputParameter" in data:
        return ParentInput(data["componentInputParameter"], selector)
    if "taskFinalStatus" in data:
        return FinalStatus(data["taskFinalStatus"]["producerTask"])
    if "runtimeValue" in data:
        return _runtime_value(data["runtimeValue"])
    raise LabwrightError(f"task {task}: where its input {name!r} comes from is not said")


def _runtime_value(data: Mapping[str, Any]) -> Constant | ParentInput:
    if "runtimeParameter" in data:
        return ParentInput(data["runtimeParameter"])
    if "constantValue" in data:
        return Constant(next(iter(data["constantValue"].values())))
    return Constant(data.get("constant"))


def _artifact_source(task: str, name: str, data: Mapping[str, Any]) -> TaskOutput | ParentInput:
    if "taskOutputArtifact" in data:
        output = data["taskOutputArtifact"]
        return TaskOutput(output["producerTask"], output["outputArtifactKey"])
    if "componentInputArtifact" in data:
        return ParentInput(data["componentInputArtifact"])
    raise LabwrightError(f"task {task}: where its input {name!r} comes from is not said")


def _iterator(task: str, data: Mapping[str, Any]) -> Iterator | None:
    limit = int((data.get("iteratorPolicy") or {}).get("parallelismLimit", 0))
    if "artifactIterator" in data:
        iterator = data["artifactIterator"]
        items = iterator["items"]["inputArtifact"]
        return Iterator("artifact", iterator["itemInput"], items, limit)
    if "parameterIterator" not in data:
        return None
    iterator = data["parameterIterator"]
    if "inputParameter" in iterator["items"]:
        items = iterator["items"]["inputParameter"]
        return Iterator("parameter", iterator["itemInput"], items, limit)
    raw = json.loads(iterator["items"]["raw"])
    if not isinstance(raw, list):
        raise LabwrightError(f"task {task}: it repeats over {raw!r}, which is not a list")
    return Iterator("parameter", iterator["itemInput"], raw, limit)


def _retry(data: Mapping[str, Any]) -> Retry:
    return Retry(
        int(data.get("maxRetryCount", 0)),
        _seconds(data.get("backoffDuration", "0s")),
        float(data.get("backoffFactor", 0)) or 2.0,
        _seconds(data.get("backoffMaxDuration", "3600s")),
    )


def _seconds(text: str) -> float:
    """A protobuf duration as JSON has it: `5s`, `0.5s`."""
    return float(str(text).removesuffix("s"))


def read_executor(name: str, data: Mapping[str, Any]) -> Container | Importer:
    """One executor of the `deploymentSpec`."""
    if "importer" in data:
        importer = data["importer"]
        return Importer(_runtime_value(importer["artifactUri"]), importer.get("metadata") or {})
    if "container" not in data:
        kinds = ", ".join(data) or "nothing"
        raise LabwrightError(f"{name} is of a kind that only a cluster runs ({kinds})")
    container = data["container"]
    return Container(
        container.get("image", ""),
        tuple(container.get("command") or ()),
        tuple(container.get("args") or ()),
        tuple((one["name"], str(one.get("value", ""))) for one in container.get("env") or ()),
        container.get("resources") or {},
    )


def _ordered(tasks: Mapping[str, Task], where: str) -> dict[str, Task]:
    """The tasks with each after what it waits for; otherwise in the order in which they stand."""
    for task in tasks.values():
        for name in task.upstream:
            if name not in tasks:
                raise LabwrightError(f"task {task.name}: it waits for {name!r}, which is not there")
    ordered: dict[str, Task] = {}
    waiting = dict(tasks)
    while waiting:
        ready = next((t for t in waiting.values() if all(u in ordered for u in t.upstream)), None)
        if ready is None:
            names = ", ".join(waiting)
            raise LabwrightError(f"{where}: these tasks wait for one another: {names}")
        ordered[ready.name] = waiting.pop(ready.name)
    return ordered
