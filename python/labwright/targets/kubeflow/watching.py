"""A run followed to its end: KFP pushes nothing, so it is asked, also after it did not answer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Protocol

from ..errors import NotFound, NotOffered, ServerFailed, TargetUnreachable, TooManyRequests
from ..following import LogFollower, step_key
from ..protocols import View
from .models import FINAL

FIRST, LONGEST = 0.5, 3.0
"""Seconds between two looks: few while much happens, more when nothing does."""
PATIENCE = 20
"""So many looks in a row may fail, each after its own repetitions, before the watch does."""
_ONLY_RUN = ("dir", "diagnostics", "outputs", "steps", "graph")


class _Watched(Protocol):
    async def run(self, run_id: str) -> View: ...

    async def log(
        self,
        run_id: str,
        step: str,
        iteration: str | None = None,
        *,
        offset: int = 0,
        limit: int = 1 << 20,
    ) -> View: ...


class _Logs:
    """The logs of a run that is watched: that one is gone does not end the watch."""

    def __init__(self, target: _Watched) -> None:
        self._target = target

    async def log(
        self,
        run_id: str,
        step: str,
        iteration: str | None = None,
        *,
        offset: int = 0,
        limit: int = 1 << 20,
    ) -> View:
        try:
            return await self._target.log(run_id, step, iteration, offset=offset, limit=limit)
        except (NotFound, NotOffered):
            return {"text": "", "offset": offset, "next": offset, "end": True}


async def watch(target: _Watched, run_id: str, *, logs: bool) -> AsyncIterator[View]:
    follower = LogFollower(_Logs(target), run_id) if logs else None
    known: dict[tuple[str, str], View] = {}
    told: View = {}
    wait, failures = FIRST, 0
    while True:
        try:
            view = await target.run(run_id)
            changed = False
            for step in view["steps"]:
                if known.get(step_key(step)) != step:
                    known[step_key(step)] = step
                    changed = True
                    yield {"type": "step", "run_id": run_id, "step": step}
                if follower is not None:
                    async for line in follower.read(step):
                        changed = True
                        yield line
            failures = 0
        except (TargetUnreachable, ServerFailed, TooManyRequests):
            failures += 1
            if failures >= PATIENCE:
                raise
            await asyncio.sleep(min(LONGEST, FIRST * failures))
            continue
        summary = {name: value for name, value in view.items() if name not in _ONLY_RUN}
        if summary != told:
            told, changed = summary, True
            yield {"type": "run", "run": summary}
        if view["state"] in FINAL:
            return
        wait = FIRST if changed else min(LONGEST, wait * 1.5)
        await asyncio.sleep(wait)
