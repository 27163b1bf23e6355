"""A controller as a platform engineer starts it: a process with environment variables."""

from __future__ import annotations

import os
import signal
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from cluster.control_plane import ControlPlane
from cluster.processes import free_port

# Else each call loads all of the machine's authorities, which takes longer than the call.
NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


@dataclass
class Controller:
    """A controller that runs."""

    process: subprocess.Popen[bytes]
    url: str
    log: Path

    def metric(self, name: str) -> float:
        """A metric's value; a counter's that does not exist yet is 0."""
        text = httpx.get(f"{self.url}/metrics", timeout=60, verify=NO_TLS).text
        lines = [line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#")]
        return sum(float(value) for key, value in lines if key == name)

    def writes(self) -> float:
        """How often it wrote to the API."""
        verbs = ("POST", "PATCH", "PUT", "DELETE")
        return sum(self.metric(f'labwright_api_calls_total{{verb="{verb}"}}') for verb in verbs)

    def kill(self) -> None:
        """End it as a crash would."""
        self.process.kill()
        self.process.wait()


@contextmanager
def controller(
    plane: ControlPlane,
    folder: Path,
    wait_for: str = "leads",
    show_log: bool = True,
    **environment: str,
) -> Iterator[Controller]:
    """Start a controller; it is ended in the end."""
    port = free_port()
    env = {
        **os.environ,
        "KUBECONFIG": plane.kubeconfig,
        "LISTEN": f"127.0.0.1:{port}",
        "LEADER_ELECT": "false",
        **environment,
    }
    folder.mkdir(parents=True, exist_ok=True)
    log = folder / f"controller-{port}.log"
    with log.open("wb") as file:
        command = [sys.executable, "-m", "labwright_controller"]
        process = subprocess.Popen(command, env=env, stdout=file, stderr=file)
    found = Controller(process, f"http://127.0.0.1:{port}", log)
    try:
        _wait_until(found, wait_for)
        yield found
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        if show_log:
            print(log.read_text())


def _wait_until(found: Controller, state: str) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and found.process.poll() is None:
        try:
            if httpx.get(f"{found.url}/readyz", verify=NO_TLS).text == state:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    raise TimeoutError(f"the controller does not answer:\n{found.log.read_text()}")
