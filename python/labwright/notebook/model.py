"""A notebook as the rest of Labwright sees it: cells, the plan its tags describe, its parameters.

Plain frozen dataclasses, so that the hot path (compile, run) pays no import for them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from ..diagnostics import Diagnostic

if TYPE_CHECKING:
    from .settings import PipelineSettings, StepSettings

CellKind = Literal["code", "markdown", "raw"]
ParameterType = Literal["int", "float", "str", "bool", "list", "dict"]
BlockKind = Literal["parameters", "imports", "functions", "step", "skip"]


@dataclass(frozen=True)
class Cell:
    """One cell. `id` is stable: the file's own, or `cell-<index>` where the file has none."""

    index: int
    id: str
    kind: CellKind
    source: str
    tags: tuple[str, ...] = ()
    metadata: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Notebook:
    path: Path | None
    cells: tuple[Cell, ...]
    metadata: Mapping[str, Any]
    language: str = "python"
    kernel_name: str | None = None


@dataclass(frozen=True)
class Parameter:
    """A pipeline parameter: a literal default in the `parameters` cell."""

    name: str
    type: ParameterType
    default: Any
    cell: int


@dataclass(frozen=True)
class Block:
    """A code cell and the part it plays.

    `source` is the cell's text without its `%%step` line and with the lines that drive Labwright
    itself (`%pipeline run`) made idle; IPython syntax is left as written.
    `step` is set for kind `step` only. `metrics`: the scalars it names are metrics. `named`: the
    cell carries the step's name itself.
    """

    kind: BlockKind
    cell: int
    id: str
    source: str
    step: str | None = None
    metrics: bool = False
    named: bool = False


@dataclass(frozen=True)
class StepPlan:
    """A step as its tags declare it. `cells` are cell indexes in notebook order.

    `written` are the raw settings on its own cells, without the pipeline's defaults.
    """

    name: str
    settings: StepSettings
    cells: tuple[int, ...]
    written: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class NotebookPlan:
    """What the notebook's tags say: blocks in notebook order, steps in order of first mention."""

    notebook: Notebook
    name: str
    parameters: tuple[Parameter, ...]
    blocks: tuple[Block, ...]
    steps: tuple[StepPlan, ...]
    settings: PipelineSettings
    diagnostics: tuple[Diagnostic, ...] = ()
