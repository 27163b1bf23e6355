"""Runs of other targets that somebody looks at, watched once for all browsers."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from logging import Logger
from typing import TYPE_CHECKING, Any

from labwright.errors import LabwrightError
from labwright.targets.errors import NotFound
from labwright.targets.following import step_key
from labwright.targets.local.record import FINAL

from .stream import Stream

if TYPE_CHECKING:
    from labwright.targets.protocols import PipelineTarget

AT_ONCE = 50
"""Runs of a target that are watched because they are in a list; the others wait for their turn."""
FORGOTTEN = 300.0
"""Seconds without a request after which it is asked whether anybody still listens."""
_SHORTEST_PAUSE = 0.5
_LONGEST_PAUSE = 30.0


@dataclass
class _Watch:
    """A run that is watched, or waits for that."""

    target: PipelineTarget
    run_id: str
    asked: float
    logs: set[tuple[str, str]] = field(default_factory=set)
    """Steps (and turns) whose log somebody reads; an empty turn is any."""
    last: Mapping[str, Any] | None = None
    task: asyncio.Task[None] | None = None
    close_up: bool = False
    """Somebody looks at this very run: it need not wait."""


class Watching:
    """One for each server. Its methods are called on the event loop."""

    def __init__(self, stream: Stream, log: Logger) -> None:
        self._stream = stream
        self._log = log
        self._watches: dict[tuple[str, str], _Watch] = {}
        self._away: set[str] = set()
        self._keeper: asyncio.Task[None] | None = None

    def look(
        self,
        target: PipelineTarget,
        run: Mapping[str, Any],
        *,
        close_up: bool = True,
    ) -> None:
        """Somebody was given this run: tell what becomes of it, unless it is over.

        With `close_up` it is the only one that was asked for, not one of a list.
        """
        if target.kind == "local" or run["state"] in FINAL:
            return
        one = self._known(target, run["run_id"])
        one.close_up = one.close_up or close_up
        self._begin(target.name)

    def read(
        self,
        target: PipelineTarget,
        run_id: str,
        step: str,
        iteration: str | None,
        *,
        begin: bool = True,
    ) -> None:
        """Somebody reads a step's log: tell what is printed from now on.

        A run that nobody watches yet is watched with `begin`; it should not be over.
        """
        if target.kind == "local" or not (begin or (target.name, run_id) in self._watches):
            return
        one = self._known(target, run_id)
        first = not one.logs
        one.close_up = True
        one.logs.add((step, iteration or ""))
        if first and one.task is not None:  # it gives no logs; the next one gives all there are
            one.task.cancel()
            one.task = None
        self._begin(target.name)

    def back(self, target: PipelineTarget, run: Mapping[str, Any]) -> None:
        """A run is in the lists again: tell everybody."""
        self._stream.tell({"type": "run", "run": run})
        self.look(target, run)

    def gone(self, target: PipelineTarget, run_id: str, kind: str) -> None:
        """A run was `deleted` or `archived` here: tell everybody."""
        self._forget(target.name, run_id)
        self._stream.tell({"type": kind, "run_id": run_id, "target": target.name})

    async def close(self) -> None:
        tasks = [one.task for one in self._watches.values() if one.task is not None]
        self._watches.clear()
        if self._keeper is not None:
            tasks.append(self._keeper)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _known(self, target: PipelineTarget, run_id: str) -> _Watch:
        key = target.name, run_id
        one = self._watches.get(key)
        if one is not None and one.target is not target:  # it was opened anew
            self._forget(*key)
            one = None
        if one is None:
            one = self._watches[key] = _Watch(target, run_id, 0.0)
        one.asked = time.monotonic()
        return one

    def _forget(self, name: str, run_id: str) -> None:
        one = self._watches.pop((name, run_id), None)
        if one is not None and one.task is not None:
            one.task.cancel()
            one.task = None

    def _begin(self, name: str) -> None:
        """Watch what waits, as far as there is room."""
        own = [one for one in self._watches.values() if one.target.name == name]
        room = AT_ONCE - sum(one.task is not None and not one.close_up for one in own)
        for one in own:
            if one.task is None and (one.close_up or room > 0):
                room -= not one.close_up
                one.task = asyncio.create_task(self._watch(one), name="labwright watch")
        if self._keeper is None or self._keeper.done():
            self._keeper = asyncio.create_task(self._keep(), name="labwright watches")

    async def _watch(self, one: _Watch) -> None:
        """Tell what becomes of a run until it is over, however often the target goes away."""
        pause = _SHORTEST_PAUSE
        while True:
            try:
                async for change in one.target.watch(one.run_id, logs=bool(one.logs)):
                    pause = _SHORTEST_PAUSE
                    self._there(one.target.name)
                    self._tell(one, change)
                break
            except NotFound:
                self._stream.tell(
                    {"type": "deleted", "run_id": one.run_id, "target": one.target.name}
                )
                break
            except LabwrightError as error:
                self._missing(one.target.name, str(error))
            except Exception:
                self._log.exception("labwright: a run of %s cannot be watched", one.target.name)
            await asyncio.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)
        if self._watches.get((one.target.name, one.run_id)) is one:
            del self._watches[one.target.name, one.run_id]
        self._begin(one.target.name)

    def _tell(self, one: _Watch, change: Mapping[str, Any]) -> None:
        if change["type"] == "log":
            step, turn = step_key({**change, "name": change["step"]})
            if not one.logs & {(step, turn), (step, "")}:
                return
        if change["type"] == "run":
            one.last = change
            self._stream.tell(change)
        else:
            self._stream.tell({**change, "target": one.target.name})

    def _missing(self, name: str, why: str) -> None:
        """A target does not answer any more: said once."""
        if name not in self._away:
            self._away.add(name)
            self._log.warning("labwright: %s: %s", name, why)
            self._stream.tell({"type": "target", "target": name, "state": "lost", "message": why})

    def _there(self, name: str) -> None:
        if name in self._away:
            self._away.discard(name)
            self._stream.tell({"type": "target", "target": name, "state": "connected"})

    async def _keep(self) -> None:
        """Let go of runs that nobody has asked for lately while nobody listens either.

        That they still stand as they did is told again: an event that reaches nobody says so.
        """
        while self._watches:
            await asyncio.sleep(FORGOTTEN / 5)
            border = time.monotonic() - FORGOTTEN
            for one in [one for one in self._watches.values() if one.asked < border]:
                if one.last is None or self._stream.tell(one.last):
                    one.asked = time.monotonic()
                else:
                    self._forget(one.target.name, one.run_id)
