"""A target that is not this machine: another home of the same engine, behind the same protocol.

It really runs what it is given. It has what only a cluster has, timetables and an archive, and
can be slow, silent or refuse.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest

from labwright.diagnostics import Diagnostic
from labwright.targets.config import KnownTarget, KnownTargets
from labwright.targets.errors import Forbidden, NotFound, NotOffered, TargetUnreachable
from labwright.targets.local.ir import read_pipeline
from labwright.targets.local.target import CAPABILITIES, LocalTarget
from labwright.targets.local.values import run_parameters
from labwright.targets.protocols import Choice, Reach, SchedulesPage, Submitted

VIEW = dict[str, Any]


class FarTarget(LocalTarget):
    """`box` is what tests and all openings of the target share."""

    kind = "kubeflow"
    capabilities = replace(
        CAPABILITIES,
        resume=False,
        archive=True,
        schedules=True,
        own_machine=False,
        watches_files=False,
    )

    def __init__(self, name: str, box: Box) -> None:
        super().__init__(box.root)
        self.name = name
        self.box = box

    async def _there(self) -> None:
        await asyncio.sleep(self.box.delay)
        if self.box.silent:
            raise TargetUnreachable("nothing listens there", hint="is it on?")

    def _view(self, view: VIEW) -> VIEW:
        found = {**view, "target": self.name}
        return {**found, "dir": None} if "dir" in found else found

    async def reach(self) -> Reach:
        try:
            await self._there()
        except TargetUnreachable as error:
            return Reach(False, str(error))
        return Reach(True, version="2.15.0", multi_user=True, namespace="ada", milliseconds=4.2)

    def check(self, submission: Any) -> list[Diagnostic]:
        return [Diagnostic(None, "warning", "far", "it is far away")]

    async def submit(self, submission: Any, *, name: str | None = None) -> Submitted:
        await self._there()
        self.box.submissions.append((submission, name))
        values = run_parameters(read_pipeline(submission.spec).root, submission.parameters)
        submitted = await super().submit(replace(submission, parameters=values))
        return Submitted(self._view(submitted.run), ())

    async def runs(self, wanted: Any = None) -> Any:
        await self._there()
        page = await super().runs(wanted)
        shown = [self._view(run) for run in page.runs if run["run_id"] not in self.box.archived]
        return replace(page, runs=shown)

    async def find_run(self, reference: str) -> str:
        await self._there()
        return await super().find_run(reference)

    async def run(self, run_id: str) -> VIEW:
        await self._there()
        return self._view(await super().run(run_id))

    async def watch(self, run_id: str, *, logs: bool = False) -> AsyncIterator[VIEW]:
        async for change in super().watch(run_id, logs=logs):
            await self._there()
            yield {**change, "run": self._view(change["run"])} if "run" in change else change

    async def cancel(self, run_id: str) -> VIEW:
        return self._view(await super().cancel(run_id))

    async def retry(self, run_id: str) -> VIEW:
        return self._view(await super().retry(run_id))

    async def resume(self, run_id: str) -> VIEW:
        raise NotOffered("a run there is retried, not resumed")

    async def archive(self, run_id: str) -> None:
        self.box.archived.add(run_id)

    async def unarchive(self, run_id: str) -> None:
        self.box.archived.discard(run_id)

    async def notebook(self, run_id: str, step: str, iteration: str | None = None) -> bytes:
        if self.box.no_artifacts:
            raise Forbidden("the store says no")
        return await super().notebook(run_id, step, iteration)

    async def schedule(self, submission: Any, when: Any, *, name: str | None = None) -> VIEW:
        view = {
            **asdict(when),
            "schedule_id": f"{self.name}-{len(self.box.schedules)}",
            "name": name or submission.name,
            "target": self.name,
            "experiment": submission.experiment,
            "enabled": True,
            "parameters": submission.parameters,
            "notebook": submission.notebook,
            "created_at": f"2026-01-01T00:00:0{len(self.box.schedules)}Z",
            "updated_at": None,
            "error": None,
        }
        self.box.schedules[view["schedule_id"]] = view
        return view

    async def schedules(self, wanted: Choice | None = None) -> SchedulesPage:
        await self._there()
        found = list(self.box.schedules.values())[::-1]
        return SchedulesPage(found, None, len(found))

    async def show_schedule(self, schedule_id: str) -> VIEW:
        if schedule_id not in self.box.schedules:
            raise NotFound(f"there is no schedule {schedule_id!r}")
        return self.box.schedules[schedule_id]

    async def pause(self, schedule_id: str) -> VIEW:
        (await self.show_schedule(schedule_id))["enabled"] = False
        return self.box.schedules[schedule_id]

    async def unpause(self, schedule_id: str) -> VIEW:
        (await self.show_schedule(schedule_id))["enabled"] = True
        return self.box.schedules[schedule_id]

    async def delete_schedule(self, schedule_id: str) -> None:
        await self.show_schedule(schedule_id)
        del self.box.schedules[schedule_id]


class Box:
    """What is behind a far target."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.submissions: list[Any] = []
        self.archived: set[str] = set()
        self.schedules: dict[str, VIEW] = {}
        self.silent = False
        self.no_artifacts = False
        self.delay = 0.0


class Sky:
    """The far targets that are known, by name."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.boxes: dict[str, Box] = {}

    def add(self, name: str) -> Box:
        KnownTargets().add(KnownTarget(name, endpoint=f"http://{name}.example"))
        self.boxes[name] = Box(self.root / name)
        return self.boxes[name]

    def stop(self) -> None:
        from labwright.targets.local.agent.client import connect

        for box in self.boxes.values():
            agent = connect(start=False, root=box.root)
            if agent is not None:
                with agent:
                    agent.stop()


@pytest.fixture
def sky(tmp_path_factory, monkeypatch):
    """No far target yet; `sky.add(name)` makes one known."""
    found = Sky(tmp_path_factory.mktemp("sky"))
    plain = KnownTargets.open

    def opened(known: KnownTargets, name: str) -> Any:
        known.get(name)
        return FarTarget(name, found.boxes[name]) if name in found.boxes else plain(known, name)

    monkeypatch.setattr(KnownTargets, "open", opened)
    yield found
    found.stop()
