"""The way to servers of this machine through the Jupyter server, for browsers that are elsewhere.

Whether a browser is on this machine cannot be told: `localhost` may be the end of a tunnel. So
servers are opened by a path of this Jupyter server wherever jupyter-server-proxy is there.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from .models import ServerAddress

PLACE = "labwright/servers"
"""Below the Jupyter server's base URL; a server has the same path as its own base URL."""
_FRESH = 5.0

Find = Callable[[str], Awaitable[Mapping[str, Any]]]


@dataclass(frozen=True)
class Door:
    """Where a server listens on this machine, and what lets one in."""

    port: int
    token: str


class Doors:
    """Addresses of this machine's servers; `find` is their target's `server_address`."""

    def __init__(self, base_url: str, find: Find) -> None:
        self._base_url = base_url
        self._find = find
        self._known: dict[str, tuple[float, Door]] = {}

    @property
    def open(self) -> bool:
        """Whether there is a way at all."""
        return find_spec("jupyter_server_proxy") is not None

    def through(self, server: str, address: ServerAddress) -> ServerAddress:
        """The address through this Jupyter server, without the token, which is added here.

        A server that another Jupyter server has started may have a path that is not below ours: it
        keeps its own address.
        """
        parts = urlsplit(address.url)
        if not (self.open and parts.path.startswith(f"{self._base_url}{PLACE}/{server}/")):
            return ServerAddress(url=address.url, proxied=False)
        query = parse_qs(parts.query)
        query.pop("token", None)
        rest = f"?{urlencode(query, doseq=True)}" if query else ""
        return ServerAddress(url=f"{parts.path}{rest}", proxied=True)

    async def door(self, server: str) -> Door:
        """Where it listens; a server that starts again may listen elsewhere.

        Raises:
            TargetError: there is none, or it does not run.
        """
        known = self._known.get(server)
        if known is not None and time.monotonic() - known[0] < _FRESH:
            return known[1]
        self._known.pop(server, None)
        parts = urlsplit((await self._find(server))["url"])
        (token,) = parse_qs(parts.query).get("token", [""])
        door = Door(parts.port or 80, token)
        self._known[server] = time.monotonic(), door
        return door
