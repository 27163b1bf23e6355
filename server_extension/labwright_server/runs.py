"""Runs: listed over all targets; shown, compared, started, stopped and forgotten on one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from labwright.errors import LabwrightError
from labwright.targets.config import LOCAL
from labwright.targets.errors import NotFound, NotOffered

from .compare import code_difference, differences, step_differences
from .models import Comparison, Experiments, Run, RunList, RunRequest, RunSummary, Started
from .refusal import check_id, not_found
from .routes import CompareQuery, RunQuery, TargetQuery, WhichQuery
from .submission import ready
from .targets import named
from .workbench import Workbench

if TYPE_CHECKING:
    from labwright.targets.local.pages import RunsPage, Wanted
    from labwright.targets.protocols import PipelineTarget


async def list_experiments(workbench: Workbench, query: WhichQuery) -> Experiments:
    """The experiments that runs belong to."""
    from labwright.targets.many import answers

    if query.target is not None:
        target = await workbench.targets.get(query.target)
        return Experiments(experiments=await target.experiments(), remarks=[])

    async def ask(name: str) -> list[str]:
        target = await workbench.targets.get(name)
        return (await workbench.late.ask(name, "experiments", target.experiments))[0]

    known, remarks = await workbench.targets.listed()
    found, silent = await answers({name: partial(ask, name) for name in known})
    names = sorted({one for listed in found.values() for one in listed})
    return Experiments.model_validate(
        {"experiments": names, "remarks": named({**remarks, **silent})}
    )


async def list_runs(workbench: Workbench, query: RunQuery) -> RunList:
    """A page of runs. Who asks wants to hear what becomes of them."""
    from labwright.targets.local.pages import Wanted
    from labwright.targets.many import many_runs

    if query.target in (None, LOCAL):
        workbench.bridge.listen()
    wanted = Wanted(
        experiment=query.experiment,
        states=(query.state,) if query.state else (),
        text=query.text,
        limit=query.limit,
        cursor=query.cursor,
    )
    if query.target is not None:
        page = await _page(workbench, query.target, wanted)
        return _listed(workbench, page.runs, page.next, page.total, {})
    known, remarks = await workbench.targets.listed()
    pages = {name: partial(_page_of_many, workbench, name) for name in known}
    many = await many_runs(pages, wanted)
    return _listed(workbench, many.items, many.next, many.total, {**remarks, **many.remarks})


async def _page(workbench: Workbench, name: str, wanted: Wanted) -> RunsPage:
    """A page of the runs of one target, however long that takes."""
    target = await workbench.targets.get(name)
    page = await _asked(workbench, target, wanted)
    workbench.watching.listed(target, page.runs)
    return page


async def _page_of_many(workbench: Workbench, name: str, wanted: Wanted) -> RunsPage:
    """The same for a list that does not wait."""
    target = await workbench.targets.get(name)
    workbench.watching.check_there(target)
    page, late = await workbench.late.ask(
        name, repr(wanted), lambda: _asked(workbench, target, wanted)
    )
    workbench.watching.listed(target, page.runs, late=late)
    return page


async def _asked(workbench: Workbench, target: PipelineTarget, wanted: Wanted) -> RunsPage:
    try:
        return await target.runs(wanted)
    except LabwrightError as error:
        workbench.watching.missed(target, error)
        raise


def _listed(
    workbench: Workbench,
    runs: list[dict[str, Any]],
    following: str | None,
    total: int,
    remarks: Mapping[str, str],
) -> RunList:
    shown = [summary_of(workbench, run) for run in runs]
    return RunList.model_validate(
        {"runs": shown, "next": following, "total": total, "remarks": named(remarks)}
    )


async def show_run(workbench: Workbench, run_id: str, query: TargetQuery) -> Run:
    """A run with its steps and its graph."""
    target = await target_of(workbench, query.target, run_id)
    workbench.follow(target)
    view = await target.run(run_id)
    workbench.watching.look(target, view)
    return _run(workbench, view)


async def compare_runs(workbench: Workbench, query: CompareQuery) -> Comparison:
    """Two runs side by side, on whichever targets."""

    async def side(name: str, run_id: str) -> tuple[Run, dict[str, Any] | None]:
        target = await target_of(workbench, name, run_id)
        return _run(workbench, await target.run(run_id)), await _source(target, run_id)

    left, source = await side(query.left_target, query.left)
    right, other = await side(query.right_target, query.right)

    def compare() -> Comparison:
        base, diff = code_difference(source, other)
        return Comparison(
            left=_summary(left),
            right=_summary(right),
            parameters=differences(left.parameters, right.parameters),
            metrics=differences(left.metrics, right.metrics),
            steps=step_differences(left.steps, right.steps),
            base=base,
            diff=diff,
        )

    return await workbench.work(compare)


async def start_run(workbench: Workbench, body: RunRequest) -> Started:
    """Begin a run of what is on disk."""
    target = await workbench.targets.get(body.target)
    submission, known = await ready(
        workbench, target, body, from_step=body.from_step, until_step=body.until_step
    )
    workbench.follow(target)
    begun = await target.submit(submission, name=body.name)
    workbench.watching.look(target, begun.run)
    remarks = [one.to_json() for one in dict.fromkeys((*known, *begun.remarks))]
    path = workbench.root.name(begun.run["notebook"])
    return Started.model_validate({**begun.run, "path": path, "remarks": remarks})


async def cancel_run(workbench: Workbench, run_id: str, query: TargetQuery) -> RunSummary:
    """Stop a run, or take it out of the queue."""
    return await _change(workbench, run_id, query.target, "cancel")


async def retry_run(workbench: Workbench, run_id: str, query: TargetQuery) -> RunSummary:
    """Run what failed again."""
    return await _change(workbench, run_id, query.target, "retry")


async def resume_run(workbench: Workbench, run_id: str, query: TargetQuery) -> RunSummary:
    """Go on from the finished steps."""
    return await _change(workbench, run_id, query.target, "resume")


async def archive_run(workbench: Workbench, run_id: str, query: TargetQuery) -> None:
    """Take a run out of the lists."""
    target = await target_of(workbench, query.target, run_id)
    await target.archive(run_id)
    workbench.watching.gone(target, run_id, "archived")


async def unarchive_run(workbench: Workbench, run_id: str, query: TargetQuery) -> None:
    """Put a run back into the lists."""
    target = await target_of(workbench, query.target, run_id)
    await target.unarchive(run_id)
    view = await target.run(run_id)
    workbench.watching.back(target, _summary(_run(workbench, view)).model_dump(by_alias=True))


async def delete_run(workbench: Workbench, run_id: str, query: TargetQuery) -> None:
    """Forget a run and what it left."""
    target = await target_of(workbench, query.target, run_id)
    workbench.follow(target)
    await target.delete(run_id)
    if target.kind != "local":  # of this machine the agent tells
        workbench.watching.gone(target, run_id, "deleted")


async def _change(workbench: Workbench, run_id: str, name: str, verb: str) -> RunSummary:
    target = await target_of(workbench, name, run_id)
    workbench.follow(target)
    run = await getattr(target, verb)(run_id)
    workbench.watching.look(target, run)
    return summary_of(workbench, run)


async def target_of(workbench: Workbench, name: str, run_id: str) -> PipelineTarget:
    """The target a run is on. An address has the whole id: it must go on meaning the same run."""
    check_id(run_id, "run")
    target = await workbench.targets.get(name)
    if target is workbench.targets.local:
        await workbench.work(lambda: _known_here(workbench, run_id))
    return target


def _known_here(workbench: Workbench, run_id: str) -> None:
    from labwright.targets.local.store import StoreError

    try:
        found = workbench.store.run_row(run_id).run_id
    except StoreError:
        raise
    except LabwrightError:
        found = ""
    if found != run_id:
        raise not_found(f"there is no run {run_id!r}")


def summary_of(workbench: Workbench, run: Mapping[str, Any]) -> RunSummary:
    """The library's summary of a run, with the notebook's place under the server's root."""
    return RunSummary.model_validate({**run, "path": workbench.root.name(run["notebook"])})


def _run(workbench: Workbench, view: Mapping[str, Any]) -> Run:
    return Run.model_validate({**view, "path": workbench.root.name(view["notebook"])})


def _summary(run: Run) -> RunSummary:
    fields = run.model_dump(by_alias=True, include=set(RunSummary.model_fields))
    return RunSummary.model_validate(fields)


async def _source(target: PipelineTarget, run_id: str) -> dict[str, Any] | None:
    """The notebook a run was made of, where there was one."""
    try:
        found = json.loads(await target.source(run_id))
    except (NotFound, NotOffered, ValueError):
        return None
    return found if isinstance(found, dict) else None
