"""What all parts of a run share, and the one place that says how it goes."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from .artifacts import ArtifactStore
from .events import Event, Listener, LogLine, StepChanged, Stream
from .gpus import GpuLedger
from .journal import Journal
from .record import Iteration, StepError
from .rundir import RunDir, StepDir, read_json
from .steps import Step
from .store import RunRow, StepRow, Store
from .warm import Hosts, Preload

Turn = tuple[int, ...]
"""Which turn of each loop around a step, the outermost first; empty outside loops."""


@dataclass
class Context:
    """A run as its parts see it. `env` is the environment that Labwright was started in.

    `anew` names the steps that are run whatever the cache has.
    """

    row: RunRow
    store: Store
    artifacts: ArtifactStore
    dir: RunDir
    journal: Journal
    workdir: Path
    notebook: Path | None
    env: Mapping[str, str]
    look_up: bool
    anew: frozenset[str]
    preload: Preload
    hosts: Hosts
    gpus: GpuLedger
    slots: asyncio.Semaphore
    stop: asyncio.Event
    listener: Listener | None
    deaf: Exception | None = None

    @property
    def run_id(self) -> str:
        return self.row.run_id

    def tell(self, event: Event) -> None:
        """Tell the listener. When that fails (a closed pipe) the run stops, and ends so too."""
        if self.listener is None:
            return
        try:
            self.listener(event)
        except Exception as error:
            self.listener, self.deaf = None, error
            self.stop.set()

    @cached_property
    def cells(self) -> dict[str, int]:
        """The notebook's cells by id, to say where a diagnostic belongs."""
        found = read_json(self.notebook) if self.notebook else None
        cells = found.get("cells", []) if isinstance(found, dict) else []
        return {str(cell.get("id", f"cell-{index}")): index for index, cell in enumerate(cells)}


class Progress:
    """The state of every step: kept in the store and told as it changes."""

    def __init__(self, context: Context, rows: Iterable[StepRow]) -> None:
        self.context = context
        self.rows = {(row.path, row.turn): row for row in rows}

    def row(self, step: Step, turn: Turn) -> StepRow:
        """The row of a step, or of a turn of it."""
        text = ".".join(map(str, turn))
        folder = f"{step.folder}-{text}" if text else step.folder
        known = self.rows.get((step.path, text))
        return known or StepRow(step.path, text, step.position, step.name, folder)

    def folder(self, row: StepRow) -> StepDir:
        return self.context.dir.step(row.folder)

    def begin(self, steps: Iterable[Step]) -> None:
        """List all steps, those that are not known from an earlier try as pending."""
        known = {path for path, _ in self.rows}
        new = [self.row(step, ()) for step in steps if step.path not in known]
        self.rows.update({(row.path, row.turn): row for row in new})
        self.context.store.save_steps(self.context.run_id, self.rows.values())
        self.context.journal.steps()

    def spread(self, steps: Iterable[Step], turn: Turn, turns: Iterable[Turn]) -> None:
        """List the turns of the steps in a loop, in the place of the steps themselves."""
        listed, before = list(turns), ".".join(map(str, turn))
        for step in steps:
            self.rows.pop((step.path, before), None)
            rows = [self.row(step, one) for one in listed]
            self.rows.update({(row.path, row.turn): row for row in rows})
            self.context.store.save_steps(self.context.run_id, rows, instead=(step.path, before))
        self.context.journal.steps()

    def change(self, row: StepRow, **changes: Any) -> StepRow:
        """Keep and tell a step's new state."""
        row = replace(row, **changes)
        self.rows[row.path, row.turn] = row
        self.context.store.save_steps(self.context.run_id, [row])
        self.context.journal.step(row.path, row.turn, row.state)
        self.tell(row)
        return row

    def tell(self, row: StepRow) -> None:
        notebook = self.folder(row).artifact("labwright_notebook", row.name)
        ended = row.finished_at is not None and row.started_at is not None
        self.context.tell(
            StepChanged(
                self.context.run_id,
                row.name,
                iteration(row),
                row.state,
                row.cached,
                row.started_at,
                row.finished_at,
                str(notebook) if ended and notebook.exists() else None,
                StepError(**row.error) if row.error else None,
                row.retries,
            )
        )

    def line(self, row: StepRow, stream: Stream, text: str) -> None:
        self.context.tell(LogLine(self.context.run_id, row.name, iteration(row), stream, text))


def iteration(row: StepRow) -> Iteration:
    """Which turn a row is, as records and events have it."""
    return int(row.turn) if row.turn.isdigit() else row.turn or None
