"""Run a compiled pipeline here, or go on with a run that was interrupted."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from ...diagnostics import Diagnostic
from ...errors import LabwrightError
from .artifacts import artifact_store
from .check import check_steps, working_folder
from .context import Context, Progress
from .dag import Bound, Result, Unresolved, Value, coerce, complete
from .environments import environment as find_environment
from .events import Listener, RunFinished, RunStarted, now
from .gpus import GpuLedger
from .graph import GraphRunner
from .ir import Component, Container, Pipeline, read_pipeline
from .locks import try_lock
from .program import imports
from .record import FINAL, RunRecord, State
from .rundir import RunDir, new_run_id, read_json, write_json
from .steps import Step, plan_steps
from .store import RunRow, StepRow, Store
from .warm import Hosts, Preload
from .warm import prepare as prepare_host

SHELL = ("IPython.core.interactiveshell", "IPython.core.displayhook", "IPython.display")
WATCH = 0.1
"""Seconds between looks at whether someone wants the run to stop."""
WIND_DOWN = 5.0
"""Seconds to wait for what a killed engine left to end."""


@dataclass(frozen=True)
class Plan:
    """A run to be: its pipeline read and checked."""

    pipeline: Pipeline
    steps: Mapping[str, Step]
    row: RunRow
    earlier: tuple[StepRow, ...] = ()


def run_pipeline(
    spec: Mapping[str, Any],
    platform: Mapping[str, Any] | None = None,
    parameters: Mapping[str, Any] | None = None,
    *,
    store: Store | None = None,
    notebook: Path | None = None,
    workdir: Path | None = None,
    environment: str = "",
    cache: bool = True,
    parallel: int | None = None,
    on_event: Listener | None = None,
    cancel: threading.Event | None = None,
    run_id: str | None = None,
    diagnostics: Sequence[Diagnostic] = (),
) -> RunRecord:
    """Run a compiled pipeline to its end and give its record.

    Args:
        spec: the IR, as a dict.
        platform: the platform document, when the pipeline has one.
        parameters: values for the pipeline's parameters.
        store: where the run is kept; Labwright's own when not given.
        notebook: the notebook the pipeline was made of.
        workdir: where steps run; the notebook's folder when not given.
        environment: a kernelspec or interpreter for steps that name none; this one when empty.
        cache: whether steps whose code and inputs did not change are taken from the cache.
        parallel: how many steps run at a time; as many as there are CPUs when not given.
        on_event: told what happens, in the engine's thread.
        cancel: set it to stop the run.
        run_id: the run's id, when the caller chose one.
        diagnostics: what is known of the notebook already; the record has it with what a run finds.

    Raises:
        LabwrightError: the pipeline cannot be run. Steps that fail do not raise.
    """
    notebook = notebook.absolute() if notebook else None
    folder = working_folder(workdir, notebook)
    pipeline = read_pipeline(spec)
    steps = plan_steps(pipeline, platform, environment)
    values = run_parameters(pipeline.root, parameters or {})
    known = [one.to_json() for one in diagnostics]
    checked = check_steps(steps.values(), folder)
    store = store or Store()
    row = RunRow(
        run_id or new_run_id(pipeline.name),
        pipeline.name,
        "RUNNING",
        now(),
        values,
        {
            "workdir": str(folder),
            "notebook": str(notebook) if notebook else None,
            "environment": environment,
            "cache": cache,
            "parallel": parallel,
            "diagnostics": known,
        },
        diagnostics=[*known, *(one.to_json() for one in checked)],
    )
    directory = store.dir(row.run_id)
    try:
        directory.path.mkdir(parents=True)
    except FileExistsError:
        raise LabwrightError(f"there already is a run {row.run_id!r}") from None
    write_json(directory.pipeline, {"pipeline_spec": spec, "platform_spec": platform})
    return _run(Plan(pipeline, steps, row), store, on_event, cancel)


def resume_run(
    run_id: str,
    *,
    store: Store | None = None,
    on_event: Listener | None = None,
    cancel: threading.Event | None = None,
) -> RunRecord:
    """Go on with a run that was interrupted, canceled or failed; finished steps stay finished."""
    store = store or Store()
    row = store.run_row(run_id)
    if row.state == "SUCCEEDED":
        raise LabwrightError(f"run {row.run_id} has succeeded: there is nothing to go on with")
    data = read_json(store.dir(row.run_id).pipeline)
    if data is None:
        raise LabwrightError(f"run {row.run_id} cannot be taken up again: its folder is gone")
    pipeline = read_pipeline(data["pipeline_spec"])
    steps = plan_steps(pipeline, data["platform_spec"], row.options["environment"])
    checked = check_steps(steps.values(), working_folder(Path(row.options["workdir"]), None))
    row = replace(
        row,
        state="RUNNING",
        finished_at=None,
        diagnostics=[*row.options["diagnostics"], *(one.to_json() for one in checked)],
    )
    earlier = tuple(_taken_up(one) for one in store.step_rows(row.run_id))
    return _run(Plan(pipeline, steps, row, earlier), store, on_event, cancel)


def retry_run(
    run_id: str,
    *,
    store: Store | None = None,
    on_event: Listener | None = None,
    cancel: threading.Event | None = None,
) -> RunRecord:
    """Run the failed steps of a run again, and those that were waiting for them."""
    store = store or Store()
    record = store.run(run_id)
    if record.state not in ("FAILED", "CANCELED"):
        raise LabwrightError(f"run {record.run_id} is {record.state}: no step of it has failed")
    return resume_run(record.run_id, store=store, on_event=on_event, cancel=cancel)


def prepare(environment: str = "", workdir: Path | None = None) -> None:
    """Start the process that steps fork from, while the pipeline is still being compiled."""
    python = find_environment("", environment).python
    prepare_host(python, str(working_folder(workdir, None)), Preload(SHELL))


def run_parameters(root: Component, given: Mapping[str, Any]) -> dict[str, Any]:
    """The values of a pipeline's parameters, with defaults and of the declared types."""
    for name in given:
        if name not in root.parameters:
            close = get_close_matches(name, root.parameters, 1)
            known = ", ".join(root.parameters) or "none"
            raise LabwrightError(
                f"the pipeline has no parameter {name!r}",
                hint=f"did you mean {close[0]!r}?" if close else f"it has {known}",
            )
    try:
        bound = complete(root, Bound({name: Value(given[name]) for name in given}))
        return {
            name: coerce(value.value, root.parameters[name].type, name)
            for name, value in bound.parameters.items()
        }
    except Unresolved as error:
        raise LabwrightError(str(error)) from None


