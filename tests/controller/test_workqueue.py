"""The queue: once at a time, again after a failure, never lost."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from labwright_controller import workqueue
from labwright_controller.workqueue import WorkQueue


async def run(work: Callable[[str], Awaitable[None]], until: asyncio.Event, *keys: str) -> None:
    queue = WorkQueue(work, workers=4)
    for key in keys:
        queue.add(key)
    task = asyncio.create_task(queue.run())
    try:
        await asyncio.wait_for(until.wait(), 10)
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def test_a_key_that_changes_meanwhile_is_worked_on_again_but_not_at_once() -> None:
    async def scenario() -> None:
        active = 0
        seen: list[int] = []
        done = asyncio.Event()

        async def work(key: str) -> None:
            nonlocal active
            active += 1
            seen.append(active)
            if len(seen) == 1:
                queue.add(key)
                queue.add(key)
            await asyncio.sleep(0.01)
            active -= 1
            if len(seen) == 2:
                done.set()

        queue = WorkQueue(work, workers=4)
        queue.add("a")
        task = asyncio.create_task(queue.run())
        await asyncio.wait_for(done.wait(), 10)
        await asyncio.sleep(0.05)
        task.cancel()
        assert seen == [1, 1]

    asyncio.run(scenario())


def test_a_failure_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workqueue, "FIRST_DELAY", 0.01)
    tries: list[str] = []

    async def scenario() -> None:
        done = asyncio.Event()

        async def work(key: str) -> None:
            tries.append(key)
            if len(tries) < 4:
                raise OSError("the API server is away")
            done.set()

        await run(work, done, "a")

    asyncio.run(scenario())
    assert tries == ["a"] * 4
