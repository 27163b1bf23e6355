"""Servers and volumes of targets that somebody looks at, watched once for all browsers."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from logging import Logger
from typing import TYPE_CHECKING

from labwright.errors import LabwrightError

from .presence import Presence
from .stream import Stream
from .watching import FORGOTTEN

if TYPE_CHECKING:
    from labwright.targets.server_protocols import ServersTarget

_SHORTEST_PAUSE = 0.5
_LONGEST_PAUSE = 30.0


@dataclass
class _Watch:
    target: ServersTarget
    task: asyncio.Task[None]
    asked: float


class Attending:
    """One for each Jupyter server. Its methods are called on the event loop."""

    def __init__(self, stream: Stream, presence: Presence, log: Logger) -> None:
        self._stream = stream
        self._presence = presence
        self._log = log
        self._watches: dict[str, _Watch] = {}

    def attend(self, target: ServersTarget) -> None:
        """Somebody was given what is there: tell what becomes of it."""
        one = self._watches.get(target.name)
        if one is not None and one.target is target and not one.task.done():
            one.asked = time.monotonic()
            return
        if one is not None:  # it was opened anew
            one.task.cancel()
        task = asyncio.create_task(self._watch(target), name="labwright servers")
        self._watches[target.name] = _Watch(target, task, time.monotonic())

    async def close(self) -> None:
        tasks = [one.task for one in self._watches.values()]
        self._watches.clear()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _watch(self, target: ServersTarget) -> None:
        """Tell what becomes of a target's servers until nobody wants to know."""
        pause = _SHORTEST_PAUSE
        keeper = asyncio.create_task(self._keep(target))
        try:
            while True:
                changes = target.watch_servers()
                try:
                    async for change in changes:
                        pause = _SHORTEST_PAUSE
                        self._presence.there(target.name)
                        self._stream.tell({**change, "target": target.name})
                except LabwrightError as error:
                    self._presence.missing(target.name, str(error))
                except Exception:
                    self._log.exception("labwright: servers of %s cannot be watched", target.name)
                finally:
                    # What is left to the garbage collector keeps its connection.
                    end = getattr(changes, "aclose", None)
                    if end is not None:
                        await end()
                await asyncio.sleep(pause)
                pause = min(2 * pause, _LONGEST_PAUSE)
        finally:
            keeper.cancel()

    async def _keep(self, target: ServersTarget) -> None:
        """End the watch once nobody has asked lately, and nobody listens either."""
        while True:
            await asyncio.sleep(FORGOTTEN / 5)
            one = self._watches.get(target.name)
            if one is None or one.target is not target:
                return
            if time.monotonic() - one.asked < FORGOTTEN:
                continue
            if self._presence.heard(target.name):
                one.asked = time.monotonic()
            else:
                del self._watches[target.name]
                one.task.cancel()
                return
