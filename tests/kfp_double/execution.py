"""Runs of the double: Labwright's own engine runs the IR; what it did is told as KFP tells it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from kfp_double.nodes import NEVER, Node, nodes_of
from kfp_double.pods import log_of
from labwright.errors import LabwrightError
from labwright.targets.local.engine import retry_run, run_prepared
from labwright.targets.local.events import now
from labwright.targets.local.ir import Pipeline, read_pipeline
from labwright.targets.local.rundir import RunDir
from labwright.targets.local.store import StepRow, Store
from labwright.targets.local.submission import prepare

FINAL = ("SUCCEEDED", "FAILED")
Item = dict[str, Any]


class Execution:
    """One run: its workflow, and the thread in which the engine runs it."""

    def __init__(self, run_id: str, store: Store, workdir: Path, body: Item, spec: Item) -> None:
        self.run_id = run_id
        self.workflow = f"{spec['pipelineInfo']['name']}-{run_id[:5]}"
        self.state = "PENDING"
        self.finished_at = NEVER
        self.history: list[Item] = []
        self._store, self._workdir = store, workdir
        self._spec, self._platform = spec, body.get("platform_spec")
        self._parameters = (body.get("runtime_config") or {}).get("parameters") or {}
        self._cancel = threading.Event()
        self._thread: threading.Thread | None = None
        self._pipeline: Pipeline | None = None
        self._become("PENDING")

    @property
    def directory(self) -> RunDir:
        return self._store.dir(self.run_id)

    def start(self) -> None:
        self._begin(self._first)

    def retry(self) -> None:
        self.finished_at = NEVER
        self._cancel = threading.Event()
        self._begin(lambda: retry_run(self.run_id, store=self._store, cancel=self._cancel).state)

    def terminate(self) -> None:
        self._become("CANCELING")
        self._cancel.set()

    def end(self) -> None:
        """Stop, and wait for it."""
        self._cancel.set()
        if self._thread is not None:
            self._thread.join()

    def nodes(self) -> list[Node]:
        """The workflow as it stands."""
        if self._pipeline is None:
            return []
        shown = "FAILED" if self.state == "CANCELED" else self.state
        return nodes_of(self.workflow, self._pipeline, self._rows(), shown)

    def log(self, pod: str) -> bytes | None:
        """What a pod printed; None where there is no such pod."""
        nodes = {node.place: node for node in self.nodes()}
        for node in nodes.values():
            if node.template and node.pod(self.workflow) == pod:
                return log_of(node, nodes, self.directory.path, self._store.root)
        return None

    def _rows(self) -> list[StepRow]:
        try:
            return self._store.step_rows(self.run_id)
        except LabwrightError:  # not begun
            return []

    def _first(self) -> str:
        self._pipeline = read_pipeline(self._spec)
        prepared = prepare(
            self._spec, self._platform, self._parameters, workdir=self._workdir, check=False
        )
        return run_prepared(
            prepared, store=self._store, cancel=self._cancel, run_id=self.run_id
        ).state

    def _begin(self, work: Callable[[], str]) -> None:
        def run() -> None:
            if self.state != "CANCELING":
                self._become("RUNNING")
            try:
                ended = work()
            except LabwrightError:
                ended = "FAILED"
            # KFP ends what was canceled as failed.
            self.finished_at = now()
            self._become("SUCCEEDED" if ended == "SUCCEEDED" else "FAILED")

        self._thread = threading.Thread(target=run, name=f"run {self.run_id}", daemon=True)
        self._thread.start()

    def _become(self, state: str) -> None:
        if not self.history or self.history[-1]["state"] != state:
            self.history.append({"update_time": seconds(now()), "state": state})
        self.state = state


def seconds(moment: str) -> str:
    """A moment as the API writes it: whole seconds."""
    return f"{moment[:19]}Z"
