"""What several targets have, as one list: merged by time, paged by one cursor.

A target that fails, or is too slow, is a remark; the others do not wait for it. Only this machine
is waited for, and its failure is the list's. The merge itself (`merge`) is pure.
"""

from __future__ import annotations

import asyncio
import heapq
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar

from ..errors import LabwrightError
from .config import LOCAL
from .errors import BadRequest
from .protocols import View

if TYPE_CHECKING:
    from .local.pages import RunsPage, Wanted
    from .protocols import Choice, SchedulesPage

T = TypeVar("T")
PATIENCE = 2.0
"""Seconds that a list waits for a target."""


@dataclass(frozen=True)
class Many:
    """A page over several targets. `total` counts those that answered, `remarks` names the others.

    `next` leads on; it is None where no target that answered has more.
    """

    items: list[View]
    next: str | None
    total: int
    remarks: dict[str, str]


@dataclass(frozen=True)
class Part:
    """A page of one target, the newest first."""

    items: Sequence[View]
    next: str | None
    total: int


@dataclass(frozen=True)
class Place:
    """How far a target's list was told: in the page of cursor `page`, up to and with `last`.

    Pages begin where they began whatever is new meanwhile, so a page of which a part was told is
    asked for again, and what comes after `last` (a time and an id) is told then.
    """

    page: str | None = None
    last: tuple[str, str] | None = None
    total: int = 0
    over: bool = False


@dataclass(frozen=True)
class Stretch:
    """What a target has after its place: each item with its page's cursor; then `next`."""

    items: Sequence[tuple[View, str | None]]
    next: str | None
    total: int


async def many_runs(
    targets: Mapping[str, Callable[[Wanted], Awaitable[RunsPage]]],
    wanted: Wanted,
    patience: float = PATIENCE,
) -> Many:
    """A page of the runs of several targets, each given by its name and its `runs`."""

    def asked(ask: Callable[[Wanted], Awaitable[RunsPage]]) -> Ask:
        async def part(cursor: str | None) -> Part:
            page = await ask(replace(wanted, cursor=cursor))
            return Part(page.runs, page.next, page.total)

        return part

    asks = {name: asked(ask) for name, ask in targets.items()}
    return await _many(asks, "run_id", wanted.limit, wanted.cursor, patience)


async def many_schedules(
    targets: Mapping[str, Callable[[Choice], Awaitable[SchedulesPage]]],
    wanted: Choice,
    patience: float = PATIENCE,
) -> Many:
    """A page of the schedules of several targets, each given by its name and its `schedules`."""

    def asked(ask: Callable[[Choice], Awaitable[SchedulesPage]]) -> Ask:
        async def part(cursor: str | None) -> Part:
            page = await ask(replace(wanted, cursor=cursor))
            return Part(page.schedules, page.next, page.total)

        return part

    asks = {name: asked(ask) for name, ask in targets.items()}
    return await _many(asks, "schedule_id", wanted.limit, wanted.cursor, patience)


async def answers(
    asks: Mapping[str, Callable[[], Awaitable[T]]], patience: float = PATIENCE
) -> tuple[dict[str, T], dict[str, str]]:
    """What each target answers, and why others do not."""

    async def one(name: str, ask: Callable[[], Awaitable[T]]) -> T | str:
        if name == LOCAL:
            return await ask()
        try:
            return await asyncio.wait_for(ask(), patience)
        except asyncio.TimeoutError:
            return f"no answer within {patience:g} seconds"
        except LabwrightError as error:
            return str(error)

    found = await asyncio.gather(*(one(name, ask) for name, ask in asks.items()))
    told = dict(zip(asks, found, strict=True))
    remarks = {name: answer for name, answer in told.items() if isinstance(answer, str)}
    good = {name: answer for name, answer in told.items() if not isinstance(answer, str)}
    return good, remarks


Ask = Callable[["str | None"], Awaitable[Part]]


