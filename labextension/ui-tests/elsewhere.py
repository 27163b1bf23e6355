"""A second target for the browser tests: pipelines run for real, in a home of its own.

To the workbench it is one of the clusters that the user knows: it has names, archives and
schedules, and none of what only this machine has. While the file `away` lies in its home it does
not answer.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

from labwright.diagnostics import Diagnostic
from labwright.targets.config import KnownTargets
from labwright.targets.errors import NotFound, NotOffered, TargetUnreachable
from labwright.targets.local.pages import RunsPage, Wanted
from labwright.targets.local.submission import Submission
from labwright.targets.local.target import LocalTarget
from labwright.targets.protocols import (
    Capabilities,
    Choice,
    PipelineTarget,
    Reach,
    SchedulesPage,
    Submitted,
    Timetable,
)

View = dict[str, Any]
NAME = "elsewhere"


class Elsewhere(LocalTarget):
    name = NAME
    kind: Any = "kubeflow"
    capabilities = Capabilities(
        resume=False,
        archive=True,
        schedules=True,
        own_machine=False,
        watches_files=False,
        live_logs=True,
        sources=True,
    )

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self._home = root
        self._names: dict[str, str] = {}
        self._archived: set[str] = set()
        self._plans: dict[str, View] = {}
        self._ids = count()

    def _answer(self) -> None:
        if (self._home / "away").exists():
            raise TargetUnreachable("nobody answers at http://elsewhere.example", where=NAME)

    def _seen(self, run: View) -> View:
        self._answer()
        return {**run, "target": NAME, "name": self._names.get(run["run_id"], run["name"])}

    async def reach(self) -> Reach:
        try:
            self._answer()
        except TargetUnreachable as error:
            return Reach(False, error.what)
        return Reach(True, None, "2.15.0", False, "team-a", (), 12.0)

    def check(self, submission: Submission) -> list[Diagnostic]:
        return []

    async def submit(self, submission: Submission, *, name: str | None = None) -> Submitted:
        self._answer()
        begun = await super().submit(submission)
        if name is not None:
            self._names[begun.run["run_id"]] = name
        return Submitted(self._seen(begun.run), begun.remarks)

    async def runs(self, wanted: Wanted | None = None) -> RunsPage:
        self._answer()
        page = await super().runs(wanted)
        found = [self._seen(run) for run in page.runs if run["run_id"] not in self._archived]
        return replace(page, runs=found, total=page.total - len(page.runs) + len(found))

    async def run(self, run_id: str) -> View:
        return self._seen(await super().run(run_id))

    async def watch(self, run_id: str, *, logs: bool = False) -> AsyncIterator[View]:
        async for change in super().watch(run_id, logs=logs):
            self._answer()
            if change["type"] == "run":
                change = {**change, "run": self._seen(change["run"])}
            yield change

    async def cancel(self, run_id: str) -> View:
        return self._seen(await super().cancel(run_id))

    async def retry(self, run_id: str) -> View:
        return self._seen(await super().retry(run_id))

    async def resume(self, run_id: str) -> View:
        raise NotOffered("runs elsewhere are not resumed")

    async def archive(self, run_id: str) -> None:
        self._archived.add(await self.find_run(run_id))

    async def unarchive(self, run_id: str) -> None:
        self._archived.discard(run_id)

    async def experiments(self) -> list[str]:
        self._answer()
        return await super().experiments()

    async def schedule(
        self, submission: Submission, when: Timetable, *, name: str | None = None
    ) -> View:
        self._answer()
        number = next(self._ids)
        plan = {
            "schedule_id": f"plan-{number}",
            "name": name or submission.name,
            "target": NAME,
            "experiment": submission.experiment,
            "enabled": True,
            "cron": when.cron,
            "every": when.every,
            "start": when.start,
            "end": when.end,
            "at_once": when.at_once,
            "catch_up": when.catch_up,
            "parameters": submission.parameters,
            "notebook": submission.notebook,
            "created_at": f"2026-01-01T00:{number:02}:00Z",
            "updated_at": None,
            "error": None,
        }
        self._plans[plan["schedule_id"]] = plan
        return plan

    async def schedules(self, wanted: Choice | None = None) -> SchedulesPage:
        self._answer()
        return SchedulesPage(list(self._plans.values())[::-1], None, len(self._plans))

    async def show_schedule(self, schedule_id: str) -> View:
        self._answer()
        if schedule_id not in self._plans:
            raise NotFound(f"there is no schedule {schedule_id!r}", status=404)
        return self._plans[schedule_id]

    async def pause(self, schedule_id: str) -> View:
        return await self._switch(schedule_id, False)

    async def unpause(self, schedule_id: str) -> View:
        return await self._switch(schedule_id, True)

    async def _switch(self, schedule_id: str, enabled: bool) -> View:
        self._plans[schedule_id] = {**await self.show_schedule(schedule_id), "enabled": enabled}
        return self._plans[schedule_id]

    async def delete_schedule(self, schedule_id: str) -> None:
        await self.show_schedule(schedule_id)
        del self._plans[schedule_id]


def install(root: str) -> None:
    """Have this process open `elsewhere` as the target here; others stay what they are."""
    opened = KnownTargets.open

    def opening(known: KnownTargets, name: str) -> PipelineTarget:
        return Elsewhere(Path(root)) if name == NAME else opened(known, name)

    KnownTargets.open = opening  # type: ignore[method-assign]
