"""Runs and schedules of a KFP server in the shape that local ones have. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..local.ir import Pipeline
from ..local.views import one_line, plain, progress, step_failure
from ..protocols import View
from .models import RecurringRun, Run
from .nodes import Seen, run_state
from .results import NOTEBOOK, Told, shown_inputs, shown_outputs

_SIGNATURE = re.compile(r"\bLabwright ([0-9a-f]{32})(?: from (.+))?$")
EMPTY: Mapping[str, int] = dict.fromkeys(("total", "done", "cached", "running", "failed"), 0)


def signature(mark: str, notebook: str | None) -> str:
    """The description of what Labwright makes on a server. `mark` is in no other."""
    return f"Labwright {mark} from {notebook}" if notebook else f"Labwright {mark}"


def notebook_of(description: str) -> str | None:
    """The notebook that a signature names."""
    found = _SIGNATURE.search(description)
    return found[2] if found else None


def summary(
    run: Run,
    target: str,
    experiment: str | None,
    seen: Sequence[Seen] = (),
    metrics: Mapping[str, Any] | None = None,
    errors: Mapping[tuple[str, str], Mapping[str, Any]] | None = None,
) -> View:
    """A run as it stands in a list."""
    state = run_state(run)
    return {
        "run_id": run.run_id,
        "name": run.display_name,
        "target": target,
        "experiment": experiment,
        "state": state,
        "notebook": notebook_of(run.description),
        "created_at": run.created_at,
        "started_at": _started(run),
        "finished_at": run.finished_at,
        "parameters": plain(run.parameters),
        "metrics": plain(metrics or {}),
        "progress": progress(seen),
        "error": _why(run, state, seen, errors or {}),
        "reason": None,
    }


def step_view(one: Seen, told: Told, error: Mapping[str, Any] | None) -> View:
    """A step, or a turn of it."""
    place, program = artifact_place(one), one.step.program
    return {
        "name": one.step.name,
        "iteration": one.iteration,
        "state": one.state,
        "cached": one.cached or told.cached,
        "retries": one.retries,
        "started_at": one.started_at,
        "finished_at": one.finished_at,
        "has_notebook": told.artifact(NOTEBOOK) is not None and one.state == "SUCCEEDED",
        "inputs": plain(shown_inputs(told, program, place)),
        "outputs": plain(shown_outputs(told, program, place)),
        "error": dict(error) if error else None,
    }


def artifact_place(one: Seen) -> str:
    """With what the names of a step's artifacts begin: `STEP`, or `STEP@TURN`."""
    return f"{one.step.folder}@{one.turn}" if one.turn else one.step.folder


def run_outputs(pipeline: Pipeline, outputs: Callable[[str], Mapping[str, Any]]) -> dict[str, Any]:
    """The pipeline's own output parameters, where a step of its outermost graph gives them."""
    dag = pipeline.root.dag
    found: dict[str, Any] = {}
    for name, sources in (dag.parameters if dag else {}).items():
        for source in sources:
            values = outputs(source.task)
            if source.key in values:
                found[name] = values[source.key]
                break
    return found


def schedule_view(one: RecurringRun, target: str, experiment: str | None) -> View:
    """A schedule: see docs/targets.md."""
    return {
        "schedule_id": one.recurring_run_id,
        "name": one.display_name,
        "target": target,
        "experiment": experiment,
        "enabled": one.enabled,
        "cron": shown_cron(one.cron) if one.cron else None,
        "every": one.every,
        "start": one.start,
        "end": one.end,
        "at_once": one.max_concurrency,
        "catch_up": one.catch_up,
        "parameters": plain(one.parameters),
        "notebook": notebook_of(one.description),
        "created_at": one.created_at,
        "updated_at": one.updated_at,
        "error": one_line(one.error) if one.error else None,
    }


def kfp_cron(cron: str) -> str:
    """KFP's cron has six fields, the first of which are seconds."""
    words = cron.split()
    return " ".join(["0", *words] if len(words) == 5 else words)


def shown_cron(cron: str) -> str:
    """The usual five fields where they say the same."""
    words = cron.split()
    return " ".join(words[1:]) if len(words) == 6 and words[0] == "0" else cron


def _started(run: Run) -> str | None:
    for state, moment in run.history:
        if state == "RUNNING":
            return moment
    return min((one.started_at for one in run.tasks if one.started_at), default=None)


def _why(
    run: Run,
    state: str,
    seen: Sequence[Seen],
    errors: Mapping[tuple[str, str], Mapping[str, Any]],
) -> str | None:
    """Why a run failed, in one line."""
    if state != "FAILED":
        return None
    for one in seen:
        error = errors.get((one.step.path, one.turn))
        if one.state == "FAILED" and error:
            text = f"{error['ename']}: {error['evalue']}" if error["evalue"] else error["ename"]
            return step_failure(one.step.name, text)
    if run.error:
        return one_line(run.error)
    failed = [one.step.name for one in seen if one.state == "FAILED"]
    return f"step {failed[0]} failed" if failed else None