async def _many(
    asks: Mapping[str, Ask], key: str, limit: int, cursor: str | None, patience: float
) -> Many:
    places = {name: Place() for name in asks} if cursor is None else read_cursor(cursor)
    stretches, remarks = await answers(
        {
            name: lambda name=name, ask=asks[name]: _stretch(ask, places[name], limit, key)  # type: ignore[misc]
            for name, place in places.items()
            if name in asks and not place.over
        },
        patience,
    )
    items, places = merge(places, stretches, limit, key)
    further = any(not places[name].over for name in stretches)
    return Many(
        items,
        write_cursor(places) if further else None,
        sum(place.total for name, place in places.items() if name not in remarks),
        remarks,
    )


async def _stretch(ask: Ask, place: Place, limit: int, key: str) -> Stretch:
    """So many items after a place, from as many pages as that takes."""
    items: list[tuple[View, str | None]] = []
    page = place.page
    while True:
        part = await ask(page)
        items += [(item, page) for item in after(part.items, place.last, key)]
        if len(items) >= limit or part.next is None:
            return Stretch(items, part.next, part.total)
        page = part.next


def merge(
    places: Mapping[str, Place], stretches: Mapping[str, Stretch], limit: int, key: str
) -> tuple[list[View], dict[str, Place]]:
    """The newest items of all, and how far each target was told then.

    Items of one target keep their order. Every stretch has `limit` items, or all there are.
    """
    streams = [
        [(_age(item, key), name, item) for item, _ in stretch.items]
        for name, stretch in stretches.items()
    ]
    first = list(heapq.merge(*streams, key=lambda entry: entry[0]))[:limit]
    told = dict.fromkeys(stretches, 0)
    for _, name, _ in first:
        told[name] += 1
    moved = {
        name: _moved(places[name], stretch, told[name], key) for name, stretch in stretches.items()
    }
    return [item for _, _, item in first], {**places, **moved}


def after(items: Sequence[View], last: tuple[str, str] | None, key: str) -> Iterable[View]:
    """The items of a page that come after the one that was told last."""
    if last is None:
        return items
    for index, item in enumerate(items):
        if item[key] == last[1]:
            return items[index + 1 :]
    # It was deleted meanwhile: what is as old, or older, was not told yet.
    border = _moment(last[0])
    return [item for item in items if _moment(item["created_at"]) <= border]


def write_cursor(places: Mapping[str, Place]) -> str:
    data = {
        name: [place.page, place.last, place.total, place.over] for name, place in places.items()
    }
    return urlsafe_b64encode(json.dumps(data, separators=(",", ":")).encode()).decode()


def read_cursor(text: str) -> dict[str, Place]:
    """What `write_cursor` wrote.

    Raises:
        BadRequest: it is something else.
    """
    try:
        data = json.loads(urlsafe_b64decode(text.encode("ascii")))
        return {str(name): _place(*found) for name, found in data.items()}
    except (ValueError, TypeError, AttributeError, RecursionError):
        hint = "take it from the page before"
        raise BadRequest(f"{text!r} is no cursor", hint=hint, status=400) from None


def _place(page: Any, last: Any, total: Any, over: Any) -> Place:
    fits = (
        isinstance(page, (str, type(None)))
        and isinstance(total, int)
        and isinstance(over, bool)
        and (last is None or [type(one) for one in last] == [str, str])
    )
    if not fits:
        raise ValueError
    if last is not None:
        _moment(last[0])
    return Place(page, (last[0], last[1]) if last else None, total, over)


def _moved(place: Place, stretch: Stretch, told: int, key: str) -> Place:
    """The place behind the items that were told."""
    if told == len(stretch.items):
        over = stretch.next is None
        return Place(None if over else stretch.next, None, stretch.total, over)
    if not told:
        return replace(place, total=stretch.total)
    item, page = stretch.items[told - 1]
    return Place(page, (item["created_at"], item[key]), stretch.total)


def _age(item: View, key: str) -> tuple[float, tuple[int, ...]]:
    """Sorts the newest first, and of equally new ones those of the greater id."""
    return -_moment(item["created_at"]), tuple(-ord(letter) for letter in item[key])


def _moment(text: str) -> float:
    """ISO 8601 as seconds. Targets write times more or less exactly, so texts do not compare."""
    return datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()
