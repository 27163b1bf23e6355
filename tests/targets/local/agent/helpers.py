"""What the tests of the agent share."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from typing import Any

from labwright.targets.local.agent.address import Place
from labwright.targets.local.home import home
from labwright.targets.local.rundir import read_json
from labwright.targets.local.store import Store
from labwright.targets.local.submission import Submission, prepare

from ..ir_by_hand import IR


def agent_pid() -> int | None:
    found = read_json(Place(home()).address)
    return int(found["pid"]) if found else None


def kill_agent(number: int = signal.SIGKILL) -> None:
    """End the agent of this home, and see it gone."""
    pid = agent_pid()
    if pid is not None:
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            return
        wait_for(lambda: not alive(pid))


def alive(pid: int) -> bool:
    """Whether a process, or what is left of its threads, still holds what it opened."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
            ended = file.read().rpartition(")")[2].split()[0] == "Z"
        # Its first thread is told as ended while others still are about to end.
        return not ended or len(os.listdir(f"/proc/{pid}/task")) > 1
    except OSError:
        return False


def wait_for(true: Callable[[], Any], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def submission(ir: IR, folder: Any, **options: Any) -> Submission:
    return prepare(ir.spec, None, workdir=folder, cache=False, **options).submission


FINAL = ("SUCCEEDED", "FAILED", "CANCELED")


def ended(*ids: str) -> bool:
    store = Store()
    return all(store.run_row(one).state in FINAL for one in ids)


def work(ledger: Any, name: str, seconds: float = 0.0, then: str = "") -> IR:
    """A run of one step that notes that it did its work, then takes its time."""
    ir = IR(name)
    ir.step("work", f"import time; ledger({str(ledger)!r}, {name!r}); time.sleep({seconds}){then}")
    return ir
