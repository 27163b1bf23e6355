"""What becomes of runs elsewhere is told to every browser, by one watch."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from labwright.targets.errors import BadRequest, TargetTimeout, TargetUnreachable
from labwright_server import lookout, watching
from labwright_server.late import Late
from labwright_server.presence import Presence
from labwright_server.stream import Stream
from labwright_server.watching import Watching

from .far import FarTarget, summary

Event = dict[str, Any]


class Told:
    """What was told, and whether anybody listens."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.listens = True
        self.stream = Stream(self._emit, str, logging.getLogger("test"))
        self.presence = Presence(self.stream, logging.getLogger("test"))
        self.watching = Watching(self.stream, self.presence, logging.getLogger("test"))

    def _emit(self, _: str, data: Event) -> Event | None:
        self.events.append(data)
        return data if self.listens else None

    async def until(self, fits: Callable[[Event], bool]) -> Event:
        """The event that fits, told already or soon."""
        return await soon(lambda: next((one for one in self.events if fits(one)), None))

    def runs(self) -> list[tuple[str, str]]:
        """Ids and states, each told once however often it was."""
        told = [(one["run"]["run_id"], one["run"]["state"]) for one in self.events if "run" in one]
        return list(dict.fromkeys(told))


async def soon(look: Callable[[], Any]) -> Any:
    async def found() -> Any:
        while not (there := look()):
            await asyncio.sleep(0.001)
        return there

    return await asyncio.wait_for(found(), 20)


def is_run(state: str) -> Callable[[Event], bool]:
    return lambda event: "run" in event and event["run"]["state"] == state


@pytest.fixture
def play(monkeypatch: pytest.MonkeyPatch) -> Callable[[Any], None]:
    """Play a scene on an event loop; what was begun is ended, and nothing may be left."""
    monkeypatch.setattr(watching, "_SHORTEST_PAUSE", 0.01)

    def played(scene: Callable[[Told, FarTarget], Awaitable[None]]) -> None:
        async def whole() -> None:
            told, far = Told(), FarTarget()
            try:
                await scene(told, far)
            finally:
                await told.watching.close()
            assert far.watching == 0
            assert len(asyncio.all_tasks()) == 1

        asyncio.run(whole())

    return played


def test_a_run_is_watched_once_until_it_is_over(play: Any) -> None:
    async def scene(told: Told, far: FarTarget) -> None:
        run = summary("a", "RUNNING")
        await far.move(run)
        for _ in range(3):
            told.watching.listed(far, [run])
            told.watching.look(far, run)
        await told.until(is_run("RUNNING"))
        await far.move(summary("a", "SUCCEEDED"))
        last = await told.until(is_run("SUCCEEDED"))
        assert last["run"]["path"] == "None"  # what the server makes of the notebook's place
        assert far.watches == [("a", False)]
        await soon(lambda: far.watching == 0)
        step = next(one for one in told.events if one["type"] == "step")
        assert (step["target"], step["run_id"], step["step"]["name"]) == ("far", "a", "load")
        assert [one["seq"] for one in told.events] == list(range(1, len(told.events) + 1))
        # What is over is watched no more, whoever looks.
        told.watching.look(far, far.known["a"])
        told.watching.listed(far, [far.known["a"]])
        await asyncio.sleep(0)
        assert far.watches == [("a", False)]
        # Tried again, it is.
        await far.move(run)
        told.watching.look(far, run)
        await soon(lambda: len(far.watches) == 2)

    play(scene)


def test_this_machine_is_left_to_its_agent(play: Any) -> None:
    async def scene(told: Told, far: FarTarget) -> None:
        far.kind = "local"
        run = summary("a", "RUNNING")
        await far.move(run)
        told.watching.listed(far, [run])
        told.watching.look(far, run)
        told.watching.read(far, "a", "load", None)
        await asyncio.sleep(0.01)
        assert (far.watches, told.events) == ([], [])

    play(scene)


