"""What the operations work with: one for each Jupyter server."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from labwright.targets.local.store import Store

from .bridge import Bridge
from .roots import Root

T = TypeVar("T")


class Workbench:
    """The server's folder, the user's store, the way to the agent, and threads for slow work."""

    def __init__(self, root: Root, store: Store, bridge: Bridge, threads: int) -> None:
        self.root = root
        self.store = store
        self.bridge = bridge
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="labwright")

    async def work(self, call: Callable[[], T]) -> T:
        """Do it in a thread: kernels and other panels go on meanwhile."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, call)

    def run_root(self, folder: Path) -> Root:
        """A run's folder. Its outputs are links to the artifacts, which are kept by content."""
        from labwright.targets.local.home import artifacts_folder

        return Root(folder, stores=(artifacts_folder(self.store.root),))

    async def close(self) -> None:
        await self.bridge.close()
        self._threads.shutdown(wait=False, cancel_futures=True)
        self.store.close()
