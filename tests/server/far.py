"""A target that is somewhere else, moved by the test: what the server does with one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from labwright.diagnostics import Diagnostic
from labwright.targets.errors import BadRequest, NotFound, NotOffered
from labwright.targets.local.pages import RunsPage, Wanted
from labwright.targets.local.submission import Submission
from labwright.targets.protocols import (
    Capabilities,
    Choice,
    Kind,
    Reach,
    SchedulesPage,
    Submitted,
    Timetable,
)

View = dict[str, Any]
OVER = ("SUCCEEDED", "FAILED", "CANCELED")


def summary(run_id: str, state: str, second: int = 0, **more: Any) -> View:
    return {
        "run_id": run_id,
        "name": "adding",
        "target": "far",
        "experiment": "away",
        "state": state,
        "notebook": None,
        "created_at": f"2026-01-01T00:00:{second:02}.000000Z",
        "started_at": None,
        "finished_at": None,
        "parameters": {"n": 1},
        "metrics": {},
        "progress": {"total": 1, "done": 0, "cached": 0, "running": 1, "failed": 0},
        "error": None,
        "reason": None,
        **more,
    }


def step(state: str) -> View:
    return {
        "name": "load",
        "iteration": None,
        "state": state,
        "cached": False,
        "retries": 0,
        "started_at": None,
        "finished_at": None,
        "has_notebook": True,
        "inputs": [],
        "outputs": [],
        "error": None,
    }


class FarTarget:
    """Its runs are what the test says. `fails`: what every question ends with."""

    name = "far"
    kind: Kind = "kubeflow"
    capabilities = Capabilities(
        resume=False,
        archive=True,
        schedules=True,
        own_machine=False,
        watches_files=False,
        live_logs=True,
        sources=True,
    )

    def __init__(self) -> None:
        self.known: dict[str, View] = {}
        self.archived: set[str] = set()
        self.plans: dict[str, View] = {}
        self.printed = ""
        self.fails: Exception | None = None
        self.slow: asyncio.Event | None = None
        self.submitted: list[tuple[Submission, str | None]] = []
        self.watches: list[tuple[str, bool]] = []
        self.watching = 0
        self.closed = False
        self._changed = asyncio.Condition()

    async def move(self, run: View, text: str = "") -> None:
        """A run is so now, and printed this."""
        async with self._changed:
            self.known[run["run_id"]] = run
            self.printed += text
            self._changed.notify_all()

    async def fail(self, error: Exception | None) -> None:
        async with self._changed:
            self.fails = error
            self._changed.notify_all()

    async def _asked(self) -> None:
        if self.slow is not None:
            await self.slow.wait()
        if self.fails is not None:
            raise self.fails

    async def reach(self) -> Reach:
        try:
            await self._asked()
        except Exception as error:
            return Reach(False, str(error))
        return Reach(True, None, "2.17.0", False, "kubeflow", ("a remark",), 1.5)

    def check(self, submission: Submission) -> list[Diagnostic]:
        return [Diagnostic(None, "warning", "far", "it is far")]

    async def submit(self, submission: Submission, *, name: str | None = None) -> Submitted:
        await self._asked()
        self.submitted.append((submission, name))
        run = summary(f"r{len(self.known)}", "PENDING", 59, name=name or submission.name)
        run |= {"notebook": submission.notebook, "experiment": submission.experiment}
        self.known[run["run_id"]] = run
        return Submitted(run, self.check(submission))

    async def runs(self, wanted: Wanted | None = None) -> RunsPage:
        await self._asked()
        wanted = wanted or Wanted()
        found = [
            run
            for run in self.known.values()
            if run["run_id"] not in self.archived
            and (not wanted.states or run["state"] in wanted.states)
        ]
        found.sort(key=lambda run: run["created_at"], reverse=True)
        cursor = wanted.cursor or "0"
        if not (cursor.isascii() and cursor.isdigit()):
            raise BadRequest(f"{cursor!r} is no cursor", status=400)
        begin = int(cursor)
        end = begin + wanted.limit
        return RunsPage(found[begin:end], str(end) if len(found) > end else None, len(found))

    async def find_run(self, reference: str) -> str:
        return str((await self._run(reference))["run_id"])

    async def run(self, run_id: str) -> View:
        found = await self._run(run_id)
        graph = {"name": "adding", "parameters": [], "steps": [], "cells": [], "diagnostics": []}
        more = {"dir": None, "diagnostics": [], "outputs": {}, "graph": graph}
        return {**found, **more, "steps": [step(found["state"])]}

    async def _run(self, run_id: str) -> View:
        await self._asked()
        if run_id not in self.known:
            raise NotFound(f"there is no run {run_id!r}", where="far", status=404)
        return self.known[run_id]

    async def watch(self, run_id: str, *, logs: bool = False) -> AsyncIterator[View]:
        self.watches.append((run_id, logs))
        self.watching += 1
        told = 0
        try:
            while True:
                run = await self._run(run_id)
                yield {"type": "step", "run_id": run_id, "step": step(run["state"])}
                if logs and len(self.printed) > told:
                    text, offset, told = self.printed[told:], told, len(self.printed)
                    yield {"type": "log", "run_id": run_id, "step": "load", "iteration": None,
                           "offset": offset, "text": text}  # fmt: skip
                yield {"type": "run", "run": run}
                if run["state"] in OVER:
                    return
                async with self._changed:
                    if self.known.get(run_id) is run and self.fails is None:
                        await self._changed.wait()
        finally:
            self.watching -= 1

    async def cancel(self, run_id: str) -> View:
        await self.move({**await self._run(run_id), "state": "CANCELED"})
        return self.known[run_id]

    async def retry(self, run_id: str) -> View:
        await self.move({**await self._run(run_id), "state": "RUNNING"})
        return self.known[run_id]

    async def resume(self, run_id: str) -> View:
        raise NotOffered("what is far is not resumed")

    async def archive(self, run_id: str) -> None:
        await self._run(run_id)
        self.archived.add(run_id)

    async def unarchive(self, run_id: str) -> None:
        await self._run(run_id)
        self.archived.discard(run_id)

    async def delete(self, run_id: str) -> None:
        await self._run(run_id)
        del self.known[run_id]

    async def experiments(self) -> list[str]:
        await self._asked()
        return ["away"]

    async def log(
        self,
        run_id: str,
        step: str,
        iteration: str | None = None,
        *,
        offset: int = 0,
        limit: int = 1 << 20,
    ) -> View:
        run = await self._run(run_id)
        text = self.printed[offset : offset + limit]
        end = run["state"] in OVER and offset + len(text) == len(self.printed)
        return {"text": text, "offset": offset, "next": offset + len(text), "end": end}

    async def notebook(self, run_id: str, step: str, iteration: str | None = None) -> bytes:
        await self._run(run_id)
        return b'{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}'

    async def page(self, run_id: str, step: str, iteration: str | None = None) -> bytes:
        await self._run(run_id)
        return b"<script>alert(1)</script>"

    async def source(self, run_id: str) -> bytes:
        raise NotFound(f"run {run_id} kept no notebook")

    async def fetch(self, run_id: str, artifact: str, place: Path) -> Path:
        await self._run(run_id)
        if artifact == "load/many":
            place.mkdir()
            (place / "a.txt").write_text("a")
            (place / "b.txt").write_text("b")
        elif artifact == "load/x":
            place.write_text("<script>alert(1)</script>")
        else:
            raise NotFound(f"run {run_id} has no artifact {artifact!r}")
        return place

    async def schedule(
        self, submission: Submission, when: Timetable, *, name: str | None = None
    ) -> View:
        await self._asked()
        plan = {
            "schedule_id": f"s{len(self.plans)}",
            "name": name or submission.name,
            "target": "far",
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
            "created_at": f"2026-01-01T00:00:{len(self.plans):02}.000000Z",
            "updated_at": None,
            "error": None,
        }
        self.plans[plan["schedule_id"]] = plan
        return plan

    async def schedules(self, wanted: Choice | None = None) -> SchedulesPage:
        await self._asked()
        return SchedulesPage(list(self.plans.values())[::-1], None, len(self.plans))

    async def show_schedule(self, schedule_id: str) -> View:
        await self._asked()
        if schedule_id not in self.plans:
            raise NotFound(f"there is no schedule {schedule_id!r}", status=404)
        return self.plans[schedule_id]

    async def pause(self, schedule_id: str) -> View:
        return await self._switch(schedule_id, False)

    async def unpause(self, schedule_id: str) -> View:
        return await self._switch(schedule_id, True)

    async def _switch(self, schedule_id: str, enabled: bool) -> View:
        self.plans[schedule_id] = {**await self.show_schedule(schedule_id), "enabled": enabled}
        return self.plans[schedule_id]

    async def delete_schedule(self, schedule_id: str) -> None:
        await self.show_schedule(schedule_id)
        del self.plans[schedule_id]

    async def close(self) -> None:
        self.closed = True
