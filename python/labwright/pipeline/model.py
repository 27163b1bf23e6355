"""Component, Step, Pipeline: a notebook ready to be placed somewhere.

Plain frozen dataclasses: every compile builds them, and pydantic's import alone would cost more
than the whole compile. `schema()` and `to_json()` give what a form or another program needs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

IRType = Literal["STRING", "NUMBER_INTEGER", "NUMBER_DOUBLE", "BOOLEAN", "LIST", "STRUCT"]

# What a variable given as a parameter holds. TRUTH: its truthiness, a BOOLEAN in the IR.
# ITEMS: a list that a loop walks, each item as JSON text; a LIST in the IR.
ValueType = Literal["STRING", "NUMBER_DOUBLE", "BOOLEAN", "TRUTH", "ITEMS"]
# How a loop's item is written in its parameter: as JSON text, or as the plain value.
ItemForm = Literal["json", "value"]

NOTEBOOK_ARTIFACT = "labwright_notebook"
HTML_ARTIFACT = "labwright_html"
METRICS_ARTIFACT = "labwright_metrics"
ITEM_PARAMETER = "labwright_item"
STATUS_PARAMETER = "pipeline_status"
RUNTIME_PARAMETER = "labwright_runtime"
WORKSPACE_PARAMETER = "labwright_workspace"

VALUE_SCHEMA = "system.Artifact"
ARTIFACT_SCHEMAS = {
    NOTEBOOK_ARTIFACT: VALUE_SCHEMA,
    HTML_ARTIFACT: "system.HTML",
    METRICS_ARTIFACT: "system.Metrics",
}


@dataclass(frozen=True)
class TypedParameter:
    """A pipeline parameter with its default."""

    name: str
    type: IRType
    default: Any


@dataclass(frozen=True)
class Source:
    """An output of a step. `key` is the output's name in the step's component."""

    step: str
    key: str


@dataclass(frozen=True)
class ArtifactInput:
    """A value that arrives as an artifact; `collected`: the results of a loop, in order."""

    key: str
    variable: str
    source: Source
    collected: bool = False


@dataclass(frozen=True)
class ValueOutput:
    """A variable also given as a parameter, because a condition or a loop reads it."""

    key: str
    variable: str
    type: ValueType


@dataclass(frozen=True)
class Volume:
    """A folder that outlives the step, at the absolute path `mount`.

    It is the claim `claim`, or with `size` a folder called `name` of the run's own volume.
    """

    mount: str
    name: str
    claim: str | None = None
    size: str | None = None


@dataclass(frozen=True)
class Secret:
    """Keys of a secret as environment variables: `env` maps key to variable."""

    name: str
    env: Mapping[str, str]


@dataclass(frozen=True)
class Toleration:
    """A Kubernetes toleration."""

    key: str | None = None
    operator: str = "Equal"
    value: str | None = None
    effect: str | None = None
    seconds: int | None = None


@dataclass(frozen=True)
class Environment:
    """What a component runs in. `cpu` and `memory` are Kubernetes quantities."""

    image: str
    packages: tuple[str, ...] = ()
    cpu: str | None = None
    memory: str | None = None
    gpus: int = 0
    gpu_resource: str = "nvidia.com/gpu"
    env: Mapping[str, str] = field(default_factory=dict)
    secrets: tuple[Secret, ...] = ()
    volumes: tuple[Volume, ...] = ()
    node_selector: Mapping[str, str] = field(default_factory=dict)
    tolerations: tuple[Toleration, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Component:
    """A piece of a notebook that can run anywhere: code, interface and environment.

    `program` is what the runtime executes (see `program.py`). `outputs` are artifact keys.
    """

    name: str
    program: Mapping[str, Any]
    environment: Environment
    parameters: tuple[TypedParameter, ...] = ()
    inputs: tuple[ArtifactInput, ...] = ()
    outputs: tuple[str, ...] = ()
    values: tuple[ValueOutput, ...] = ()

    @property
    def uses_workspace(self) -> bool:
        """Whether it has a folder of the run's own volume."""
        return any(volume.size for volume in self.environment.volumes)


@dataclass(frozen=True)
class Operand:
    """A name a condition or a loop reads: a pipeline parameter (`source` None) or a step's."""

    name: str
    type: IRType
    source: Source | None


@dataclass(frozen=True)
class When:
    """A condition over `operands`, decided before the step starts."""

    expression: str
    operands: tuple[Operand, ...]


@dataclass(frozen=True)
class ForEach:
    """One run of the step for each item: literal `items`, or the list `source` names.

    `item_type` is the type of the item parameter; literal items and a step's items travel as
    JSON text, because a protobuf number cannot tell 1 from 1.0; for a pipeline parameter's items
    `like` shows what kind of numbers they have.
    """

    item_type: IRType
    form: ItemForm
    like: Any = None
    items: tuple[str, ...] | None = None
    source: Operand | None = None


@dataclass(frozen=True)
class Retry:
    count: int
    backoff_seconds: float = 0
    backoff_factor: float = 2
    backoff_max_seconds: float = 3600


@dataclass(frozen=True)
class Step:
    """A component placed in a pipeline. `after`: steps it waits for without taking a value."""

    component: Component
    after: tuple[str, ...] = ()
    conditions: tuple[When, ...] = ()
    foreach: ForEach | None = None
    finally_: bool = False
    retry: Retry | None = None
    timeout: int | None = None
    cache: bool = True

    @property
    def name(self) -> str:
        return self.component.name


@dataclass(frozen=True)
class Pipeline:
    """Components joined by the data they pass. `name` is the user's; the IR gets a safe form."""

    name: str
    steps: tuple[Step, ...]
    parameters: tuple[TypedParameter, ...] = ()
    description: str = ""
    experiment: str | None = None

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def schema() -> dict[str, Any]:
    """The JSON schema of a pipeline."""
    from pydantic import TypeAdapter

    return TypeAdapter(Pipeline).json_schema()
