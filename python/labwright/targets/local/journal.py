"""A run's journal: a line for each change, so that another process can follow the run.

It says what changed, not how: the store has that, and was told first. So a reader who is late
misses nothing, and a torn last line (of an engine that was killed) does no harm.
"""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .rundir import read_json

ADDRESS = "agent.json"
"""In the home folder: where the agent listens, and who it is."""
PATIENCE = 0.05
"""Seconds that a run gives an agent to pick up. It never waits for an answer."""


class Journal:
    """The writing end. A full disk loses lines, never the run."""

    def __init__(self, path: Path) -> None:
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
        self._descriptor = os.open(path, flags, 0o600)

    def run(self, state: str) -> None:
        """The run is now in this state."""
        self._write({"run": state})

    def steps(self) -> None:
        """The list of the run's steps has changed: a loop knows its turns."""
        self._write({"steps": True})

    def step(self, path: str, turn: str, state: str) -> None:
        self._write({"step": path, "turn": turn, "state": state})

    def close(self) -> None:
        os.close(self._descriptor)

    def _write(self, line: Mapping[str, Any]) -> None:
        try:
            os.write(self._descriptor, json.dumps(line).encode() + b"\n")
        except OSError:
            pass


@dataclass
class JournalReader:
    """The reading end: gives the lines that are new and whole."""

    path: Path
    position: int = 0

    def read(self) -> list[dict[str, Any]]:
        try:
            if self.path.stat().st_size <= self.position:
                return []
            with self.path.open("rb") as file:
                file.seek(self.position)
                data = file.read()
        except OSError:
            return []
        whole = data[: data.rfind(b"\n") + 1]
        self.position += len(whole)
        return [line for line in map(_line, whole.splitlines()) if line]


def _line(data: bytes) -> dict[str, Any]:
    try:
        found = json.loads(data)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def announce(home: Path, run_id: str) -> None:
    """Tell the agent, if one listens, that this run goes on. It is not waited for, nor started."""
    found = read_json(home / ADDRESS)
    if not isinstance(found, dict):
        return
    request = (
        f"POST /runs/{run_id}/follow HTTP/1.1\r\nHost: labwright\r\n"
        "Content-Length: 0\r\nConnection: close\r\n\r\n"
    )
    try:
        with socket.socket(socket.AF_UNIX) as one:
            one.settimeout(PATIENCE)
            one.connect(str(found["socket"]))
            one.sendall(request.encode())
    except (OSError, KeyError):
        pass
