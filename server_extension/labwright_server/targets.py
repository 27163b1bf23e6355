"""The targets that the user knows, each opened once for the whole server."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING, cast

from labwright.errors import LabwrightError
from labwright.targets.config import LOCAL, KnownTarget, KnownTargets
from labwright.targets.errors import NotOffered
from labwright.targets.local.target import LocalTarget

if TYPE_CHECKING:
    from labwright.targets.protocols import PipelineTarget
    from labwright.targets.server_protocols import ServersTarget


class Targets:
    """Opened when first asked for, and anew where the user has changed what is known of one."""

    def __init__(self, known: KnownTargets, local: LocalTarget) -> None:
        self.local = local
        self._known = known
        self._open: dict[str, tuple[KnownTarget, PipelineTarget]] = {}
        self._closing: set[asyncio.Task[None]] = set()

    async def known(self) -> dict[str, KnownTarget]:
        """All there are now, this machine first."""
        found = {one.name: one for one in await asyncio.to_thread(self._known.all)}
        for name in [name for name in self._open if name not in found]:
            self._let_go(name)
        return found

    async def listed(self) -> tuple[dict[str, KnownTarget], dict[str, str]]:
        """The same; where the list cannot be read only this machine, and why."""
        try:
            return await self.known(), {}
        except LabwrightError as error:
            return {LOCAL: KnownTarget(LOCAL, kind="local")}, {self._known.file.name: str(error)}

    async def get(self, name: str) -> PipelineTarget:
        """A target by name.

        Raises:
            LabwrightError: there is none of this name, or it cannot be opened.
        """
        if name == LOCAL:
            return self.local
        return self.opened(await asyncio.to_thread(self._known.get, name))

    async def offering_servers(self, name: str) -> ServersTarget:
        """A target by name that runs notebook servers.

        Raises:
            NotOffered: it does not.
        """
        target = await self.get(name)
        if not target.capabilities.servers:
            raise NotOffered("no notebook servers run there", where=name)
        return cast("ServersTarget", target)

    def opened(self, known: KnownTarget) -> PipelineTarget:
        """The target that is known so."""
        if known.name == LOCAL:
            return self.local
        before = self._open.get(known.name)
        if before is not None:
            if before[0] == known:
                return before[1]
            self._let_go(known.name)
        target = self._known.open(known.name)
        self._open[known.name] = known, target
        return target

    async def close(self) -> None:
        for name in list(self._open):
            self._let_go(name)
        await asyncio.gather(*self._closing, self.local.close(), return_exceptions=True)

    def _let_go(self, name: str) -> None:
        """Close a target; what is under way on it ends with an error."""
        _, target = self._open.pop(name)
        task = asyncio.ensure_future(target.close())
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)


def named(remarks: Mapping[str, str]) -> list[dict[str, str]]:
    """What is said of targets that are left out of an answer."""
    return [{"target": name, "message": message} for name, message in remarks.items()]
