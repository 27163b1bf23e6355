"""Run a compiled pipeline here, or go on with a run that was interrupted."""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping, Sequence
from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from ...diagnostics import Diagnostic
from ...errors import LabwrightError
from .check import check_steps, working_folder
from .dag import Bound, Unresolved, Value, coerce, complete
from .events import Listener, RunFinished, now
from .ir import Component, read_pipeline
from .locks import try_lock
from .loop import Engine, Plan, drive
from .record import FINAL, RunRecord
from .rundir import new_run_id, read_json, write_json
from .steps import plan_steps
from .store import RunRow, StepRow, Store

WIND_DOWN = 5.0
"""Seconds to wait for what a killed engine left to end."""


def run_pipeline(
    spec: Mapping[str, Any],
    platform: Mapping[str, Any] | None = None,
    parameters: Mapping[str, Any] | None = None,
    *,
    store: Store | None = None,
    notebook: Path | None = None,
    workdir: Path | None = None,
    environment: str = "",
    cache: bool = True,
    parallel: int | None = None,
    on_event: Listener | None = None,
    cancel: threading.Event | None = None,
    run_id: str | None = None,
    diagnostics: Sequence[Diagnostic] = (),
) -> RunRecord:
    """Run a compiled pipeline to its end and give its record.

    Args:
        spec: the IR, as a dict.
        platform: the platform document, when the pipeline has one.
        parameters: values for the pipeline's parameters.
        store: where the run is kept; Labwright's own when not given.
        notebook: the notebook the pipeline was made of.
        workdir: where steps run; the notebook's folder when not given.
        environment: a kernelspec or interpreter for steps that name none; this one when empty.
        cache: whether steps whose code and inputs did not change are taken from the cache.
        parallel: how many steps run at a time; as many as there are CPUs when not given.
        on_event: told what happens, in the engine's thread.
        cancel: set it to stop the run.
        run_id: the run's id, when the caller chose one.
        diagnostics: what is known of the notebook already; the record has it with what a run finds.

    Raises:
        LabwrightError: the pipeline cannot be run. Steps that fail do not raise.
    """
    notebook = notebook.absolute() if notebook else None
    folder = working_folder(workdir, notebook)
    pipeline = read_pipeline(spec)
    steps = plan_steps(pipeline, platform, environment)
    values = run_parameters(pipeline.root, parameters or {})
    known = [one.to_json() for one in diagnostics]
    checked = check_steps(steps.values(), folder)
    store = store or Store()
    row = RunRow(
        run_id or new_run_id(pipeline.name),
        pipeline.name,
        "RUNNING",
        now(),
        values,
        {
            "workdir": str(folder),
            "notebook": str(notebook) if notebook else None,
            "environment": environment,
            "cache": cache,
            "parallel": parallel,
            "diagnostics": known,
        },
        diagnostics=[*known, *(one.to_json() for one in checked)],
    )
    directory = store.dir(row.run_id)
    try:
        directory.path.mkdir(parents=True)
    except FileExistsError:
        raise LabwrightError(f"there already is a run {row.run_id!r}") from None
    write_json(directory.pipeline, {"pipeline_spec": spec, "platform_spec": platform})
    return _run(Plan(pipeline, steps, row), store, on_event, cancel)


def resume_run(
    run_id: str,
    *,
    store: Store | None = None,
    on_event: Listener | None = None,
    cancel: threading.Event | None = None,
) -> RunRecord:
    """Go on with a run that was interrupted, canceled or failed; finished steps stay finished."""
    store = store or Store()
    row = store.run_row(run_id)
    if row.state == "SUCCEEDED":
        raise LabwrightError(f"run {row.run_id} has succeeded: there is nothing to go on with")
    data = read_json(store.dir(row.run_id).pipeline)
    if data is None:
        raise LabwrightError(f"run {row.run_id} cannot be taken up again: its folder is gone")
    pipeline = read_pipeline(data["pipeline_spec"])
    steps = plan_steps(pipeline, data["platform_spec"], row.options["environment"])
    checked = check_steps(steps.values(), working_folder(Path(row.options["workdir"]), None))
    row = replace(
        row,
        state="RUNNING",
        finished_at=None,
        diagnostics=[*row.options["diagnostics"], *(one.to_json() for one in checked)],
    )
    earlier = tuple(_taken_up(one) for one in store.step_rows(row.run_id))
    return _run(Plan(pipeline, steps, row, earlier), store, on_event, cancel)


