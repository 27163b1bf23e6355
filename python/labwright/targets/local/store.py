"""What is remembered of runs: a SQLite database that several engines may use at once."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any
from weakref import finalize

from ...diagnostics import Diagnostic
from ...errors import LabwrightError
from .events import now
from .home import home, runs_folder
from .locks import locked
from .record import UNDER_WAY, Iteration, RunRecord, State, StepError, StepRecord
from .rundir import RunDir

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine, RowMapping

    from .pages import RunsPage, Wanted

INTERRUPTED = StepError(
    "Interrupted", "the engine ended before the step did; `labwright runs resume` goes on from here"
)


class StoreError(LabwrightError):
    """The store itself fails; nothing can go on."""


@dataclass(frozen=True)
class StepRow:
    """A step of a run as the store keeps it. `turn` is which turn of which loop, or empty.

    `outputs` are in the engine's form, `inputs` and `report` in the record's.
    """

    path: str
    turn: str
    position: int
    name: str
    folder: str
    state: State = "PENDING"
    cached: bool = False
    retries: int = 0
    key: str | None = None
    started_at: str | None = None
    finished_at: str | None = None
    inputs: list[dict[str, Any]] | None = None
    outputs: dict[str, Any] | None = None
    error: dict[str, Any] | None = None
    report: dict[str, Any] | None = None


@dataclass(frozen=True)
class RunRow:
    run_id: str
    name: str
    state: State
    created_at: str
    parameters: dict[str, Any]
    options: dict[str, Any]
    finished_at: str | None = None
    outputs: dict[str, Any] = field(default_factory=dict)
    diagnostics: list[dict[str, Any]] = field(default_factory=list)
    target: str = "local"
    experiment: str | None = None
    started_at: str | None = None
    reason: str | None = None


class Store:
    """The store in a folder; Labwright's home unless another is given. Opened at first use."""

    def __init__(self, root: Path | None = None) -> None:
        self.root = root or home()

    # What people ask

    def runs(self) -> list[RunRecord]:
        """All runs without their steps, the newest first."""
        from sqlalchemy import select

        from .schema import runs

        with self.transaction() as connection:
            rows = connection.execute(select(runs).order_by(runs.c.created_at.desc())).mappings()
            return [self.record(RunRow(**row), ()) for row in rows]

    def runs_page(self, wanted: Wanted | None = None) -> RunsPage:
        """A page of the list of runs, as the workbench shows them."""
        from .pages import runs_page

        return runs_page(self, wanted)

    def experiments(self) -> list[str]:
        """The names that runs were given to stand together under."""
        from .pages import experiments

        return experiments(self)

    def run(self, run_id: str) -> RunRecord:
        """One run with its steps. The start of its id is enough, and so is `latest`."""
        row = self.run_row(run_id)
        return self.record(row, self.step_rows(row.run_id))

    def log(self, run_id: str, step: str, iteration: Iteration = None) -> str:
        """What a step printed; of a step that was repeated, all turns unless one is named."""
        record = self.run(run_id)
        found = [
            one
            for one in record.steps
            if one.name == step and (iteration is None or str(one.iteration) == str(iteration))
        ]
        if not found:
            names = ", ".join(dict.fromkeys(one.name for one in record.steps))
            raise LabwrightError(
                f"run {record.run_id} has no step {step!r}", hint=f"it has {names}"
            )
        logs = [one.dir / "log.txt" for one in found if one.dir is not None]
        return "".join(
            log.read_text(encoding="utf-8", errors="replace") for log in logs if log.exists()
        )

    def dir(self, run_id: str) -> RunDir:
        return RunDir(runs_folder(self.root) / run_id)

    # What the engine keeps

    def run_row(self, run_id: str) -> RunRow:
        """The row of a run by its id, the start of its id, or `latest`."""
        from sqlalchemy import select

        from .schema import runs

        query = select(runs).order_by(runs.c.created_at.desc())
        if run_id == "latest":
            query = query.limit(1)
        else:
            query = query.where(runs.c.run_id.startswith(run_id, autoescape=True))
        with self.transaction() as connection:
            rows = [RunRow(**row) for row in connection.execute(query).mappings()]
        exact = [row for row in rows if row.run_id == run_id] or rows
        if not exact:
            raise LabwrightError(
                "there are no runs yet" if run_id == "latest" else f"there is no run {run_id!r}",
                hint="`labwright runs list` shows them",
            )
        if len(exact) > 1:
            names = ", ".join(row.run_id for row in exact[:5])
            raise LabwrightError(f"{run_id!r} fits more than one run: {names}")
        return exact[0]

    def step_rows(self, run_id: str) -> list[StepRow]:
        """A run's steps in the record's order."""
        from sqlalchemy import select

        from .schema import steps

        with self.transaction() as connection:
            found = connection.execute(select(steps).where(steps.c.run_id == run_id)).mappings()
            rows = [_step_row(row) for row in found]
        return sorted(rows, key=lambda row: (row.position, _numbers(row.turn)))

    def steps_at(self, run_id: str, keys: Iterable[tuple[str, str]]) -> list[StepRow]:
        """The steps of a run with these paths and turns."""
        from sqlalchemy import select

        from .schema import steps

        wanted = set(keys)
        query = select(steps).where(
            steps.c.run_id == run_id, steps.c.path.in_({path for path, _ in wanted})
        )
        if len(wanted) == 1:
            query = query.where(steps.c.turn == next(iter(wanted))[1])
        with self.transaction() as connection:
            rows = [_step_row(row) for row in connection.execute(query).mappings()]
        return [row for row in rows if (row.path, row.turn) in wanted]

    def save_run(self, row: RunRow) -> None:
        from sqlalchemy.dialects.sqlite import insert

        from .schema import runs

        values = asdict(row)
        with self.transaction() as connection:
            connection.execute(
                insert(runs)
                .values(values)
                .on_conflict_do_update(index_elements=["run_id"], set_=values)
            )

    def save_steps(
        self, run_id: str, rows: Iterable[StepRow], *, instead: tuple[str, str] | None = None
    ) -> None:
        """Keep these rows; with `instead`, in the place of the row with that path and turn."""
        from sqlalchemy import delete
        from sqlalchemy.dialects.sqlite import insert

        from .schema import steps

        values = [{"run_id": run_id, **_row_values(row)} for row in rows]
        with self.transaction() as connection:
            if instead:
                path, turn = instead
                here = (steps.c.run_id == run_id) & (steps.c.path == path) & (steps.c.turn == turn)
                connection.execute(delete(steps).where(here))
            if values:
                statement = insert(steps)
                keys = ["run_id", "path", "turn"]
                new = {c.name: statement.excluded[c.name] for c in steps.c if c.name not in keys}
                connection.execute(
                    statement.on_conflict_do_update(index_elements=keys, set_=new), values
                )

    def cached(self, key: str) -> dict[str, Any] | None:
        """What the cache holds under a key."""
        from sqlalchemy import select

        from .schema import cache

        with self.transaction() as connection:
            text = connection.execute(select(cache.c.value).where(cache.c.key == key)).scalar()
        return None if text is None else json.loads(text)

    def keep(self, key: str, value: Mapping[str, Any]) -> None:
        """Put a step's outputs into the cache."""
        from sqlalchemy.dialects.sqlite import insert

        from .schema import cache

        values = {"key": key, "created_at": now(), "value": json.dumps(value)}
        with self.transaction() as connection:
            connection.execute(
                insert(cache)
                .values(values)
                .on_conflict_do_update(index_elements=["key"], set_=values)
            )

    def close(self) -> None:
        if "_database" in self.__dict__:
            self._database.dispose()
            del self.__dict__["_database"]

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """A transaction. What goes wrong with the database itself is a StoreError."""
        from sqlalchemy.exc import DatabaseError

        try:
            with self._database.begin() as connection:
                yield connection
        except DatabaseError as error:
            raise StoreError(
                f"the store in {self.root} cannot be written or read: {error.orig}",
                hint="is the disk full? Then make room, and `labwright runs resume` the run",
            ) from error

    @cached_property
    def _database(self) -> Engine:
        from sqlalchemy import create_engine, event

        from .schema import prepare

        try:
            self.root.mkdir(parents=True, exist_ok=True, mode=0o700)
            engine = create_engine(f"sqlite:///{self.root / 'labwright.db'}")
            event.listen(engine, "connect", _configure)
            finalize(self, engine.dispose)
            with locked(self.root / ".store.lock"), engine.begin() as connection:
                prepare(connection)
        except OSError as error:
            raise StoreError(
                f"cannot open the store in {self.root}: {error.strerror}",
                hint="LABWRIGHT_HOME names another place for it",
            ) from error
        return engine

    def record(self, row: RunRow, rows: Iterable[StepRow]) -> RunRecord:
        """What people are given, of what the store keeps."""
        folder = self.dir(row.run_id)
        # A run that says it goes on but whose engine is dead was interrupted.
        dead = row.state in UNDER_WAY and not folder.running
        steps = tuple(step_record(one, folder, dead) for one in rows)
        reports = [one.report for one in rows if one.report]
        own = [*row.diagnostics, *(d for report in reports for d in report["diagnostics"])]
        return RunRecord(
            row.run_id,
            row.name,
            "FAILED" if dead else row.state,
            folder.path,
            row.parameters,
            row.created_at,
            row.finished_at,
            Path(row.options["notebook"]) if row.options.get("notebook") else None,
            {name: value for report in reports for name, value in report["metrics"].items()},
            row.outputs,
            tuple(Diagnostic(**one) for one in own),
            steps,
            row.target,
            row.experiment,
            row.started_at,
            row.reason,
        )


