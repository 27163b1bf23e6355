"""The work of one run on its event loop: begun, watched, wound down."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ...runtime.bundle import runtime_bundle
from .artifacts import artifact_store
from .command import host_for
from .context import Context, Progress
from .dag import Bound, Result, Value
from .events import Listener, RunStarted, now
from .gpus import GpuLedger
from .graph import GraphRunner
from .ir import Container, Pipeline
from .journal import Journal, announce
from .limits import cpus
from .program import RUNTIME_MODULES, modules, runtime_in, runtime_preload, sets_variables
from .record import State
from .rundir import RunDir
from .steps import Step
from .store import RunRow, StepRow, Store, StoreError
from .warm import Hosts, Preload

GRAPH_ERROR = "graph-error"
"""The code of a diagnostic on what failed without a step of its own."""
WATCH = 0.1
"""Seconds between looks at whether someone wants the run to stop."""


@dataclass(frozen=True)
class Plan:
    """A run to be: its pipeline read and checked."""

    pipeline: Pipeline
    steps: Mapping[str, Step]
    row: RunRow
    earlier: tuple[StepRow, ...] = ()


class Engine:
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
        journal = Journal(self.directory.journal)
        preload = _preload(self.plan.steps)
        context = Context(
            row=row,
            store=self.store,
            artifacts=artifact_store(self.store.root),
            dir=self.directory,
            journal=journal,
            workdir=Path(options["workdir"]),
            notebook=Path(options["notebook"]) if options["notebook"] else None,
            env=dict(os.environ),
            look_up=options["cache"],
            anew=frozenset(options.get("anew") or ()),
            preload=preload,
            hosts=hosts,
            gpus=GpuLedger(self.store.root / "gpus"),
            slots=asyncio.Semaphore(options["parallel"] or cpus()),
            stop=asyncio.Event(),
            listener=self.listener,
        )
        try:
            self._warm_up(context)
            self.directory.workspace.mkdir(exist_ok=True)
            self.store.save_run(row)
            journal.run(row.state)
            announce(self.store.root, row.run_id)
            result, problem = await self._graph(context)
            state: State = result.state
            if context.stop.is_set() and state != "SUCCEEDED":
                state = "CANCELED"
            outputs = {name: one.value for name, one in result.outputs.parameters.items()}
            self.store.save_run(
                replace(
                    row,
                    state=state,
                    finished_at=now(),
                    outputs=outputs,
                    diagnostics=[*row.diagnostics, *problem],
                )
            )
            journal.run(state)
        finally:
            hosts.close()
            journal.close()
        if context.deaf is not None:
            raise context.deaf

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
        remark = {"cell": None, "severity": "error", "code": GRAPH_ERROR, "message": problem.evalue}
        return result, [remark]

    async def _watch(self, context: Context) -> None:
        """See whether someone wants the run to stop: the caller, or another process."""
        while not (self.cancel.is_set() or self.directory.cancel.exists()):
            await asyncio.sleep(WATCH)
        context.stop.set()
        try:
            self.store.save_run(replace(self.plan.row, state="CANCELING"))
            context.journal.run("CANCELING")
        except StoreError:
            pass  # the run's next word to the store says so

    def _warm_up(self, context: Context) -> None:
        """Start the processes that the first steps will fork from, while the store opens."""
        for step in self.plan.steps.values():
            if isinstance(step.executor, Container):
                host_for(context, step)


def _preload(steps: Mapping[str, Step]) -> Preload:
    """What the steps need before they can run their first line."""
    containers = [step.executor for step in steps.values() if isinstance(step.executor, Container)]
    named = tuple(dict.fromkeys(name for container in containers for name in modules(container)))
    if any(map(sets_variables, containers)):
        named = tuple(name for name in named if name in RUNTIME_MODULES)
    if not any(step.program for step in steps.values()):
        return Preload(modules=named)
    bundle = next((text for text in map(runtime_in, containers) if text), "")
    return Preload(runtime_preload(bundle or runtime_bundle()), named)
