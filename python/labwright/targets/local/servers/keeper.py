"""The life of one server: what its state asks for is done until it is so.

Level-triggered: each look compares what is wanted with what is there, and takes one step. Nothing
is only remembered, so a keeper that begins in the middle does what one from the start would.
"""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
import traceback
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

import psutil

from ....errors import LabwrightError
from ....notebook.settings import byte_count
from ....servers.spec import ServerSpec
from ....servers.words import duration_text
from ...server_protocols import State
from ..events import iso, now
from ..gpus import inventory
from ..store import StoreError
from . import process
from .environment import command, cpu_count, interpreter, needed_program, variables
from .idle import decide, pause
from .mounts import apply_links, root_of
from .place import ServerDir
from .probe import Silent
from .rows import ServerRow

if TYPE_CHECKING:
    from .fleet import Fleet

GRACE = 10.0
"""Seconds that a server has to end by itself."""
SLOW = 30.0
"""Seconds after which a start is called slow."""
TRIES = 3
"""How often a start is tried when another program takes the port at that moment."""
LOOK, QUICK, MEMORY = 1.0, 0.1, 2.0
TELL = 60.0
"""Seconds that the time of the last use may be behind."""


class Keeper:
    """Looks after one server for as long as there is one."""

    def __init__(self, fleet: Fleet, row: ServerRow) -> None:
        self.fleet = fleet
        self.row = row
        self.place = ServerDir.of(fleet.store.root, row.name)
        self.child: subprocess.Popen[bytes] | None = None
        self._wake = asyncio.Event()
        self._asked_to_end = 0.0
        self._family: list[psutil.Process] = []
        self._probed = self._weighed = 0.0
        self._last: datetime | None = None

    async def live(self) -> None:
        """Until the server is deleted."""
        while self.fleet.keepers.get(self.row.name) is self:
            state = self.row.state
            try:
                rest = await self._look()
            except StoreError as error:  # a full disk, say: what was not written is tried again
                sys.stderr.write(f"{error}\n")
                rest = LOOK
            except LabwrightError as error:
                rest = self._failed(
                    state, f"{error.what} ({error.hint})" if error.hint else error.what
                )
            except OSError as error:
                rest = self._failed(state, f"{error.strerror}: {error.filename}")
            except Exception:  # a mistake of ours with one server is none with the others
                traceback.print_exc()
                rest = SLOW
            with suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._wake.wait(), rest)
            self._wake.clear()

    def order(self, state: State, **status: Any) -> None:
        """Somebody wants the server to be in another state."""
        self.become(state, **status)
        self._wake.set()

    def become(self, state: State, **status: Any) -> None:
        """Bring the server into a state."""
        self.save(replace(self.row, state=state, status=replace(self.row.status, **status)))

    def save(self, row: ServerRow) -> None:
        """Write down how the server is from now on, and tell it."""
        if row != self.row:
            self.fleet.save(row)
            self.row = row
            self.fleet.tell(row)

    async def _look(self) -> float | None:
        """Take the next step; how long to wait for the one after, None for until something is."""
        state = self.row.state
        if state == "WAITING":
            return await self._begin()
        if state == "STARTING":
            return await self._rise()
        if state == "RUNNING":
            return await self._guard()
        if state in ("STOPPING", "TERMINATING"):
            return await self._end()
        return None

    async def _begin(self) -> float:
        if self.place.alive:  # an agent died between starting it and writing that down
            self.become("STARTING")
            return QUICK
        spec = self.row.asked
        count = spec.gpu.count if spec.gpu else 0
        held = self.fleet.ledger.take(count) if count else {}
        if held is None:
            what = "a GPU" if count == 1 else f"{count} GPUs"
            self.become("WAITING", message=f"It waits for {what}: others have them now.")
            return LOOK
        try:
            await self._start(spec, held)
        finally:
            self.fleet.ledger.free(held)
        return QUICK

    async def _start(self, spec: ServerSpec, gpus: dict[str, int]) -> None:
        root, row = self.fleet.store.root, self.row
        found = await asyncio.to_thread(interpreter, spec.image)
        module = await asyncio.to_thread(needed_program, spec.image, found.python)
        await asyncio.to_thread(apply_links, root, self.place, spec)
        if self.row is not row:
            return  # somebody wanted something else meanwhile
        folder = root_of(root, spec)
        port = self.fleet.port_for(self.row)
        kept = self.fleet.cpus_for(cpu_count(spec), self.row.name)
        self.place.make()
        self.place.token()
        ours = {
            "LABWRIGHT_HOME": str(root),
            "JUPYTER_TOKEN_FILE": str(self.place.token_file),
        }
        if inventory():  # a server that asked for none must not use those of others
            ours["CUDA_VISIBLE_DEVICES"] = ",".join(gpus)
        env = variables(os.environ, spec, found, **ours)
        words = command(found.python, module, port=port, base=self.row.status.base, folder=folder)
        # Written before the start: whoever finds the process then knows where it listens.
        self.become(
            "WAITING",
            message=None,
            port=port,
            cpus=kept,
            running=self.row.spec,
            began=now(),
            started_at=None,
            stop_at=None,
        )
        self.child = process.start(self.place, words, env, folder, gpus.values())
        if kept:
            process.keep_to(self.child.pid, kept)
        self._last, self._probed = None, 0.0
        self.become("STARTING")

    async def _rise(self) -> float | None:
        status = self.row.status
        if not self.place.alive:
            if self.fleet.taken(status.port) and status.tries + 1 < TRIES:
                self.become("WAITING", tries=status.tries + 1, port=None)
                return 0
            last = self.place.last_words()
            ended = _ended(self._code())
            self._fail(f"{ended} before it answered{': ' + last if last else '.'}")
            return None
        row = self.row
        ready = await self.fleet.ready(row)
        if self.row is not row:
            return 0
        if ready:
            self.become("RUNNING", message=None, tries=0, started_at=now(), last_activity=now())
            return 0
        took = _since(status.began)
        if took > SLOW:
            self.become("STARTING", message="It takes long to start; its log may say why.")
        return QUICK if took < 5 else LOOK / 2

    async def _guard(self) -> float | None:
        if not self.place.alive:
            code = self._code()
            if code:
                self._fail(f"{_ended(code)}; its log may say why.")
            else:  # by its own menu, say
                self._stopped("It ended by itself.")
            return None
        moment = time.monotonic()
        spec = ServerSpec.from_json(self.row.status.running)
        if spec.memory is not None and moment - self._weighed >= MEMORY:
            self._weighed = moment
            await self._weigh(byte_count(spec.memory) * (spec.limit_factor or 1))
        idle_after = self.fleet.idle_after(self.row)
        if moment - self._probed >= pause(idle_after):
            await self._probe(idle_after)
        return min(LOOK, pause(idle_after))

    async def _weigh(self, limit: float) -> None:
        family = await asyncio.to_thread(process.family, self._pid())
        said = await asyncio.to_thread(process.end_greediest, family, limit)
        if said is not None and self.row.state == "RUNNING":
            self.become("RUNNING", message=said)

    async def _probe(self, idle_after: int) -> None:
        row = self.row
        try:
            seen = await self.fleet.activity(row)
        except Silent:  # nothing is known, so nothing is done
            self._probed = time.monotonic()
            if row is self.row and row.status.stop_at is not None:
                self.become("RUNNING", stop_at=None)
            return
        self._probed = time.monotonic()
        if self.row.state != "RUNNING" or self.row.status.began != row.status.began:
            return
        started = _time(row.status.started_at) or datetime.now(timezone.utc)
        known = self._last or _time(row.status.last_activity)
        found = decide(seen, idle_after, started, known, datetime.now(timezone.utc))
        self._last = found.last_activity
        if found.stop:
            reason = f"It was not used for {duration_text(idle_after)}."
            self.become("STOPPING", stop_reason=reason, stop_at=None, again=False)
            return
        told = _time(row.status.last_activity)
        moved = told is None or (found.last_activity - told).total_seconds() >= TELL
        warned = (found.stop_at is None) != (self.row.status.stop_at is None)
        if moved or warned:  # not at each probe: every change is told to every browser
            stop_at = iso(found.stop_at) if found.stop_at else None
            self.become("RUNNING", last_activity=iso(found.last_activity), stop_at=stop_at)

    async def _end(self) -> float | None:
        if self.place.alive:
            if not self._asked_to_end:
                self._family = await asyncio.to_thread(process.family, self._pid())
                process.send(self._family[:1], signal.SIGTERM)
                self._asked_to_end = time.monotonic()
            elif time.monotonic() - self._asked_to_end > GRACE:
                self._family += await asyncio.to_thread(process.family, self._pid())
                process.send(self._family, signal.SIGKILL)
            return QUICK
        # Kernels of a server that had to be killed would go on.
        process.send(self._family, signal.SIGKILL)
        self._asked_to_end, self._family = 0.0, []
        if self.child is not None:
            self.child.poll()
            self.child = None
        if self.row.state == "TERMINATING":
            await self.fleet.forget(self.row)
            return 0
        if self.row.status.again:
            self.become("WAITING", again=False, tries=0, message=None, began=None, started_at=None)
            return 0
        self._stopped(self.row.status.stop_reason or "It was stopped.")
        return None

    def _pid(self) -> int | None:
        """Its process; it may not have come to write its number down yet."""
        return self.place.process_id() or (self.child.pid if self.child else None)

    def _code(self) -> int | None:
        """How its process ended, if it was a child of this very agent."""
        try:
            return self.child.wait(1) if self.child else None
        except subprocess.TimeoutExpired:
            return None

    def _failed(self, state: State, message: str) -> float | None:
        """What was tried in that state cannot be; unless somebody wants another state now."""
        if self.row.state != state:
            return 0
        self._fail(message)
        return None

    def _stopped(self, reason: str) -> None:
        self._at_rest("STOPPED", message=None, stop_reason=reason)

    def _fail(self, message: str) -> None:
        self._at_rest("FAILED", message=_sentence(message), stop_reason=None)

    def _at_rest(self, state: State, **status: Any) -> None:
        self.become(
            state, cpus=(), running=None, stop_at=None, stopped_at=now(), again=False, **status
        )


def _ended(code: int | None) -> str:
    if code is None:
        return "The server ended"
    if code < 0:
        return f"The server was killed (signal {-code})"
    return f"The server ended with exit code {code}"


def _sentence(text: str) -> str:
    text = text[:1].upper() + text[1:]
    return text if text.endswith((".", "!", "?")) else f"{text}."


def _time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text.replace("Z", "+00:00")) if text else None


def _since(text: str | None) -> float:
    began = _time(text)
    return (datetime.now(timezone.utc) - began).total_seconds() if began else 0.0
