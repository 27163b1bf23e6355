"""Runs on a target that is not this process: begun, followed to their end, their notebooks fetched.

What a target tells is handed on as the events of an engine, and the run's view as its record, so
that a run is shown alike wherever it runs.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..diagnostics import Diagnostic
from ..errors import LabwrightError

if TYPE_CHECKING:
    from ..targets.local.events import Listener
    from ..targets.local.record import RunRecord, StepError, StepRecord
    from ..targets.local.submission import Submission
    from ..targets.protocols import PipelineTarget, View

GLANCE = 0.1
"""Seconds between looks at whether someone wants the run to stop."""
AT_ONCE = 4
"""Executed notebooks that are fetched at a time."""


def run_elsewhere(
    target: PipelineTarget,
    submission: Submission,
    *,
    name: str | None = None,
    logs: bool = False,
    on_event: Listener | None = None,
    cancel: threading.Event | None = None,
) -> RunRecord:
    """Run a submission on a target and wait for it. The target is closed then.

    `name` is what lists call the run. `logs`: `on_event` is told what the steps print, too.
    """

    async def begin() -> tuple[View, Iterable[Diagnostic]]:
        remarks = target.check(submission)
        submitted = await target.submit(submission, name=name)
        known = [Diagnostic(**one) for one in submission.known]
        return submitted.run, [*known, *remarks, *submitted.remarks]

    return _driven(target, begin, logs, on_event, cancel)


def go_on_elsewhere(
    target: PipelineTarget,
    run_id: str,
    verb: str,
    *,
    logs: bool = False,
    on_event: Listener | None = None,
    cancel: threading.Event | None = None,
) -> RunRecord:
    """`retry` or `resume` a run on a target and wait for it. The target is closed then."""

    async def begin() -> tuple[View, Iterable[Diagnostic]]:
        return await getattr(target, verb)(run_id), ()

    return _driven(target, begin, logs, on_event, cancel)


def record_of(view: Mapping[str, Any], remarks: Iterable[Diagnostic] = ()) -> RunRecord:
    """A run's record from its view, with the executed notebooks that were fetched before.

    `remarks` are what is known of the run besides.
    """
    from ..targets.local.record import RunRecord

    folder = fetched_of(view["target"], view["run_id"])
    own = [Diagnostic(**one) for one in view["diagnostics"]]
    return RunRecord(
        view["run_id"],
        view["name"],
        view["state"],
        folder if folder.is_dir() else None,
        view["parameters"],
        view["created_at"],
        view["finished_at"],
        Path(view["notebook"]) if view["notebook"] else None,
        view["metrics"],
        view["outputs"],
        tuple(dict.fromkeys((*remarks, *own))),
        tuple(_step(one, folder) for one in view["steps"]),
        view["target"],
        view["experiment"],
        view["started_at"],
        view["reason"],
    )


def fetched_of(target: str, run_id: str) -> Path:
    """The folder of what is fetched of a run."""
    from ..targets.local.home import fetched_folder, home
    from ..targets.local.rundir import file_name

    return fetched_folder(home()) / file_name(target) / file_name(run_id)


def _driven(
    target: PipelineTarget,
    begin: Callable[[], Awaitable[tuple[View, Iterable[Diagnostic]]]],
    logs: bool,
    on_event: Listener | None,
    cancel: threading.Event | None,
) -> RunRecord:
    from ..targets.driving import drive

    stop = cancel or threading.Event()

    async def work() -> RunRecord:
        try:
            run, remarks = await begin()
            return await _follow(target, run, remarks, logs, on_event or _nobody, stop)
        finally:
            await target.close()

    return drive(work(), stop)


def _nobody(event: Any) -> None:
    """Nobody listens."""


async def _follow(
    target: PipelineTarget,
    run: View,
    remarks: Iterable[Diagnostic],
    logs: bool,
    tell: Listener,
    stop: threading.Event,
) -> RunRecord:
    from ..targets.errors import TargetError
    from ..targets.local.events import RunFinished, RunStarted

    run_id = run["run_id"]
    tell(RunStarted(run_id, run["name"], "", ()))
    try:
        view = await _to_its_end(target, run_id, logs, tell, stop)
    except TargetError as error:
        raise TargetError(
            error.what,
            where=f"run {run_id}",
            hint=f"it may go on: `labwright runs show {run_id} --target {target.name}`",
            status=error.status,
            words=error.words,
        ) from error
    lacking = await _fetch(target, view)
    record = record_of(view, (*remarks, *lacking))
    tell(RunFinished(run_id, record.state))
    return record


async def _to_its_end(
    target: PipelineTarget, run_id: str, logs: bool, tell: Listener, stop: threading.Event
) -> View:
    """The view of the run when it is over; everything on the way is told."""
    canceling = asyncio.create_task(_cancel(target, run_id, stop))
    watching = asyncio.create_task(_watch(target, run_id, logs, Teller(run_id, tell)))
    try:
        await asyncio.wait((canceling, watching), return_when=asyncio.FIRST_COMPLETED)
        if canceling.done():
            canceling.result()
        await watching
        return await target.run(run_id)
    finally:
        for task in (canceling, watching):
            task.cancel()
        await asyncio.gather(canceling, watching, return_exceptions=True)


async def _watch(target: PipelineTarget, run_id: str, logs: bool, teller: Teller) -> None:
    async for change in target.watch(run_id, logs=logs):
        teller.take(change)
    teller.end()


async def _cancel(target: PipelineTarget, run_id: str, stop: threading.Event) -> None:
    """Stop the run once somebody wants that."""
    from ..targets.errors import Conflict

    while not stop.is_set():
        await asyncio.sleep(GLANCE)
    try:
        await target.cancel(run_id)
    except Conflict:  # it has ended meanwhile
        pass


class Teller:
    """Tells a listener of an engine's events what a target says of a run."""

    def __init__(self, run_id: str, tell: Listener) -> None:
        self._run_id = run_id
        self._tell = tell
        self._told: dict[tuple[str, str], Any] = {}
        self._rests: dict[tuple[str, str], tuple[View, str]] = {}

    def take(self, change: View) -> None:
        if change["type"] == "step":
            self._step(change["step"])
        elif change["type"] == "log":
            self._log(change)

    def end(self) -> None:
        """The last lines may lack their end."""
        for where, text in self._rests.values():
            if text:
                self._line(where, text)

    def _step(self, step: View) -> None:
        from ..targets.following import step_key
        from ..targets.local.events import StepChanged

        event = StepChanged(
            self._run_id,
            step["name"],
            step["iteration"],
            step["state"],
            step["cached"],
            step["started_at"],
            step["finished_at"],
            error=_error(step),
            retries=step["retries"],
        )
        if self._told.get(step_key(step)) != event:
            self._told[step_key(step)] = event
            self._tell(event)

    def _log(self, piece: View) -> None:
        from ..targets.following import step_key

        key = step_key({**piece, "name": piece["step"]})
        # A step that is tried again begins its log anew.
        rest = self._rests[key][1] if key in self._rests and piece["offset"] else ""
        *lines, rest = (rest + piece["text"]).split("\n")
        self._rests[key] = piece, rest
        for text in lines:
            self._line(piece, text)

    def _line(self, where: View, text: str) -> None:
        from ..targets.local.events import LogLine

        self._tell(LogLine(self._run_id, where["step"], where["iteration"], "stdout", text))