def test_nothing_is_missed_while_a_target_is_away(play: Any) -> None:
    async def scene(told: Told, far: FarTarget) -> None:
        run = summary("a", "RUNNING")
        await far.move(run)
        told.watching.look(far, run)
        await told.until(is_run("RUNNING"))
        await far.fail(TargetUnreachable("gone", where="far"))
        lost = await told.until(lambda event: event["type"] == "target")
        assert (lost["target"], lost["state"], lost["message"]) == ("far", "lost", "far: gone")
        await soon(lambda: len(far.watches) > 3)
        await far.move(summary("a", "FAILED"))
        await far.fail(None)
        await told.until(is_run("FAILED"))
        states = [one["state"] for one in told.events if one["type"] == "target"]
        assert states == ["lost", "connected"]

    play(scene)


def test_a_run_that_is_deleted_elsewhere_is_gone(play: Any) -> None:
    async def scene(told: Told, far: FarTarget) -> None:
        run = summary("a", "RUNNING")
        await far.move(run)
        told.watching.look(far, run)
        await told.until(is_run("RUNNING"))
        del far.known["a"]
        await far.fail(None)
        gone = await told.until(lambda event: event["type"] == "deleted")
        assert (gone["run_id"], gone["target"]) == ("a", "far")
        await soon(lambda: far.watching == 0)

    play(scene)


def test_logs_are_told_of_steps_that_somebody_reads(play: Any) -> None:
    async def scene(told: Told, far: FarTarget) -> None:
        run = summary("a", "RUNNING")
        await far.move(run, "before ")
        told.watching.look(far, run)
        await told.until(is_run("RUNNING"))
        await far.move({**run}, "unread ")
        told.watching.read(far, "a", "other", None)
        await soon(lambda: far.watches[-1] == ("a", True))
        await soon(lambda: far.watching == 1)
        assert not [one for one in told.events if one["type"] == "log"]
        told.watching.read(far, "a", "load", None)
        await far.move({**run}, "after")
        piece = await told.until(lambda event: event["type"] == "log")
        assert (piece["text"], piece["offset"], piece["target"]) == ("after", 14, "far")
        assert len(far.watches) == 2

    play(scene)


def test_a_log_that_is_read_first_of_all_is_told_whole(play: Any) -> None:
    """What is printed between the reading and the watch is not lost."""

    async def scene(told: Told, far: FarTarget) -> None:
        await far.move(summary("a", "RUNNING"), "before ")
        told.watching.read(far, "a", "load", "2", begin=False)
        assert far.watches == []
        told.watching.read(far, "a", "load", None)
        piece = await told.until(lambda event: event["type"] == "log")
        assert (piece["text"], piece["offset"]) == ("before ", 0)

    play(scene)


def test_runs_of_a_long_list_take_turns(play: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "AT_ONCE", 2)

    async def scene(told: Told, far: FarTarget) -> None:
        runs = [summary(name, "RUNNING") for name in "abcde"]
        for run in runs:
            await far.move(run)
        told.watching.listed(far, runs)
        await soon(lambda: far.watching == 2)
        told.watching.look(far, runs[4])  # who is looked at does not wait
        await soon(lambda: [one for one, _ in far.watches] == ["a", "b", "e"])
        for name in "abcde":
            await far.move(summary(name, "SUCCEEDED"))
        await soon(lambda: len([one for one in told.runs() if one[1] == "SUCCEEDED"]) == 5)
        await soon(lambda: far.watching == 0)
        assert sorted(one for one, _ in far.watches) == list("abcde")

    play(scene)


def test_new_runs_are_told_of(play: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lookout, "PAUSE", 0.01)

    async def scene(told: Told, far: FarTarget) -> None:
        await far.move(summary("old", "SUCCEEDED"))
        told.watching.listed(far, list(far.known.values()))
        await far.move(summary("new", "RUNNING", 1))
        await soon(lambda: told.runs() == [("new", "RUNNING")])
        await soon(lambda: far.watches == [("new", False)])
        await far.move(summary("old", "RUNNING"))  # somebody tries it again
        await soon(lambda: ("old", "RUNNING") in told.runs())
        await far.fail(TargetUnreachable("gone"))
        await told.until(lambda event: event.get("state") == "lost")
        await far.fail(None)
        await told.until(lambda event: event.get("state") == "connected")

    play(scene)


