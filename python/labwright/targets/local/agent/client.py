"""Talk to the agent: `AgentClient` for commands, `AsyncAgentClient` for servers.

`connect()` gives a client of the agent that runs, and starts one where there is none.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, overload

from .... import __version__
from ....errors import LabwrightError
from ..home import home
from ..submission import Submission
from .address import PATIENCE, Place, find_socket
from .start import start_agent

if TYPE_CHECKING:
    import httpx

View = dict[str, Any]
SILENCE = 40.0
"""Seconds without a line, not even a heartbeat, after which a stream is lost."""


class AgentError(LabwrightError):
    """What the agent answered. `code` and `status` are the API's."""

    def __init__(self, status: int, code: str, message: str, detail: Any = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.detail = detail


class AgentLost(LabwrightError):
    """There is no agent, or it went away."""

    def __init__(self, why: str) -> None:
        super().__init__(f"the agent does not answer: {why}", hint="`labwright agent --status`")


def _here(environment: Mapping[str, str] | None = None) -> dict[str, Any]:
    """What a run that this process asks for runs with."""
    env = os.environ if environment is None else environment
    return {"python": sys.executable, "env": dict(env)}


def _submission(submission: Submission) -> View:
    return replace(submission, **_here()).to_json()


def _answer(response: httpx.Response) -> View:
    if response.status_code == 204:
        return {}
    try:
        data = response.json()
    except ValueError:
        data = {}
    if response.is_error:
        code, message = data.get("code", "internal-error"), data.get("message", "no reason given")
        raise AgentError(response.status_code, code, message, data.get("detail"))
    found: View = data
    return found


class AgentClient:
    """The agent, one question at a time."""

    def __init__(self, socket: Path) -> None:
        import httpx

        # A socket needs no certificates, and to read them takes longer than to ask.
        transport = httpx.HTTPTransport(uds=str(socket), verify=False)
        self._http = httpx.Client(transport=transport, base_url="http://labwright", timeout=30)

    def status(self) -> View:
        """`agent` (as the HTTP API has it), `ledger`, and how many listen."""
        return self._ask("GET", "/status")

    def submit(self, submission: Submission) -> View:
        """Queue a run, with this process's interpreter and environment."""
        return self._ask("POST", "/runs", _submission(submission))

    def cancel(self, run_id: str) -> View:
        return self._ask("POST", f"/runs/{run_id}/cancel")

    def retry(self, run_id: str) -> View:
        return self._ask("POST", f"/runs/{run_id}/retry", _here())

    def resume(self, run_id: str) -> View:
        return self._ask("POST", f"/runs/{run_id}/resume", _here())

    def delete(self, run_id: str) -> None:
        self._ask("DELETE", f"/runs/{run_id}")

    def stop(self, *, when_idle: bool = False) -> None:
        """Have the agent end, at once or when its runs are over. Runs go on without it."""
        self._ask("POST", "/stop", {"when": "idle" if when_idle else "now"})

    @contextmanager
    def events(self) -> Iterator[Iterator[View]]:
        """What happens from now on; the first is the agent's `hello`. Heartbeats are left out."""
        import httpx

        try:
            with self._http.stream("GET", "/events", timeout=httpx.Timeout(30, read=SILENCE)) as on:
                lines = on.iter_lines()
                yield (event for event in map(json.loads, lines) if event["type"] != "heartbeat")
        except httpx.TransportError as error:
            raise AgentLost(str(error)) from None

    def close(self) -> None:
        self._http.close()

    def __enter__(self) -> AgentClient:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _ask(self, method: str, path: str, body: View | None = None) -> View:
        import httpx

        try:
            return _answer(self._http.request(method, path, json=body))
        except httpx.TransportError as error:
            raise AgentLost(str(error)) from None


class AsyncAgentClient:
    """The same on an event loop."""

    def __init__(self, socket: Path) -> None:
        import httpx

        transport = httpx.AsyncHTTPTransport(uds=str(socket), verify=False)
        self._http = httpx.AsyncClient(transport=transport, base_url="http://labwright", timeout=30)

    async def status(self) -> View:
        return await self._ask("GET", "/status")

    async def submit(self, submission: Submission) -> View:
        return await self._ask("POST", "/runs", _submission(submission))

    async def cancel(self, run_id: str) -> View:
        return await self._ask("POST", f"/runs/{run_id}/cancel")

    async def retry(self, run_id: str) -> View:
        return await self._ask("POST", f"/runs/{run_id}/retry", _here())

    async def resume(self, run_id: str) -> View:
        return await self._ask("POST", f"/runs/{run_id}/resume", _here())

    async def delete(self, run_id: str) -> None:
        await self._ask("DELETE", f"/runs/{run_id}")

    async def servers(self, method: str, path: str, body: View | None = None) -> View:
        """Ask what is about notebook servers or volumes; see `servers_api`."""
        return await self._ask(method, path, body)

    async def stop(self, *, when_idle: bool = False) -> None:
        await self._ask("POST", "/stop", {"when": "idle" if when_idle else "now"})

    @asynccontextmanager
    async def events(self) -> AsyncIterator[AsyncIterator[View]]:
        """What happens from now on; the first is the agent's `hello`. Heartbeats are left out."""
        import httpx

        timeout = httpx.Timeout(30, read=SILENCE)
        try:
            async with self._http.stream("GET", "/events", timeout=timeout) as on:
                yield _events(on)
        except httpx.TransportError as error:
            raise AgentLost(str(error)) from None

    async def close(self) -> None:
        await self._http.aclose()

    async def __aenter__(self) -> AsyncAgentClient:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def _ask(self, method: str, path: str, body: View | None = None) -> View:
        import httpx

        try:
            return _answer(await self._http.request(method, path, json=body))
        except httpx.TransportError as error:
            raise AgentLost(str(error)) from None


async def _events(response: httpx.Response) -> AsyncIterator[View]:
    async for line in response.aiter_lines():
        event = json.loads(line)
        if event["type"] != "heartbeat":
            yield event


@overload
def connect(*, start: Literal[True] = True, root: Path | None = None) -> AgentClient: ...
@overload
def connect(*, start: bool, root: Path | None = None) -> AgentClient | None: ...


def connect(*, start: bool = True, root: Path | None = None) -> AgentClient | None:
    """A client of the agent. Without one there: None, or with `start` one is started.

    An agent of another version that nobody needs is replaced. One that is busy is told to end
    when its runs have, and a LabwrightError says so.
    """
    place = Place(root or home())
    path = find_socket(place)
    if path is not None:
        client = AgentClient(path)
        try:
            if not start or _fits(client, place):
                return client
        except LabwrightError:
            client.close()
            raise
        client.close()
    elif not start:
        return None
    return AgentClient(start_agent(place))


async def connect_async(*, start: bool = True, root: Path | None = None) -> AsyncAgentClient | None:
    """The same for an event loop, which is not held up."""
    client = await asyncio.to_thread(connect, start=start, root=root)
    if client is None:
        return None
    client.close()
    path = Place(root or home()).listening()
    return AsyncAgentClient(path) if path is not None else None


def _fits(client: AgentClient, place: Place) -> bool:
    """Whether the agent is of this version; False when it was of another, or about to end."""
    try:
        status = client.status()
    except AgentLost:
        return False
    about = status["agent"]
    if about["version"] == __version__:
        return True
    if about["active"] or about["queued"]:
        client.stop(when_idle=True)
        raise LabwrightError(
            f"an agent of Labwright {about['version']} is busy with"
            f" {about['active'] + about['queued']} runs, and this is {__version__}",
            hint="it ends when they do; or run in the foreground",
        )
    client.stop()
    deadline = time.monotonic() + PATIENCE
    while find_socket(place) is not None and time.monotonic() < deadline:
        time.sleep(0.02)
    return False
