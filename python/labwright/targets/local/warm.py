"""The engine's side of warm processes: start one for an interpreter, have it run steps."""

from __future__ import annotations

import array
import asyncio
import json
import os
import socket
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import IO, Any, Literal

from ...errors import LabwrightError


class HostDied(Exception):
    """The warm process ended while it was needed."""


class NotStarted(HostDied):
    """The same, before the child was started: another warm process can start it."""


@dataclass(frozen=True)
class Request:
    """What a child is to run: Python code as with `python -u -c`, or another command.

    `modules` of those to be preloaded are waited for: to import them twice at once takes longer.
    """

    kind: Literal["code", "exec"]
    argv: Sequence[str]
    env: dict[str, str]
    cwd: str
    source: str = ""
    exit_file: str = ""
    modules: Sequence[str] = ()


@dataclass
class Child:
    """A step's process. `pid` and `status` are set once known; a signal's status is negative."""

    id: int
    pid: asyncio.Future[int]
    status: asyncio.Future[int]


@dataclass(frozen=True)
class Preload:
    """What steps will need: source to run once, then modules to import."""

    source: str = ""
    modules: tuple[str, ...] = ()


class Host:
    """A warm process and its children. `python` is the interpreter it runs in."""

    def __init__(self, python: str, cwd: str, preload: Preload, env: dict[str, str]) -> None:
        self.python = python
        self.cwd = cwd
        control, theirs = socket.socketpair()
        reports, writer = os.pipe()
        self._control: socket.socket = control
        self._reports = reports
        self._errors: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - open as long as the host
        try:
            self._process = subprocess.Popen(
                [python, "-u", "-c", _server_source(), str(theirs.fileno()), str(writer)],
                pass_fds=(theirs.fileno(), writer),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=self._errors,
                cwd=cwd,
                env=env,
                start_new_session=True,
            )
        except OSError as error:
            control.close()
            os.close(reports)
            raise LabwrightError(
                f"cannot start {python}: {error.strerror}", hint="is it a Python interpreter?"
            ) from error
        finally:
            theirs.close()
            os.close(writer)
        self._children: dict[int, Child] = {}
        self._last = 0
        self._gone = False
        self._text = b""
        self._hello: asyncio.Future[dict[str, Any]] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        body = {"source": preload.source, "modules": preload.modules}
        self._try_send({"op": "preload"}, [_json_file(body)])

    def hold(self, descriptor: int) -> None:
        """Have the warm process keep this descriptor open for as long as it lives."""
        self._try_send({"op": "hold"}, [os.dup(descriptor)])

    def attach(self) -> None:
        """Listen to the process, on the running event loop."""
        self._loop = asyncio.get_running_loop()
        self._hello = self._loop.create_future()
        self._loop.add_reader(self._reports, self._on_report)

    @property
    def alive(self) -> bool:
        return not self._gone and self._process.poll() is None

    async def about(self) -> dict[str, Any]:
        """The interpreter's version and what is installed for it."""
        assert self._hello is not None
        return await asyncio.shield(self._hello)

    def start(self, request: Request, out: tuple[int, int], err: tuple[int, int]) -> Child:
        """Fork a child. `out` and `err` are pipes; their writing ends are closed here."""
        assert self._loop is not None
        self._last += 1
        child = Child(self._last, self._loop.create_future(), self._loop.create_future())
        body = {
            "kind": request.kind,
            "argv": list(request.argv),
            "env": request.env,
            "cwd": request.cwd,
            "source": request.source,
            "exit_file": request.exit_file,
            "modules": list(request.modules),
        }
        descriptors = [_json_file(body), os.dup(out[0]), out[1], os.dup(err[0]), err[1]]
        self._send({"op": "run", "id": child.id}, descriptors)
        self._children[child.id] = child
        return child

    def kill(self, child: Child, number: int) -> None:
        """Send a signal to the child and all that it started."""
        if not child.status.done():
            self._try_send({"op": "kill", "id": child.id, "signal": int(number)}, [])

    def close(self) -> None:
        """Let the process go; it kills what is left of its children and ends."""
        if self._loop is not None and self._reports >= 0:
            self._loop.remove_reader(self._reports)
        self._control.close()
        try:
            self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._reports >= 0:
            os.close(self._reports)
            self._reports = -1
        self._errors.close()

    def _try_send(self, message: dict[str, Any], descriptors: list[int]) -> None:
        """The same where a dead process is no news: whoever waits for its children is told."""
        try:
            self._send(message, descriptors)
        except HostDied:
            pass

    def _send(self, message: dict[str, Any], descriptors: list[int]) -> None:
        """Send a line with descriptors, which are closed here: the other side has its own."""
        data = json.dumps(message).encode() + b"\n"
        extra = []
        if descriptors:
            extra = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", descriptors))]
        try:
            if self._gone:
                raise NotStarted(self._last_words())
            self._control.sendmsg([data], extra)
        except OSError as error:
            self._lost()
            raise NotStarted(self._last_words()) from error
        finally:
            for descriptor in descriptors:
                os.close(descriptor)

    def _on_report(self) -> None:
        data = os.read(self._reports, 65536)
        if not data:
            self._lost()
            return
        *lines, self._text = (self._text + data).split(b"\n")
        for line in lines:
            self._handle(json.loads(line))

    def _handle(self, message: dict[str, Any]) -> None:
        if "hello" in message:
            assert self._hello is not None
            self._hello.set_result(message["hello"])
        elif "pid" in message:
            self._children[message["id"]].pid.set_result(message["pid"])
        else:
            self._children.pop(message["id"]).status.set_result(message["status"])

    def _lost(self) -> None:
        self._gone = True
        if self._loop is not None and self._reports >= 0:
            self._loop.remove_reader(self._reports)
        error = HostDied(self._last_words())
        waiting: list[asyncio.Future[Any]] = [self._hello] if self._hello else []
        for child in self._children.values():
            waiting += [child.pid, child.status]
        self._children.clear()
        for future in waiting:
            if not future.done():
                future.set_exception(error)
                future.exception()  # whoever waits is told; nobody else need be warned

    def _last_words(self) -> str:
        self._errors.seek(0)
        lines = self._errors.read().decode(errors="replace").strip().splitlines()
        reason = f": {lines[-1]}" if lines else ""
        return f"the process of {self.python} that starts steps has ended{reason}"


@dataclass
class Hosts:
    """The warm processes of a run, by name; each is started when first asked for."""

    cwd: str
    lock: int
    running: dict[str, Host] = field(default_factory=dict)

    def get(self, name: str, python: str, preload: Preload, env: dict[str, str]) -> Host:
        """The warm process of this name, a new one if it is not there or has died."""
        host = self.running.get(name)
        if host is None or not host.alive:
            if host is not None:
                host.close()
            host = Host(python, self.cwd, preload, env)
            host.hold(self.lock)
            host.attach()
            self.running[name] = host
        return host

    def close(self) -> None:
        for host in self.running.values():
            host.close()
        self.running.clear()


@cache
def _server_source() -> str:
    return (Path(__file__).parent / "warm_server.py").read_text(encoding="utf-8")


def _json_file(data: Any) -> int:
    """A file without a name that holds the data; in memory where possible, as it has secrets."""
    text = json.dumps(data).encode()
    if hasattr(os, "memfd_create"):
        descriptor = os.memfd_create("labwright")
    else:
        with tempfile.TemporaryFile() as file:
            descriptor = os.dup(file.fileno())
    with os.fdopen(os.dup(descriptor), "wb") as file:
        file.write(text)
    return descriptor
