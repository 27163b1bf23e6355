"""When servers are stopped because nobody uses them, and when they are not."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from labwright.servers.spec import ServerChange
from labwright.targets.blocking_servers import BlockingServers

from ..agent.helpers import kill_agent
from .helpers import View, answers, spec, until, wait_for, watched_to_its_stop


def state(there: BlockingServers) -> View:
    return there.ask(lambda one: one.server("one"))


def test_an_idle_server_is_told_of_its_stop_and_stopped(there: BlockingServers, fake: str) -> None:
    there.ask(lambda one: one.create_server(spec(fake, idle_after=3)))

    told, view = watched_to_its_stop(there, "one")

    assert told
    assert view["started_at"] is None
    assert view["created_at"] < told[0] <= view["stopped_at"]
    assert view["stop_reason"] == "It was not used for 3s."
    assert view["stop_at"] is None
    there.ask(lambda one: one.start_server("one"))
    assert until(there, "one", "RUNNING")["stop_reason"] is None


BUSY = {"api/kernels": [{"execution_state": "busy", "last_activity": "2020-01-01T00:00:00Z"}]}
ODD = {"api/terminals": {"message": "no list"}}


SAID = {"busy": BUSY, "silent": {"silent": True}, "odd": ODD}


def test_those_that_compute_or_do_not_answer_are_not_stopped(
    there: BlockingServers, fake: str
) -> None:
    for name, said in {**SAID, "idle": {}}.items():
        asked = spec(fake, name, idle_after="never")
        there.ask(lambda one, asked=asked: one.create_server(asked))
        until(there, name, "RUNNING")
        answers(name, **said)
    short = ServerChange({"idle_after": 1})
    for name in (*SAID, "idle"):
        there.ask(lambda one, name=name: one.change_server(name, short))

    until(there, "idle", "STOPPED")
    # The others are asked as often: at the next looks they are still there.
    begun = datetime.now(timezone.utc)
    wait_for(lambda: datetime.now(timezone.utc) - begun > timedelta(seconds=3))

    states = {one["name"]: one["state"] for one in there.ask(lambda one: one.servers())}
    assert states == {"busy": "RUNNING", "silent": "RUNNING", "odd": "RUNNING", "idle": "STOPPED"}
    for name in SAID:
        answers(name)
        until(there, name, "STOPPED")


def test_use_that_is_seen_puts_the_stop_off(there: BlockingServers, fake: str) -> None:
    there.ask(lambda one: one.create_server(spec(fake, idle_after=8)))
    wait_for(lambda: state(there)["stop_at"])
    answers(**BUSY)

    wait_for(lambda: state(there)["stop_at"] is None)

    assert state(there)["state"] == "RUNNING"


def test_the_next_agent_stops_it_as_well(there: BlockingServers, fake: str) -> None:
    there.ask(lambda one: one.create_server(spec(fake, idle_after=3)))
    until(there, "one", "RUNNING")
    kill_agent()

    assert until(there, "one", "STOPPED")["stop_reason"] == "It was not used for 3s."
