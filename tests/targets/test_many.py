"""Lists of several targets as one."""

from __future__ import annotations

import asyncio
import json
from base64 import urlsafe_b64encode
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labwright.errors import LabwrightError
from labwright.targets.errors import BadRequest, TargetUnreachable
from labwright.targets.local.pages import RunsPage, Wanted
from labwright.targets.many import Many, answers, many_runs, many_schedules
from labwright.targets.protocols import Choice, SchedulesPage

Run = dict[str, Any]


class Fake:
    """A target with runs, which gives at most `largest` of them in a page."""

    def __init__(self, runs: list[Run], largest: int = 1000) -> None:
        self.all = sorted(runs, key=lambda run: (run["created_at"], run["run_id"]), reverse=True)
        self.largest = largest
        self.asked = 0
        self.fails: Exception | None = None
        self.slow = False

    async def runs(self, wanted: Wanted) -> RunsPage:
        self.asked += 1
        if self.fails:
            raise self.fails
        if self.slow:
            await asyncio.sleep(60)
        rest = self.all
        if wanted.cursor:
            border = tuple(wanted.cursor.split("|"))
            rest = [run for run in rest if (run["created_at"], run["run_id"]) < border]
        page = rest[: min(wanted.limit, self.largest)]
        more = len(rest) > len(page)
        last = f"{page[-1]['created_at']}|{page[-1]['run_id']}" if more else None
        return RunsPage(page, last, len(self.all))


def run(name: str, second: int) -> Run:
    return {"run_id": name, "created_at": f"2026-01-01T00:00:{second:02}.000000Z"}


async def _page(targets: dict[str, Fake], limit: int, cursor: str | None = None) -> Many:
    asks = {name: target.runs for name, target in targets.items()}
    return await many_runs(asks, Wanted(limit=limit, cursor=cursor), patience=0.2)


async def _all(targets: dict[str, Fake], limit: int) -> list[str]:
    """The ids of all pages."""
    found: list[str] = []
    cursor = None
    while True:
        page = await _page(targets, limit, cursor)
        assert len(page.items) <= limit
        assert page.total == sum(len(target.all) for target in targets.values())
        found += [one["run_id"] for one in page.items]
        cursor = page.next
        if cursor is None:
            return found
        assert page.items


@given(
    seconds=st.lists(st.lists(st.integers(0, 20), max_size=12), min_size=1, max_size=4),
    limit=st.integers(1, 7),
    largest=st.integers(1, 5),
)
def test_pages_give_every_run_once_and_in_order(
    seconds: list[list[int]], limit: int, largest: int
) -> None:
    targets = {
        f"t{n}": Fake([run(f"{n}-{i}", one) for i, one in enumerate(listed)], largest)
        for n, listed in enumerate(seconds)
    }
    every = [one for target in targets.values() for one in target.all]
    times = {one["run_id"]: one["created_at"] for one in every}
    found = asyncio.run(_all(targets, limit))
    assert sorted(found) == sorted(times)
    assert [times[one] for one in found] == sorted(times.values(), reverse=True)


def test_what_is_new_or_gone_between_pages_moves_nothing() -> None:
    here, there = Fake([run(f"h{n}", 2 * n) for n in range(6)]), Fake([run("t", 5)])
    targets = {"local": here, "there": there}

    async def pages() -> list[str]:
        first = await _page(targets, 3)
        assert [one["run_id"] for one in first.items] == ["h5", "h4", "h3"]
        # The one told last is deleted, and a new one begins.
        here.all = [run("new", 50), *(one for one in here.all if one["run_id"] != "h3")]
        rest = await _page(targets, 100, first.next)
        assert rest.next is None
        return [one["run_id"] for one in rest.items]

    assert asyncio.run(pages()) == ["t", "h2", "h1", "h0"]


def test_times_are_compared_as_times() -> None:
    """Kubeflow writes whole seconds, this machine microseconds."""
    whole = {"run_id": "whole", "created_at": "2026-01-01T00:00:01Z"}
    part = {"run_id": "part", "created_at": "2026-01-01T00:00:01.500000Z"}
    page = asyncio.run(_page({"a": Fake([whole]), "b": Fake([part])}, 5))
    assert [one["run_id"] for one in page.items] == ["part", "whole"]


