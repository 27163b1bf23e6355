"""One request to a KFP server: sent, sent again where that is safe, answered or an error."""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from ...errors import LabwrightError
from ..errors import NotLoggedIn, TargetError, TargetTimeout, TargetUnreachable, UntrustedServer
from .answers import error_of, not_json
from .connection import Connection
from .retry import TRIES, Failure, Tried, may_repeat, pause, retry_after

if TYPE_CHECKING:
    import httpx

PATIENCE = 3.0
"""A request with its repetitions may take this many times the time of one."""


class Transport:
    """Requests over one connection. Made ready when it is first needed, and anew on another event
    loop: a connection belongs to one."""

    def __init__(self, connect: Callable[[], Connection], name: str, timeout: float = 30.0) -> None:
        self._connect = connect
        self._where = f"target {name}"
        self._timeout = timeout
        self._ready: tuple[Connection, httpx.AsyncClient] | None = None
        self._opening = asyncio.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None

    async def connection(self) -> Connection:
        return (await self._open())[0]

    async def json(
        self,
        method: str,
        path: str,
        what: str,
        *,
        repeatable: bool | None = None,
        **request: Any,
    ) -> dict[str, Any]:
        """Ask for JSON. `what` says, in an error, what was asked."""
        response = await self.send(method, path, what, repeatable=repeatable, **request)
        body, media = response.content, response.headers.get("content-type", "")
        if not body.strip():
            return {}
        try:
            found = response.json()
        except ValueError:
            found = None
        if not isinstance(found, dict):
            raise not_json(response.status_code, body, media, what, self._where)
        return found

    async def send(
        self,
        method: str,
        path: str,
        what: str,
        *,
        repeatable: bool | None = None,
        base: str | None = None,
        timeout: float | None = None,
        **request: Any,
    ) -> httpx.Response:
        """Ask, and again where it is safe. `repeatable`: to ask twice is the same as once; what
        only reads or deletes is so unless said otherwise."""
        if repeatable is None:
            repeatable = method in ("GET", "HEAD", "DELETE")
        limit = timeout or self._timeout
        deadline = time.monotonic() + limit * PATIENCE
        attempt, renewed = 0, False
        while True:
            attempt += 1
            sent, outcome = await self._once(method, path, what, base, limit, request)
            if not isinstance(outcome, tuple):
                return outcome
            tried, error = outcome
            if tried.status == 401 and not renewed and await self._renewed(sent):
                renewed = True  # a refused login did nothing, so any request may go again
                continue
            wait = pause(tried, attempt)
            late = time.monotonic() + wait > deadline
            if attempt >= TRIES or late or not may_repeat(tried, repeatable=repeatable):
                raise error
            await asyncio.sleep(wait)

    async def _once(
        self,
        method: str,
        path: str,
        what: str,
        base: str | None,
        limit: float,
        request: Mapping[str, Any],
    ) -> tuple[Mapping[str, str], httpx.Response | tuple[Tried, TargetError]]:
        import httpx

        connection, client = await self._open()
        headers = await self._headers(connection)
        url = f"{connection.api if base is None else base}{path}"
        try:
            response = await asyncio.wait_for(
                client.request(
                    method,
                    url,
                    headers={**headers, **request.get("headers", {})},
                    **{key: value for key, value in request.items() if key != "headers"},
                ),
                limit,
            )
        except (httpx.InvalidURL, httpx.UnsupportedProtocol) as error:
            raise TargetUnreachable(
                f"{what}: {url!r} is no URL: {error}", where=self._where
            ) from None
        except (httpx.TransportError, asyncio.TimeoutError) as error:
            return headers, self._failed(error, what, url, limit)
        if response.is_success:
            return headers, response
        wait = retry_after(response.headers.get("retry-after"), time.time())
        media = response.headers.get("content-type", "")
        error_ = error_of(response.status_code, response.content, media, what, self._where)
        return headers, (Tried("status", response.status_code, wait), error_)

    def _failed(
        self, error: BaseException, what: str, url: str, limit: float
    ) -> tuple[Tried, TargetError]:
        """What became of a request that has no answer."""
        import httpx

        unsent = isinstance(error, (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout))
        failure: Failure = "unsent" if unsent else "lost"
        said = " ".join(str(error).split()) or type(error).__name__
        found: TargetError
        if isinstance(error, (httpx.TimeoutException, asyncio.TimeoutError)):
            found = TargetTimeout(
                f"{what}: no answer within {limit:g} s", where=self._where, hint=f"is {url} slow?"
            )
        elif "CERTIFICATE" in said.upper() or isinstance(error.__cause__, ssl.SSLError):
            found = UntrustedServer(
                f"{what}: {said}",
                where=self._where,
                hint="name the authority that signed it: --ca FILE",
            )
            return Tried("status", 495), found
        else:
            found = TargetUnreachable(
                f"{what}: {url} does not answer: {said}"
                if unsent
                else f"{what}: the connection was lost: {said}",
                where=self._where,
                hint="is it up, and reachable from here?" if unsent else "",
            )
        return Tried(failure), found

    @asynccontextmanager
    async def stream(
        self, method: str, path: str, what: str, *, base: str | None = None, **request: Any
    ) -> AsyncIterator[httpx.Response]:
        """An answer to be read piece by piece; asked for once."""
        import httpx

        connection, client = await self._open()
        headers = await self._headers(connection)
        url = f"{connection.api if base is None else base}{path}"
        try:
            async with client.stream(method, url, headers=dict(headers), **request) as response:
                if not response.is_success:
                    body, media = await response.aread(), response.headers.get("content-type", "")
                    raise error_of(response.status_code, body, media, what, self._where)
                yield response
        except httpx.TransportError as error:
            raise self._failed(error, what, url, self._timeout)[1] from None

    async def _headers(self, connection: Connection) -> Mapping[str, str]:
        return await asyncio.to_thread(connection.headers)

    async def _renewed(self, sent: Mapping[str, str]) -> bool:
        """Whether the login that was refused is another by now."""
        connection, _ = await self._open()
        return connection.renews and await self._headers(connection) != sent

    async def _open(self) -> tuple[Connection, httpx.AsyncClient]:
        loop = asyncio.get_running_loop()
        if self._loop is not loop:
            self._loop, self._ready, self._opening = loop, None, asyncio.Lock()
        async with self._opening:
            if self._ready is None:
                import httpx

                try:
                    connection = await asyncio.to_thread(self._connect)
                except LabwrightError as error:
                    if isinstance(error, TargetError):
                        raise
                    raise NotLoggedIn(error.what, where=error.where, hint=error.hint) from None
                client = httpx.AsyncClient(
                    verify=connection.trust,
                    timeout=httpx.Timeout(self._timeout, pool=self._timeout),
                    headers={"Accept": "application/json"},
                    follow_redirects=False,
                )
                self._ready = connection, client
            return self._ready

    async def close(self) -> None:
        ready, self._ready = self._ready, None
        if ready is not None:
            await ready[1].aclose()
