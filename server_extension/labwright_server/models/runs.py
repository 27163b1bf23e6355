"""Runs: begun, listed, shown, compared."""

from __future__ import annotations

from pydantic import Field, JsonValue

from .base import Iteration, Model, Remark, State
from .notebooks import Diagnostic, Graph


class Progress(Model):
    total: int
    done: int = Field(description="Succeeded or skipped.")
    cached: int
    running: int
    failed: int


class RunSummary(Model):
    run_id: str
    name: str
    target: str
    experiment: str | None
    state: State
    path: str | None = Field(description="The notebook under the server's root; null elsewhere.")
    notebook: str | None = Field(description="The notebook's full path; null for a compiled one.")
    created_at: str
    started_at: str | None
    finished_at: str | None
    parameters: dict[str, JsonValue]
    metrics: dict[str, JsonValue]
    progress: Progress
    error: str | None = Field(description="Why it failed, in one line.")
    reason: str | None = Field(None, description="Why it waits in the queue, in one line.")


class StepError(Model):
    ename: str
    evalue: str
    cell: str | None
    traceback: str


class Value(Model):
    """An input or output of a step in a run."""

    name: str
    from_: str | None = Field(None, alias="from")
    type: str | None = None
    bytes: int | None = None
    preview: str | None = None
    artifact: str | None = Field(None, description="For GET /runs/{run_id}/files/{artifact}.")


class Step(Model):
    name: str
    iteration: Iteration = None
    state: State
    cached: bool
    retries: int = 0
    started_at: str | None
    finished_at: str | None
    has_notebook: bool = Field(description="There is an executed notebook to open.")
    inputs: list[Value]
    outputs: list[Value]
    error: StepError | None


class Run(RunSummary):
    dir: str | None = Field(description="The run's folder; null where it is not on this machine.")
    diagnostics: list[Diagnostic]
    outputs: dict[str, JsonValue]
    steps: list[Step]
    graph: Graph


class RunList(Model):
    """The newest first. `next` is the cursor of the next page; null at the end.

    `total` counts the runs of the targets that answered; the others are in `remarks`.
    """

    runs: list[RunSummary]
    next: str | None
    total: int
    remarks: list[Remark] = Field([])


class Submission(Model):
    """What is run: the notebook (or compiled `.yaml`) on disk. Save before you run."""

    path: str
    parameters: dict[str, JsonValue] = Field({})
    cache: bool = True
    experiment: str | None = None


class RunRequest(Submission):
    """Start a run."""

    target: str = "local"
    name: str | None = Field(
        None,
        min_length=1,
        max_length=256,
        description="What lists call the run; on this machine it is always the pipeline's name.",
    )
    from_step: str | None = Field(None, description="Run this step and all after it anew.")
    until_step: str | None = Field(None, description="Run this step and what it needs, no more.")


class Started(RunSummary):
    """A run that was begun, and what is to be known of it."""

    remarks: list[Diagnostic]


class Experiments(Model):
    """In order of their names."""

    experiments: list[str]
    remarks: list[Remark] = Field([])


class LogChunk(Model):
    """A piece of a step's log. Offsets count bytes of the UTF-8 log."""

    text: str
    offset: int
    next: int
    end: bool = Field(description="The step is over and this reaches the end of its log.")


class Difference(Model):
    name: str
    left: JsonValue
    right: JsonValue
    equal: bool


class StepDifference(Model):
    name: str
    left: State | None
    right: State | None
    left_cached: bool
    right_cached: bool
    left_seconds: float | None = Field(description="null where it did not run to an end here.")
    right_seconds: float | None


class Comparison(Model):
    """`base` is the left run's notebook, `diff` nbdime's diff from it; null without notebooks."""

    left: RunSummary
    right: RunSummary
    parameters: list[Difference]
    metrics: list[Difference]
    steps: list[StepDifference]
    base: dict[str, JsonValue] | None
    diff: list[JsonValue] | None
