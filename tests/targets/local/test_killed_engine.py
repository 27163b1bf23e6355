"""`kill -9` of the engine at random moments: what was finished stays finished, nothing breaks."""

from __future__ import annotations

import json
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from labwright.errors import LabwrightError
from labwright.targets.local.engine import resume_run, retry_run, run_pipeline
from labwright.targets.local.store import Store

from .agent.helpers import alive
from .ir_by_hand import IR, From, Parent, loop

KILLS = 20

ENGINE = """
import json, sys
from pathlib import Path
from labwright.targets.local.engine import resume_run, run_pipeline
spec, folder, run_id, how = sys.argv[1:]
def on_event(event):
    print(event, flush=True)
if how == "run":
    spec = json.loads(Path(spec).read_text())
    options = {"cache": False, "parallel": 3, "on_event": on_event}
    run_pipeline(spec, workdir=Path(folder), run_id=run_id, **options)
else:
    resume_run(run_id, on_event=on_event)
"""


def pipeline(ledger: Path) -> dict[str, Any]:
    """Two branches, a loop and a join; each step notes in the ledger that it did its work."""
    work = f"import time; time.sleep(0.03); ledger({str(ledger)!r}, %s)\n"
    whole, ir = "NUMBER_INTEGER", IR("killed")
    first = work % "'first'" + "give(n=1); make('data', 'x' * 1000)"
    ir.step("first", first, outputs={"n": whole}, makes=("data",))
    for name in ("left", "right"):
        ir.step(
            name,
            work % repr(name) + "give(n=P['n'] + 1); make('data', text('data') + 'y')",
            inputs={"n": From(("first", "n"))},
            types={"n": whole},
            artifacts={"data": From(("first", "data"))},
            outputs={"n": whole},
            makes=("data",),
        )
    body = ir.group(
        "each",
        inputs={"n": From(("left", "n"))},
        types={"n": whole, "item": whole, "squares": "LIST"},
        outputs={"squares": ("square", "square")},
        **loop([1, 2, 3, 4]),
    )
    ir.step(
        "square",
        work % "f\"square {P['item']}\"" + "give(square=P['item'] ** 2 + P['n'])",
        dag=body,
        inputs={"item": Parent("item"), "n": Parent("n")},
        types={"item": whole, "n": whole},
        outputs={"square": whole},
    )
    ir.step(
        "last",
        work % "'last'" + "give(total=sum(P['squares']) + P['n'])",
        inputs={"squares": From(("each", "squares")), "n": From(("right", "n"))},
        types={"squares": "LIST", "n": whole},
        outputs={"total": whole},
    )
    ir.output("total", ("last", "total"))
    return ir.spec


def test_a_killed_run_is_taken_up_again_without_repeating_finished_work(tmp_path: Path) -> None:
    seed = random.randrange(1 << 30)
    chance = random.Random(seed)
    expected = Counter(["first", "left", "right", "last", *(f"square {n}" for n in (1, 2, 3, 4))])
    store, kills, runs = Store(), 0, 0
    while kills < KILLS:
        runs += 1
        ledger, spec = tmp_path / f"ledger-{runs}", tmp_path / f"spec-{runs}.json"
        spec.write_text(json.dumps(pipeline(ledger)))
        run_id, how = f"killed-{runs}", "run"
        while True:
            with start_engine(spec, tmp_path, run_id, how) as engine:
                if kills < KILLS:
                    wait_a_while(engine, chance)
                    engine.kill()
                engine.communicate()
            if engine.returncode == 0:
                break
            assert engine.returncode == -signal.SIGKILL, f"seed {seed}"
            kills += 1
            check_database(store.root)
            states = {one.run_id: one.state for one in store.runs()}
            if states.get(run_id) == "SUCCEEDED":  # killed after its last word
                break
            how = "resume" if run_id in states else "run"
            if how == "run":  # killed before its first
                shutil.rmtree(store.dir(run_id).path, ignore_errors=True)
        record = store.run(run_id)
        assert record.state == "SUCCEEDED", f"seed {seed}"
        assert record.outputs == {"total": 1 + 4 + 9 + 16 + 4 * 2 + 2}
        assert [one.state for one in record.steps] == ["SUCCEEDED"] * 8
        done = Counter(ledger.read_text().splitlines())
        assert done == expected, f"seed {seed}"
    print(f"{kills} kills in {runs} runs: {8 * runs} steps, each finished once (seed {seed})")


