"""`kill -9` of the agent and of what it started: all is settled or goes on, nothing runs twice."""

from __future__ import annotations

import random
import signal
import time
from collections import Counter
from pathlib import Path

import psutil
import pytest

from labwright.targets.local.agent.client import AgentClient, connect
from labwright.targets.local.store import Store

from .helpers import ended, kill_agent, submission, wait_for, work

ACTIVE, QUEUED = 5, 3


@pytest.fixture
def places(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LABWRIGHT_AGENT_MAX_RUNS", str(ACTIVE))


def started() -> AgentClient:
    client = connect()
    assert client is not None
    return client


def lines(ledger: Path) -> list[str]:
    return ledger.read_text().split() if ledger.exists() else []


def test_five_active_and_three_queued_runs_outlive_the_agent(places: None, tmp_path: Path) -> None:
    ledger = tmp_path / "ledger"
    gate = tmp_path / "gate"
    hold = f"\nwhile not os.path.exists({str(gate)!r}): time.sleep(0.05)"
    names = [f"run{n}" for n in range(ACTIVE + QUEUED)]
    with started() as agent:
        asked = [submission(work(ledger, name, then=hold), tmp_path) for name in names]
        ids = [agent.submit(one)["run_id"] for one in asked]
        wait_for(lambda: len(lines(ledger)) == ACTIVE)
        waiting = [run for run in Store().runs() if run.state == "PENDING"]
        assert len(waiting) == QUEUED
        assert {run.reason for run in waiting} == {"waits for a free place: 5 of 5 runs active"}
    kill_agent(signal.SIGKILL)
    assert connect(start=False) is None
    engine = next(
        process
        for process in psutil.process_iter(["cmdline"])
        if ids[0] in (process.info["cmdline"] or ())
    )
    engine.kill()  # this one dies while nobody looks
    wait_for(lambda: not Store().dir(ids[0]).running)
    with started() as agent:
        assert agent.status()["agent"]["active"] == ACTIVE
        gate.touch()
        wait_for(lambda: ended(*ids), 90)
        store = Store()
        states = [store.run_row(one).state for one in ids]
        assert states == ["FAILED", *["SUCCEEDED"] * (ACTIVE + QUEUED - 1)]
        error = store.run(ids[0]).steps[0].error
        assert error is not None
        assert error.ename == "Interrupted"
        assert Counter(lines(ledger)) == Counter(names)
        agent.resume(ids[0])
        wait_for(lambda: store.run_row(ids[0]).state == "SUCCEEDED")
    assert Counter(lines(ledger)) == Counter([*names, names[0]])


def test_killed_at_any_moment_nothing_is_lost_and_nothing_runs_twice(
    places: None, tmp_path: Path
) -> None:
    seed = random.randrange(1 << 30)
    chance = random.Random(seed)
    ledger, ids, kills = tmp_path / "ledger", list[str](), 0
    for n in range(6):
        with started() as agent:
            asked = submission(work(ledger, f"run{n}", 0.2), tmp_path)
            ids.append(agent.submit(asked)["run_id"])
            ids.append(agent.submit(asked)["run_id"])
            time.sleep(chance.uniform(0, 0.8))
        kill_agent(signal.SIGKILL)
        kills += 1
    with started():
        wait_for(lambda: ended(*ids), 60)
    store = Store()
    assert {store.run_row(one).state for one in ids} == {"SUCCEEDED"}, f"seed {seed}"
    assert Counter(lines(ledger)) == Counter([f"run{n}" for n in range(6)] * 2), f"seed {seed}"
    print(f"{kills} kills, {len(ids)} runs, each finished once (seed {seed})")


def test_two_listeners_hear_the_same(tmp_path: Path) -> None:
    with started() as one, started() as other, one.events() as left, other.events() as right:
        assert next(left) == next(right)
        run_id = one.submit(submission(work(tmp_path / "ledger", "shared"), tmp_path))["run_id"]

        def heard(events: object) -> list[object]:
            found: list[object] = []
            for event in events:  # type: ignore[attr-defined]
                found.append(event)
                if event.get("run", {}).get("state") == "SUCCEEDED":
                    return found
            return found

        assert heard(left) == heard(right)
        assert Store().run_row(run_id).state == "SUCCEEDED"


def test_what_it_costs_while_idle_and_how_soon_it_tells(tmp_path: Path) -> None:
    with started() as agent, agent.events() as events:
        process = psutil.Process(agent.status()["agent"]["pid"])
        next(events)
        time.sleep(0.5)
        before = process.cpu_times()
        time.sleep(4)
        after = process.cpu_times()
        idle = (after.user + after.system - before.user - before.system) / 4
        memory = process.memory_info().rss / 2**20
        source = "import time\nfor n in range(20):\n    print(time.time())\n    time.sleep(0.1)\n"
        ir = work(tmp_path / "ledger", "clock", 0, "\n" + source)
        agent.submit(submission(ir, tmp_path))
        late = []
        for event in events:
            if event["type"] == "log":
                late += [time.time() - float(text) for text in event["text"].split()]
            elif event.get("run", {}).get("state") == "SUCCEEDED":
                break
    late.sort()
    median = late[len(late) // 2]
    print(f"idle: {memory:.1f} MiB, {idle:.2%} CPU; log latency: median {median * 1e3:.0f} ms,"
          f" longest {late[-1] * 1e3:.0f} ms")  # fmt: skip
    assert memory < 60
    assert idle < 0.005
    assert median < 0.25
