"""Pipelines that a target runs by a timetable."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import Any

from labwright.targets.protocols import Choice, PipelineTarget, SchedulesPage, Timetable

from .models import Diagnostic, Schedule, Scheduled, ScheduleList, ScheduleRequest
from .refusal import check_id
from .routes import OneScheduleQuery, ScheduleQuery
from .submission import ready
from .targets import named
from .workbench import Workbench


async def list_schedules(workbench: Workbench, query: ScheduleQuery) -> ScheduleList:
    """A page of schedules; targets that know none are left out."""
    from labwright.targets.many import many_schedules

    wanted = Choice(query.experiment, query.text, query.limit, query.cursor)
    if query.target is not None:
        target = await workbench.targets.get(query.target)
        page = await target.schedules(wanted)
        return _listed(workbench, page.schedules, page.next, page.total, {})

    async def ask(name: str, choice: Choice) -> SchedulesPage:
        target = await workbench.targets.get(name)
        if not target.capabilities.schedules:
            return SchedulesPage([], None, 0)
        return (await workbench.late.ask(name, repr(choice), lambda: target.schedules(choice)))[0]

    known, remarks = await workbench.targets.listed()
    many = await many_schedules({name: partial(ask, name) for name in known}, wanted)
    return _listed(workbench, many.items, many.next, many.total, {**remarks, **many.remarks})


async def make_schedule(workbench: Workbench, body: ScheduleRequest) -> Scheduled:
    """Have what is on disk now run by a timetable."""
    target = await workbench.targets.get(body.target)
    submission, remarks = await ready(workbench, target, body)
    when = Timetable(
        body.cron,
        body.every,
        _text(body.start),
        _text(body.end),
        body.at_once,
        body.catch_up,
    )
    view = await target.schedule(submission, when, name=body.name)
    made = _schedule(workbench, view)
    return Scheduled(
        **made.model_dump(), remarks=[Diagnostic.model_validate(one.to_json()) for one in remarks]
    )


async def show_schedule(
    workbench: Workbench, schedule_id: str, query: OneScheduleQuery
) -> Schedule:
    """One schedule."""
    target = await _target_of(workbench, query, schedule_id)
    return _schedule(workbench, await target.show_schedule(schedule_id))


async def pause_schedule(
    workbench: Workbench, schedule_id: str, query: OneScheduleQuery
) -> Schedule:
    """Have it make no more runs for now."""
    target = await _target_of(workbench, query, schedule_id)
    return _schedule(workbench, await target.pause(schedule_id))


async def unpause_schedule(
    workbench: Workbench, schedule_id: str, query: OneScheduleQuery
) -> Schedule:
    """Have it go on."""
    target = await _target_of(workbench, query, schedule_id)
    return _schedule(workbench, await target.unpause(schedule_id))


async def delete_schedule(workbench: Workbench, schedule_id: str, query: OneScheduleQuery) -> None:
    """End it; its runs are kept."""
    target = await _target_of(workbench, query, schedule_id)
    await target.delete_schedule(schedule_id)


async def _target_of(
    workbench: Workbench, query: OneScheduleQuery, schedule_id: str
) -> PipelineTarget:
    check_id(schedule_id, "schedule")
    return await workbench.targets.get(query.target)


def _text(moment: datetime | None) -> str | None:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ") if moment else None


def _schedule(workbench: Workbench, view: Mapping[str, Any]) -> Schedule:
    return Schedule.model_validate({**view, "path": workbench.root.name(view["notebook"])})


def _listed(
    workbench: Workbench,
    schedules: list[dict[str, Any]],
    following: str | None,
    total: int,
    remarks: Mapping[str, str],
) -> ScheduleList:
    shown = [_schedule(workbench, one) for one in schedules]
    return ScheduleList.model_validate(
        {"schedules": shown, "next": following, "total": total, "remarks": named(remarks)}
    )
