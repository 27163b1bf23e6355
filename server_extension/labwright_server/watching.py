"""Runs of other targets that somebody looks at, watched once for all browsers."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from logging import Logger
from typing import TYPE_CHECKING, Any

from labwright.errors import LabwrightError
from labwright.targets.errors import BadRequest, NotFound, NotOffered, TargetUnreachable
from labwright.targets.following import step_key
from labwright.targets.local.record import FINAL

from .lookout import Lookout
from .presence import Presence
from .stream import Stream

if TYPE_CHECKING:
    from labwright.targets.protocols import PipelineTarget

View = Mapping[str, Any]

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
    asked: float = 0.0
    logs: set[tuple[str, str]] = field(default_factory=set)
    """Steps (and turns) whose log somebody reads; an empty turn is any."""
    close_up: bool = False
    """Somebody looks at this very run: it need not wait."""
    last: View | None = None
    task: asyncio.Task[None] | None = None


class Watching:
    """One for each server. Its methods are called on the event loop."""

    def __init__(self, stream: Stream, presence: Presence, log: Logger) -> None:
        self._stream = stream
        self._presence = presence
        self._log = log
        self._watches: dict[tuple[str, str], _Watch] = {}
        self._lookouts: dict[str, Lookout] = {}
        self._keeper: asyncio.Task[None] | None = None

    def listed(self, target: PipelineTarget, runs: Sequence[View], *, late: bool = False) -> None:
        """Somebody was given these runs of a list: tell what becomes of them, and of new ones.

        A `late` list may be older than what was told of its runs, so that is told again.
        """
        if target.kind == "local":
            return
        for run in runs:
            before = self._watches.get((target.name, run["run_id"]))
            if late and before is not None and before.last is not None:
                self._stream.tell(before.last)
            self._known(target, run)
        self._lookout(target).saw(runs)
        self._begin(target.name)

    def missed(self, target: PipelineTarget, error: LabwrightError) -> None:
        """Somebody asked for runs in vain: tell when the target is there again."""
        if target.kind == "local" or isinstance(error, (BadRequest, NotFound, NotOffered)):
            return
        self._presence.missing(target.name, str(error))
        self._lookout(target).saw(())
        self._begin(target.name)

    def check_there(self, target: PipelineTarget) -> None:
        """Whether a list of many targets need not wait for this one.

        Raises:
            TargetUnreachable: it was not there a moment ago; it is looked for at once.
        """
        why = self._presence.why_away(target.name)
        if why is not None:
            out = self._lookout(target)
            out.saw(())
            out.hurry()
            raise TargetUnreachable(why)

    def look(self, target: PipelineTarget, run: View) -> None:
        """Somebody was given this very run: tell what becomes of it, unless it is over."""
        if target.kind == "local":
            return
        one = self._known(target, run)
        if one is not None:
            one.close_up = True
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
        one = self._watch_of(target, run_id)
        first = not one.logs
        one.close_up = True
        one.logs.add((step, iteration or ""))
        if first and one.task is not None:  # it gives no logs; the next one gives all there are
            one.task.cancel()
            one.task = None
        self._begin(target.name)

    def back(self, target: PipelineTarget, run: View) -> None:
        """A run is in the lists again: tell everybody."""
        self._stream.tell({"type": "run", "run": run})
        self.look(target, run)

    def gone(self, target: PipelineTarget, run_id: str, kind: str) -> None:
        """A run was `deleted` or `archived` here: tell everybody."""
        self._forget((target.name, run_id))
        self._stream.tell({"type": kind, "run_id": run_id, "target": target.name})

    async def close(self) -> None:
        tasks = [one.task for one in self._watches.values()]
        tasks += [self._keeper, *(out.stop() for out in self._lookouts.values())]
        self._watches.clear()
        self._lookouts.clear()
        left = [task for task in tasks if task is not None]
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)

    def _lookout(self, target: PipelineTarget) -> Lookout:
        out = self._lookouts.get(target.name)
        if out is None or out.target is not target:
            if out is not None:
                out.stop()
            out = self._lookouts[target.name] = Lookout(target, self._presence, self._news)
        return out

    def _news(self, target: PipelineTarget, run: View) -> None:
        """A run that no list has had, or that is otherwise than it was there."""
        watched = self._watches.get((target.name, run["run_id"]))
        if watched is None or watched.task is None:
            self._stream.tell({"type": "run", "run": run})
            self._known(target, run)
            self._begin(target.name)

    def _known(self, target: PipelineTarget, run: View) -> _Watch | None:
        return None if run["state"] in FINAL else self._watch_of(target, run["run_id"])

    def _watch_of(self, target: PipelineTarget, run_id: str) -> _Watch:
        key = target.name, run_id
        one = self._watches.get(key)
        if one is not None and one.target is not target:  # it was opened anew
            self._forget(key)
            one = None
        if one is None:
            one = self._watches[key] = _Watch(target, run_id)
        one.asked = time.monotonic()
        return one

    def _forget(self, key: tuple[str, str]) -> None:
        one = self._watches.pop(key, None)
        if one is not None and one.task is not None:
            one.task.cancel()

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
        name, pause, over = one.target.name, _SHORTEST_PAUSE, False
        while not over:
            changes = one.target.watch(one.run_id, logs=bool(one.logs))
            try:
                async for change in changes:
                    pause = _SHORTEST_PAUSE
                    self._presence.there(name)
                    self._tell(one, change)
                over = self._over(one)
            except NotFound:
                self._stream.tell({"type": "deleted", "run_id": one.run_id, "target": name})
                over = self._over(one)
            except LabwrightError as error:
                self._presence.missing(name, str(error))
            except Exception:
                self._log.exception("labwright: run %s of %s cannot be watched", one.run_id, name)
            finally:
                # What is left to the garbage collector keeps its connection.
                end = getattr(changes, "aclose", None)
                if end is not None:
                    await end()
            if not over:
                await asyncio.sleep(pause)
                pause = min(2 * pause, _LONGEST_PAUSE)
        self._begin(name)

    def _over(self, one: _Watch) -> bool:
        """It is watched no more; who asks from here on begins another watch."""
        key = one.target.name, one.run_id
        if self._watches.get(key) is one:
            del self._watches[key]
        return True

    def _tell(self, one: _Watch, change: View) -> None:
        if change["type"] == "run":
            one.last = change
            self._stream.tell(change)
            return
        if change["type"] == "log":
            step, turn = step_key({**change, "name": change["step"]})
            if not one.logs & {(step, turn), (step, "")}:
                return
        self._stream.tell({**change, "target": one.target.name})

    async def _keep(self) -> None:
        """Let go of what nobody has asked for lately, where nobody listens either."""
        while self._watches or self._lookouts:
            await asyncio.sleep(FORGOTTEN / 5)
            border = time.monotonic() - FORGOTTEN
            for name in {one.target.name for one in self._watches.values()} | set(self._lookouts):
                old = [
                    one
                    for one in self._watches.values()
                    if one.target.name == name and one.asked < border
                ]
                out = self._lookouts.get(name)
                out = out if out is not None and out.asked < border else None
                if not old and out is None:
                    continue
                if self._presence.heard(name):
                    for one in old:
                        one.asked = time.monotonic()
                    continue
                for one in old:
                    self._forget((name, one.run_id))
                if out is not None:
                    self._lookouts.pop(name).stop()
