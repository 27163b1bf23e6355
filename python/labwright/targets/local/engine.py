"""Run a compiled pipeline here, or go on with a run that was interrupted."""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from ...diagnostics import Diagnostic
from ...errors import LabwrightError
from ..driving import drive
from .changes import change, claim, refuse
from .check import check_steps, working_folder
from .events import Listener, RunFinished, now
from .ir import read_pipeline
from .locks import try_lock
from .loop import Engine, Plan
from .record import FINAL, RunRecord
from .rundir import new_run_id, read_json
from .steps import plan_steps
from .store import INTERRUPTED, RunRow, StepRow, Store
from .submission import Prepared, make_folder, prepare

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
    prepared = prepare(
        spec,
        platform,
        parameters,
        notebook=notebook,
        workdir=workdir,
        environment=environment,
        cache=cache,
        parallel=parallel,
        diagnostics=diagnostics,
    )
    return run_prepared(prepared, store=store, on_event=on_event, cancel=cancel, run_id=run_id)


def run_prepared(
    prepared: Prepared,
    *,
    store: Store | None = None,
    on_event: Listener | None = None,
    cancel: threading.Event | None = None,
    run_id: str | None = None,
) -> RunRecord:
    """Run what was prepared, in this process."""
    submission = prepared.submission
    store = store or Store()
    row = submission.row(run_id or new_run_id(submission.name), "RUNNING")
    make_folder(store, row.run_id)
    submission.unpack(store.dir(row.run_id))
    return _run(Plan(prepared.pipeline, prepared.steps, row), store, on_event, cancel)


def run_queued(run_id: str, store: Store) -> RunRecord | None:
    """Run a waiting run, or go on with one; None when it waits no more or another runs it."""
    directory = store.dir(run_id)
    lock = try_lock(directory.lock, WIND_DOWN)
    if lock is None:
        return None
    try:
        if not claim(store, run_id):
            return None
        row = store.run_row(run_id)
        try:
            plan = _plan(store, row)
        except LabwrightError as error:
            refuse(store, row, str(error))
        else:
            _drive(Engine(plan, store, directory, lock, None, threading.Event()))
    finally:
        os.close(lock)
    return store.run(run_id)


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
    options = {**row.options, "queued": False}
    again = replace(row, state="RUNNING", finished_at=None, reason=None, options=options)
    plan = _plan(store, again)
    return _run(plan, store, on_event, cancel)


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
        change(store, row.run_id, ["RUNNING"], "CANCELING")
    elif change(store, row.run_id, [row.state], "CANCELED", finished_at=now(), reason=None):
        waiting = ("PENDING", "RUNNING")
        rows = [one for one in store.step_rows(row.run_id) if one.state in waiting]
        store.save_steps(row.run_id, [replace(one, state="CANCELED") for one in rows])
    return store.run(row.run_id)


def _plan(store: Store, row: RunRow) -> Plan:
    """A run that the store knows, read again, with the steps it has behind it."""
    data = read_json(store.dir(row.run_id).pipeline)
    if data is None:
        raise LabwrightError(f"run {row.run_id} cannot be taken up again: its folder is gone")
    pipeline = read_pipeline(data["pipeline_spec"])
    steps = plan_steps(pipeline, data["platform_spec"], row.options["environment"])
    checked = check_steps(steps.values(), working_folder(Path(row.options["workdir"]), None))
    told = [*row.options["diagnostics"], *(one.to_json() for one in checked)]
    earlier = tuple(_taken_up(one) for one in store.step_rows(row.run_id))
    return Plan(pipeline, steps, replace(row, diagnostics=told), earlier)


def _taken_up(row: StepRow) -> StepRow:
    """A step's row from an earlier try. One that was running may have come to its end."""
    if row.outputs is not None or row.state == "RUNNING":
        return row
    if row.error == INTERRUPTED.to_json():
        return replace(row, state="RUNNING", error=None, finished_at=None)
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
        _drive(Engine(plan, store, directory, lock, listener, cancel or threading.Event()))
    finally:
        os.close(lock)
    record = store.run(plan.row.run_id)
    if listener is not None:
        listener(RunFinished(record.run_id, record.state))
    return record


def _drive(engine: Engine) -> None:
    drive(engine.run(), engine.cancel)