def retry_run(
    run_id: str,
    *,
    store: Store | None = None,
    on_event: Listener | None = None,
    cancel: threading.Event | None = None,
) -> RunRecord:
    """Run the failed steps of a run again, and those that were waiting for them."""
    store = store or Store()
    record = store.run(run_id)
    if record.state not in ("FAILED", "CANCELED"):
        raise LabwrightError(f"run {record.run_id} is {record.state}: no step of it has failed")
    return resume_run(record.run_id, store=store, on_event=on_event, cancel=cancel)


def cancel_run(run_id: str, store: Store | None = None) -> RunRecord:
    """Ask the engine of a run to stop, whichever process it is in. Does not wait for it."""
    store = store or Store()
    row = store.run_row(run_id)
    if row.state in FINAL:
        raise LabwrightError(f"run {row.run_id} is {row.state}: there is nothing to cancel")
    directory = store.dir(row.run_id)
    if directory.running:
        directory.cancel.touch()
    else:
        store.save_run(replace(row, state="CANCELED", finished_at=now()))
        waiting = ("PENDING", "RUNNING")
        rows = [one for one in store.step_rows(row.run_id) if one.state in waiting]
        store.save_steps(row.run_id, [replace(one, state="CANCELED") for one in rows])
    return store.run(row.run_id)


def run_parameters(root: Component, given: Mapping[str, Any]) -> dict[str, Any]:
    """The values of a pipeline's parameters, with defaults and of the declared types."""
    for name in given:
        if name not in root.parameters:
            close = get_close_matches(name, root.parameters, 1)
            known = ", ".join(root.parameters) or "none"
            raise LabwrightError(
                f"the pipeline has no parameter {name!r}",
                hint=f"did you mean {close[0]!r}?" if close else f"it has {known}",
            )
    lacking = [
        name
        for name, spec in root.parameters.items()
        if name not in given and not (spec.has_default or spec.optional)
    ]
    if lacking:
        raise LabwrightError(
            f"the pipeline's parameter {lacking[0]!r} has no value",
            hint=f"give it one: -p {lacking[0]}=...",
        )
    try:
        bound = complete(root, Bound({name: Value(given[name]) for name in given}))
        return {
            name: coerce(value.value, root.parameters[name].type, name)
            for name, value in bound.parameters.items()
        }
    except Unresolved as error:
        raise LabwrightError(str(error)) from None


def _taken_up(row: StepRow) -> StepRow:
    """A step's row from an earlier try. One that was running may have come to its end."""
    if row.outputs is not None or row.state == "RUNNING":
        return row
    return replace(row, state="PENDING", error=None, finished_at=None, report=None)


def _run(
    plan: Plan, store: Store, listener: Listener | None, cancel: threading.Event | None
) -> RunRecord:
    directory = store.dir(plan.row.run_id)
    directory.path.mkdir(parents=True, exist_ok=True)
    lock = try_lock(directory.lock, WIND_DOWN)
    if lock is None:
        raise LabwrightError(f"run {plan.row.run_id} is still going on")
    try:
        directory.cancel.unlink(missing_ok=True)
        drive(Engine(plan, store, directory, lock, listener, cancel or threading.Event()))
    finally:
        os.close(lock)
    record = store.run(plan.row.run_id)
    if listener is not None:
        listener(RunFinished(record.run_id, record.state))
    return record