async def _fetch(target: PipelineTarget, view: View) -> list[Diagnostic]:
    """Bring the executed notebooks here; what is to be said where that is not possible."""
    folder = fetched_of(view["target"], view["run_id"])
    gate = asyncio.Semaphore(AT_ONCE)
    failed: list[tuple[str, LabwrightError]] = []

    async def one(step: View) -> None:
        place = notebook_place(folder, step)
        turn = None if step["iteration"] is None else str(step["iteration"])
        try:
            async with gate:
                data = await target.notebook(view["run_id"], step["name"], turn)
        except LabwrightError as error:
            failed.append((step["name"], error))
        else:
            folder.mkdir(parents=True, exist_ok=True)
            place.write_bytes(data)

    await asyncio.gather(*(one(step) for step in view["steps"] if step["has_notebook"]))
    if not failed:
        return []
    name, error = failed[0]
    others = f" and {len(failed) - 1} more" if failed[1:] else ""
    text = f"the executed notebook of {name}{others} could not be fetched: {error}"
    return [Diagnostic(None, "warning", "notebook-not-fetched", text)]


def notebook_place(folder: Path, step: Mapping[str, Any]) -> Path:
    """Where a step's executed notebook is, once fetched."""
    from ..targets.local.rundir import file_name

    turn = "" if step["iteration"] is None else f".{step['iteration']}"
    return folder / f"{file_name(step['name'])}{turn}.ipynb"


def _step(step: Mapping[str, Any], folder: Path) -> StepRecord:
    from ..targets.local.record import StepRecord

    place = notebook_place(folder, step)
    return StepRecord(
        step["name"],
        step["state"],
        step["iteration"],
        step["cached"],
        step["started_at"],
        step["finished_at"],
        notebook=place if step["has_notebook"] and place.is_file() else None,
        inputs=tuple(step["inputs"]),
        outputs=tuple(step["outputs"]),
        error=_error(step),
        retries=step["retries"],
    )


def _error(step: Mapping[str, Any]) -> StepError | None:
    from ..targets.local.record import StepError

    return StepError(**step["error"]) if step["error"] else None
