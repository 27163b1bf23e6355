"""A queue of keys: each is worked on by one worker at a time, and again if it changed meanwhile.

What is urgent comes first: servers that somebody waits for, before the status of those there are.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Hashable
from itertools import count
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)

log = logging.getLogger(__name__)

FIRST_DELAY = 0.5
LAST_DELAY = 60.0


class WorkQueue(Generic[K]):
    """Calls `work` for every key that was added; a failure is tried again, later each time."""

    def __init__(self, work: Callable[[K], Awaitable[None]], workers: int) -> None:
        self._work = work
        self._workers = workers
        # Urgent or not, then in the order of coming, then the key.
        self._queue: asyncio.PriorityQueue[tuple[bool, int, K]] = asyncio.PriorityQueue()
        self._number = count()
        self._waiting: set[K] = set()
        self._urgent = 0
        self._active: set[K] = set()
        self._failures: dict[K, int] = {}
        self._later: dict[K, asyncio.TimerHandle] = {}
        self.done = 0
        self.failed = 0

    def __len__(self) -> int:
        """How many keys wait for a worker."""
        return len(self._waiting)

    @property
    def urgent(self) -> bool:
        """Whether something urgent waits for a worker."""
        return self._urgent > 0

    def add(self, key: K, urgent: bool = False) -> None:
        """Have a key worked on, once, however often it is added meanwhile."""
        if key in self._waiting:
            return
        self._waiting.add(key)
        if key not in self._active:
            self._put(key, urgent)

    def add_later(self, key: K, delay: float) -> None:
        """Have a key worked on in some seconds, too."""
        timer = self._later.pop(key, None)
        if timer is not None:
            timer.cancel()

        def now() -> None:
            self._later.pop(key, None)
            self.add(key)

        self._later[key] = asyncio.get_running_loop().call_later(delay, now)

    async def run(self) -> None:
        """Work until cancelled."""
        async with asyncio.TaskGroup() as group:
            for _ in range(self._workers):
                group.create_task(self._run_worker())

    async def _run_worker(self) -> None:
        while True:
            later, _, key = await self._queue.get()
            self._urgent -= not later
            self._waiting.discard(key)
            self._active.add(key)
            try:
                await self._work(key)
            except Exception as error:
                self.failed += 1
                times = self._failures[key] = self._failures.get(key, 0) + 1
                delay = min(FIRST_DELAY * 2 ** (times - 1), LAST_DELAY)
                log.warning("%s: %s; again in %g s", key, error or type(error).__name__, delay)
                self.add_later(key, delay)
            else:
                self._failures.pop(key, None)
            finally:
                self.done += 1
                self._active.discard(key)
                if key in self._waiting:
                    self._put(key, urgent=False)

    def _put(self, key: K, urgent: bool) -> None:
        self._urgent += urgent
        self._queue.put_nowait((not urgent, next(self._number), key))