def test_who_asked_in_vain_is_told_when_a_target_is_there(
    play: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lookout, "PAUSE", 0.01)

    async def scene(told: Told, far: FarTarget) -> None:
        far.fails = TargetUnreachable("gone")
        told.watching.missed(far, BadRequest("no cursor"))
        assert told.events == []
        told.watching.missed(far, far.fails)
        assert [one["state"] for one in told.events] == ["lost"]
        # Who asks meanwhile need not wait to hear that.
        with pytest.raises(TargetUnreachable, match="gone"):
            told.watching.check_there(far)
        await far.fail(None)
        await told.until(lambda event: event.get("state") == "connected")
        told.watching.check_there(far)

    play(scene)


def test_who_asks_again_hurries_the_look(play: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lookout, "PAUSE", 1000.0)
    monkeypatch.setattr(lookout, "LEAST", 0.01)

    async def scene(told: Told, far: FarTarget) -> None:
        told.watching.missed(far, TargetUnreachable("gone"))
        with pytest.raises(TargetUnreachable, match="gone"):
            told.watching.check_there(far)
        await told.until(lambda event: event.get("state") == "connected")

    play(scene)


def test_where_nobody_listens_a_watch_ends(play: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "FORGOTTEN", 0.05)

    async def scene(told: Told, far: FarTarget) -> None:
        run = summary("a", "RUNNING")
        await far.move(run)
        told.watching.listed(far, [run])
        await soon(lambda: len([e for e in told.events if e.get("state") == "watched"]) > 2)
        assert far.watching == 1
        told.listens = False
        await soon(lambda: far.watching == 0)
        told.listens = True
        told.watching.listed(far, [run])
        await soon(lambda: far.watching == 1)
        assert len(far.watches) == 2

    play(scene)


def test_a_late_list_does_not_undo_what_was_told(play: Any) -> None:
    async def scene(told: Told, far: FarTarget) -> None:
        before = summary("a", "PENDING")
        await far.move(summary("a", "RUNNING"))
        told.watching.look(far, before)
        await told.until(is_run("RUNNING"))
        told.events.clear()
        told.watching.listed(far, [before], late=True)
        assert told.runs() == [("a", "RUNNING")]

    play(scene)


def test_what_a_slow_target_answers_is_there_for_who_asks_again() -> None:
    async def scene() -> None:
        called: list[str] = []
        late, gate, asked = Late(called.append), asyncio.Event(), []

        async def question() -> int:
            asked.append(1)
            await gate.wait()
            return len(asked)

        async def fails() -> int:
            await gate.wait()
            raise TargetUnreachable("gone")

        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(late.ask("far", "runs", question), 0.01)
        # Who asks now need not wait, and is called, too.
        for what in ("runs", "experiments"):
            with pytest.raises(TargetTimeout):
                await late.ask("far", what, question)
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(late.ask("far", "reach", question, patient=True), 0.01)
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(late.ask("down", "runs", fails), 0.01)
        assert called == []
        gate.set()
        await soon(lambda: called)
        # Every browser that asks again gets it, and nothing is asked for that.
        for _ in range(2):
            assert await late.ask("far", "runs", question) == (3, True)
        assert len(asked) == 3
        # Another question is asked; so is one that failed.
        assert await late.ask("far", "other", question) == (4, False)
        with pytest.raises(TargetUnreachable):
            await late.ask("down", "runs", fails)
        await asyncio.sleep(0.01)
        assert called == ["far"]
        # A target that stays slow is not asked for ever: the next call waits.
        gate.clear()
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(late.ask("far", "more", question), 0.01)
        gate.set()
        await asyncio.sleep(0.01)
        assert called == ["far"]
        await late.close()

    asyncio.run(scene())
