"""Stopping a run: from its own process, from another, by a signal, by a listener that fails."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from labwright.errors import LabwrightError
from labwright.targets.local.engine import cancel_run, resume_run, run_pipeline
from labwright.targets.local.store import Store

from .ir_by_hand import IR, Run, states

ENGINE = """
import json, sys
from pathlib import Path
from labwright.targets.local.engine import run_pipeline
def on_event(event):
    if getattr(event, "text", "") == "here":
        print("here", flush=True)
record = run_pipeline(json.loads(Path(sys.argv[1]).read_text()), run_id="slow-1", on_event=on_event)
print(record.state, flush=True)
"""


def slow() -> IR:
    ir = IR("slow")
    ir.step("before", "")
    ir.step("slow", "import time; print('here'); time.sleep(60)", after=("before",))
    ir.step("after", "", after=("slow",))
    body = ir.group("exit-handler-1", after=("after",))
    ir.step("inner", "", dag=body)
    ir.exit_step("last", "", "exit-handler-1")
    return ir


EXPECTED = {
    "before": "SUCCEEDED",
    "slow": "CANCELED",
    "after": "CANCELED",
    "inner": "CANCELED",
    "last": "CANCELED",
}


def test_from_the_same_process(run: Run) -> None:
    cancel, seen = threading.Event(), []

    def on_event(event: object) -> None:
        seen.append(event)
        if getattr(event, "text", "") == "here":
            cancel.set()

    began = time.monotonic()
    record = run(slow(), cancel=cancel, on_event=on_event)
    assert record.state == "CANCELED"
    assert states(record) == EXPECTED
    assert time.monotonic() - began < 20
    assert Store().log(record.run_id, "slow") == "here\n"


def start(tmp_path: Path) -> subprocess.Popen[str]:
    (tmp_path / "spec.json").write_text(json.dumps(slow().spec))
    command = [sys.executable, "-c", ENGINE, str(tmp_path / "spec.json")]
    engine = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, text=True)
    assert engine.stdout is not None
    assert engine.stdout.readline() == "here\n"
    return engine


def test_from_another_process_and_then_taken_up_again(tmp_path: Path) -> None:
    with start(tmp_path) as engine:
        assert Store().run("slow-1").state == "RUNNING"
        assert cancel_run("slow-1").state in ("RUNNING", "CANCELING", "CANCELED")
        assert engine.stdout is not None
        assert engine.stdout.read() == "CANCELED\n"
    assert states(Store().run("slow-1")) == EXPECTED
    with pytest.raises(LabwrightError, match="nothing to cancel"):
        cancel_run("slow-1")
    pipeline = Store().dir("slow-1").pipeline
    pipeline.write_text(pipeline.read_text().replace("time.sleep(60)", "time.sleep(0)"))
    record = resume_run("slow-1")
    assert set(states(record).values()) == {"SUCCEEDED"}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_by_a_signal(tmp_path: Path, number: signal.Signals) -> None:
    with start(tmp_path) as engine:
        engine.send_signal(number)
        assert engine.stdout is not None
        assert engine.stdout.read() == "CANCELED\n"
    assert states(Store().run("slow-1")) == EXPECTED


def test_a_run_whose_engine_is_dead(tmp_path: Path) -> None:
    with start(tmp_path) as engine:
        engine.kill()
    deadline = time.monotonic() + 10
    while Store().dir("slow-1").running:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    record = cancel_run("slow-1")
    assert record.state == "CANCELED"
    assert states(record) == EXPECTED


def test_a_step_may_end_itself_well(run: Run) -> None:
    ir = IR("slow")
    source = """
import signal, time
signal.signal(signal.SIGTERM, lambda *_: (print('bye'), sys.exit(143)))
print('here')
time.sleep(60)
"""
    ir.step("slow", source)
    cancel = threading.Event()
    record = run(
        ir, cancel=cancel,
        on_event=lambda event: cancel.set() if getattr(event, "text", "") == "here" else None,
    )  # fmt: skip
    assert states(record) == {"slow": "CANCELED"}
    assert Store().log(record.run_id, "slow") == "here\nbye\n"


def test_while_it_waits_for_a_retry(run: Run) -> None:
    ir = IR("slow")
    ir.step(
        "bad", "raise ValueError", retryPolicy={"maxRetryCount": 3, "backoffDuration": "60s"}
    )  # fmt: skip
    cancel = threading.Event()
    record = run(
        ir, cancel=cancel,
        on_event=lambda event: cancel.set() if getattr(event, "retries", 0) else None,
    )  # fmt: skip
    assert (record.state, record.steps[0].state) == ("CANCELED", "CANCELED")


def test_a_listener_that_fails_stops_the_run(tmp_path: Path) -> None:
    def on_event(event: object) -> None:
        if getattr(event, "text", "") == "here":
            raise BrokenPipeError

    with pytest.raises(BrokenPipeError):
        run_pipeline(slow().spec, workdir=tmp_path, run_id="deaf-1", on_event=on_event)
    assert states(Store().run("deaf-1")) == EXPECTED


def test_finished_work_survives_a_resume_that_is_canceled_at_once(run: Run, tmp_path: Path) -> None:
    ledger = tmp_path / "ledger"
    ir = IR("twice")
    ir.step("one", f"ledger({str(ledger)!r}, 'one')")
    ir.step("two", f"ledger({str(ledger)!r}, 'two')", after=("one",))
    ir.step("bad", f"assert os.path.exists({str(tmp_path / 'fine')!r})", after=("two",))
    failed = run(ir)
    cancel = threading.Event()
    cancel.set()
    record = resume_run(failed.run_id, cancel=cancel)
    assert states(record)["one"] == states(record)["two"] == "SUCCEEDED"
    (tmp_path / "fine").touch()
    record = resume_run(failed.run_id)
    assert set(states(record).values()) == {"SUCCEEDED"}
    assert ledger.read_text().split() == ["one", "two"]
