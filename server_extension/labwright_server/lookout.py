"""New runs of a target, whoever began them: no cluster tells of them by itself."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from labwright.errors import LabwrightError

from .presence import Presence

if TYPE_CHECKING:
    from labwright.targets.protocols import PipelineTarget

NEWEST = 20
"""So many runs are looked at each time."""
PAUSE = 10.0
LEAST = 1.0
_LONGEST_PAUSE = 60.0


class Lookout:
    """Asks a target for its newest runs now and then, and says which of them are news."""

    def __init__(
        self,
        target: PipelineTarget,
        presence: Presence,
        news: Callable[[PipelineTarget, Mapping[str, Any]], None],
    ) -> None:
        self.target = target
        self.asked = 0.0
        self._presence = presence
        self._news = news
        self._seen: dict[str, str] = {}
        self._hurry = asyncio.Event()
        self._task = asyncio.create_task(self._look(), name="labwright lookout")

    def saw(self, runs: Sequence[Mapping[str, Any]]) -> None:
        """Somebody was given these runs."""
        self.asked = time.monotonic()
        self._seen.update((run["run_id"], run["state"]) for run in runs)

    def hurry(self) -> None:
        """Somebody waits for the target to be there again."""
        self._hurry.set()

    def stop(self) -> asyncio.Task[None]:
        self._task.cancel()
        return self._task

    async def _look(self) -> None:
        from labwright.targets.local.pages import Wanted

        pause = PAUSE
        while True:
            await self._wait(pause)
            try:
                page = await self.target.runs(Wanted(limit=NEWEST))
            except LabwrightError as error:
                self._presence.missing(self.target.name, str(error))
                pause = min(2 * pause, _LONGEST_PAUSE)
                continue
            pause = PAUSE
            self._presence.there(self.target.name)
            for run in reversed(page.runs):
                if self._seen.get(run["run_id"]) != run["state"]:
                    self._news(self.target, run)
            self._seen = {run["run_id"]: run["state"] for run in page.runs}

    async def _wait(self, pause: float) -> None:
        """Until it is time, or somebody is in a hurry; a moment in any case."""
        least = min(LEAST, pause)
        await asyncio.sleep(least)
        try:
            await asyncio.wait_for(self._hurry.wait(), pause - least)
        except asyncio.TimeoutError:
            pass
        self._hurry.clear()
