"""Stop a run from wherever it is seen."""

from __future__ import annotations

from dataclasses import replace

from ...errors import LabwrightError
from .events import now
from .record import FINAL, RunRecord
from .store import Store


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
