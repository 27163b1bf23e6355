"""An API server that fails as told: a proxy before the real one, on loopback, in a thread."""

from __future__ import annotations

import asyncio
import json
import random
import ssl
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import aiohttp
import yaml
from aiohttp import web

from cluster.control_plane import ControlPlane

WRITES = ("POST", "PATCH", "PUT", "DELETE")
_HOP = {"host", "connection", "transfer-encoding", "content-length", "content-encoding"}


class FaultyApi:
    """Forwards what reaches `url`; what it does beside that is counted in `done`."""

    def __init__(self, plane: ControlPlane) -> None:
        self._server = plane.server
        self._trust = ssl.create_default_context(cafile=plane.ca)
        self._random = random.Random(1)
        self._watches: dict[str, set[asyncio.Transport]] = {}
        self._expired: set[str] = set()
        self._blind = False
        self.failing = 0.0
        """The share of calls that fail: refused, too many, broken off before or after the deed."""
        self.conflicting = 0.0
        """The share of writes that are refused as a conflict."""
        self.done: Counter[str] = Counter()
        self.url = ""

    def blind(self) -> None:
        """Break all watches, and let none be made."""
        self._blind = True
        self._loop.call_soon_threadsafe(self._break_watches)

    def see(self, expired: bool) -> None:
        """Allow watches again; those that want to go on where they were may have expired."""
        self._expired = set(self._watches) if expired else set()
        self._blind = False

    def run(self, ready: threading.Event) -> None:
        """Serve until stopped."""
        asyncio.run(self._serve(ready))

    def stop(self) -> None:
        """End the serving."""
        self._loop.call_soon_threadsafe(self._stop.set)

    async def _serve(self, ready: threading.Event) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        connector = aiohttp.TCPConnector(ssl=self._trust, limit=0)
        timeout = aiohttp.ClientTimeout(total=None)
        async with aiohttp.ClientSession(connector=connector, timeout=timeout) as session:
            self._session = session
            app = web.Application(client_max_size=2**26)
            app.router.add_route("*", "/{path:.*}", self._answer)
            runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
            await runner.setup()
            site = web.TCPSite(runner, "127.0.0.1", 0)
            await site.start()
            self.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
            ready.set()
            await self._stop.wait()
            self._break_watches()
            await runner.cleanup()

    def _break_watches(self) -> None:
        for transports in self._watches.values():
            for transport in transports:
                transport.abort()
            transports.clear()

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        if request.query.get("watch") == "true":
            return await self._watch(request)
        body = await request.read()
        fault = self._fault(request.method)
        if fault:
            self.done[fault] += 1
        if fault == "broken":
            return _break_off(request)
        if fault == "refused":
            return _status(500, "etcdserver: request timed out")
        if fault == "too many":
            return _status(429, "too many requests, please try again later")
        if fault == "conflict":
            return _status(409, "the object has been modified; please apply your changes")
        async with self._forward(request, body) as found:
            content = await found.read()
            if fault == "lost":
                return _break_off(request)
            return web.Response(status=found.status, body=content, content_type="application/json")

    def _fault(self, method: str) -> str:
        if method in WRITES and self._random.random() < self.conflicting:
            return "conflict"
        if self._random.random() < self.failing:
            return self._random.choice(["broken", "refused", "too many", "lost"])
        return ""

    async def _watch(self, request: web.Request) -> web.StreamResponse:
        if self._blind:
            return _status(503, "apiserver is shutting down")
        answer = web.StreamResponse(headers={"Content-Type": "application/json"})
        if request.path in self._expired:
            self._expired.discard(request.path)
            self.done["expired"] += 1
            await answer.prepare(request)
            gone = {"kind": "Status", "code": 410, "reason": "Expired"}
            gone["message"] = "too old resource version"
            await answer.write(json.dumps({"type": "ERROR", "object": gone}).encode() + b"\n")
            return answer
        assert request.transport is not None
        self._watches.setdefault(request.path, set()).add(request.transport)
        async with self._forward(request, None) as found:
            await answer.prepare(request)
            try:
                async for part in found.content.iter_any():
                    await answer.write(part)
            except (aiohttp.ClientError, ConnectionError):
                # The watch was broken off, or its watcher went.
                pass
        return answer

    def _forward(self, request: web.Request, body: bytes | None) -> Any:
        headers = {key: value for key, value in request.headers.items() if key.lower() not in _HOP}
        url = f"{self._server}{request.path_qs}"
        return self._session.request(request.method, url, data=body, headers=headers)


def _break_off(request: web.Request) -> web.Response:
    assert request.transport is not None
    request.transport.close()
    return web.Response()


def _status(code: int, message: str) -> web.Response:
    body = {"apiVersion": "v1", "kind": "Status", "code": code, "message": message}
    return web.json_response(body, status=code)


@contextmanager
def faulty_api(plane: ControlPlane, folder: Path) -> Iterator[tuple[FaultyApi, ControlPlane]]:
    """The proxy, and the control plane as one sees it through that."""
    api, ready = FaultyApi(plane), threading.Event()
    thread = threading.Thread(target=api.run, args=(ready,))
    thread.start()
    assert ready.wait(30)
    config: Any = yaml.safe_load(Path(plane.kubeconfig).read_text())
    config["clusters"][0]["cluster"] = {"server": api.url}
    path = folder / "faulty.kubeconfig"
    path.write_text(yaml.safe_dump(config))
    try:
        yield api, replace(plane, kubeconfig=str(path))
    finally:
        api.stop()
        thread.join(20)
