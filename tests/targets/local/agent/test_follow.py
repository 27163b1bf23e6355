"""What is told of a run that is followed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from labwright.targets.local.agent.follow import Follower
from labwright.targets.local.agent.hub import Hub
from labwright.targets.local.journal import Journal
from labwright.targets.local.needs import Needs
from labwright.targets.local.store import RunRow, StepRow, Store

MOMENT = "2026-01-01T00:00:00.000000Z"


class Heard(Hub):
    """Keeps what steps printed, and the states in the order they were told."""

    def __init__(self) -> None:
        super().__init__()
        self.text = ""
        self.states: list[str] = []

    def publish(self, kind: str, data: Mapping[str, Any]) -> None:
        super().publish(kind, data)
        if kind == "log":
            self.text += data["text"]
        else:
            self.states.append(f"{kind} {data[kind]['state']}")


def test_a_log_is_told_once_though_the_store_is_ahead_of_the_journal(tmp_path: Path) -> None:
    store, hub = Store(tmp_path), Heard()
    store.save_run(RunRow("r", "r", "RUNNING", MOMENT, {}, {}))
    follower = Follower(store, hub, "r", Needs(), True)
    log = store.dir("r").step("a").log
    log.parent.mkdir(parents=True)
    log.write_text("once\n")
    done = StepRow("a", "", 0, "a", "a", "SUCCEEDED", started_at=MOMENT)
    store.save_steps("r", [done])
    journal = Journal(store.dir("r").journal)
    for state in ("RUNNING", "SUCCEEDED"):
        journal.step("a", "", state)
        follower.poll()
    assert hub.text == "once\n"

    # A later try is another matter.
    store.save_steps("r", [replace(done, state="RUNNING", started_at=MOMENT.replace("1T", "2T"))])
    journal.step("a", "", "RUNNING")
    follower.poll()
    assert hub.text == "once\nonce\n"
    journal.close()


def test_the_end_of_a_run_is_told_after_the_end_of_its_last_step(tmp_path: Path) -> None:
    store = Store(tmp_path)
    run = RunRow("r", "r", "PENDING", MOMENT, {}, {})
    step = StepRow("a", "", 0, "a", "a", "RUNNING", started_at=MOMENT)

    class EndsMeanwhile(Heard):
        """The run ends while the follower tells of its step."""

        def publish(self, kind: str, data: Mapping[str, Any]) -> None:
            super().publish(kind, data)
            if self.states == ["run PENDING", "step RUNNING"]:
                store.save_steps("r", [replace(step, state="SUCCEEDED", finished_at=MOMENT)])
                journal.step("a", "", "SUCCEEDED")
                store.save_run(replace(run, state="SUCCEEDED", finished_at=MOMENT))
                journal.run("SUCCEEDED")

    hub = EndsMeanwhile()
    store.save_run(run)
    store.dir("r").step("a").log.parent.mkdir(parents=True)
    journal = Journal(store.dir("r").journal)
    follower = Follower.of(store, hub, store.run_row("r"))
    store.save_steps("r", [step])
    journal.step("a", "", "RUNNING")
    follower.poll()
    journal.close()
    assert hub.states[-2:] == ["step SUCCEEDED", "run SUCCEEDED"]
