"""What every target of pipelines does, so that no caller needs to know which one it has.

All that is awaited may raise `labwright.targets.errors.TargetError`, a LabwrightError. Views are
plain JSON, of the shapes that `labwright.targets.local.views` makes and the HTTP API declares.
`labwright.targets.blocking` gives the same without `await`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

if TYPE_CHECKING:
    from ..diagnostics import Diagnostic
    from .local.pages import RunsPage, Wanted
    from .local.submission import Submission

View = dict[str, Any]
Kind = Literal["local", "kubeflow"]


@dataclass(frozen=True)
class Capabilities:
    """What a target can do. A method whose field is False raises `NotOffered`.

    `watches_files`: its cache sees which files a step reads, so that steps with volumes may be
    taken from it (`compile_pipeline(cache_volumes=…)`). `own_machine`: steps run on this machine,
    so that a pipeline is checked against it before (`prepare(check=…)`). `servers`: it is a
    `server_protocols.ServersTarget`, too.
    """

    resume: bool
    archive: bool
    schedules: bool
    own_machine: bool
    watches_files: bool
    live_logs: bool
    sources: bool
    servers: bool = False


@dataclass(frozen=True)
class Reach:
    """How a target answers just now. `reason` says why it does not, `remarks` what to know."""

    available: bool
    reason: str | None = None
    version: str | None = None
    multi_user: bool | None = None
    namespace: str | None = None
    remarks: tuple[str, ...] = ()
    milliseconds: float | None = None


@dataclass(frozen=True)
class Timetable:
    """When a pipeline runs by itself: `cron` or `every` (seconds), one of them.

    `cron` has six fields (the first are seconds) or the usual five. Times are ISO 8601 in UTC.
    Without `catch_up`, turns that were missed are left out. `at_once` runs may overlap.
    """

    cron: str | None = None
    every: int | None = None
    start: str | None = None
    end: str | None = None
    at_once: int = 1
    catch_up: bool = True


@dataclass(frozen=True)
class Choice:
    """Which schedules. `cursor` is a page's `next`."""

    experiment: str | None = None
    text: str | None = None
    limit: int = 50
    cursor: str | None = None


@dataclass(frozen=True)
class SchedulesPage:
    """Schedules, the newest first. `total` counts all pages; `next` leads on."""

    schedules: list[View]
    next: str | None
    total: int


@dataclass(frozen=True)
class Submitted:
    """A run that was begun: its summary, and what was done for it on the way."""

    run: View
    remarks: Sequence[Diagnostic] = field(default_factory=tuple)


class PipelineTarget(Protocol):
    """A place where pipelines run."""

    @property
    def name(self) -> str:
        """What the user calls it."""
        ...

    @property
    def kind(self) -> Kind: ...

    @property
    def capabilities(self) -> Capabilities: ...

    async def reach(self) -> Reach:
        """Whether it answers, and who it is. Raises nothing."""
        ...

    def check(self, submission: Submission) -> list[Diagnostic]:
        """Remarks on running this here; nothing is sent.

        Raises:
            Unsuitable: it cannot run here.
        """
        ...

    async def submit(self, submission: Submission, *, name: str | None = None) -> Submitted:
        """Begin a run, once, however often the connection breaks. `name`: what lists call it."""
        ...

    async def runs(self, wanted: Wanted | None = None) -> RunsPage:
        """A page of run summaries, the newest first. Archived runs are left out."""
        ...

    async def find_run(self, reference: str) -> str:
        """The id of a run by its id, the start of it, or `latest`."""
        ...

    async def run(self, run_id: str) -> View:
        """A run with its steps and its graph: the shape of `views.run_view`."""
        ...

    def watch(self, run_id: str, *, logs: bool = False) -> AsyncIterator[View]:
        """What becomes of a run, until it is over; that it is over comes last.

        Gives the agent's events: `{"type": "run", "run"}`, `{"type": "step", "run_id", "step"}`
        and, with `logs`, `{"type": "log", "run_id", "step", "iteration", "offset", "text"}`. Begins
        with how things stand. Connections that break are made again.
        """
        ...

    async def cancel(self, run_id: str) -> View: ...

    async def retry(self, run_id: str) -> View:
        """Run failed steps, and what was to come after them, again."""
        ...

    async def resume(self, run_id: str) -> View:
        """Go on from the finished steps of a run whose engine died."""
        ...

    async def archive(self, run_id: str) -> None:
        """Take a run out of the lists; everything of it stays."""
        ...

    async def unarchive(self, run_id: str) -> None: ...

    async def delete(self, run_id: str) -> None: ...

    async def experiments(self) -> list[str]:
        """The experiments that runs belong to, by name."""
        ...

    async def log(
        self,
        run_id: str,
        step: str,
        iteration: str | None = None,
        *,
        offset: int = 0,
        limit: int = 1 << 20,
    ) -> View:
        """A piece of what a step printed: `{"text", "offset", "next", "end"}`, in bytes."""
        ...

    async def notebook(self, run_id: str, step: str, iteration: str | None = None) -> bytes:
        """The step's executed notebook."""
        ...

    async def page(self, run_id: str, step: str, iteration: str | None = None) -> bytes:
        """The same as HTML, which is not to be trusted."""
        ...

    async def source(self, run_id: str) -> bytes:
        """The notebook as it was when the run was asked for."""
        ...

    async def fetch(self, run_id: str, artifact: str, place: Path) -> Path:
        """Copy a value to `place`: the `artifact` of a step's input or output.

        A value of several files becomes a folder. Gives the path that was written.
        """
        ...

    async def schedule(
        self, submission: Submission, when: Timetable, *, name: str | None = None
    ) -> View:
        """Have a pipeline run by itself. The view of a schedule (see docs/targets.md)."""
        ...

    async def schedules(self, wanted: Choice | None = None) -> SchedulesPage: ...

    async def show_schedule(self, schedule_id: str) -> View: ...

    async def pause(self, schedule_id: str) -> View: ...

    async def unpause(self, schedule_id: str) -> View: ...

    async def delete_schedule(self, schedule_id: str) -> None: ...

    async def close(self) -> None:
        """Let go of connections."""
        ...
