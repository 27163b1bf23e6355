"""A client of a KFP server: one connection, and the API's resources on it."""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType

from ..config import KnownTarget
from .api.base import PREFIX
from .api.experiments import Experiments
from .api.files import Files
from .api.pipelines import Pipelines, Versions
from .api.runs import RecurringRuns, Runs
from .connection import Connection, connect
from .models import Health
from .transport import Transport


class Client:
    """KFP's API for one event loop. Nothing is sent, and no login read, before it is needed."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self.experiments = Experiments(transport)
        self.pipelines = Pipelines(transport)
        self.versions = Versions(transport)
        self.runs = Runs(transport)
        self.recurring = RecurringRuns(transport)
        self.files = Files(transport)

    async def health(self, timeout: float | None = None) -> Health:
        what = "ask how it is"
        path = f"{PREFIX}/healthz"
        return Health.of(await self._transport.json("GET", path, what, timeout=timeout))

    async def connection(self) -> Connection:
        return await self._transport.connection()

    async def close(self) -> None:
        await self._transport.close()

    async def __aenter__(self) -> Client:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()


def client_of(target: KnownTarget, secret: Callable[[], str] | None = None) -> Client:
    """A client of a known target."""
    return Client(Transport(lambda: connect(target, secret), target.name, target.timeout))
