"""Runs: listed, shown and compared from the store; started, stopped and forgotten by the agent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from labwright.errors import LabwrightError
from labwright.targets.local.store import StoreError

from .compare import code_difference, differences, step_differences
from .models import Comparison, Experiments, Run, RunList, RunRequest, RunSummary
from .refusal import not_found
from .routes import CompareQuery, RunQuery
from .workbench import Workbench

if TYPE_CHECKING:
    from labwright.targets.local.record import RunRecord
    from labwright.targets.local.submission import Submission


async def list_experiments(workbench: Workbench) -> Experiments:
    """The experiments that runs belong to."""
    return Experiments(experiments=await workbench.work(workbench.store.experiments))


async def list_runs(workbench: Workbench, query: RunQuery) -> RunList:
    """A page of runs. Who asks wants to hear what becomes of them."""
    workbench.bridge.listen()

    def read() -> RunList:
        from labwright.targets.local.pages import Wanted

        page = workbench.store.runs_page(
            Wanted(
                target=query.target,
                experiment=query.experiment,
                states=[query.state] if query.state else (),
                text=query.text,
                limit=query.limit,
                cursor=query.cursor,
            )
        )
        runs = [summary_of(workbench, run) for run in page.runs]
        return RunList(runs=runs, next=page.next, total=page.total)

    return await workbench.work(read)


async def show_run(workbench: Workbench, run_id: str) -> Run:
    """A run with its steps and its graph."""
    workbench.bridge.listen()
    return await workbench.work(lambda: run_of(workbench, run_id))


async def compare_runs(workbench: Workbench, query: CompareQuery) -> Comparison:
    """Two runs side by side."""

    def compare() -> Comparison:
        left, right = run_of(workbench, query.left), run_of(workbench, query.right)
        base, diff = code_difference(
            _source(workbench, left.run_id), _source(workbench, right.run_id)
        )
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


async def start_run(workbench: Workbench, body: RunRequest) -> RunSummary:
    """Queue a run of what is on disk."""
    place = workbench.root.file(body.path)
    ready = await workbench.work(lambda: submission_of(str(place), body))
    run = await workbench.bridge.ask(lambda agent: agent.submit(ready))
    return summary_of(workbench, run)


async def cancel_run(workbench: Workbench, run_id: str) -> RunSummary:
    """Stop a run, or take it out of the queue."""
    return await _change(workbench, run_id, "cancel")


async def retry_run(workbench: Workbench, run_id: str) -> RunSummary:
    """Run what failed again."""
    return await _change(workbench, run_id, "retry")


async def resume_run(workbench: Workbench, run_id: str) -> RunSummary:
    """Go on from the finished steps."""
    return await _change(workbench, run_id, "resume")


async def delete_run(workbench: Workbench, run_id: str) -> None:
    """Forget a run and its folder."""
    await workbench.work(lambda: record_of(workbench, run_id))
    await workbench.bridge.ask(lambda agent: agent.delete(run_id))


async def _change(workbench: Workbench, run_id: str, verb: str) -> RunSummary:
    await workbench.work(lambda: record_of(workbench, run_id))
    run = await workbench.bridge.ask(lambda agent: getattr(agent, verb)(run_id))
    return summary_of(workbench, run)


def submission_of(path: str, body: RunRequest) -> Submission:
    """What the agent is asked to run: checked here, so that what is wrong is told at once."""
    from labwright.launch import (
        analyse_notebook,
        check_target,
        is_compiled,
        prepared,
        prepared_compiled,
    )

    check_target(body.target)
    if not is_compiled(path):
        return prepared(
            analyse_notebook(path),
            body.parameters,
            cache=body.cache,
            experiment=body.experiment,
            from_step=body.from_step,
            until_step=body.until_step,
        ).submission
    if body.from_step or body.until_step:
        raise LabwrightError(
            "a compiled pipeline is run as a whole",
            hint="leave from_step and until_step out, or run its notebook",
        )
    return prepared_compiled(
        path, body.parameters, cache=body.cache, experiment=body.experiment
    ).submission


def record_of(workbench: Workbench, run_id: str) -> RunRecord:
    """A run by its whole id: an address must go on meaning the same run."""
    try:
        record = workbench.store.run(run_id)
    except StoreError:
        raise
    except LabwrightError:
        record = None
    if record is None or record.run_id != run_id:
        raise not_found(f"there is no run {run_id!r}")
    return record


def run_of(workbench: Workbench, run_id: str) -> Run:
    """All that is known of a run."""
    from labwright.targets.local.submission import run_graph
    from labwright.targets.local.views import run_view

    record = record_of(workbench, run_id)
    view = run_view(record, run_graph(workbench.store.dir(run_id)))
    return Run.model_validate({**view, "path": workbench.root.name(view["notebook"])})


def summary_of(workbench: Workbench, run: Mapping[str, Any]) -> RunSummary:
    """The library's summary of a run, with the notebook's place under the server's root."""
    return RunSummary.model_validate({**run, "path": workbench.root.name(run["notebook"])})


def _summary(run: Run) -> RunSummary:
    fields = run.model_dump(by_alias=True, include=set(RunSummary.model_fields))
    return RunSummary.model_validate(fields)


def _source(workbench: Workbench, run_id: str) -> dict[str, Any] | None:
    from labwright.targets.local.rundir import read_json

    found = read_json(workbench.store.dir(run_id).source)
    return found if isinstance(found, dict) else None
