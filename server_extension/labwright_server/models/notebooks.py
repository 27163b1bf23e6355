"""Notebooks: read as pipelines, as they stand in the editor."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, JsonValue

from .base import Error, Model, ParameterType, Role, Severity


class Diagnostic(Model):
    cell: int | None = Field(description="Index of the cell, or null for the whole notebook.")
    severity: Severity
    code: str
    message: str


class Parameter(Model):
    name: str
    type: ParameterType
    default: JsonValue = None
    required: bool = Field(False, description="It has no default.")


class GraphInput(Model):
    name: str
    from_: str | None = Field(alias="from", description="A step; null for a parameter.")


class GraphStep(Model):
    name: str
    cells: list[int]
    inputs: list[GraphInput]
    outputs: list[str]
    after: list[str]
    when: str | None
    foreach: str | None
    finally_: bool = Field(False, alias="finally")
    settings: dict[str, JsonValue] = Field(
        {}, description="As written on the step's cells (metadata and `%%step` line joined)."
    )


class GraphCell(Model):
    """The part a code cell plays. Markdown, raw and empty cells are not listed."""

    cell: int
    id: str
    role: Role | None = Field(description="null: the cell is before the first step.")
    step: str | None = Field(description="The step it belongs to, tagged or not.")
    starts: bool = Field(description="It carries the step's name itself.")
    metrics: bool = False


class Graph(Model):
    """What a notebook is as a pipeline, or what a run ran."""

    name: str
    parameters: list[Parameter]
    steps: list[GraphStep]
    cells: list[GraphCell] = Field(description="Empty for a compiled pipeline's run.")
    diagnostics: list[Diagnostic]


class NotebookSource(Model):
    """A notebook as it stands in the editor; without `content`, as it is on disk."""

    path: str
    content: dict[str, JsonValue] | None = Field(None, description="nbformat 4 JSON.")


class Analysis(Model):
    """`graph` is null where the notebook cannot be read as a pipeline; `error` says why."""

    graph: Graph | None
    error: Error | None = None
    error_cell: int | None = None


class PreviewRequest(NotebookSource):
    parameters: dict[str, JsonValue] = Field({})


class StepPreview(Model):
    """What a run would do with a step.

    cached: its result is there. stale: it ran before, and an edit (`why`) changed it.
    new: it never ran. waiting: a step before it must run first to know; it very likely runs.
    """

    name: str
    state: Literal["cached", "stale", "new", "waiting"]
    why: str | None = None


class Preview(Model):
    steps: list[StepPreview]


class Suggestion(Model):
    cell: int
    id: str
    tag: str


class Suggestions(Model):
    suggestions: list[Suggestion]


class Compiled(Model):
    yaml: str
    diagnostics: list[Diagnostic]