def start_engine(spec: Path, folder: Path, run_id: str, how: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-c", ENGINE, str(spec), str(folder), run_id, how]
    return subprocess.Popen(command, stdout=subprocess.PIPE)


def wait_a_while(engine: subprocess.Popen[bytes], chance: random.Random) -> None:
    """Until some event of the run and a moment more; sometimes only into its beginning."""
    assert engine.stdout is not None
    if chance.random() < 0.15:
        time.sleep(chance.uniform(0, 0.5))
        return
    for _ in range(chance.randrange(1, 16)):
        engine.stdout.readline()
    time.sleep(chance.uniform(0, 0.05))


def check_database(root: Path) -> None:
    if (root / "labwright.db").exists():
        database = sqlite3.connect(root / "labwright.db")
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        database.close()


def test_a_killed_run_is_shown_as_interrupted_and_leaves_no_process(tmp_path: Path) -> None:
    ir = IR("shown")
    ir.step("before", "")
    slow = """
import subprocess, time
child = subprocess.Popen(["sleep", "600"], start_new_session=True)
print(os.getpid(), child.pid)
time.sleep(600)
"""
    ir.step("slow", slow, after=("before",))
    (tmp_path / "spec.json").write_text(json.dumps(ir.spec))
    with start_engine(tmp_path / "spec.json", tmp_path, "shown-1", "run") as engine:
        log = Store().dir("shown-1").step("slow").log
        wait_for(lambda: log.exists() and log.read_text().endswith("\n"))
        pids = [int(word) for word in log.read_text().split()]
        with pytest.raises(LabwrightError, match="going on"):
            resume_quickly("shown-1")
        engine.kill()
    wait_for(lambda: not Store().dir("shown-1").running)
    assert len(pids) == 2
    assert not any(alive(pid) for pid in pids)
    record = Store().run("shown-1")
    assert record.state == "FAILED"
    assert [one.state for one in record.steps] == ["SUCCEEDED", "FAILED"]
    assert record.steps[1].error is not None
    assert "labwright runs resume" in record.steps[1].error.evalue


def resume_quickly(run_id: str) -> None:
    from labwright.targets.local import engine

    patience, engine.WIND_DOWN = engine.WIND_DOWN, 0.1
    try:
        resume_run(run_id)
    finally:
        engine.WIND_DOWN = patience


def wait_for(true: Callable[[], bool], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_failed_run_is_retried_from_its_failed_steps(tmp_path: Path) -> None:
    ledger, broken = tmp_path / "ledger", tmp_path / "broken"
    broken.touch()
    ir = IR("retried")
    ir.step("first", f"ledger({str(ledger)!r}, 'first')")
    ir.step("second", f"assert not os.path.exists({str(broken)!r})", after=("first",))
    ir.step("third", f"ledger({str(ledger)!r}, 'third')", after=("second",))
    failed = run_pipeline(ir.spec, workdir=tmp_path)
    assert [one.state for one in failed.steps] == ["SUCCEEDED", "FAILED", "SKIPPED"]
    broken.unlink()
    record = retry_run(failed.run_id)
    assert record.run_id == failed.run_id
    assert [one.state for one in record.steps] == ["SUCCEEDED"] * 3
    assert ledger.read_text().split() == ["first", "third"]
    with pytest.raises(LabwrightError, match="no step of it has failed"):
        retry_run(record.run_id)
    with pytest.raises(LabwrightError, match="nothing to go on with"):
        resume_run(record.run_id)


def test_a_retry_tells_the_exit_handler_the_new_state(tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    broken.touch()
    ir = IR("retried")
    body = ir.group("exit-handler-1")
    ir.step("work", f"assert not os.path.exists({str(broken)!r})", dag=body)
    ir.exit_step("last", "print(P['status']['state'])", "exit-handler-1")
    failed = run_pipeline(ir.spec, workdir=tmp_path)
    assert Store().log(failed.run_id, "last") == "FAILED\n"
    broken.unlink()
    assert retry_run(failed.run_id).state == "SUCCEEDED"
    assert Store().log(failed.run_id, "last") == "SUCCEEDED\n"
