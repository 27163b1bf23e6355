"""Run one step: from the cache where nothing changed, else as a process, with its retries."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from ...errors import LabwrightError
from . import wire
from .builtin import VOLUME_IMAGES, import_artifact, volume_step
from .cache import digests, step_key, still_true
from .command import Launch, host_for, prepare_launch
from .context import Context, Progress, Turn
from .dag import Bound, Result, Unresolved, typed
from .events import Stream, now
from .executor import Ending, OnLine, failure, run_process
from .ir import Container, Importer
from .placeholders import PlaceholderError
from .record import StepError
from .rundir import StepDir, read_json, write_json
from .steps import Step
from .store import StepRow, StoreError
from .warm import HostDied, NotStarted

BAD_INPUT = (Unresolved, PlaceholderError, LabwrightError)


@dataclass(frozen=True)
class Work:
    """A step with all that is needed to run it this time."""

    step: Step
    row: StepRow
    folder: StepDir
    key: str
    executor_input: Mapping[str, Any]
    constants: Mapping[str, str]


class Runner:
    """Runs the steps of one run."""

    def __init__(self, context: Context, progress: Progress) -> None:
        self.context = context
        self.progress = progress

    async def run(
        self, step: Step, turn: Turn, inputs: Bound, constants: Mapping[str, str]
    ) -> Result:
        """Bring a step to its end, one way or another."""
        row = self.progress.row(step, turn)
        try:
            work = await self._work(step, row, inputs, constants)
        except (*BAD_INPUT, HostDied) as error:
            return self._failed(row, _cannot_start(error))
        row = replace(work.row, inputs=wire.shown_inputs(inputs, step.program))
        work = replace(work, row=row)
        try:
            done = await self._finished_before(work) or await self._from_cache(work)
            if done is not None:
                return done
            if self.context.stop.is_set():
                return self._ended(row, "CANCELED")
            return await self._with_retries(work)
        except StoreError:
            raise
        except (*BAD_INPUT, HostDied, OSError) as error:
            row = self.progress.rows.get((row.path, row.turn), row)
            return self._failed(row, _cannot_start(error))

    def skip(self, step: Step, turn: Turn) -> None:
        """Say that a step does not run. What it did before a run was taken up again stays."""
        row = self.progress.row(step, turn)
        if self.context.stop.is_set() and row.outputs is not None:
            return
        self.progress.change(
            replace(row, started_at=None, cached=False, report=None, outputs=None, error=None),
            state="CANCELED" if self.context.stop.is_set() else "SKIPPED",
            finished_at=now(),
        )

    def fail(self, step: Step, turn: Turn, error: StepError) -> None:
        """Say that a step cannot be started."""
        self._failed(self.progress.row(step, turn), error)

    async def _work(
        self, step: Step, row: StepRow, inputs: Bound, constants: Mapping[str, str]
    ) -> Work:
        folder = self.progress.folder(row)
        parameters = typed(step.component, inputs)
        message = wire.executor_input(
            step.component, parameters, inputs.artifacts, folder, step.name
        )
        python = None
        if isinstance(step.executor, Container):
            python = await host_for(self.context, step).about()
        key = step_key(step, parameters, inputs.artifacts, python, self.context.env)
        return Work(step, replace(row, key=key), folder, key, message, constants)

    # Steps that need not run

    async def _finished_before(self, work: Work) -> Result | None:
        """What this run already did before it was interrupted, if it would do the same again."""
        known = self.progress.rows.get((work.row.path, work.row.turn))
        if known is None or known.key != work.key:
            return None
        if known.outputs is not None:
            outputs = wire.bound_from_json(known.outputs, self.context.artifacts)
            if all(self.context.artifacts.fetch(digest) for digest in digests(outputs)):
                self.progress.tell(known)
                return Result("SUCCEEDED", outputs)
        # It ended well in the moment in which the engine was killed, so only its end was not
        # written down. One that did not end well in that moment gets another chance.
        ended = read_json(work.folder.exit) if known.state == "RUNNING" else None
        if isinstance(ended, dict) and ended.get("status") == 0:
            result = await self._finish(work, known, Ending(0))
            return result if result.state == "SUCCEEDED" else None
        return None

    async def _from_cache(self, work: Work) -> Result | None:
        context, step = self.context, work.step
        if not (step.task.cache and context.look_up) or step.name in context.anew:
            return None
        entry = context.store.cached(work.key)
        if entry is None or not still_true(entry, context.workdir, context.artifacts):
            return None
        outputs = wire.bound_from_json(entry["outputs"], context.artifacts)
        work.folder.begin(1)
        outputs = wire.place_again(
            outputs, work.folder, step.name, context.artifacts, context.dir.path
        )
        write_json(work.folder.path / "executor_input.json", work.executor_input)
        moment = now()
        return self._succeeded(
            replace(work.row, cached=True, started_at=moment),
            step,
            outputs,
            entry["report"],
            moment,
        )

    # Steps that run

    async def _with_retries(self, work: Work) -> Result:
        retry, attempt = work.step.task.retry, 0
        while True:
            attempt += 1
            result = await self._attempt(work, attempt)
            if result.state != "FAILED" or attempt > retry.count or self.context.stop.is_set():
                return result
            row = self.progress.rows[work.row.path, work.row.turn]
            self.progress.change(row, state="PENDING", retries=attempt)
            try:
                await asyncio.wait_for(self.context.stop.wait(), retry.wait(attempt))
                return self._ended(work.row, "CANCELED", result.error)
            except asyncio.TimeoutError:
                pass

    async def _attempt(self, work: Work, attempt: int) -> Result:
        async with self.context.slots:
            if self.context.stop.is_set():
                return self._ended(work.row, "CANCELED")
            work.folder.begin(attempt)
            row = self.progress.change(
                work.row,
                state="RUNNING",
                started_at=now(),
                finished_at=None,
                retries=attempt - 1,
                cached=False,
                error=None,
                outputs=None,
                report=None,
            )
            executor = work.step.executor
            if isinstance(executor, Importer):
                return self._import(work, row, executor)
            if executor.image in VOLUME_IMAGES:
                given = work.executor_input["inputs"]["parameterValues"]
                outputs = volume_step(self.context, executor.image, given, work.step.name)
                return self._succeeded(row, work.step, outputs, None, now())
            return await self._process(work, row, executor)

    def _import(self, work: Work, row: StepRow, importer: Importer) -> Result:
        component, message = work.step.component, work.executor_input
        outputs = import_artifact(
            self.context, importer, component, work.folder, message, work.constants
        )
        return self._succeeded(row, work.step, outputs, None, now())

    async def _process(self, work: Work, row: StepRow, container: Container) -> Result:
        context = self.context
        launch = prepare_launch(
            context, work.step, container, work.folder, work.executor_input, work.constants
        )
        write_json(work.folder.path / "executor_input.json", work.executor_input)
        if launch.module is not None:
            launch.module[0].parent.mkdir(exist_ok=True)
            launch.module[0].write_text(launch.module[1], encoding="utf-8")

        def on_line(stream: Stream, text: str) -> None:
            self.progress.line(row, stream, text)

        taken = await self._gpus(launch)
        try:
            if taken:
                launch.request.env["CUDA_VISIBLE_DEVICES"] = ",".join(taken)
            ending = await self._start(work, launch, on_line)
        finally:
            context.gpus.free(taken)
        if ending.stopped == "canceled":
            wire.drop_outputs(work.step.component, work.folder, work.step.name)
            return self._ended(row, "CANCELED", report=self._report(work))
        return await self._finish(work, row, ending, launch)

    async def _start(self, work: Work, launch: Launch, on_line: OnLine) -> Ending:
        """Run the process; in a new warm process when the one it had has just died."""
        given = (launch.request, launch.limits, work.folder.log, on_line, self.context.stop)
        try:
            return await run_process(host_for(self.context, work.step), *given)
        except NotStarted:
            return await run_process(host_for(self.context, work.step), *given)

    async def _gpus(self, launch: Launch) -> dict[str, int]:
        """The GPUs a step asks for, once they are free. Where there are none it runs without."""
        from .gpus import inventory

        if not launch.gpus or not inventory():
            return {}
        if launch.gpus > len(inventory()):
            raise LabwrightError(
                f"asks for {launch.gpus} GPUs, and this machine has {len(inventory())}"
            )
        while (taken := self.context.gpus.take(launch.gpus)) is None:
            if self.context.stop.is_set():
                return {}
            await asyncio.sleep(0.2)
        return taken

    # How they end

    async def _finish(
        self, work: Work, row: StepRow, ending: Ending, launch: Launch | None = None
    ) -> Result:
        """Decide from its exit code and files how a step ended, and keep its outputs."""
        error = self._error(work, ending, launch)
        context, step = self.context, work.step
        if error is not None:
            wire.drop_outputs(step.component, work.folder, step.name)
            return self._failed(row, error, self._report(work))
        try:
            outputs = await asyncio.to_thread(
                wire.read_outputs,
                step.component,
                work.folder,
                step.name,
                context.artifacts,
                context.dir.path,
            )
        except (Unresolved, wire.Incomplete, LabwrightError, OSError) as failed:
            return self._failed(row, StepError("OutputError", str(failed)), self._report(work))
        report = self._report(work)
        if step.task.cache:
            own = read_json(work.folder.report) or {}
            context.store.keep(
                work.key,
                {
                    "outputs": wire.bound_to_json(outputs),
                    "digests": digests(outputs),
                    "report": report,
                    "files": own.get("files"),
                    "modules": own.get("modules"),
                },
            )
        return self._succeeded(row, step, outputs, report, now())

    def _error(self, work: Work, ending: Ending, launch: Launch | None) -> StepError | None:
        """Why the step failed, if it did; a Labwright step says it best itself."""
        report = read_json(work.folder.report) if work.step.program else None
        own = (report or {}).get("error")
        if launch is not None and (ending.status != 0 or ending.stopped):
            if own and ending.status > 0 and not ending.stopped:
                return StepError(own["ename"], own["evalue"], own["cell"], own["traceback"])
            return replace(failure(ending, launch.limits), cell=own["cell"] if own else None)
        whole = read_json(work.folder.output) if work.step.kfp else report
        if (work.step.program or work.step.kfp) and whole is None:
            return StepError(
                "Unfinished", "the process ended before the step did (os._exit or the like)"
            )
        return None

    def _report(self, work: Work) -> dict[str, Any] | None:
        """What a Labwright step reports besides its outputs, as the store keeps it."""
        if not work.step.program:
            return None
        report = read_json(work.folder.report) or {}
        return {
            "state": report.get("state", "FAILED"),
            "metrics": report.get("metrics") or {},
            "diagnostics": [
                {**one, "cell": self.context.cells.get(one["cell"])}
                for one in report.get("diagnostics") or ()
            ],
        }

    def _succeeded(
        self, row: StepRow, step: Step, outputs: Bound, report: Mapping[str, Any] | None, end: str
    ) -> Result:
        shown = {
            "outputs": wire.shown_outputs(outputs, step.program),
            "metrics": {**wire.metrics_of(outputs), **(report or {}).get("metrics", {})},
            "diagnostics": (report or {}).get("diagnostics", []),
        }
        # A step whose own condition was false passed its inputs on: that is skipped, to people.
        skipped = (report or {}).get("state") == "SKIPPED"
        self.progress.change(
            row,
            state="SKIPPED" if skipped else "SUCCEEDED",
            finished_at=end,
            outputs=wire.bound_to_json(outputs),
            error=None,
            report=shown,
        )
        return Result("SUCCEEDED", outputs)

    def _failed(
        self, row: StepRow, error: StepError, report: Mapping[str, Any] | None = None
    ) -> Result:
        return self._ended(row, "FAILED", error, report)

    def _ended(
        self,
        row: StepRow,
        state: Any,
        error: StepError | None = None,
        report: Mapping[str, Any] | None = None,
    ) -> Result:
        kept = {"outputs": [], **report} if report else None
        self.progress.change(
            row,
            state=state,
            finished_at=now(),
            outputs=None,
            error=error.to_json() if error else None,
            report=kept,
        )
        return Result(state, error=error)


def _cannot_start(error: Exception) -> StepError:
    """What keeps a step from running, apart from the step itself."""
    name = "InputError" if isinstance(error, BAD_INPUT) else type(error).__name__
    return StepError(name, str(error))
