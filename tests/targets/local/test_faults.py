"""Steps that go wrong: the right state, the right words, and what was kept."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from labwright.errors import LabwrightError
from labwright.targets.local.engine import resume_run
from labwright.targets.local.record import StepError
from labwright.targets.local.store import Store

from .ir_by_hand import IR, From, Run, states


def error_of(run: Run, source: str, **more: object) -> StepError:
    ir = IR()
    ir.step("bad", source, **more)  # type: ignore[arg-type]
    record = run(ir)
    assert record.state == "FAILED"
    assert record.steps[0].state == "FAILED"
    assert record.steps[0].error is not None
    return record.steps[0].error


def test_a_step_that_raises(run: Run) -> None:
    error = error_of(run, "print('before'); raise ValueError('no good')")
    assert str(error) == "ExitCode: ended with exit code 1: ValueError: no good"
    assert "before\nTraceback" in error.traceback


def test_a_step_that_exits(run: Run) -> None:
    assert "exit code 3, and printed nothing" in str(error_of(run, "os._exit(3)"))
    assert "exit code 1: give up" in str(error_of(run, "sys.exit('give up')"))


def test_a_step_that_ends_early_though_well(run: Run) -> None:
    error = error_of(run, "os._exit(0)", outputs={"x": "STRING"})
    assert "did not write its output 'x'" in error.evalue


@pytest.mark.parametrize("name", ["SIGKILL", "SIGSEGV"])
def test_a_step_that_is_killed(run: Run, name: str) -> None:
    number = int(signal.Signals[name])
    error = error_of(run, f"os.kill(os.getpid(), {number})")
    assert f"killed by signal {number} ({name})" in error.evalue


def test_outputs_that_are_not_what_was_declared(run: Run) -> None:
    error = error_of(run, "give(n='many')", outputs={"n": "NUMBER_INTEGER"})
    assert "'n' is 'many', which is no NUMBER_INTEGER" in error.evalue
    error = error_of(run, "os.mkfifo(OUT['data'])", makes=("data",))
    assert "neither a file nor a folder" in error.evalue


def test_a_command_that_is_not_there(run: Run) -> None:
    error = error_of(run, "", container={"command": ["no-such-program"], "args": []})
    assert "exit code 127: cannot run no-such-program: No such file" in error.evalue


def test_retries_wait_longer_each_time(run: Run, tmp_path: Path) -> None:
    tries = tmp_path / "tries"
    ir = IR()
    ir.step(
        "flaky",
        f"ledger({str(tries)!r}, 'try'); print('again')\n"
        f"assert len(open({str(tries)!r}).readlines()) > 2",
        retryPolicy={"maxRetryCount": 3, "backoffDuration": "0.1s", "backoffFactor": 3.0},
    )
    seen: list[tuple[str, int]] = []

    def on_event(event: object) -> None:
        if hasattr(event, "retries"):
            seen.append((event.state, event.retries))

    began = time.monotonic()
    record = run(ir, on_event=on_event)
    assert record.state == "SUCCEEDED"
    assert time.monotonic() - began > 0.1 + 0.3
    assert record.steps[0].retries == 2
    assert seen == [
        ("RUNNING", 0), ("FAILED", 0), ("PENDING", 1),
        ("RUNNING", 1), ("FAILED", 1), ("PENDING", 2),
        ("RUNNING", 2), ("SUCCEEDED", 2),
    ]  # fmt: skip
    assert record.steps[0].dir is not None
    assert "AssertionError" in (record.steps[0].dir / "attempt-1" / "log.txt").read_text()


def test_retries_end(run: Run) -> None:
    ir = IR()
    ir.step("bad", "raise ValueError", retryPolicy={"maxRetryCount": 2})
    record = run(ir)
    assert (record.state, record.steps[0].retries) == ("FAILED", 2)


def test_a_time_limit(run: Run) -> None:
    ir = IR()
    ir.step("slow", "import time; print('began'); time.sleep(60)")
    limits = {"exec-slow": {"activeDeadlineSeconds": "1"}}
    platform = {"platforms": {"kubernetes": {"deploymentSpec": {"executors": limits}}}}
    began = time.monotonic()
    record = run(ir, platform=platform)
    assert time.monotonic() - began < 20
    assert str(record.steps[0].error) == "TimeoutError: took longer than 1 s"
    assert Store().log(record.run_id, "slow") == "began\n"


def test_a_memory_limit_counts_the_whole_family(run: Run) -> None:
    resources = {"resources": {"resourceMemoryLimit": "200Mi"}}
    source = "import subprocess; subprocess.run([sys.executable, '-c', %r])"
    hungry = "import time; x = b'x' * (300 << 20); time.sleep(60)"
    error = error_of(run, source % hungry, container=resources)
    assert error.ename == "MemoryError"
    assert "more than its limit of 200 MiB" in error.evalue
    ir = IR()
    ir.step("modest", "x = b'x' * (20 << 20)", container=resources)
    assert run(ir).state == "SUCCEEDED"


def test_a_broken_quantity(run: Run) -> None:
    error = error_of(run, "", container={"resources": {"resourceMemoryLimit": "much"}})
    assert "'much' is no quantity" in error.evalue


def test_what_a_step_leaves_running_ends_with_it(run: Run) -> None:
    ir = IR()
    ir.step("a", "import subprocess; print(subprocess.Popen(['sleep', '600']).pid)")
    record = run(ir)
    assert record.state == "SUCCEEDED"
    pid = int(Store().log(record.run_id, "a"))
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_a_warm_process_that_dies_takes_its_steps_but_not_the_run(run: Run) -> None:
    ir = IR()
    ir.step("killer", "import signal; os.kill(os.getppid(), signal.SIGKILL); os.wait()")
    ir.step("beside", "")
    record = run(ir, parallel=1)
    assert states(record) == {"killer": "FAILED", "beside": "SUCCEEDED"}
    assert "the process of" in str(record.steps[0].error)


def test_an_environment_that_does_not_start(run: Run, tmp_path: Path) -> None:
    broken = tmp_path / "python"
    broken.write_text("#!/bin/sh\necho broken >&2; exit 1\n")
    broken.chmod(0o755)
    ir = IR()
    ir.step("a", "", container={"image": str(broken)})
    record = run(ir)
    assert "broken" in str(record.steps[0].error)
    ir.step("a", "", container={"image": str(tmp_path / "nothing")})
    with pytest.raises(LabwrightError, match="no Python interpreter"):
        run(ir)


def test_a_full_disk_fails_the_step_and_the_run_can_be_taken_up_again(tmp_path: Path) -> None:
    """Labwright's home is a file system of 8 MB, as far as the machine lets us make one."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(disk)]
    if subprocess.run(mount, capture_output=True).returncode != 0:
        pytest.skip("this machine does not let us mount a small file system")
    try:
        ir = IR()
        ir.step("first", "give(x='1')", outputs={"x": "STRING"})
        full = f"""
size = 1 << 10 if os.path.exists({str(tmp_path / "enough")!r}) else 20 << 20
with open(OUT['data'], 'wb') as file: file.write(b'x' * size)
"""
        ir.step("second", full, inputs={"x": From(("first", "x"))}, makes=("data",))
        from labwright.targets.local.engine import run_pipeline

        store = Store(disk)
        record = run_pipeline(ir.spec, store=store, workdir=tmp_path, run_id="full-1")
        assert states(record) == {"first": "SUCCEEDED", "second": "FAILED"}
        assert "No space left on device" in str(record.steps[1].error)
        (tmp_path / "enough").touch()
        record = resume_run("full-1", store=store)
        assert states(record) == {"first": "SUCCEEDED", "second": "SUCCEEDED"}
        store.close()
    finally:
        subprocess.run(["umount", "--lazy", str(disk)], check=True)


