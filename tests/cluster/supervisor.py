"""One service for all workers of a test session, started by the first that needs it.

The service runs in a process of its own, the supervisor, which ends it when pytest ends: also
when pytest is killed, since it watches the process and nothing has to be told. The supervisor's
children in turn die with the supervisor (see processes.py).
"""

from __future__ import annotations

import argparse
import fcntl
import importlib
import json
import os
import select
import signal
import subprocess
import sys
import time
import traceback
from pathlib import Path
from typing import Any

from cluster.processes import Processes, ProcessFailed

TESTS = Path(__file__).resolve().parents[1]

# They outlive whoever asked; kept so that none is taken for forgotten.
_supervisors: list[subprocess.Popen[bytes]] = []


def shared(function: str, folder: Path, owner: int, **arguments: Any) -> dict[str, Any]:
    """What `module:function` told of the service it started; starts it where nobody has yet.

    It is called as `function(processes, **arguments)`, gives back what JSON can hold, and its
    service lives as long as the process `owner`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    told = folder / "service.json"
    with open(folder / ".lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not told.exists():
            supervisor = _start(function, folder, owner, arguments)
            while not told.exists():
                if supervisor.poll() is not None:
                    raise ProcessFailed((folder / "supervisor.log").read_text())
                time.sleep(0.05)
    answer: dict[str, Any] = json.loads(told.read_text())
    if "failed" in answer:
        raise ProcessFailed(f"{answer['failed']}\n(more in {folder})")
    return answer


def session_owner() -> int:
    """The process that is the test session: pytest, or under pytest-xdist the workers' parent."""
    return os.getppid() if "PYTEST_XDIST_WORKER" in os.environ else os.getpid()


def _start(
    function: str, folder: Path, owner: int, arguments: dict[str, Any]
) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "cluster.supervisor", function, str(folder)]
    command += ["--owner", str(owner), "--arguments", json.dumps(arguments)]
    with open(folder / "supervisor.log", "ab") as log:
        supervisor = subprocess.Popen(
            command,
            cwd=TESTS,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            # Ctrl-C is for pytest; the supervisor sees pytest end.
            start_new_session=True,
        )
    _supervisors.append(supervisor)
    return supervisor


def main() -> None:
    """Start the service, tell of it, wait until the owner ends, end the service."""
    parser = argparse.ArgumentParser()
    parser.add_argument("function")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--owner", type=int, required=True)
    parser.add_argument("--arguments", type=json.loads, default={})
    options = parser.parse_args()

    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    processes = Processes(options.folder)
    try:
        owner = os.pidfd_open(options.owner)
        module, _, function = options.function.partition(":")
        start = getattr(importlib.import_module(module), function)
        _tell(options.folder, start(processes, **options.arguments))
        select.select([owner], [], [])
    except Exception as error:
        traceback.print_exc()
        _tell(options.folder, {"failed": str(error) or repr(error)})
    finally:
        processes.stop()


def _tell(folder: Path, answer: dict[str, Any]) -> None:
    # It holds tokens.
    part = folder / "service.json.part"
    part.touch(mode=0o600)
    part.write_text(json.dumps(answer))
    part.replace(folder / "service.json")


if __name__ == "__main__":
    main()
