"""Processes that end with the one who started them, however it ended."""

from __future__ import annotations

import ctypes
import os
import random
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping
from pathlib import Path

_PR_SET_PDEATHSIG = 1
# Loaded before any fork: the child has only to call it.
_prctl = ctypes.CDLL(None, use_errno=True).prctl


class ProcessFailed(RuntimeError):
    """A process ended, or did not get ready; says what it wrote last."""


class Processes:
    """Started with `start`; all end with `stop`, or when this process is killed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._cleaning: list[Callable[[], object]] = []

    def start(
        self,
        name: str,
        command: list[str],
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
    ) -> None:
        """Start a program; what it says goes to `NAME.log` in the folder."""
        with open(self.log(name), "ab") as log:
            self._running[name] = subprocess.Popen(
                command,
                env={**os.environ, **(env or {})},
                cwd=cwd or self.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                preexec_fn=_end_with_parent,
            )

    def log(self, name: str) -> Path:
        """Where a process writes."""
        return self.folder / f"{name}.log"

    def scratch(self, name: str) -> Path:
        """A folder, not made yet, that goes when the processes have ended; logs stay."""
        self.at_end(lambda: shutil.rmtree(self.folder / name, ignore_errors=True))
        return self.folder / name

    def at_end(self, clean: Callable[[], object]) -> None:
        """Call this when all processes have ended (unless this process is killed)."""
        self._cleaning.append(clean)

    def pid(self, name: str) -> int:
        """The process's number."""
        return self._running[name].pid

    def wait_for(self, name: str, ready: Callable[[], bool], seconds: float = 60) -> None:
        """Wait until it is ready; `ready` may raise OSError while it is not."""
        deadline = time.monotonic() + seconds
        while True:
            code = self._running[name].poll()
            if code is not None:
                raise ProcessFailed(f"{name} ended with code {code}:\n{self._tail(name)}")
            try:
                if ready():
                    return
            except OSError:
                pass
            if time.monotonic() > deadline:
                raise ProcessFailed(f"{name} is not ready after {seconds:g} s:\n{self._tail(name)}")
            time.sleep(0.05)

    def stop(self) -> None:
        """End all of them. What they hold is thrown away, so nothing is gained by asking nicely."""
        for process in self._running.values():
            process.kill()
        for process in self._running.values():
            process.wait()
        for clean in self._cleaning:
            clean()

    def _tail(self, name: str) -> str:
        lines = self.log(name).read_text(errors="replace").splitlines()
        return "\n".join(lines[-15:])


def _end_with_parent() -> None:
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def free_port() -> int:
    """A free loopback port, below those that the kernel gives to outgoing connections."""
    while True:
        port = random.randrange(20000, 32000)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
