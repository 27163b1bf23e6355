"""Start the agent in the background."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

from ....errors import LabwrightError
from .address import PATIENCE, Place, find_socket


def start_agent(place: Place) -> Path:
    """Start an agent and wait until it listens; its socket. Several may start one at once."""
    root = place.root
    root.mkdir(parents=True, exist_ok=True, mode=0o700)
    place.rotate_log()
    env = {**os.environ, "LABWRIGHT_HOME": str(root)}
    with place.log.open("ab") as log:
        subprocess.run(
            [sys.executable, "-m", __package__],
            check=True,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env=env,
            cwd=root,
        )
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        found = find_socket(place)
        if found is not None:
            return found
        time.sleep(0.02)
    raise LabwrightError(
        "the agent did not start", where=str(place.log), hint="its log may say why"
    )
