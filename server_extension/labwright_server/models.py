"""What the handlers take and give: the OpenAPI file, and so the TypeScript types, come from here.

Times are ISO 8601 in UTC. Paths named `path` are relative to the server's root folder and use `/`.
"""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue

State = Literal["PENDING", "RUNNING", "SUCCEEDED", "SKIPPED", "FAILED", "CANCELING", "CANCELED"]
Role = Literal["parameters", "imports", "functions", "step", "skip"]
Severity = Literal["info", "warning", "error"]
ParameterType = Literal["int", "float", "str", "bool", "list", "dict"]
Iteration = int | str | None
"""The number of a loop's turn, `outer.inner` in nested loops, null outside a loop."""


class Model(BaseModel):
    """A strict shape: a field nobody knows is an error, not a wish that is dropped.

    Answers are given with every field, so what reads them need not think of missing ones.
    """

    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
        json_schema_serialization_defaults_required=True,
    )


class Error(Model):
    """The one shape of every failure. `code` is stable (`bad-request`, `not-found`, …)."""

    code: str
    message: str
    detail: JsonValue = None


# Notebooks


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
    parameters: dict[str, JsonValue] = {}


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


# Runs


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


class Remark(Model):
    """A target that is left out of an answer, and why."""

    target: str
    message: str


class RunList(Model):
    """The newest first. `next` is the cursor of the next page; null at the end.

    `total` counts the runs of the targets that answered; the others are in `remarks`.
    """

    runs: list[RunSummary]
    next: str | None
    total: int
    remarks: list[Remark] = []


class Submission(Model):
    """What is run: the notebook (or compiled `.yaml`) on disk. Save before you run."""

    path: str
    parameters: dict[str, JsonValue] = {}
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
    remarks: list[Remark] = []


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


# Schedules


class ScheduleRequest(Submission):
    """Have a pipeline run by itself: by `cron`, or `every` so many seconds.

    The file is sent as it is now; later changes to it do not count.
    """

    target: str
    name: str | None = Field(None, min_length=1, max_length=256)
    cron: str | None = Field(
        None,
        min_length=1,
        max_length=256,
        description="Five fields as in crontab, or six, of which the first are seconds. In UTC.",
    )
    every: int | None = Field(None, ge=1, le=2**31 - 1, description="Seconds.")
    start: str | None = Field(None, description="Not before this time (ISO 8601).")
    end: str | None = Field(None, description="Not after this time (ISO 8601).")
    at_once: int = Field(1, ge=1, le=10, description="How many of its runs may overlap.")
    catch_up: bool = Field(True, description="Make up for turns that were missed.")


class Schedule(Model):
    """A pipeline that runs by itself, by `cron` or `every` so many seconds."""

    schedule_id: str
    name: str
    target: str
    experiment: str | None
    enabled: bool = Field(description="false: paused.")
    cron: str | None
    every: int | None
    start: str | None
    end: str | None
    at_once: int
    catch_up: bool
    parameters: dict[str, JsonValue]
    path: str | None = Field(description="The notebook under the server's root; null elsewhere.")
    notebook: str | None = Field(description="The notebook's full path, where it is known.")
    created_at: str
    updated_at: str | None
    error: str | None = Field(description="What is wrong with it, in one line.")


class Scheduled(Schedule):
    """A schedule that was made, and what is to be known of it."""

    remarks: list[Diagnostic]


class ScheduleList(Model):
    """The newest first. `next` is the cursor of the next page; null at the end."""

    schedules: list[Schedule]
    next: str | None
    total: int
    remarks: list[Remark] = []


# The place


class Gpu(Model):
    id: str
    name: str
    memory_bytes: int | None
    free: bool


class Capabilities(Model):
    """What a target can do; what it cannot is answered with the code `not-offered`."""

    resume: bool = Field(description="Runs that were interrupted can go on.")
    archive: bool = Field(description="Runs can be taken out of the lists, and put back.")
    schedules: bool = Field(description="Pipelines can run by a timetable.")
    own_machine: bool = Field(description="Steps run on the Jupyter server's machine.")
    watches_files: bool = Field(description="Its cache sees which files a step reads.")
    live_logs: bool = Field(description="Logs can be read while a step goes on.")
    sources: bool = Field(description="Runs keep the notebook they were made of.")


class Target(Model):
    """Where pipelines run. CPUs, memory and GPUs are told of this machine only."""

    name: str
    kind: Literal["local", "kubeflow"]
    where: str = Field(description="For people: this machine, a URL, a kubeconfig's context.")
    capabilities: Capabilities
    available: bool = Field(description="It answers.")
    reason: str | None = Field(None, description="Why it does not.")
    version: str | None = None
    namespace: str | None = None
    multi_user: bool | None = None
    remarks: list[str] = []
    milliseconds: float | None = Field(None, description="How long its answer took.")
    cpus: int | None = None
    memory_bytes: int | None = None
    gpus: list[Gpu] = []


class Targets(Model):
    """This machine first."""

    targets: list[Target]


class AgentStatus(Model):
    """`running` false: none is needed now; the next run starts one."""

    running: bool
    pid: int | None = None
    version: str | None = None
    epoch: str | None = None
    active: int = 0
    queued: int = 0
    max_runs: int | None = None


class Status(Model):
    version: str
    agent: AgentStatus


class Schemas(Model):
    """JSON schemas for JupyterLab's FormComponent."""

    step: dict[str, JsonValue] = Field(description="Cell metadata `labwright`.")
    pipeline: dict[str, JsonValue] = Field(description="Notebook metadata `labwright.pipeline`.")
