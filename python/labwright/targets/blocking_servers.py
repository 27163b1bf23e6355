"""A target's notebook servers without `await`: for a command line, a notebook's cell, a script."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from typing import TYPE_CHECKING, Any, TypeVar, cast

from .blocking import Blocking
from .errors import NotOffered

if TYPE_CHECKING:
    from .protocols import PipelineTarget, View
    from .server_protocols import ServersTarget

T = TypeVar("T")


def servers_target(target: PipelineTarget) -> ServersTarget:
    """The same target, to be asked about servers.

    Raises:
        NotOffered: it has none.
    """
    if not target.capabilities.servers:
        hint = "`labwright targets list` shows what there is"
        raise NotOffered(f"no notebook servers run on target {target.name}", hint=hint)
    return cast("ServersTarget", target)


class BlockingServers(Blocking):
    """Asks a target, and waits for its answer: `ask(lambda target: target.servers())`."""

    def __init__(self, target: PipelineTarget) -> None:
        self._servers = servers_target(target)
        super().__init__(target)

    def ask(self, question: Callable[[ServersTarget], Coroutine[Any, Any, T]]) -> T:
        return self._loop.wait(question(self._servers))

    def follow_log(self, name: str) -> Iterator[View]:
        """`follow_server_log`, from its beginning."""
        pieces: AsyncIterator[View] = self._servers.follow_server_log(name)
        return self._loop.iterate(pieces)

    def watch(self) -> Iterator[View]:
        """`watch_servers`; ends only when it is closed."""
        changes: AsyncIterator[View] = self._servers.watch_servers()
        return self._loop.iterate(changes)