def test_who_does_not_answer_is_a_remark() -> None:
    good, down, slow = Fake([run("g", 1)]), Fake([run("d", 2)]), Fake([run("s", 3)])
    down.fails, slow.slow = TargetUnreachable("nothing listens", where="down"), True
    page = asyncio.run(_page({"good": good, "down": down, "slow": slow}, 5))
    assert [one["run_id"] for one in page.items] == ["g"]
    assert (page.total, page.next) == (1, None)
    assert page.remarks == {
        "down": "down: nothing listens",
        "slow": "no answer within 0.2 seconds",
    }


def test_who_answers_again_is_taken_up_where_it_was() -> None:
    good, gone = (
        Fake([run(f"g{n}", n) for n in range(4)]),
        Fake([run(f"t{n}", n) for n in range(4)]),
    )
    targets = {"good": good, "gone": gone}

    async def pages() -> None:
        first = await _page(targets, 3)
        assert [one["run_id"] for one in first.items] == ["t3", "g3", "t2"]
        gone.fails = TargetUnreachable("gone")
        second = await _page(targets, 1, first.next)
        assert [one["run_id"] for one in second.items] == ["g2"]
        assert list(second.remarks) == ["gone"]
        gone.fails = None
        third = await _page(targets, 9, second.next)
        assert [one["run_id"] for one in third.items] == ["t1", "g1", "t0", "g0"]
        assert third.total == 8

    asyncio.run(pages())


def test_this_machine_is_waited_for_and_its_failure_is_the_lists() -> None:
    here = Fake([])
    here.fails = LabwrightError("the disk is gone")
    with pytest.raises(LabwrightError, match="the disk is gone"):
        asyncio.run(_page({"local": here, "other": Fake([])}, 3))


def test_who_is_told_out_is_not_asked_again() -> None:
    small, large = Fake([run("s", 59)]), Fake([run(f"l{n}", n) for n in range(5)])

    async def pages() -> None:
        page = await _page({"small": small, "large": large}, 2)
        await _page({"small": small, "large": large}, 2, page.next)

    asyncio.run(pages())
    # The large one: a page of which a half was told, the same again, and the next.
    assert (small.asked, large.asked) == (1, 3)


@pytest.mark.parametrize(
    "data",
    ["", "x", "é", [], {"a": 1}, {"a": ["", None, 0]}, {"a": [1, None, 0, False]},
     {"a": [None, ["x", "y"], 0, False]}, {"a": [None, [1], 0, False]}],
)  # fmt: skip
def test_what_is_no_cursor(data: Any) -> None:
    text = data if isinstance(data, str) else urlsafe_b64encode(json.dumps(data).encode()).decode()
    with pytest.raises(BadRequest, match="is no cursor"):
        asyncio.run(_page({"a": Fake([])}, 3, text))


def test_schedules_are_merged_alike() -> None:
    def schedule(name: str, second: int) -> Run:
        return {"schedule_id": name, "created_at": f"2026-01-01T00:00:{second:02}Z"}

    def target(*listed: Run) -> Any:
        async def schedules(choice: Choice) -> SchedulesPage:
            assert choice.text == "x"
            return SchedulesPage(list(listed), None, len(listed))

        return schedules

    asks = {"a": target(schedule("1", 1), schedule("0", 0)), "b": target(schedule("2", 2))}
    page = asyncio.run(many_schedules(asks, Choice(text="x", limit=2)))
    assert [one["schedule_id"] for one in page.items] == ["2", "1"]
    rest = asyncio.run(many_schedules(asks, Choice(text="x", limit=2, cursor=page.next)))
    assert [one["schedule_id"] for one in rest.items] == ["0"]


def test_a_fault_of_ours_is_no_remark() -> None:
    async def ask() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        asyncio.run(answers({"far": ask}))
