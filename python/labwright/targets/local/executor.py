"""Run one process of a step: its pipes, its log, its limits, and how it ended."""

from __future__ import annotations

import asyncio
import os
import signal
from codecs import getincrementaldecoder
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from .events import Stream
from .limits import in_words, memory_of
from .record import StepError
from .warm import Child, Host, Request

PATIENCE = 5.0
"""Seconds between asking a step to end and ending it."""
LOOK = 0.1
"""Seconds between looks at a step's memory."""
LONGEST_LINE = 1 << 16
LAST_LINES, LAST_BYTES = 50, 20_000
"""How much of what a step printed goes into its error."""

OnLine = Callable[[Stream, str], None]
Stopped = Literal["", "canceled", "timeout", "memory"]


@dataclass(frozen=True)
class Limits:
    """`timeout` in seconds, `memory` in bytes; None where there is no limit."""

    timeout: float | None = None
    memory: int | None = None


@dataclass(frozen=True)
class Ending:
    """`status` is the exit code, or minus the signal's number. `used`: bytes, when too many.

    `tail` is the end of what was printed.
    """

    status: int
    stopped: Stopped = ""
    used: int = 0
    tail: str = ""


async def run_process(
    host: Host,
    request: Request,
    limits: Limits,
    log: Path,
    on_line: OnLine,
    stop: asyncio.Event,
) -> Ending:
    """Run it to its end, or stop it when a limit is passed or `stop` is set."""
    out, err = os.pipe(), os.pipe()
    with Log(log) as file:
        readers = [
            await _read(out[0], "stdout", file, on_line),
            await _read(err[0], "stderr", file, on_line),
        ]
        try:
            child = host.start(request, out, err)
            ending = await _watch(host, child, limits, stop)
            # What the step started in the background was killed with it, so the pipes close.
            await asyncio.wait([reader.closed for reader in readers], timeout=2)
        finally:
            for reader in readers:
                reader.close()
            for reading, _ in (out, err):
                os.close(reading)
    return replace(ending, tail=file.tail)


class Log:
    """A step's log file. A full disk loses log lines, never the run nor what its error says."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("ab", buffering=0)
        self._tail = b""

    def __enter__(self) -> Log:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    @property
    def tail(self) -> str:
        lines = self._tail.decode(errors="replace").splitlines()
        return "\n".join(lines[-LAST_LINES:])

    def write(self, data: bytes) -> None:
        self._tail = (self._tail + data)[-LAST_BYTES:]
        try:
            self._file.write(data)
        except OSError:
            pass


class _Reader(asyncio.Protocol):
    """Copies a pipe to the log as it comes, and tells its lines."""

    def __init__(self, stream: Stream, log: Log, on_line: OnLine) -> None:
        self.stream = stream
        self.log = log
        self.on_line = on_line
        self.closed = asyncio.get_running_loop().create_future()
        self._decoder = getincrementaldecoder("utf-8")("replace")
        self._rest = ""
        self._transport: asyncio.BaseTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self.log.write(data)
        *lines, self._rest = (self._rest + self._decoder.decode(data)).split("\n")
        for line in lines:
            self.on_line(self.stream, line)
        if len(self._rest) > LONGEST_LINE:
            self.on_line(self.stream, self._rest)
            self._rest = ""

    def connection_lost(self, _: Exception | None) -> None:
        if self._rest:
            self.on_line(self.stream, self._rest)
            self._rest = ""
        if not self.closed.done():
            self.closed.set_result(None)

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()


async def _read(descriptor: int, stream: Stream, log: Log, on_line: OnLine) -> _Reader:
    pipe = os.fdopen(os.dup(descriptor), "rb", buffering=0)
    loop = asyncio.get_running_loop()
    _, reader = await loop.connect_read_pipe(lambda: _Reader(stream, log, on_line), pipe)
    return reader


async def _watch(host: Host, child: Child, limits: Limits, stop: asyncio.Event) -> Ending:
    """Wait for the child's end; bring it about where something says so."""
    guards: dict[asyncio.Task[int], Stopped] = {
        asyncio.create_task(_when_set(stop)): "canceled",
    }
    if limits.timeout is not None:
        guards[asyncio.create_task(asyncio.sleep(limits.timeout, 0))] = "timeout"
    if limits.memory is not None:
        guards[asyncio.create_task(_over_memory(child, limits.memory))] = "memory"
    try:
        done, _ = await asyncio.wait([child.status, *guards], return_when=asyncio.FIRST_COMPLETED)
        if child.status in done:
            return Ending(child.status.result())
        guard = next(one for one in guards if one in done)
        status = await _end(host, child, at_once=guards[guard] == "memory")
        return Ending(status, guards[guard], guard.result())
    finally:
        for guard in guards:
            guard.cancel()


async def _when_set(event: asyncio.Event) -> int:
    await event.wait()
    return 0


async def _over_memory(child: Child, limit: int) -> int:
    """Wait until the child uses more memory than it may; how much that is."""
    pid = await asyncio.shield(child.pid)
    while (used := memory_of(pid)) <= limit:
        await asyncio.sleep(LOOK)
    return used


async def _end(host: Host, child: Child, *, at_once: bool) -> int:
    """Have the child end: ask, wait a little, then kill."""
    if not at_once:
        host.kill(child, signal.SIGTERM)
        await asyncio.wait([child.status], timeout=PATIENCE)
    host.kill(child, signal.SIGKILL)
    return await child.status


def failure(ending: Ending, limits: Limits) -> StepError:
    """Why a process that did not end well failed, in words."""
    if ending.stopped == "timeout":
        return StepError(
            "TimeoutError", f"took longer than {limits.timeout:g} s", None, ending.tail
        )
    if ending.stopped == "memory":
        used, limit = in_words(ending.used), in_words(limits.memory or 0)
        return StepError("MemoryError", f"used {used}, more than its limit of {limit}")
    if ending.status < 0:
        name = _signal_name(-ending.status)
        why = "; the kernel does this when memory runs out" if name == "SIGKILL" else ""
        text = f"killed by signal {-ending.status} ({name}){why}"
        return StepError("Killed", text, None, ending.tail)
    last = ending.tail.rstrip().rpartition("\n")[2].strip()
    reason = f": {last}" if last else ", and printed nothing"
    return StepError("ExitCode", f"ended with exit code {ending.status}{reason}", None, ending.tail)


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return "unknown"
