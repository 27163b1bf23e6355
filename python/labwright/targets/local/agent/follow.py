"""Follows one run: reads its journal and logs, and tells what is new."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from ..context import iteration
from ..journal import JournalReader
from ..needs import Needs
from ..pages import summary_of
from ..record import FINAL
from ..rundir import RunDir
from ..store import RunRow, StepRow, Store, step_record
from ..views import step_view
from .hub import Hub
from .tail import Tail

Key = tuple[str, str]


@dataclass
class Follower:
    """One run that goes on, in whatever process. `ours`: it came out of the queue."""

    store: Store
    hub: Hub
    run_id: str
    needs: Needs
    ours: bool
    state: str = "PENDING"
    journal: JournalReader = field(init=False)
    directory: RunDir = field(init=False)
    tails: dict[Key, tuple[StepRow, Tail]] = field(default_factory=dict)
    told: dict[Key, str | None] = field(default_factory=dict)
    """When the steps began whose whole log was told. The store may know that a step is over before
    the journal says so; that line is then no reason to tell it again."""

    def __post_init__(self) -> None:
        self.directory = self.store.dir(self.run_id)
        self.journal = JournalReader(self.directory.journal)

    @classmethod
    def of(cls, store: Store, hub: Hub, row: RunRow) -> Follower:
        """Begin to follow a run; tells how it stands now. Old log lines are not told again."""
        needs = Needs(**(row.options.get("needs") or {}))
        one = cls(store, hub, row.run_id, needs, bool(row.options.get("queued")), row.state)
        one.journal.read()
        rows = store.step_rows(row.run_id)
        for step in rows:
            if step.state == "RUNNING":
                one.tails[step.path, step.turn] = step, Tail.from_end(one._log(step))
            elif step.started_at is not None:
                one.told[step.path, step.turn] = step.started_at
        one._tell_steps(rows)
        one.tell_run()
        return one

    def poll(self) -> None:
        """Tell what is new."""
        if self._tell_new():
            self.tell_run()

    def _tell_new(self) -> bool:
        """Tell what the journal says of the steps. Whether it says anything new."""
        lines = self.journal.read()
        rows = self._changed(lines)
        named = {(line["step"], line["turn"]) for line in lines if "step" in line}
        over = {(row.path, row.turn): row.started_at for row in rows if row.state != "RUNNING"}
        for row in rows:
            key = row.path, row.turn
            anew = row.started_at not in (None, self.told.get(key))
            if anew and not row.cached and key in named:
                self.tails.setdefault(key, (row, Tail(self._log(row))))
        for key in list(self.tails):
            self._tell_log(*self.tails[key], over=key in over)
            if key in over:
                self.told[key] = over[key]
                del self.tails[key]
        self._tell_steps(rows)
        return bool(lines)

    def _changed(self, lines: list[dict[str, Any]]) -> list[StepRow]:
        """The steps that the journal names, in its order."""
        if any("steps" in line for line in lines):
            return self.store.step_rows(self.run_id)
        order = {(one["step"], one["turn"]): n for n, one in enumerate(lines) if "step" in one}
        rows = self.store.steps_at(self.run_id, order) if order else []
        return sorted(rows, key=lambda row: order[row.path, row.turn])

    def retell(self) -> None:
        """Tell how the run stands after somebody else changed it."""
        self.poll()
        self._tell_steps(self.store.step_rows(self.run_id))
        self.tell_run()

    @property
    def over(self) -> bool:
        return self.state in FINAL

    def tell_run(self) -> dict[str, Any]:
        """Tell how the run is. Its end is told last, whatever ended since the last look."""
        run = summary_of(self.store, self.run_id)
        if run["state"] in FINAL and not self.over:
            self._tell_new()
        self.state = run["state"]
        self.hub.publish("run", {"run": run})
        return run

    def _tell_steps(self, rows: Iterable[StepRow]) -> None:
        for row in rows:
            view = step_view(step_record(row, self.directory), self.directory.path)
            self.hub.publish("step", {"run_id": self.run_id, "step": view})

    def _tell_log(self, row: StepRow, tail: Tail, *, over: bool) -> None:
        for offset, text in tail.read(over=over):
            where = {"run_id": self.run_id, "step": row.name, "iteration": iteration(row)}
            self.hub.publish("log", {**where, "offset": offset, "text": text})

    def _log(self, row: StepRow) -> Any:
        return self.directory.step(row.folder).log