FULL = """
import json, resource, signal, sys
from pathlib import Path
from labwright.errors import LabwrightError
from labwright.targets.local.engine import run_pipeline
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
def on_event(event):
    # From now on nothing that this process writes may grow: to SQLite a disk that is full.
    if getattr(event, "state", "") == "RUNNING":
        resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 10, resource.RLIM_INFINITY))
try:
    run_pipeline(json.loads(Path(sys.argv[1]).read_text()), run_id="full-2", on_event=on_event)
except LabwrightError as error:
    print(error)
    sys.exit(2)
"""


def test_a_full_disk_under_the_store_stops_the_run_in_a_sentence(tmp_path: Path) -> None:
    import json
    import sqlite3

    ir = IR()
    for number in range(3):
        ir.step(f"s{number}", "")
    (tmp_path / "spec.json").write_text(json.dumps(ir.spec))
    done = subprocess.run(
        [sys.executable, "-c", FULL, str(tmp_path / "spec.json")],
        capture_output=True, text=True, cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 2, done.stderr
    assert "cannot be written" in done.stdout
    store = Store()
    database = sqlite3.connect(store.root / "labwright.db")
    assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    database.close()
    assert store.run("full-2").state == "FAILED"
    assert resume_run("full-2").state == "SUCCEEDED"
