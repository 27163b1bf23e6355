"""How a run comes from one state into another when no engine does it: queued, claimed, settled.

Each change is one transaction that checks the state it starts from, so that of two processes that
want the same only one gets it.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from ...errors import LabwrightError
from .events import iso, now
from .locks import try_lock
from .record import FINAL, UNDER_WAY, State
from .rundir import RunDir
from .store import INTERRUPTED

if TYPE_CHECKING:
    from .store import RunRow, Store


def change(store: Store, run_id: str, before: Sequence[State], state: State, **more: Any) -> bool:
    """Bring a run from one of these states into another; False when it was in none of them."""
    from sqlalchemy import update

    from .schema import runs

    statement = (
        update(runs)
        .where(runs.c.run_id == run_id, runs.c.state.in_(before))
        .values(state=state, **more)
    )
    with store.transaction() as connection:
        return connection.execute(statement).rowcount == 1


def claim(store: Store, run_id: str) -> bool:
    """Take a waiting run to run it. Whoever gets True, and nobody else, runs it."""
    return change(store, run_id, ["PENDING"], "RUNNING", started_at=now(), reason=None)


def queue_again(store: Store, run_id: str, options: dict[str, Any]) -> bool:
    """Have a run that came to an end wait for a place, to go on from its finished steps."""
    store.dir(run_id).cancel.unlink(missing_ok=True)
    again: list[State] = ["FAILED", "CANCELED", "SKIPPED"]
    return change(store, run_id, again, "PENDING", finished_at=None, reason=None, options=options)


def settle_all(store: Store) -> list[str]:
    """Settle the runs whose engine has died; their ids."""
    return [row.run_id for row in rows_in(store, UNDER_WAY) if settle(store, row.run_id)]


def settle(store: Store, run_id: str) -> bool:
    """Write down that a run has ended whose engine died before it could say so.

    Its lock is held while this is written, so that nobody takes the run up in between.
    """
    directory = store.dir(run_id)
    if directory.running:
        return False
    directory.path.mkdir(parents=True, exist_ok=True)
    lock = try_lock(directory.lock)
    if lock is None:
        return False
    try:
        row = store.run_row(run_id)
        if row.state not in UNDER_WAY:
            return False
        ended = _last_sign(directory)
        canceled = row.state == "CANCELING"
        state: State = "CANCELED" if canceled else "FAILED"
        left = [one for one in store.step_rows(run_id) if one.state in ("PENDING", *UNDER_WAY)]
        store.save_steps(
            run_id,
            [
                replace(one, state="FAILED", error=INTERRUPTED.to_json(), finished_at=ended)
                if one.state == "RUNNING" and not canceled
                else replace(one, state="CANCELED")
                for one in left
                if one.state == "RUNNING" or canceled
            ],
        )
        silent = not (canceled or any(one.state == "RUNNING" for one in left))
        told = [*row.diagnostics, _error("interrupted", str(INTERRUPTED))]
        more = {"diagnostics": told} if silent else {}
        return change(store, run_id, UNDER_WAY, state, finished_at=ended, **more)
    finally:
        os.close(lock)


def refuse(store: Store, row: RunRow, why: str) -> bool:
    """End a run that cannot be run."""
    before: list[State] = ["PENDING", *UNDER_WAY]
    told = [*row.diagnostics, _error("cannot-run", why)]
    moment = now()
    return change(store, row.run_id, before, "FAILED", finished_at=moment, diagnostics=told)


def _error(code: str, message: str) -> dict[str, Any]:
    return {"cell": None, "severity": "error", "code": code, "message": message}


def rows_in(store: Store, states: Sequence[State]) -> list[RunRow]:
    """The runs in these states, the oldest first."""
    from sqlalchemy import select

    from .schema import runs
    from .store import RunRow

    query = select(runs).where(runs.c.state.in_(states)).order_by(runs.c.created_at, runs.c.run_id)
    with store.transaction() as connection:
        return [RunRow(**row) for row in connection.execute(query).mappings()]


def set_reason(store: Store, run_id: str, reason: str | None) -> bool:
    """Say why a run waits."""
    return change(store, run_id, ["PENDING"], "PENDING", reason=reason)


def delete_run(store: Store, run_id: str) -> str:
    """Forget a run that has ended, with its folder; its id. Artifacts and the cache stay."""
    from sqlalchemy import delete

    from .schema import runs

    row = store.run_row(run_id)
    settle(store, row.run_id)
    directory = store.dir(row.run_id)
    with store.transaction() as connection:
        ended = (runs.c.run_id == row.run_id) & runs.c.state.in_(FINAL)
        gone = connection.execute(delete(runs).where(ended)).rowcount == 1
    if not gone:
        raise LabwrightError(
            f"run {row.run_id} is not over", hint=f"`labwright runs cancel {row.run_id}` first"
        )
    shutil.rmtree(directory.path, ignore_errors=True)
    return row.run_id


def _last_sign(directory: RunDir) -> str:
    """When the run was last heard of."""
    try:
        seconds = directory.journal.stat().st_mtime
    except OSError:
        return now()
    return iso(datetime.fromtimestamp(seconds, timezone.utc))
