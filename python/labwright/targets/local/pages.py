"""The list of runs, a page at a time: a few queries however many runs and steps there are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..errors import BadRequest
from .changes import settle_all
from .store import RunRow
from .views import run_failure, step_failure, summary

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, Connection

    from .store import Store

LARGEST = 500
_SEPARATOR = "|"


@dataclass(frozen=True)
class Wanted:
    """Which runs. `text` is looked for in id, name and notebook; `cursor` is a page's `next`."""

    target: str | None = None
    experiment: str | None = None
    states: Sequence[str] = ()
    text: str | None = None
    limit: int = 50
    cursor: str | None = None


@dataclass(frozen=True)
class RunsPage:
    """Summaries (see `views`), the newest first. `total` counts all pages; `next` leads on."""

    runs: list[dict[str, Any]]
    next: str | None
    total: int


def runs_page(store: Store, wanted: Wanted | None = None) -> RunsPage:
    """One page. Runs whose engine has died are settled first, so that their state is true."""
    from sqlalchemy import func, select, tuple_

    from .schema import runs

    wanted = wanted or Wanted()
    limit = max(1, min(wanted.limit, LARGEST))
    settle_all(store)
    chosen = _conditions(wanted)
    order = (runs.c.created_at, runs.c.run_id)
    query = select(runs).where(*chosen).order_by(*(column.desc() for column in order))
    if wanted.cursor is not None:
        query = query.where(tuple_(*order) < tuple_(*_position(wanted.cursor)))
    with store.transaction() as connection:
        total = connection.execute(select(func.count()).select_from(runs).where(*chosen)).scalar()
        found = connection.execute(query.limit(limit + 1)).mappings()
        rows = [RunRow(**row) for row in found]
        ids = [row.run_id for row in rows[:limit]]
        counts, told = _progress(connection, ids), _told(connection, ids)
    shown = [_summary(store, row, counts, told) for row in rows[:limit]]
    last = rows[limit - 1] if len(rows) > limit else None
    following = f"{last.created_at}{_SEPARATOR}{last.run_id}" if last else None
    return RunsPage(shown, following, total or 0)


def summary_of(store: Store, run_id: str) -> dict[str, Any]:
    """The summary of one run, without reading its steps one by one."""
    row = store.run_row(run_id)
    with store.transaction() as connection:
        counts, told = _progress(connection, [row.run_id]), _told(connection, [row.run_id])
    return _summary(store, row, counts, told)


def experiments(store: Store) -> list[str]:
    """The experiments that runs belong to, by name."""
    from sqlalchemy import select

    from .schema import runs

    query = select(runs.c.experiment).where(runs.c.experiment.is_not(None)).distinct()
    with store.transaction() as connection:
        return sorted(str(name) for name in connection.execute(query).scalars())


def _conditions(wanted: Wanted) -> list[ColumnElement[bool]]:
    from sqlalchemy import or_

    from .schema import runs

    chosen: list[ColumnElement[bool]] = []
    if wanted.target:
        chosen.append(runs.c.target == wanted.target)
    if wanted.experiment:
        chosen.append(runs.c.experiment == wanted.experiment)
    if wanted.states:
        chosen.append(runs.c.state.in_(wanted.states))
    for word in (wanted.text or "").split():
        places = (runs.c.run_id, runs.c.name, runs.c.options["notebook"].as_string())
        chosen.append(or_(*(place.icontains(word, autoescape=True) for place in places)))
    return chosen


def _position(cursor: str) -> tuple[str, str]:
    created, separator, run_id = cursor.partition(_SEPARATOR)
    if not separator:
        raise BadRequest(
            f"{cursor!r} is no cursor", hint="take it from the page before", status=400
        )
    return created, run_id


def _progress(connection: Connection, ids: Sequence[str]) -> dict[str, dict[str, int]]:
    """How far each run is, counted by the database."""
    from sqlalchemy import Integer, func, select

    from .schema import steps

    def count(*states: str) -> Any:
        return func.sum(steps.c.state.in_(states), type_=Integer)

    query = (
        select(
            steps.c.run_id,
            func.count().label("total"),
            count("SUCCEEDED", "SKIPPED").label("done"),
            func.sum(steps.c.cached, type_=Integer).label("cached"),
            count("RUNNING").label("running"),
            count("FAILED").label("failed"),
        )
        .where(steps.c.run_id.in_(ids))
        .group_by(steps.c.run_id)
    )
    return {row.pop("run_id"): row for row in map(dict, connection.execute(query).mappings())}


@dataclass(frozen=True)
class _Told:
    """What the steps of a run have to say in a list."""

    metrics: dict[str, Any]
    error: str | None = None


def _told(connection: Connection, ids: Sequence[str]) -> dict[str, _Told]:
    """Metrics and the first error of each run, of the few steps that have any."""
    from sqlalchemy import JSON, func, or_, select, type_coerce

    from .schema import steps

    metrics = func.json_extract(steps.c.report, "$.metrics")
    ename = func.json_extract(steps.c.error, "$.ename")
    evalue = func.json_extract(steps.c.error, "$.evalue")
    query = (
        select(
            steps.c.run_id,
            steps.c.name,
            type_coerce(metrics, JSON).label("metrics"),
            ename.label("ename"),
            evalue.label("evalue"),
        )
        .where(steps.c.run_id.in_(ids))
        .where(or_(metrics != "{}", (steps.c.state == "FAILED") & ename.is_not(None)))
        .order_by(steps.c.run_id, steps.c.position, func.length(steps.c.turn), steps.c.turn)
    )
    found: dict[str, _Told] = {}
    for row in connection.execute(query):
        before = found.get(row.run_id, _Told({}))
        error = before.error
        if error is None and row.ename is not None:
            words = f"{row.ename}: {row.evalue}" if row.evalue else row.ename
            error = step_failure(row.name, words)
        found[row.run_id] = _Told({**before.metrics, **(row.metrics or {})}, error)
    return found


def _summary(
    store: Store,
    row: RunRow,
    counts: Mapping[str, dict[str, int]],
    told: Mapping[str, _Told],
) -> dict[str, Any]:
    from dataclasses import replace

    own = told.get(row.run_id, _Told({}))
    record = replace(store.record(row, ()), metrics=own.metrics)
    nothing = dict.fromkeys(("total", "done", "cached", "running", "failed"), 0)
    return summary(record, counts.get(row.run_id, nothing), own.error or run_failure(record))
