"""The agent's HTTP API on its socket, and its life: one at a time, gone when nobody needs it."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
import time
from contextlib import suppress
from pathlib import Path

from tornado.httpserver import HTTPServer
from tornado.iostream import StreamClosedError
from tornado.web import Application, HTTPError, RequestHandler

from .... import __version__
from ....errors import LabwrightError
from ..locks import try_lock
from ..store import Store
from ..submission import Submission
from .address import PATIENCE, Place, find_socket, make_folder, socket_path
from .agent import Agent, Busy
from .handler import Handler
from .servers_api import ROUTES

HEARTBEAT = 15.0
LARGEST = 64 << 20
"""Bytes that a request may have: a notebook with its pipeline."""
IDLE = 300.0


class StatusHandler(Handler):
    def get(self) -> None:
        self.write(self.agent.status())


class RunsHandler(Handler):
    def post(self) -> None:
        self.life.refuse_when_leaving()
        try:
            submission = Submission(**self.body())
        except TypeError as error:
            raise HTTPError(400, log_message=f"no submission: {error}") from None
        self.set_status(201)
        self.write(self.agent.submit(submission))


class RunHandler(Handler):
    async def delete(self, run_id: str) -> None:
        await self.agent.delete(self.row_id(run_id))
        self.set_status(204)


class VerbHandler(Handler):
    def post(self, run_id: str, verb: str) -> None:
        run_id = self.row_id(run_id)
        if verb == "cancel":
            self.write(self.agent.cancel(run_id))
            return
        if verb == "follow":
            self.write(self.agent.follow(run_id))
            return
        self.life.refuse_when_leaving()
        body = self.body()
        python, env = str(body.get("python") or ""), dict(body.get("env") or {})
        only_failed = verb == "retry"
        self.write(self.agent.again(run_id, only_failed=only_failed, python=python, env=env))


class EventsHandler(Handler):
    """Lines for as long as somebody listens."""

    async def get(self) -> None:
        hub = self.agent.hub
        self.listening, hello = hub.open()
        self.set_header("Content-Type", "application/x-ndjson")
        self.write(hello)
        try:
            while not self.listening.closed:
                await self.flush()
                self.write(await self.listening.next(HEARTBEAT) or hub.line("heartbeat"))
        except StreamClosedError:
            pass
        finally:
            hub.close(self.listening)
            self.agent.used = time.monotonic()

    def on_connection_close(self) -> None:
        listening = getattr(self, "listening", None)
        if listening is not None:
            listening.close()


class StopHandler(Handler):
    """`when`: `now` (runs go on by themselves), or once no run is `idle`."""

    def post(self) -> None:
        self.life.leave(at_once=self.body().get("when") != "idle")
        self.set_status(202)
        self.write(self.agent.status())


class Life:
    """From the lock to the end."""

    def __init__(self, agent: Agent, idle: float) -> None:
        self.agent = agent
        self.idle = idle
        self.leaving = False
        self.over = asyncio.Event()
        self._asked = asyncio.Event()

    def leave(self, *, at_once: bool) -> None:
        self.leaving = True
        if at_once or not self.agent.busy:
            self.end()
        self._asked.set()

    def end(self) -> None:
        self.over.set()
        self._asked.set()

    def refuse_when_leaving(self) -> None:
        if self.leaving:
            raise Busy("the agent is about to end", hint="try again once its runs are over")

    async def watch(self) -> None:
        """See when nobody needs the agent any more."""
        while not self.over.is_set():
            watched = self.agent.hub.listeners or self.agent.fleet.active
            needed = self.agent.busy or (watched and not self.leaving)
            if needed:
                self.agent.used = time.monotonic()
            left = self.agent.used + (0 if self.leaving else self.idle) - time.monotonic()
            if left <= 0 and not needed:
                self.over.set()
                return
            patience = 0.2 if self.leaving else max(0.05, min(left, self.idle))
            with suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._asked.wait(), patience)
            self._asked.clear()


def application(life: Life) -> Application:
    given = {"life": life}
    routes: list[tuple[str, type[Handler]]] = [
        (r"/status", StatusHandler),
        (r"/runs", RunsHandler),
        (r"/runs/([^/]+)", RunHandler),
        (r"/runs/([^/]+)/(cancel|retry|resume|follow)", VerbHandler),
        (r"/events", EventsHandler),
        (r"/stop", StopHandler),
        *ROUTES,
    ]
    return Application(
        [(path, handler, given) for path, handler in routes],
        default_handler_class=_Nowhere,
        default_handler_args=given,
        log_function=_no_log,
    )


class _Nowhere(Handler):
    def prepare(self) -> None:
        raise HTTPError(404, log_message=f"there is nothing at {self.request.path}")


def _no_log(_: RequestHandler) -> None:
    """Requests are not worth a line each."""


def listen(path: Path) -> socket.socket:
    """The socket, for its user alone from its first moment on."""
    make_folder(path.parent)
    path.unlink(missing_ok=True)
    one = socket.socket(socket.AF_UNIX)
    before = os.umask(0o177)
    try:
        one.bind(str(path))
    finally:
        os.umask(before)
    one.setblocking(False)
    one.listen(128)
    return one


def serve(idle: float | None = None, max_runs: int | None = None) -> bool:
    """Be the agent until nobody needs one; False when there is one already.

    `idle`: seconds without runs or listeners after which it ends. `max_runs`: how many runs go on
    at a time. Unless given, they are LABWRIGHT_AGENT_IDLE's and LABWRIGHT_AGENT_MAX_RUNS'.
    """
    seconds = idle if idle is not None else _setting("LABWRIGHT_AGENT_IDLE", IDLE)
    places = max_runs or int(_setting("LABWRIGHT_AGENT_MAX_RUNS", 0)) or None
    store = Store()
    store.root.mkdir(parents=True, exist_ok=True, mode=0o700)
    place = Place(store.root)
    lock = _turn(place)
    if lock is None:
        return False
    try:
        asyncio.run(_live(store, place, seconds, places))
    finally:
        store.close()
        os.close(lock)
    return True


def _setting(name: str, default: float) -> float:
    text = os.environ.get(name) or str(default)
    try:
        return float(text)
    except ValueError:
        raise LabwrightError(f"{name} is {text!r}, which is no number") from None


def _turn(place: Place) -> int | None:
    """The lock; None when another agent listens. One that is about to end is waited for."""
    deadline = time.monotonic() + PATIENCE
    while True:
        lock = try_lock(place.lock, 0.1)
        if lock is not None or find_socket(place) or time.monotonic() > deadline:
            return lock


async def _live(store: Store, place: Place, idle: float, max_runs: int | None) -> None:
    agent = Agent(store, max_runs)
    life = Life(agent, idle)
    path = socket_path(store.root)
    server = HTTPServer(application(life), max_buffer_size=LARGEST)
    agent.adopt()
    server.add_socket(listen(path))
    place.write(path, __version__, agent.hub.epoch)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, life.end)
    working = asyncio.create_task(agent.work())
    watching = asyncio.create_task(life.watch())
    try:
        done, _ = await asyncio.wait({working, watching}, return_when=asyncio.FIRST_COMPLETED)
        for one in done:
            one.result()
    finally:
        server.stop()
        place.address.unlink(missing_ok=True)
        path.unlink(missing_ok=True)
        for listening in list(agent.hub.listeners):
            listening.close()
        working.cancel()
        watching.cancel()
        await asyncio.gather(working, watching, return_exceptions=True)
        await agent.fleet.close()


def main() -> int:
    """`python -m labwright.targets.local.agent`: what starts the agent in the background."""
    try:
        serve()
    except LabwrightError as error:
        sys.stderr.write(f"labwright agent: {error}\n")
        return 2
    return 0
