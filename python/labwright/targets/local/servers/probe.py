"""Asking a server how it is. Nothing that is asked here counts as use of it."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from tornado.httpclient import AsyncHTTPClient, HTTPClientError, HTTPRequest

from .idle import Activity, activity

_PATIENCE = 10.0


class Silent(Exception):
    """It does not answer, or not as a Jupyter server that knows our token."""


class Prober:
    """One for all servers: a connection pool."""

    def __init__(self) -> None:
        self._http = AsyncHTTPClient(force_instance=True, max_clients=64)

    async def ready(self, port: int, base: str, token: str) -> bool:
        """Whether it answers, and lets us in."""
        try:
            return isinstance(await self._ask(port, base, token, "api/status"), dict)
        except Silent:
            return False

    async def activity(self, port: int, base: str, token: str) -> Activity:
        """What is in use.

        Raises:
            Silent: nothing is known of it.
        """
        wanted = ("api/status", "api/kernels", "api/terminals")
        asked = (self._ask(port, base, token, one) for one in wanted)
        status, kernels, terminals = await asyncio.gather(*asked)
        fits = isinstance(status, dict) and isinstance(kernels, list)
        if not fits or not isinstance(terminals or [], list):
            raise Silent
        return activity(status, kernels, terminals or [])

    def close(self) -> None:
        self._http.close()

    async def _ask(self, port: int, base: str, token: str, path: str) -> Any:
        """An answer; None for terminals where there are none, as that part can be left out."""
        request = HTTPRequest(
            f"http://127.0.0.1:{port}{base}{path}?no_track_activity=1",
            headers={"Authorization": f"token {token}"},
            request_timeout=_PATIENCE,
            connect_timeout=_PATIENCE,
            follow_redirects=False,
        )
        try:
            return json.loads((await self._http.fetch(request)).body)
        except HTTPClientError as error:
            if error.code == 404 and path == "api/terminals":
                return None
            raise Silent from None
        except (OSError, ValueError):
            raise Silent from None