def _taken_up(row: StepRow) -> StepRow:
    """A step's row from an earlier try. One that was running may have come to its end."""
    if row.outputs is not None or row.state == "RUNNING":
        return row
    return replace(row, state="PENDING", error=None, finished_at=None, report=None)


def _run(
    plan: Plan, store: Store, listener: Listener | None, cancel: threading.Event | None
) -> RunRecord:
    directory = store.dir(plan.row.run_id)
    directory.path.mkdir(parents=True, exist_ok=True)
    lock = try_lock(directory.lock, WIND_DOWN)
    if lock is None:
        raise LabwrightError(f"run {plan.row.run_id} is still going on")
    try:
        directory.cancel.unlink(missing_ok=True)
        _drive(_Engine(plan, store, directory, lock, listener, cancel or threading.Event()))
    finally:
        os.close(lock)
    record = store.run(plan.row.run_id)
    if listener is not None:
        listener(RunFinished(record.run_id, record.state))
    return record


def _drive(engine: _Engine) -> None:
    """Run the engine's loop: here, or in a thread where this one has a loop (as in Jupyter)."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        if threading.current_thread() is threading.main_thread():
            with _interrupts(engine.cancel):
                asyncio.run(engine.run())
        else:
            asyncio.run(engine.run())
        return
    failure: list[BaseException] = []

    def work() -> None:
        try:
            asyncio.run(engine.run())
        except BaseException as error:
            failure.append(error)

    thread = threading.Thread(target=work, name="labwright-engine")
    thread.start()
    while thread.is_alive():
        try:
            thread.join()
        except KeyboardInterrupt:
            engine.cancel.set()
    if failure:
        raise failure[0]


@contextmanager
def _interrupts(cancel: threading.Event) -> Iterator[None]:
    """Ctrl-C and SIGTERM cancel the run, so that its steps end well; a second one is as always."""
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = {number: signal.getsignal(number) for number in numbers}

    def on_signal(number: int, _: Any) -> None:
        cancel.set()
        signal.signal(number, before[signal.Signals(number)])

    for number in numbers:
        signal.signal(number, on_signal)
    try:
        yield
    finally:
        for number in numbers:
            signal.signal(number, before[number])


class _Engine:
    """One run on one event loop."""

    def __init__(
        self,
        plan: Plan,
        store: Store,
        directory: RunDir,
        lock: int,
        listener: Listener | None,
        cancel: threading.Event,
    ) -> None:
        self.plan = plan
        self.store = store
        self.directory = directory
        self.lock = lock
        self.listener = listener
        self.cancel = cancel

    async def run(self) -> None:
        row, options = self.plan.row, self.plan.row.options
        hosts = Hosts(options["workdir"], self.lock)
        preload = _preload(self.plan.steps)
        context = Context(
            row=row,
            store=self.store,
            artifacts=artifact_store(self.store.root),
            dir=self.directory,
            workdir=Path(options["workdir"]),
            notebook=Path(options["notebook"]) if options["notebook"] else None,
            env=dict(os.environ),
            look_up=options["cache"],
            preload=preload,
            hosts=hosts,
            gpus=GpuLedger(self.store.root / "gpus"),
            slots=asyncio.Semaphore(options["parallel"] or os.cpu_count() or 1),
            stop=asyncio.Event(),
            listener=self.listener,
        )
        try:
            self._warm_up(context)
            self.directory.workspace.mkdir(exist_ok=True)
            self.store.save_run(row)
            result, problem = await self._graph(context)
            state: State = result.state
            if context.stop.is_set() and state != "SUCCEEDED":
                state = "CANCELED"
            outputs = {name: one.value for name, one in result.outputs.parameters.items()}
            self.store.save_run(
                replace(
                    row,
                    state=state if state in FINAL else "FAILED",
                    finished_at=now(),
                    outputs=outputs,
                    diagnostics=[*row.diagnostics, *problem],
                )
            )
        finally:
            hosts.close()

    async def _graph(self, context: Context) -> tuple[Result, list[dict[str, Any]]]:
        progress = Progress(context, self.plan.earlier)
        progress.begin(self.plan.steps.values())
        names = tuple(dict.fromkeys(step.name for step in self.plan.steps.values()))
        context.tell(RunStarted(context.run_id, context.row.name, str(self.directory.path), names))
        graph = GraphRunner(self.plan.pipeline, self.plan.steps, context, progress)
        watcher = asyncio.create_task(self._watch(context))
        scope = Bound({name: Value(value) for name, value in self.plan.row.parameters.items()})
        try:
            result = await graph.graph(self.plan.pipeline.root, scope, "", ())
        finally:
            watcher.cancel()
        problem = graph.problem
        if problem is None:
            return result, []
        remark = {"cell": None, "severity": "error", "code": "run", "message": problem.evalue}
        return result, [remark]

    async def _watch(self, context: Context) -> None:
        """See whether someone wants the run to stop: the caller, or another process."""
        while not (self.cancel.is_set() or self.directory.cancel.exists()):
            await asyncio.sleep(WATCH)
        context.stop.set()
        self.store.save_run(replace(self.plan.row, state="CANCELING"))

    def _warm_up(self, context: Context) -> None:
        """Start the processes that the first steps will fork from, while the store opens."""
        from .command import host_for

        for step in self.plan.steps.values():
            if isinstance(step.executor, Container):
                host_for(context, step)


def _preload(steps: Mapping[str, Step]) -> Preload:
    containers = [step.executor for step in steps.values() if isinstance(step.executor, Container)]
    named = {name for container in containers for name in imports(container)}
    labwright = any(step.program for step in steps.values())
    return Preload((*(SHELL if labwright else ()), *sorted(named)))