def step_record(row: StepRow, run: RunDir, dead: bool = False) -> StepRecord:
    """A step as people are given it. `dead`: its engine is, so that it cannot be running."""
    folder = run.step(row.folder)
    notebook = folder.artifact("labwright_notebook", row.name)
    started = row.state not in ("PENDING", "SKIPPED")
    interrupted = dead and row.state == "RUNNING"
    error = INTERRUPTED if interrupted else StepError(**row.error) if row.error else None
    return StepRecord(
        row.name,
        "FAILED" if interrupted else row.state,
        int(row.turn) if row.turn.isdigit() else row.turn or None,
        row.cached,
        row.started_at,
        row.finished_at,
        folder.path if started else None,
        notebook if started and notebook.exists() else None,
        _placed(row.inputs, run),
        _placed((row.report or {}).get("outputs"), run),
        error,
        row.retries,
    )


def _placed(shown: list[dict[str, Any]] | None, run: RunDir) -> tuple[dict[str, Any], ...]:
    """Inputs or outputs with their paths, which are kept relative so that homes can move."""
    return tuple(
        {**one, "path": str(run.path / one["path"]) if one["path"] else None} for one in shown or ()
    )


def _step_row(row: RowMapping) -> StepRow:
    return StepRow(**{str(name): value for name, value in row.items() if name != "run_id"})


def _row_values(row: StepRow) -> dict[str, Any]:
    return {name: getattr(row, name) for name in StepRow.__dataclass_fields__}


def _numbers(turn: str) -> tuple[int, ...]:
    return tuple(int(part) for part in turn.split(".")) if turn else ()


def _configure(connection: Any, _: Any) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA busy_timeout = 30000")
    cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute("PRAGMA synchronous = NORMAL")
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.close()
