"""However a test session ends, its services end."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

from cluster.processes import Processes, ProcessFailed
from cluster.supervisor import shared

TESTS = Path(__file__).resolve().parents[1]


def sleeper(processes: Processes, message: str) -> dict[str, Any]:
    """A service that two processes make."""
    processes.start("one", ["sleep", "600"])
    processes.start("two", ["sleep", "600"])
    pids = [os.getpid(), processes.pid("one"), processes.pid("two")]
    return {"message": message, "pids": pids}


def broken(processes: Processes) -> dict[str, Any]:
    """A service that does not get ready."""
    processes.start("left", ["sleep", "600"])
    processes.start("bad", [sys.executable, "-c", "raise SystemExit('no disk')"])
    processes.wait_for("bad", lambda: False)
    return {}


SERVICE = "cluster.test_supervisor:sleeper"


def _gone(pids: list[int]) -> bool:
    return not any(_alive(pid) for pid in pids)


def _alive(pid: int) -> bool:
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def _wait(true: Callable[[], bool], seconds: float = 60) -> bool:
    deadline = time.monotonic() + seconds
    while not true() and time.monotonic() < deadline:
        time.sleep(0.05)
    return true()


@pytest.fixture
def owner() -> Any:
    process = subprocess.Popen(["sleep", "600"])
    yield process
    process.kill()
    process.wait()


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_a_service_ends_with_its_owner(
    tmp_path: Path, owner: subprocess.Popen[bytes], how: signal.Signals
) -> None:
    service = shared(SERVICE, tmp_path, owner.pid, message="hello")
    assert service["message"] == "hello"
    assert not _gone(service["pids"])
    owner.send_signal(how)
    owner.wait()
    assert _wait(lambda: _gone(service["pids"]))


def test_its_processes_end_with_a_killed_supervisor(
    tmp_path: Path, owner: subprocess.Popen[bytes]
) -> None:
    pids = shared(SERVICE, tmp_path, owner.pid, message="")["pids"]
    os.kill(pids[0], signal.SIGKILL)
    assert _wait(lambda: _gone(pids))


def test_all_who_ask_share_one(tmp_path: Path, owner: subprocess.Popen[bytes]) -> None:
    code = (
        "import sys, pathlib; from cluster.supervisor import shared\n"
        f"print(shared({SERVICE!r}, pathlib.Path(sys.argv[1]), {owner.pid}, message='')['pids'])"
    )
    command = [sys.executable, "-c", code, str(tmp_path)]
    asking = [
        subprocess.Popen(command, cwd=TESTS, stdout=subprocess.PIPE, text=True) for _ in range(3)
    ]
    answers = {process.communicate()[0] for process in asking}
    assert len(answers) == 1


def test_a_failure_is_told_with_what_the_process_said(
    tmp_path: Path, owner: subprocess.Popen[bytes]
) -> None:
    for _ in range(2):
        with pytest.raises(ProcessFailed, match="no disk"):
            shared("cluster.test_supervisor:broken", tmp_path, owner.pid)


def test_a_killed_pytest_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text(
        "import json, pathlib, time\n"
        "from cluster.supervisor import session_owner, shared\n"
        "def test_it(tmp_path_factory):\n"
        "    folder = pathlib.Path(__file__).parent / 'service'\n"
        f"    shared({SERVICE!r}, folder, session_owner(), message='')\n"
        "    time.sleep(600)\n"
        "def test_too(tmp_path_factory):\n"
        "    test_it(tmp_path_factory)\n"
    )
    command = [sys.executable, "-m", "pytest", "-q", "-n", "2", "-p", "no:cacheprovider"]
    command += [f"--rootdir={tmp_path}", "-c", os.devnull, str(tmp_path)]
    env = {**os.environ, "PYTHONPATH": str(TESTS)}
    for name in [name for name in env if name.startswith("PYTEST_")]:
        del env[name]
    told = tmp_path / "service" / "service.json"
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    pytest_itself = subprocess.Popen(command, cwd=tmp_path, env=env, **quiet)
    try:
        assert _wait(told.exists)
    finally:
        pytest_itself.kill()
        pytest_itself.wait()
    assert _wait(lambda: _gone(json.loads(told.read_text())["pids"]))
