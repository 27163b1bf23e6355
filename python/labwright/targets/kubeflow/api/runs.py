"""Runs, once and by a timetable."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ..models import Page, RecurringRun, Run
from .base import Predicate, Resource, Wish, pages, segment, without_empty


@dataclass(frozen=True)
class RunBody:
    """A run to be made: of a version, or of the IR itself.

    `mark`, a part of the description that no other run has, tells it from others when the answer
    is lost.
    """

    display_name: str
    description: str
    mark: str
    experiment_id: str = ""
    pipeline_id: str = ""
    pipeline_version_id: str = ""
    pipeline_spec: Mapping[str, Any] | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)
    pipeline_root: str = ""
    service_account: str = ""

    def to_json(self) -> dict[str, Any]:
        source = without_empty(
            {"pipeline_id": self.pipeline_id, "pipeline_version_id": self.pipeline_version_id}
        )
        config = without_empty(
            {"parameters": dict(self.parameters), "pipeline_root": self.pipeline_root}
        )
        return without_empty(
            {
                "display_name": self.display_name,
                "description": self.description,
                "experiment_id": self.experiment_id,
                "pipeline_version_reference": source,
                "pipeline_spec": dict(self.pipeline_spec or {}),
                "runtime_config": config,
                "service_account": self.service_account,
            }
        )


@dataclass(frozen=True)
class Trigger:
    """When a recurring run makes runs: by `cron` (six fields), or `every` so many seconds."""

    cron: str = ""
    every: int = 0
    start: str = ""
    end: str = ""

    def to_json(self) -> dict[str, Any]:
        limits = without_empty({"start_time": self.start, "end_time": self.end})
        if self.cron:
            return {"cron_schedule": {"cron": self.cron, **limits}}
        return {"periodic_schedule": {"interval_second": str(self.every), **limits}}


class Runs(Resource):
    async def page(self, wish: Wish | None = None) -> Page[Run]:
        return await self._page("/runs", "list runs", "runs", Run.of, wish)

    def all(self, wish: Wish | None = None) -> AsyncIterator[Run]:
        wish = wish or Wish(size=200)
        return pages(lambda token: self.page(replace(wish, token=token)))

    async def get(self, run_id: str) -> Run:
        path = f"/runs/{segment(run_id, 'run')}"
        return Run.of(await self._json("GET", path, f"get run {run_id}"))

    async def create(self, body: RunBody, namespace: str = "") -> Run:
        """Make a run, once: where the answer is lost, the run is looked for first."""

        async def create() -> Run:
            what = f"start run {body.display_name!r}"
            return Run.of(await self._json("POST", "/runs", what, json=body.to_json()))

        async def look() -> Run | None:
            where = (Predicate("description", body.mark, "IS_SUBSTRING"),)
            wish = Wish(namespace, body.experiment_id, where, size=1)
            found = await self.page(wish)
            return found.items[0] if found.items else None

        return await self._once(create, look)

    async def delete(self, run_id: str) -> None:
        path = f"/runs/{segment(run_id, 'run')}"
        await self._json("DELETE", path, f"delete run {run_id}")

    async def terminate(self, run_id: str) -> None:
        await self._act(run_id, "terminate", "cancel")

    async def retry(self, run_id: str) -> None:
        await self._act(run_id, "retry", "retry", repeatable=False)

    async def archive(self, run_id: str) -> None:
        await self._act(run_id, "archive", "archive")

    async def unarchive(self, run_id: str) -> None:
        await self._act(run_id, "unarchive", "unarchive")

    async def _act(self, run_id: str, verb: str, word: str, *, repeatable: bool = True) -> None:
        path = f"/runs/{segment(run_id, 'run')}:{verb}"
        await self._json("POST", path, f"{word} run {run_id}", repeatable=repeatable)


class RecurringRuns(Resource):
    async def page(self, wish: Wish | None = None) -> Page[RecurringRun]:
        what = "list schedules"
        return await self._page("/recurringruns", what, "recurringRuns", RecurringRun.of, wish)

    def all(self, wish: Wish | None = None) -> AsyncIterator[RecurringRun]:
        wish = wish or Wish(size=200)
        return pages(lambda token: self.page(replace(wish, token=token)))

    async def get(self, recurring_run_id: str) -> RecurringRun:
        path, what = _recurring(recurring_run_id), f"get schedule {recurring_run_id}"
        return RecurringRun.of(await self._json("GET", path, what))

    async def create(
        self,
        body: RunBody,
        trigger: Trigger,
        *,
        max_concurrency: int = 1,
        catch_up: bool = True,
        enabled: bool = True,
        namespace: str = "",
    ) -> RecurringRun:
        """Make a recurring run, once (see `Runs.create`)."""
        data = {
            **body.to_json(),
            "trigger": trigger.to_json(),
            "max_concurrency": str(max_concurrency),
            "mode": "ENABLE" if enabled else "DISABLE",
            "no_catchup": not catch_up,
        }

        async def create() -> RecurringRun:
            what = f"make schedule {body.display_name!r}"
            return RecurringRun.of(await self._json("POST", "/recurringruns", what, json=data))

        async def look() -> RecurringRun | None:
            where = (Predicate("display_name", body.display_name),)
            wish = Wish(namespace, body.experiment_id, where, size=200)
            async for one in self.all(wish):
                if body.mark in one.description:
                    return one
            return None

        return await self._once(create, look)

    async def delete(self, recurring_run_id: str) -> None:
        """Delete a recurring run; the runs that it made stay."""
        path, what = _recurring(recurring_run_id), f"delete schedule {recurring_run_id}"
        await self._json("DELETE", path, what)

    async def enable(self, recurring_run_id: str) -> None:
        path, what = _recurring(recurring_run_id), f"unpause schedule {recurring_run_id}"
        await self._json("POST", f"{path}:enable", what, repeatable=True)

    async def disable(self, recurring_run_id: str) -> None:
        path, what = _recurring(recurring_run_id), f"pause schedule {recurring_run_id}"
        await self._json("POST", f"{path}:disable", what, repeatable=True)


def _recurring(recurring_run_id: str) -> str:
    return f"/recurringruns/{segment(recurring_run_id, 'schedule')}"
