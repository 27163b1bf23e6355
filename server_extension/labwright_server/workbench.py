"""What the operations work with: one for each Jupyter server."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from logging import Logger
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from labwright.targets.config import LOCAL
from labwright.targets.local.store import Store

from .attending import Attending
from .bridge import Bridge
from .doors import Doors
from .late import Late
from .presence import Presence
from .roots import Root
from .stream import Stream
from .targets import Targets
from .watching import Watching

if TYPE_CHECKING:
    from labwright.targets.protocols import PipelineTarget, View

T = TypeVar("T")


class Workbench:
    """The server's folder, the targets, what tells of what is there, and threads for slow work."""

    def __init__(
        self,
        root: Root,
        targets: Targets,
        stream: Stream,
        log: Logger,
        *,
        threads: int,
        base_url: str,
    ) -> None:
        self.root = root
        self.targets = targets
        self.bridge = Bridge(targets.local.store, stream, log)
        self.presence = Presence(stream, log)
        self.watching = Watching(stream, self.presence, log)
        self.attending = Attending(stream, self.presence, log)
        self.late = Late(self.presence.ask_again)
        self.doors = Doors(base_url, self._address)
        self.held: set[asyncio.Future[None]] = set()
        """Answers that are held open; each ends when its future is done."""
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="labwright")

    @property
    def store(self) -> Store:
        """The runs of this machine."""
        return self.targets.local.store

    def follow(self, target: PipelineTarget) -> None:
        """Somebody is about to hear of a run on this target; of this machine the agent tells."""
        if target is self.targets.local:
            self.bridge.listen()

    async def work(self, call: Callable[[], T]) -> T:
        """Do it in a thread: kernels and other panels go on meanwhile."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, call)

    def run_root(self, folder: Path) -> Root:
        """A run's folder. Its outputs are links to the artifacts, which are kept by content."""
        from labwright.targets.local.home import artifacts_folder

        return Root(folder, stores=(artifacts_folder(self.store.root),))

    async def _address(self, server: str) -> View:
        return await (await self.targets.offering_servers(LOCAL)).server_address(server)

    async def close(self) -> None:
        for one in [*self.held]:
            if not one.done():
                one.set_result(None)
        await self.late.close()
        await self.watching.close()
        await self.attending.close()
        await self.bridge.close()
        self._threads.shutdown(wait=False, cancel_futures=True)
        await self.targets.close()
