"""When servers are stopped because nobody uses them, and when they are not."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from labwright.servers.spec import ServerChange
from labwright.targets.blocking_servers import BlockingServers

from ..agent.helpers import kill_agent
from .helpers import View, answers, spec, until, wait_for


def state(there: BlockingServers) -> View:
    return there.ask(lambda one: one.server("one"))


def test_an_idle_server_is_told_of_its_stop_and_stopped(there: BlockingServers, fake: str) -> None:
    there.ask(lambda one: one.create_server(spec(fake, idle_after=3)))
    told = wait_for(lambda: state(there)["stop_at"])
    assert told > state(there)["created_at"]

    view = until(there, "one", "STOPPED")

    assert view["stop_reason"] == "It was not used for 3s."
    assert view["stopped_at"] >= told
    assert view["stop_at"] is None
    there.ask(lambda one: one.start_server("one"))
    assert until(there, "one", "RUNNING")["stop_reason"] is None


BUSY = {"api/kernels": [{"execution_state": "busy", "last_activity": "2020-01-01T00:00:00Z"}]}
HIDDEN = {"api/terminals": {"message": "no list"}}


@pytest.mark.parametrize("said", [BUSY, {"silent": True}, HIDDEN], ids=["busy", "silent", "odd"])
def test_one_that_computes_or_does_not_answer_is_not_stopped(
    there: BlockingServers, fake: str, said: View
) -> None:
    there.ask(lambda one: one.create_server(spec(fake, idle_after="never")))
    until(there, "one", "RUNNING")
    answers(**said)
    there.ask(lambda one: one.change_server("one", ServerChange({"idle_after": 1})))
    begun = datetime.now(timezone.utc)

    wait_for(lambda: datetime.now(timezone.utc) - begun > timedelta(seconds=4))

    assert state(there)["state"] == "RUNNING"
    answers()
    until(there, "one", "STOPPED")


def test_use_that_is_seen_puts_the_stop_off(there: BlockingServers, fake: str) -> None:
    there.ask(lambda one: one.create_server(spec(fake, idle_after=4)))
    wait_for(lambda: state(there)["stop_at"])
    answers(**BUSY)

    wait_for(lambda: state(there)["stop_at"] is None)

    assert state(there)["state"] == "RUNNING"


def test_the_next_agent_stops_it_as_well(there: BlockingServers, fake: str) -> None:
    there.ask(lambda one: one.create_server(spec(fake, idle_after=3)))
    until(there, "one", "RUNNING")
    kill_agent()

    assert until(there, "one", "STOPPED")["stop_reason"] == "It was not used for 3s."
