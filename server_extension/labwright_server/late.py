"""Answers of targets that are slower than a list waits for."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar, cast

from labwright.targets.errors import TargetTimeout

T = TypeVar("T")

KEPT = 5.0
"""Seconds that a late answer waits for being asked for again."""
RARELY = 30.0
"""Seconds between two calls to ask a target again."""


class Late:
    """A question that is given up goes on. When its answer is there, `call` says so, and who asks
    again gets it. Without this a target that always takes three seconds would never be seen.

    Where several questions to a target are late, one call is made, once all are answered; and
    calls are rare, so that a target that is slow for all times is not asked all the time.
    """

    def __init__(self, call: Callable[[str], None]) -> None:
        self._call = call
        self._late: dict[tuple[str, str], asyncio.Task[Any]] = {}
        self._called: dict[str, float] = {}
        self._due: set[str] = set()

    async def ask(
        self,
        name: str,
        what: str,
        question: Callable[[], Awaitable[T]],
        *,
        patient: bool = False,
    ) -> tuple[T, bool]:
        """The answer of a target, and whether it is one that was late. `what`: the question.

        Raises:
            TargetTimeout: the target is late already, and who asks is not `patient`; the question
                goes on.
        """
        key = name, what
        task = self._late.get(key)
        late = task is not None
        if task is None:
            task = asyncio.ensure_future(question())
        if not (task.done() or patient) and self._waits_for(name):
            self._go_on(key, task)
            raise TargetTimeout("it has not answered yet")
        try:
            return cast("T", await asyncio.shield(task)), late
        except asyncio.CancelledError:
            if not task.done():
                self._go_on(key, task)
            raise

    def _waits_for(self, name: str) -> bool:
        return any(one[0] == name and not task.done() for one, task in self._late.items())

    def _go_on(self, key: tuple[str, str], task: asyncio.Task[Any]) -> None:
        if key not in self._late:
            self._late[key] = task
            task.add_done_callback(lambda _: self._answered(key))

    async def close(self) -> None:
        tasks = list(self._late.values())
        self._late.clear()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _answered(self, key: tuple[str, str]) -> None:
        task = self._late.get(key)
        if task is None:
            return
        loop = asyncio.get_running_loop()
        if task.cancelled() or task.exception() is not None:
            del self._late[key]
        name = key[0]
        if name not in self._due and not self._waits_for(name):
            self._due.add(name)
            since = loop.time() - self._called.get(name, -RARELY)
            loop.call_later(max(0.0, RARELY - since), self._tell, name)

    def _tell(self, name: str) -> None:
        """Call, and keep the answers for a while."""
        self._due.discard(name)
        ready = [place for place, task in self._late.items() if place[0] == name and task.done()]
        if ready:
            loop = asyncio.get_running_loop()
            self._called[name] = loop.time()
            self._call(name)
            loop.call_later(KEPT, self._drop, ready)

    def _drop(self, ready: list[tuple[str, str]]) -> None:
        for place in ready:
            self._late.pop(place, None)
