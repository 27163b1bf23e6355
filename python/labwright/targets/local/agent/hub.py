"""Tells every listener what happens, in one order."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import Mapping
from typing import Any

BACKLOG = 4 << 20
"""Bytes that a listener may be behind. One that reads no more is left; it asks anew."""


class Listening:
    """One listener: lines that it has not been sent yet."""

    def __init__(self) -> None:
        self._lines: list[bytes] = []
        self._size = 0
        self._some = asyncio.Event()
        self.closed = False

    def put(self, line: bytes) -> None:
        if self._size + len(line) > BACKLOG:
            self.close()
            return
        self._lines.append(line)
        self._size += len(line)
        self._some.set()

    def close(self) -> None:
        self.closed = True
        self._some.set()

    async def next(self, patience: float) -> bytes:
        """What is new, as soon as there is any; empty when nothing is for that long."""
        try:
            await asyncio.wait_for(self._some.wait(), patience)
        except asyncio.TimeoutError:
            return b""
        self._some.clear()
        lines, self._lines, self._size = self._lines, [], 0
        return b"".join(lines)


class Hub:
    """Events get the agent's epoch and a number, so that a listener knows when it missed one."""

    def __init__(self) -> None:
        self.epoch = secrets.token_hex(8)
        self.seq = 0
        self.listeners: set[Listening] = set()

    def open(self) -> tuple[Listening, bytes]:
        """A new listener, and the line it starts with."""
        one = Listening()
        self.listeners.add(one)
        return one, self.line("hello")

    def close(self, one: Listening) -> None:
        self.listeners.discard(one)

    def line(self, kind: str) -> bytes:
        """A line that is no event: it says where the count stands."""
        return _line({"type": kind, "epoch": self.epoch, "seq": self.seq})

    def publish(self, kind: str, data: Mapping[str, Any]) -> None:
        self.seq += 1
        if self.listeners:
            line = _line({"type": kind, "epoch": self.epoch, "seq": self.seq, **data})
            for one in self.listeners:
                one.put(line)


def _line(data: Mapping[str, Any]) -> bytes:
    return json.dumps(data, allow_nan=False).encode() + b"\n"
