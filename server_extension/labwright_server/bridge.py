"""The agent's events, passed on to every browser through Jupyter's own event log.

The agent's stream is followed once for the whole server, from the first request that wants it. An
agent that ends is missed at once; the next one is found by its socket, and one is started where
runs go on or somebody asks.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from logging import Logger
from typing import TYPE_CHECKING, Any

from labwright.errors import LabwrightError
from labwright.targets.config import LOCAL
from labwright.targets.local.agent.address import Place, find_socket

from .models import AgentStatus
from .stream import Stream

if TYPE_CHECKING:
    from labwright.targets.local.store import Store

_GLANCE = 1.0
_SHORTEST_PAUSE = 0.1
_LONGEST_PAUSE = 30.0


def passed_on(event: Mapping[str, Any]) -> Mapping[str, Any]:
    """One of the agent's events as browsers are told it."""
    if event["type"] == "hello":
        return {"type": "agent", "state": "connected"}
    return event if event["type"] == "run" else {**event, "target": LOCAL}


class Bridge:
    """One for each server. Its methods are called on the event loop."""

    def __init__(self, store: Store, stream: Stream, log: Logger) -> None:
        self._store = store
        self._stream = stream
        self._log = log
        self._asked = asyncio.Event()
        self._under_way: set[str] = set()
        self._following: asyncio.Task[None] | None = None

    def listen(self) -> None:
        """Somebody looks at runs: follow the agent, and start one where there is none."""
        self._asked.set()
        if self._following is None or self._following.done():
            self._following = asyncio.create_task(self._follow(), name="labwright events")

    async def status(self) -> AgentStatus:
        """How the agent is; none is started."""
        from labwright.targets.local.agent.client import connect_async

        try:
            client = await connect_async(start=False, root=self._store.root)
            if client is None:
                return AgentStatus(running=False)
            async with client:
                return AgentStatus.model_validate((await client.status())["agent"])
        except LabwrightError:  # it went while it was asked
            return AgentStatus(running=False)

    async def close(self) -> None:
        """Stop following. The agent goes on by itself."""
        if self._following is not None:
            self._following.cancel()
            await asyncio.gather(self._following, return_exceptions=True)
            self._following = None

    async def _follow(self) -> None:
        """Follow one agent after the other, until this is canceled."""
        pause = _SHORTEST_PAUSE
        while True:
            start = self._asked.is_set() or await asyncio.to_thread(self._some_run_goes_on)
            self._asked.clear()
            try:
                heard = await self._follow_one(start)
            except LabwrightError as error:
                self._log.warning("labwright: %s", error)
                heard = False
            except Exception:
                self._log.exception("labwright: the agent's events cannot be followed")
                heard = False
            if heard:  # who asked meanwhile got what there was
                self._asked.clear()
            pause = _SHORTEST_PAUSE if heard else min(2 * pause, _LONGEST_PAUSE)
            await asyncio.sleep(pause)
            # Runs that were left alone get the next agent at once.
            if not await asyncio.to_thread(self._some_run_goes_on):
                await self._until_there_is_one()

    async def _follow_one(self, start: bool) -> bool:
        """Pass on what one agent tells, for as long as it does; whether there was one."""
        from labwright.targets.local.agent.client import AgentLost, connect_async

        client = await connect_async(start=start, root=self._store.root)
        if client is None:
            return False
        heard = False
        try:
            async with client, client.events() as events:
                async for event in events:
                    heard = True
                    self._keep_count(event)
                    self._stream.tell(passed_on(event))
        except AgentLost as error:
            self._log.debug("labwright: %s", error)
        finally:
            if heard:
                self._stream.tell({"type": "agent", "state": "lost"})
        return heard

    def _keep_count(self, event: Mapping[str, Any]) -> None:
        """Know which runs were going on when the agent was last heard."""
        from labwright.targets.local.record import FINAL

        if event["type"] == "hello":
            self._under_way.clear()
        elif event["type"] == "run" and event["run"]["state"] not in FINAL:
            self._under_way.add(event["run"]["run_id"])
        elif event["type"] in ("run", "deleted"):
            self._under_way.discard(event.get("run_id") or event["run"]["run_id"])

    def _some_run_goes_on(self) -> bool:
        """Whether browsers wait for news: a run goes on, or did when there was none any more."""
        from labwright.targets.local.changes import rows_in
        from labwright.targets.local.record import UNDER_WAY

        return bool(self._under_way) or bool(rows_in(self._store, ("PENDING", *UNDER_WAY)))

    async def _until_there_is_one(self) -> None:
        """Until somebody asks, or an agent listens. To look costs a failed system call."""
        place = Place(self._store.root)
        while not self._asked.is_set() and find_socket(place) is None:
            try:
                await asyncio.wait_for(self._asked.wait(), _GLANCE)
            except asyncio.TimeoutError:
                continue
