"""What a target of notebook servers does, so that no caller needs to know which one it has.

All that is awaited may raise `labwright.targets.errors.TargetError`, a LabwrightError. Views are
plain JSON; docs/servers.md shows them. Times are ISO 8601 in UTC, sizes quantities (`20Gi`).
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Literal, Protocol

from .protocols import Capabilities, Kind, View

if TYPE_CHECKING:
    from ..servers.spec import ServerChange, ServerSpec, VolumeSpec

State = Literal["WAITING", "STARTING", "RUNNING", "FAILED", "STOPPING", "STOPPED", "TERMINATING"]
VolumeState = Literal["BOUND", "WAITING", "RESIZING", "LOST", "TERMINATING"]


class ServersTarget(Protocol):
    """A place where notebook servers run, and volumes are.

    Where `capabilities.servers` is False, everything here raises `NotOffered`.
    """

    @property
    def name(self) -> str: ...

    @property
    def kind(self) -> Kind: ...

    @property
    def capabilities(self) -> Capabilities: ...

    async def server_options(self) -> View:
        """What can be chosen for a server: the form, and what it was made of.

        `{"schema", "presets", "images", "gpus": [{"vendor", "name", "total", "free"}],
        "storage_classes", "volumes", "configurations", "defaults", "not_offered": {field: why}}`
        """
        ...

    async def servers(self) -> list[View]:
        """The newest first."""
        ...

    async def server(self, name: str) -> View: ...

    async def create_server(self, spec: ServerSpec) -> View:
        """Make a server and start it, with its new volumes.

        Volumes that were made for a server that could then not be made are taken back.

        Raises:
            Conflict: there is one of that name.
        """
        ...

    async def change_server(self, name: str, change: ServerChange) -> View:
        """Make a server different. One that runs is as it was until it is restarted."""
        ...

    async def start_server(self, name: str) -> View: ...

    async def stop_server(self, name: str) -> View: ...

    async def restart_server(self, name: str) -> View: ...

    async def delete_server(self, name: str, *, volumes: bool = False) -> None:
        """Delete it. `volumes`: with those that were made for it and nobody else uses."""
        ...

    async def server_address(self, name: str) -> View:
        """Where a browser opens it: `{"url", "proxied"}`, with its token where it needs one.

        `proxied`: the URL only works in a browser on this very machine, or by a proxy.

        Raises:
            Conflict: it does not run.
        """
        ...

    async def server_log(self, name: str, *, offset: int = 0, limit: int = 1 << 20) -> View:
        """A piece of its log: `{"text", "offset", "next", "end"}`, in bytes."""
        ...

    def follow_server_log(
        self, name: str, *, offset: int = 0, log: str = ""
    ) -> AsyncIterator[View]:
        """Its log as it is printed: pieces as `server_log` gives, each with its `"log"`.

        The first comes at once, though nothing was printed; the last one has `end`, and comes when
        the server has stopped. `log` tells one start's log from another's: `offset` counts in the
        one that is named, and any other is given from its beginning, as is one that was cut short.
        Connections that break are made again.
        """
        ...

    def watch_servers(self) -> AsyncIterator[View]:
        """How things stand, then what changes, for ever.

        `{"type": "server", "server"}`, `{"type": "server-deleted", "name"}`,
        `{"type": "volume", "volume"}`, `{"type": "volume-deleted", "name"}`. Connections that
        break are made again, and how things stand is told anew.
        """
        ...

    async def volumes(self) -> list[View]:
        """The newest first."""
        ...

    async def create_volume(self, spec: VolumeSpec) -> View: ...

    async def resize_volume(self, name: str, size: str) -> View: ...

    async def delete_volume(self, name: str) -> None:
        """Raises:
        Conflict: it is used; says by whom.
        """
        ...

    async def images(self) -> list[View]:
        """What servers can be made of."""
        ...
