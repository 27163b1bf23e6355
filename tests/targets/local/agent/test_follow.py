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
    """Keeps what steps printed."""

    def __init__(self) -> None:
        super().__init__()
        self.text = ""

    def publish(self, kind: str, data: Mapping[str, Any]) -> None:
        super().publish(kind, data)
        if kind == "log":
            self.text += data["text"]


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
