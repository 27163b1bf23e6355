"""This machine as a target: the agent starts and stops runs, the store knows them.

Thin: whoever needs only this machine uses the agent's client and the store themselves.
"""

from __future__ import annotations

import asyncio
import shutil
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, TypeVar

from ...diagnostics import Diagnostic
from ...errors import LabwrightError
from ..errors import BadRequest, Conflict, NotFound, NotOffered, TargetError, TargetUnreachable
from ..following import LogFollower, step_key
from ..protocols import Capabilities, Choice, Kind, Reach, SchedulesPage, Submitted, Timetable, View
from .home import home
from .record import FINAL, StepRecord
from .rundir import StepDir
from .servers.target import LocalServers

if TYPE_CHECKING:
    from .agent.client import AsyncAgentClient
    from .pages import RunsPage, Wanted
    from .store import Store
    from .submission import Submission

T = TypeVar("T")

CAPABILITIES = Capabilities(
    resume=True,
    archive=False,
    schedules=False,
    own_machine=True,
    watches_files=True,
    live_logs=True,
    sources=True,
    servers=True,
)


class LocalTarget(LocalServers):
    """The runs and servers of one Labwright home."""

    name = "local"
    kind: Kind = "local"
    capabilities = CAPABILITIES

    def __init__(self, root: Path | None = None) -> None:
        super().__init__()
        self._root = root or home()
        self._opened: Store | None = None

    @property
    def store(self) -> Store:
        from .store import Store

        if self._opened is None:
            self._opened = Store(self._root)
        return self._opened

    async def reach(self) -> Reach:
        from ... import __version__

        started = time.perf_counter()
        try:
            await self._read(lambda store: store.experiments())
        except LabwrightError as error:
            return Reach(False, str(error), __version__)
        took = (time.perf_counter() - started) * 1000
        return Reach(True, version=__version__, milliseconds=took)

    def check(self, submission: Submission) -> list[Diagnostic]:
        from .check import check_pipeline

        return check_pipeline(
            submission.spec,
            submission.platform,
            environment=submission.environment,
            workdir=Path(submission.workdir),
        )

    async def submit(self, submission: Submission, *, name: str | None = None) -> Submitted:
        if name is not None:
            raise NotOffered("a run here is named as its pipeline", hint="leave its name out")
        run = await self._ask(lambda agent: agent.submit(submission))
        return Submitted(run, [Diagnostic(**one) for one in submission.checked])

    async def runs(self, wanted: Wanted | None = None) -> RunsPage:
        return await self._read(lambda store: store.runs_page(wanted))

    async def find_run(self, reference: str) -> str:
        return await self._read(lambda store: store.run_row(reference).run_id)

    async def run(self, run_id: str) -> View:
        return await self._read(lambda store: _run_view(store, run_id))

    async def watch(self, run_id: str, *, logs: bool = False) -> AsyncIterator[View]:
        from .agent.client import AgentLost

        run_id = await self._exact(run_id)
        follower = LogFollower(self, run_id) if logs else None
        known: dict[tuple[str, str], View] = {}
        while True:
            try:
                async for change in self._hear(run_id, follower, known):
                    yield change
                return
            except AgentLost:  # the next one takes up what goes on
                await asyncio.sleep(0.1)

    async def _hear(
        self, run_id: str, follower: LogFollower | None, known: dict[tuple[str, str], View]
    ) -> AsyncIterator[View]:
        """What one agent tells of a run; ends when the run has."""
        client = await self._connect()
        async with client, client.events() as events:
            await anext(events)  # its hello: what happens from here on is not missed
            view = await self.run(run_id)
            async for change in _standing(view, follower, known):
                yield change
            if view["state"] in FINAL:
                return
            async for event in events:
                if event["type"] == "deleted" and event["run_id"] == run_id:
                    raise NotFound(f"run {run_id} was deleted while it was watched")
                if event["type"] == "step" and event["run_id"] == run_id:
                    step = event["step"]
                    known[step_key(step)] = step
                    yield {"type": "step", "run_id": run_id, "step": step}
                    if follower is not None:
                        async for line in follower.read(step):
                            yield line
                elif event["type"] == "log" and event["run_id"] == run_id and follower is not None:
                    step = known.get(step_key({**event, "name": event["step"]}))
                    async for line in follower.read(step or {**event, "name": event["step"]}):
                        yield line
                elif event["type"] == "run" and event["run"]["run_id"] == run_id:
                    if event["run"]["state"] in FINAL:
                        async for change in _standing(await self.run(run_id), follower, known):
                            yield change
                        return
                    yield {"type": "run", "run": event["run"]}

    async def cancel(self, run_id: str) -> View:
        run_id = await self._exact(run_id)
        return await self._ask(lambda agent: agent.cancel(run_id))

    async def retry(self, run_id: str) -> View:
        run_id = await self._exact(run_id)
        return await self._ask(lambda agent: agent.retry(run_id))

    async def resume(self, run_id: str) -> View:
        run_id = await self._exact(run_id)
        return await self._ask(lambda agent: agent.resume(run_id))

    async def archive(self, run_id: str) -> None:
        _no_archive()

    async def unarchive(self, run_id: str) -> None:
        _no_archive()

    async def delete(self, run_id: str) -> None:
        run_id = await self._exact(run_id)
        await self._ask(lambda agent: agent.delete(run_id))

    async def experiments(self) -> list[str]:
        return await self._read(lambda store: store.experiments())

    async def log(
        self,
        run_id: str,
        step: str,
        iteration: str | None = None,
        *,
        offset: int = 0,
        limit: int = 1 << 20,
    ) -> View:
        from .logs import log_piece

        def read(store: Store) -> View:
            found = _step(store, run_id, step, iteration)
            return log_piece(found, offset, limit)

        return await self._read(read)

    async def notebook(self, run_id: str, step: str, iteration: str | None = None) -> bytes:
        def read(store: Store) -> bytes:
            place = _step(store, run_id, step, iteration).notebook
            return _bytes(place, f"step {step!r} has no executed notebook")

        return await self._read(read)

    async def page(self, run_id: str, step: str, iteration: str | None = None) -> bytes:
        def read(store: Store) -> bytes:
            found = _step(store, run_id, step, iteration)
            place = StepDir(found.dir).artifact("labwright_html", found.name) if found.dir else None
            return _bytes(place, f"step {step!r} has no page")

        return await self._read(read)

    async def source(self, run_id: str) -> bytes:
        def read(store: Store) -> bytes:
            run = store.run_row(run_id).run_id
            return _bytes(store.dir(run).source, f"run {run} kept no notebook")

        return await self._read(read)

    async def fetch(self, run_id: str, artifact: str, place: Path) -> Path:
        return await self._read(lambda store: _copy(store, run_id, artifact, place))

    async def schedule(
        self, submission: Submission, when: Timetable, *, name: str | None = None
    ) -> View:
        _no_schedules()

    async def schedules(self, wanted: Choice | None = None) -> SchedulesPage:
        _no_schedules()

    async def show_schedule(self, schedule_id: str) -> View:
        _no_schedules()

    async def pause(self, schedule_id: str) -> View:
        _no_schedules()

    async def unpause(self, schedule_id: str) -> View:
        _no_schedules()

    async def delete_schedule(self, schedule_id: str) -> None:
        _no_schedules()

    async def close(self) -> None:
        if self._opened is not None:
            self._opened.close()
            self._opened = None

    async def _exact(self, run_id: str) -> str:
        return await self.find_run(run_id)

    async def _connect(self) -> AsyncAgentClient:
        from .agent.client import AgentLost, connect_async

        try:
            client = await connect_async(start=True, root=self._root)
        except AgentLost:
            raise
        except LabwrightError as error:  # it does not start, or is another version's
            raise TargetUnreachable(error.what, where=error.where, hint=error.hint) from None
        if client is None:
            raise AgentLost("it ended as soon as it had begun; its log may say why")
        return client

    async def _ask(self, question: Callable[[AsyncAgentClient], Awaitable[T]]) -> T:
        with _as_target_error():
            async with await self._connect() as client:
                return await question(client)

    async def _read(self, question: Callable[[Store], T]) -> T:
        """Ask the store, in a thread: the loop is not held up by a disk."""
        with _as_target_error():
            return await asyncio.to_thread(question, self.store)


