"""A double of KFP's API server, for where the real one cannot be had.

It speaks v2beta1 and really runs what is submitted, with Labwright's engine, in a Labwright home
of its own. What it says is held true by the tests that also run against the real server.
"""

from __future__ import annotations

import asyncio
import json
import threading
from pathlib import Path
from typing import Any

from tornado.httpserver import HTTPServer
from tornado.httputil import HTTPServerRequest
from tornado.netutil import bind_sockets
from tornado.web import Application, RequestHandler

from kfp_double.errors import Refusal, UploadRefusal
from kfp_double.faults import Fault, Faults
from kfp_double.pods import BUCKET, object_at
from kfp_double.requests import ROUTES, Request
from kfp_double.schedules import Clock
from kfp_double.world import World

HOST = "127.0.0.1"
PREFIX = "/apis/v2beta1"
NAMESPACE = "kubeflow"
USER_HEADER = "kubeflow-userid"
LARGEST = 32 << 20


class Double:
    """A running double. `namespaces` gives each user's; for a server for one user it is None."""

    def __init__(self, folder: Path, *, multi_user: bool = False) -> None:
        self.world = World(folder, None if multi_user else NAMESPACE)
        self.multi_user = multi_user
        self.faults = Faults()
        self.asked: list[tuple[str, str]] = []
        self._tokens: dict[str, tuple[str, frozenset[str]]] = {}
        self._ready = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._over = asyncio.Event()
        self._thread = threading.Thread(target=self._serve, name="kfp double", daemon=True)
        self._thread.start()
        self._ready.wait()
        self._clock = Clock(self.world)

    @property
    def endpoint(self) -> str:
        return f"http://{HOST}:{self.port}"

    def user(self, name: str, *namespaces: str) -> str:
        """The token of a new user who may use these namespaces."""
        token = f"token-of-{name}-{len(self._tokens)}"
        self._tokens[token] = name, frozenset(namespaces)
        return token

    def expire(self, token: str) -> None:
        """The token is not known any more."""
        del self._tokens[token]

    def spaces_of(self, request: HTTPServerRequest) -> frozenset[str] | None:
        """The namespaces of who asks."""
        if not self.multi_user:
            return None
        name = request.headers.get(USER_HEADER, "")
        for known, spaces in self._tokens.values():
            if known == name:
                return spaces
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if token in self._tokens:
            return self._tokens[token][1]
        raise Refusal(
            "unauthenticated",
            "Unauthenticated: Request header error: there is no user identity header.: "
            "Failed to authorize the request",
        )

    def stop(self) -> None:
        self._clock.end()
        self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join()
        self.world.end()

    def _serve(self) -> None:
        async def serve() -> None:
            application = Application([(r".*", Handler, {"double": self})])
            server = HTTPServer(application, max_body_size=2 * LARGEST)
            sockets = bind_sockets(0, HOST)
            self.port = sockets[0].getsockname()[1]
            server.add_sockets(sockets)
            self._ready.set()
            await self._over.wait()
            server.stop()
            await server.close_all_connections()

        self._loop.run_until_complete(serve())
        self._loop.close()


class Handler(RequestHandler):
    """Every request."""

    def initialize(self, double: Double) -> None:
        self.double = double

    async def prepare(self) -> None:
        method, path = self.request.method or "", self.request.path
        self.double.asked.append((method, path))
        fault = self.double.faults.of(method, path)
        if fault is not None and await self._before(fault):
            return
        status, body = await asyncio.to_thread(self._answer, method, path)
        if fault is not None and fault.kind == "drop":
            self.detach().close()
            return
        self.set_status(status)
        if isinstance(body, dict):
            self.set_header("Content-Type", "application/json")
            self.finish(json.dumps(body))
        else:
            self.set_header("Content-Type", "text/plain")
            self.finish(body)

    async def _before(self, fault: Fault) -> bool:
        """Do what goes wrong before the request is looked at; whether that was all."""
        if fault.kind == "slow":
            await asyncio.sleep(fault.seconds)
        if fault.kind == "refuse":
            self.detach().close()
            return True
        if fault.kind != "status":
            return False
        self.set_status(fault.status)
        for name, value in fault.headers.items():
            self.set_header(name, value)
        kind = {429: "too_many", 503: "unavailable"}.get(fault.status, "internal")
        self.finish(Refusal(kind, f"made to fail with {fault.status}").body())
        return True

    def _answer(self, method: str, path: str) -> tuple[int, dict[str, Any] | bytes]:
        """Status and body."""
        try:
            if path == f"{PREFIX}/healthz":
                return 200, self._health()
            spaces = self.double.spaces_of(self.request)
            if path.startswith("/apis/v1alpha1/runs/"):
                return self._step_log(path)
            if path == "/artifacts/get":
                return self._object()
            query = {name: self.get_query_argument(name) for name in self.request.query_arguments}
            asked = Request(self.double.world, query, self._body(), self._file(), spaces)
            for known, pattern, answer in ROUTES:
                matched = pattern.match(path.removeprefix(PREFIX))
                if known == method and matched and path.startswith(PREFIX):
                    with self.double.world.lock:
                        return 200, answer(asked, *matched.groups())
            return 404, {"code": 5, "message": "Not Found", "details": []}
        except Refusal as refusal:
            return refusal.status, refusal.body()

    def _health(self) -> dict[str, Any]:
        return {
            "commit_sha": "unknown",
            "tag_name": "2.17.0",
            "multi_user": self.double.multi_user,
            "pipeline_store": "database",
        }

    def _body(self) -> dict[str, Any]:
        media = self.request.headers.get("Content-Type", "")
        if not self.request.body or media.startswith("multipart/"):
            return {}
        try:
            body: dict[str, Any] = json.loads(self.request.body)
        except ValueError as error:
            raise Refusal("invalid", f"proto: syntax error: {error}") from None
        return body

    def _file(self) -> tuple[str, str] | None:
        for file in self.request.files.get("uploadfile", []):
            if len(file.body) > LARGEST:
                raise UploadRefusal("invalid", "Failed to read a pipeline spec file")
            return file.filename, file.body.decode("utf-8", "replace")
        return None

    def _object(self) -> tuple[int, dict[str, Any] | bytes]:
        """What KFP's UI server reads from the store."""
        found = None
        if self.get_query_argument("bucket") == BUCKET:
            found = object_at(self.double.world.store.root, self.get_query_argument("key"))
        return (200, found) if found is not None else (500, b"Failed to get object in bucket")

    def _step_log(self, path: str) -> tuple[int, dict[str, Any] | bytes]:
        parts = path.split("/")
        execution = self.double.world.executions.get(parts[4])
        text = execution.log(parts[6]) if execution and len(parts) == 8 else None
        if text is None:
            # The status is sent before the pod is looked for.
            return 200, UploadRefusal("invalid", f"Failed to read logs for run {parts[4]}").body()
        return 200, text
