"""The agent itself: a queue, the runs that go on, and when to look at them."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from typing import Any

from ....errors import LabwrightError
from ..changes import delete_run, queue_again, refuse, rows_in, set_reason, settle
from ..engine import cancel_run
from ..needs import Needs
from ..pages import summary_of
from ..record import FINAL, UNDER_WAY
from ..rundir import new_run_id
from ..servers.fleet import Fleet
from ..store import RunRow, Store, StoreError
from ..submission import Submission, make_folder
from .follow import Follower
from .hub import Hub
from .machine import capacity, default_places, machine
from .queue import Waiting, admit

TICK = 0.04
"""Seconds between looks at runs that go on. Nothing is looked at where none does."""
GLANCE = 0.5
"""Seconds between looks whether the engines of runs that others started are alive."""

View = dict[str, Any]


class Busy(LabwrightError):
    """What is asked does not go with the state that the run is in."""


class Agent:
    """One for a home folder. All methods are called on its event loop."""

    def __init__(self, store: Store, places: int | None = None) -> None:
        self.store = store
        self.hub = Hub()
        self.fleet = Fleet(store, self.hub.publish)
        self.places = places or default_places()
        self.capacity = capacity()
        self.following: dict[str, Follower] = {}
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.ending: list[subprocess.Popen[bytes]] = []
        # Never written down: there may be secrets among them.
        self.environments: dict[str, Mapping[str, str]] = {}
        self.queued = 0
        self.used = time.monotonic()
        self._wake = asyncio.Event()
        self._glanced = 0.0
        self._missed = False

    # What is asked of it

    def submit(self, submission: Submission) -> View:
        """Take a run into the queue."""
        run_id = new_run_id(submission.name)
        make_folder(self.store, run_id)
        directory = self.store.dir(run_id)
        submission.unpack(directory)
        self.environments[run_id] = submission.env
        self.store.save_run(submission.row(run_id, "PENDING"))
        return self._queued(run_id)

    def again(self, run_id: str, *, only_failed: bool, python: str, env: Mapping[str, str]) -> View:
        """Have a run that ended go on from its finished steps."""
        settle(self.store, run_id)
        row = self.store.run_row(run_id)
        if row.state not in FINAL:
            raise Busy(f"run {run_id} is not over", hint=f"it is {row.state}")
        if row.state == "SUCCEEDED":
            raise Busy(f"run {run_id} has succeeded: there is nothing to go on with")
        if only_failed and row.state not in ("FAILED", "CANCELED"):
            raise Busy(f"run {run_id} is {row.state}: no step of it has failed")
        self.environments[run_id] = env
        options = {**row.options, "python": python, "queued": True}
        if not queue_again(self.store, run_id, options):
            raise Busy(f"run {run_id} goes on already")
        self._forget(run_id)
        return self._queued(run_id)

    def cancel(self, run_id: str) -> View:
        """Stop a run of whatever process, or take it out of the queue."""
        row = self.store.run_row(run_id)
        if row.state in FINAL:
            raise Busy(f"run {run_id} is {row.state}: there is nothing to cancel")
        cancel_run(run_id, self.store)
        self.environments.pop(run_id, None)
        self._schedule()
        return self._tell(run_id)

    async def delete(self, run_id: str) -> None:
        """Forget a run that is over."""
        try:
            await asyncio.to_thread(delete_run, self.store, run_id)
        except LabwrightError as error:
            raise Busy(error.what, hint=error.hint) from None
        self._forget(run_id)
        self.hub.publish("deleted", {"run_id": run_id})

    def follow(self, run_id: str) -> View:
        """Follow a run that another process has begun."""
        row = self.store.run_row(run_id)
        if row.state in UNDER_WAY:
            self._follow(row)
        return summary_of(self.store, run_id)

    def status(self) -> View:
        """How the agent is (`agent`), and what the machine has (`ledger`)."""
        from .... import __version__

        return {
            "agent": {
                "running": True,
                "pid": os.getpid(),
                "version": __version__,
                "epoch": self.hub.epoch,
                "active": len(self.following),
                "queued": self.queued,
                "max_runs": self.places,
            },
            "ledger": machine(self.store.root),
            "listeners": len(self.hub.listeners),
            "servers": self.fleet.active,
        }

    @property
    def busy(self) -> bool:
        """Whether there are runs to look after."""
        return bool(self.following or self.queued)

    # What it does

    def adopt(self) -> None:
        """Take up what an earlier agent left: servers, runs that go on, that died, that wait."""
        self.fleet.adopt()
        for row in rows_in(self.store, UNDER_WAY):
            if not settle(self.store, row.run_id):
                self._follow(row)
        self._schedule()

    async def work(self) -> None:
        """Look after the runs, for ever. Sleeps while there are none."""
        while True:
            try:
                if self.following:
                    await asyncio.sleep(TICK)
                    self._look()
                else:
                    await self._rest()
            except StoreError as error:  # a full disk, say: the runs have the same trouble
                sys.stderr.write(f"{error}\n")
                self._missed = True
                await asyncio.sleep(GLANCE)

    async def _rest(self) -> None:
        """Wait for work. What is queued while nothing runs waits for what others have."""
        try:
            await asyncio.wait_for(self._wake.wait(), 1.0 if self.queued else None)
        except asyncio.TimeoutError:
            self._schedule()
        self._wake.clear()

    def _look(self) -> None:
        self.used = time.monotonic()
        glance = self.used - self._glanced >= GLANCE
        if glance:
            self._glanced = self.used
        self.ending = [one for one in self.ending if one.poll() is None]
        before = len(self.following)
        for run_id, follower in list(self.following.items()):
            try:
                self._look_at(follower, glance)
            except StoreError:
                raise
            except LabwrightError:  # the run was forgotten by somebody
                self._forget(run_id)
        self._missed = False
        if len(self.following) < before or (glance and self.queued):
            self._schedule()

    def _look_at(self, follower: Follower, glance: bool) -> None:
        """Tell what is new of a run, and see whether it is over."""
        run_id = follower.run_id
        if self._missed:
            follower.retell()
        else:
            follower.poll()
        process = self.processes.get(run_id)
        if process is not None and process.poll() is not None:
            del self.processes[run_id]
            self._left(follower)
        elif process is None and glance and not follower.over:
            self._left(follower)
        if follower.over and run_id not in self.processes:
            del self.following[run_id]

    def _left(self, follower: Follower) -> None:
        """The process of a run has ended, or may have: see that the run has an end, too."""
        row = self.store.run_row(follower.run_id)
        if row.state == "PENDING":
            changed = not follower.directory.running and refuse(
                self.store, row, f"its process ended: {_last_line(row, self.store)}"
            )
        elif row.state in UNDER_WAY:
            changed = settle(self.store, row.run_id)
        else:
            changed = not follower.over
        if changed:
            follower.retell()

    def _schedule(self) -> None:
        """Start what there is room for."""
        rows = [row for row in rows_in(self.store, ["PENDING"]) if row.run_id not in self.processes]
        waiting = [Waiting(row.run_id, _needs(row)) for row in rows]
        active = [*(one.needs for one in self.following.values()), *self.fleet.needs()]
        taken = sum(one.ours for one in self.following.values())
        found = admit(waiting, active, self.capacity, self.places, taken)
        self.queued = len(found.reasons)
        for row in rows:
            if row.run_id in found.start:
                self._start(row)
            elif row.reason != found.reasons[row.run_id]:
                set_reason(self.store, row.run_id, found.reasons[row.run_id])
                self._tell(row.run_id)
        if found.start or found.reasons:
            self._wake.set()

    def _start(self, row: RunRow) -> None:
        """Start the process of a run. It claims the run itself, so that only one ever runs it."""
        directory = self.store.dir(row.run_id)
        asked_with = self.environments.pop(row.run_id, None) or os.environ
        env = {**asked_with, "LABWRIGHT_HOME": str(self.store.root)}
        command = [row.options.get("python") or sys.executable, "-m", f"{__package__}.child"]
        set_reason(self.store, row.run_id, None)
        try:
            with directory.engine_log.open("ab") as log:
                self.processes[row.run_id] = subprocess.Popen(
                    [*command, row.run_id],
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    env=env,
                    cwd=self.store.root,
                    start_new_session=True,
                )
        except OSError as error:
            refuse(self.store, row, f"cannot start {command[0]}: {error.strerror}")
            self._tell(row.run_id)
            return
        self._follow(self.store.run_row(row.run_id))

    def _follow(self, row: RunRow) -> None:
        if row.run_id not in self.following:
            self.following[row.run_id] = Follower.of(self.store, self.hub, row)
            self._wake.set()

    def _forget(self, run_id: str) -> None:
        """Look no more at a run's last process, which may take a moment to end."""
        self.following.pop(run_id, None)
        process = self.processes.pop(run_id, None)
        if process is not None:
            self.ending.append(process)

    def _queued(self, run_id: str) -> View:
        self._schedule()
        if run_id not in self.following:
            return self._tell(run_id)
        return summary_of(self.store, run_id)

    def _tell(self, run_id: str) -> View:
        follower = self.following.get(run_id)
        if follower is not None:
            return follower.tell_run()
        run = summary_of(self.store, run_id)
        self.hub.publish("run", {"run": run})
        return run


def _needs(row: RunRow) -> Needs:
    return Needs(**(row.options.get("needs") or {}))


def _last_line(row: RunRow, store: Store) -> str:
    """The last thing that a run's engine had to say."""
    try:
        text = store.dir(row.run_id).engine_log.read_text(encoding="utf-8", errors="replace")
    except OSError:
        text = ""
    lines = text.strip().splitlines()
    return lines[-1] if lines else "it said nothing"