@contextmanager
def _as_target_error() -> Iterator[None]:
    """The agent's and the store's errors as a target's."""
    from .agent.client import AgentError, AgentLost
    from .store import StoreError

    try:
        yield
    except (TargetError, StoreError):
        raise
    except AgentLost as error:
        raise TargetUnreachable(error.what, hint=error.hint) from None
    except AgentError as error:
        kind = {400: BadRequest, 404: NotFound, 409: Conflict}.get(error.status, TargetError)
        raise kind(error.what, hint=error.hint, status=error.status) from None
    except LabwrightError as error:
        raise NotFound(error.what, where=error.where, hint=error.hint) from None


def _run_view(store: Store, run_id: str) -> View:
    from .submission import run_graph
    from .views import run_view

    record = store.run(run_id)
    return run_view(record, run_graph(store.dir(record.run_id)))


async def _standing(
    view: View, follower: LogFollower | None, known: dict[tuple[str, str], View]
) -> AsyncIterator[View]:
    """How a run stands, as changes; steps that were told so already are left out."""
    for step in view["steps"]:
        if known.get(step_key(step)) != step:
            known[step_key(step)] = step
            yield {"type": "step", "run_id": view["run_id"], "step": step}
        if follower is not None:
            async for line in follower.read(step):
                yield line
    only_run = ("dir", "diagnostics", "outputs", "steps", "graph")
    summary = {name: value for name, value in view.items() if name not in only_run}
    yield {"type": "run", "run": summary}


def _step(store: Store, run_id: str, name: str, iteration: str | None) -> StepRecord:
    """A step of a run, or the turn of it that is asked for."""
    record = store.run(run_id)
    turns = [step for step in record.steps if step.name == name]
    if not turns:
        names = ", ".join(dict.fromkeys(one.name for one in record.steps))
        raise NotFound(f"run {record.run_id} has no step {name!r}", hint=f"it has {names}")
    if iteration is None:
        return turns[0]
    for step in turns:
        if str(step.iteration) == str(iteration):
            return step
    raise NotFound(f"step {name!r} of run {record.run_id} has no turn {iteration!r}")


def _bytes(place: Path | None, otherwise: str) -> bytes:
    if place is None or not place.is_file():
        raise NotFound(otherwise)
    return place.read_bytes()


def _copy(store: Store, run_id: str, artifact: str, place: Path) -> Path:
    from .home import artifacts_folder

    directory = store.dir(store.run_row(run_id).run_id).path.resolve()
    found = (directory / artifact).resolve()
    inside = any(found.is_relative_to(one) for one in (directory, artifacts_folder(store.root)))
    if not inside or not found.exists():
        raise NotFound(f"run {run_id} has no artifact {artifact!r}")
    place.parent.mkdir(parents=True, exist_ok=True)
    if found.is_dir():
        shutil.copytree(found, place, dirs_exist_ok=True)
    else:
        shutil.copyfile(found, place)
    return place


def _no_archive() -> NoReturn:
    raise NotOffered("runs on this machine are not archived", hint="they can be deleted")


def _no_schedules() -> NoReturn:
    raise NotOffered("this machine runs nothing by a timetable", hint="a Kubeflow target does")
