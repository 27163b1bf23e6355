"""The servers and volumes of this machine, as a `ServersTarget`: the agent acts, the store knows.

What is at rest is read from the store, so that no agent is started to say that nothing runs.
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote, urlencode

from ...errors import Conflict, NotFound
from ...protocols import View

if TYPE_CHECKING:
    from ....servers.spec import ServerChange, ServerSpec, VolumeSpec
    from ..agent.client import AsyncAgentClient
    from ..store import Store

T = TypeVar("T")
GLANCE = 1.0
"""Seconds between looks whether there is an agent, where nothing runs that needs one."""


class LocalServers(ABC):
    """A part of `LocalTarget`. `base_url`: of the Jupyter server that shows the servers.

    Each server's own base URL is below it, so that one may be reached through the other.
    """

    _root: Path

    def __init__(self) -> None:
        self.base_url = "/"

    @abstractmethod
    async def _ask(self, question: Callable[[AsyncAgentClient], Awaitable[T]]) -> T: ...

    @abstractmethod
    async def _read(self, question: Callable[[Store], T]) -> T: ...

    async def server_options(self) -> View:
        from .fleet import default_idle
        from .views import options_view

        return await self._read(lambda store: options_view(store, default_idle()))

    async def servers(self) -> list[View]:
        def at_rest(store: Store) -> list[View] | None:
            from .rows import AT_REST, server_rows, volume_rows
            from .views import server_view

            rows = server_rows(store)
            if any(row.state not in AT_REST for row in rows):
                return None
            volumes = volume_rows(store) if rows else {}
            return [server_view(row, volumes) for row in rows]

        found = await self._read(at_rest)
        if found is None:
            found = (await self._call("GET", "/servers"))["servers"]
        return found

    async def server(self, name: str) -> View:
        for view in await self.servers():
            if view["name"] == name:
                return view
        raise NotFound(f"there is no server {name!r}", hint="`labwright servers list` shows them")

    async def create_server(self, spec: ServerSpec) -> View:
        return await self._call("POST", "/servers", spec=spec.to_json(), base_url=self.base_url)

    async def change_server(self, name: str, change: ServerChange) -> View:
        return await self._call("PATCH", _path("servers", name), **change.to_json())

    async def start_server(self, name: str) -> View:
        return await self._call("POST", _path("servers", name, "start"), base_url=self.base_url)

    async def stop_server(self, name: str) -> View:
        return await self._call("POST", _path("servers", name, "stop"))

    async def restart_server(self, name: str) -> View:
        return await self._call("POST", _path("servers", name, "restart"), base_url=self.base_url)

    async def delete_server(self, name: str, *, volumes: bool = False) -> None:
        more = "?volumes=true" if volumes else ""
        await self._call("DELETE", _path("servers", name) + more)

    async def server_address(self, name: str) -> View:
        view = await self.server(name)
        if view["state"] != "RUNNING":
            hint = view["message"] or f"`labwright servers start {name}`"
            raise Conflict(f"the server {name!r} does not run: it is {view['state']}", hint=hint)

        def read(store: Store) -> View:
            from .place import ServerDir
            from .rows import server_row

            status = server_row(store, name).status
            query = urlencode({"token": ServerDir.of(store.root, name).token()})
            url = f"http://127.0.0.1:{status.port}{status.base}?{query}"
            return {"url": url, "proxied": True}

        return await self._read(read)

    async def server_log(self, name: str, *, offset: int = 0, limit: int = 1 << 20) -> View:
        def read(store: Store) -> View:
            from ..logs import piece, whole_text
            from .place import ServerDir
            from .rows import AT_REST, server_row

            over = server_row(store, name).state in AT_REST
            log = ServerDir.of(store.root, name).log
            data, begin, last = piece(log, offset, limit) if log.is_file() else (b"", offset, True)
            text, used = whole_text(data, final=over and last)
            return {"text": text, "offset": begin, "next": begin + used, "end": over and last}

        return await self._read(read)

    async def follow_server_log(
        self, name: str, *, offset: int = 0, log: str = ""
    ) -> AsyncIterator[View]:
        from .following import follow_log
        from .place import ServerDir
        from .rows import ServerRow, server_row

        async def row() -> ServerRow:
            return await self._read(lambda store: server_row(store, name))

        await row()  # what is no server's name is no place either
        place = await self._read(lambda store: ServerDir.of(store.root, name))
        async with aclosing(follow_log(place, row, offset, log)) as pieces:
            async for piece in pieces:
                yield piece

    async def watch_servers(self) -> AsyncIterator[View]:
        from ..agent.client import AgentLost, connect_async
        from .rows import AT_REST

        known: dict[str, set[str]] = {"server": set(), "volume": set()}
        while True:
            start = any(one["state"] not in AT_REST for one in await self.servers())
            client = await connect_async(start=start, root=self._root)
            if client is None:
                async for change in self._standing(known):
                    yield change
                await self._until_there_is_one()
                continue
            try:
                async with client, client.events() as events:
                    await anext(events)  # its hello: what happens from here on is not missed
                    async for change in self._standing(known):
                        yield change
                    async for event in events:
                        told = _change(event, known)
                        if told is not None:
                            yield told
            except (AgentLost, StopAsyncIteration):  # the next one takes up what goes on
                await asyncio.sleep(0.1)

    async def volumes(self) -> list[View]:
        from .views import volume_views

        return await self._read(volume_views)

    async def create_volume(self, spec: VolumeSpec) -> View:
        return await self._call("POST", "/volumes", **spec.to_json())

    async def resize_volume(self, name: str, size: str) -> View:
        return await self._call("PATCH", _path("volumes", name), size=size)

    async def delete_volume(self, name: str) -> None:
        await self._call("DELETE", _path("volumes", name))

    async def images(self) -> list[View]:
        def read(store: Store) -> list[View]:
            from .images import images
            from .rows import server_rows

            return images([row.asked.image for row in server_rows(store)])

        return await self._read(read)

    async def _standing(self, known: dict[str, set[str]]) -> AsyncIterator[View]:
        """How things stand, and what is gone that was told before."""
        for kind, views in (("server", await self.servers()), ("volume", await self.volumes())):
            names = {view["name"] for view in views}
            for name in sorted(known[kind] - names):
                yield {"type": f"{kind}-deleted", "name": name}
            for view in views:
                yield {"type": kind, kind: view}
            known[kind] = names

    async def _until_there_is_one(self) -> None:
        """Until an agent listens. To look costs a failed system call."""
        from ..agent.address import Place, find_socket

        while await asyncio.to_thread(find_socket, Place(self._root)) is None:
            await asyncio.sleep(GLANCE)

    async def _call(self, method: str, path: str, **body: Any) -> View:
        return await self._ask(lambda agent: agent.servers(method, path, body))


def _change(event: View, known: dict[str, set[str]]) -> View | None:
    """One of the agent's events, if it is about servers or volumes; keeps count of them."""
    kind, _, gone = event["type"].partition("-")
    if kind not in known:
        return None
    if gone:
        known[kind].discard(event["name"])
        return {"type": event["type"], "name": event["name"]}
    known[kind].add(event[kind]["name"])
    return {"type": kind, kind: event[kind]}


def _path(*parts: str) -> str:
    return "".join(f"/{quote(part, safe='')}" for part in parts)
