"""A target without `await`: for a command line, a notebook's cell, a script.

The target lives on an event loop of its own, in a thread of its own, so that this works where a
loop runs already, as it does in Jupyter. Ctrl-C in the caller's thread leaves at once.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Coroutine, Iterator
from concurrent.futures import CancelledError, Future
from concurrent.futures import TimeoutError as Waited
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, TypeVar

from .protocols import (
    Capabilities,
    Choice,
    Kind,
    PipelineTarget,
    Reach,
    SchedulesPage,
    Submitted,
    Timetable,
    View,
)

if TYPE_CHECKING:
    from typing_extensions import Self

    from ..diagnostics import Diagnostic
    from .local.pages import RunsPage, Wanted
    from .local.submission import Submission

T = TypeVar("T")
_END = object()


class Loop:
    """An event loop in a thread; `wait` gives what a coroutine gives."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="labwright target", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()

    def wait(self, work: Coroutine[Any, Any, T]) -> T:
        """Do it on the loop, and wait for it. An interruption cancels it."""
        future: Future[T] = asyncio.run_coroutine_threadsafe(work, self._loop)
        try:
            return future.result()
        except BaseException:
            if future.cancel():
                try:
                    future.result(1)
                except (CancelledError, Waited):
                    pass
            raise

    def iterate(self, items: AsyncIterator[T]) -> Iterator[T]:
        """The items as they come; what gives them is closed with the iterator."""

        async def following() -> Any:
            return await anext(items, _END)

        async def close() -> None:
            end = getattr(items, "aclose", None)
            if end is not None:
                await end()

        try:
            while (item := self.wait(following())) is not _END:
                yield item
        finally:
            if not self._loop.is_closed():  # it is when only the garbage collector ends this
                self.wait(close())

    def close(self) -> None:
        if self._loop.is_closed():
            return
        self.wait(_settle())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


async def _settle() -> None:
    """Let tasks and generators that were left end before the loop does."""
    left = asyncio.all_tasks() - {asyncio.current_task()}
    for task in left:
        task.cancel()
    await asyncio.gather(*left, return_exceptions=True)
    await asyncio.get_running_loop().shutdown_asyncgens()
    await asyncio.get_running_loop().shutdown_default_executor()


class Blocking:
    """A target with an event loop of its own, to be closed."""

    def __init__(self, target: PipelineTarget) -> None:
        self.target = target
        self._loop = Loop()

    @property
    def name(self) -> str:
        return self.target.name

    def close(self) -> None:
        try:
            self._loop.wait(self.target.close())
        finally:
            self._loop.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


class BlockingTarget(Blocking):
    """A `PipelineTarget`, each method of which waits for its answer."""

    @property
    def kind(self) -> Kind:
        return self.target.kind

    @property
    def capabilities(self) -> Capabilities:
        return self.target.capabilities

    def reach(self) -> Reach:
        return self._loop.wait(self.target.reach())

    def check(self, submission: Submission) -> list[Diagnostic]:
        return self.target.check(submission)

    def submit(self, submission: Submission, *, name: str | None = None) -> Submitted:
        return self._loop.wait(self.target.submit(submission, name=name))

    def runs(self, wanted: Wanted | None = None) -> RunsPage:
        return self._loop.wait(self.target.runs(wanted))

    def find_run(self, reference: str) -> str:
        return self._loop.wait(self.target.find_run(reference))

    def run(self, run_id: str) -> View:
        return self._loop.wait(self.target.run(run_id))

    def watch(self, run_id: str, *, logs: bool = False) -> Iterator[View]:
        return self._loop.iterate(self.target.watch(run_id, logs=logs))

    def cancel(self, run_id: str) -> View:
        return self._loop.wait(self.target.cancel(run_id))

    def retry(self, run_id: str) -> View:
        return self._loop.wait(self.target.retry(run_id))

    def resume(self, run_id: str) -> View:
        return self._loop.wait(self.target.resume(run_id))

    def archive(self, run_id: str) -> None:
        self._loop.wait(self.target.archive(run_id))

    def unarchive(self, run_id: str) -> None:
        self._loop.wait(self.target.unarchive(run_id))

    def delete(self, run_id: str) -> None:
        self._loop.wait(self.target.delete(run_id))

    def experiments(self) -> list[str]:
        return self._loop.wait(self.target.experiments())

    def log(
        self,
        run_id: str,
        step: str,
        iteration: str | None = None,
        *,
        offset: int = 0,
        limit: int = 1 << 20,
    ) -> View:
        return self._loop.wait(self.target.log(run_id, step, iteration, offset=offset, limit=limit))

    def notebook(self, run_id: str, step: str, iteration: str | None = None) -> bytes:
        return self._loop.wait(self.target.notebook(run_id, step, iteration))

    def page(self, run_id: str, step: str, iteration: str | None = None) -> bytes:
        return self._loop.wait(self.target.page(run_id, step, iteration))

    def source(self, run_id: str) -> bytes:
        return self._loop.wait(self.target.source(run_id))

    def fetch(self, run_id: str, artifact: str, place: Path) -> Path:
        return self._loop.wait(self.target.fetch(run_id, artifact, place))

    def schedule(self, submission: Submission, when: Timetable, *, name: str | None = None) -> View:
        return self._loop.wait(self.target.schedule(submission, when, name=name))

    def schedules(self, wanted: Choice | None = None) -> SchedulesPage:
        return self._loop.wait(self.target.schedules(wanted))

    def show_schedule(self, schedule_id: str) -> View:
        return self._loop.wait(self.target.show_schedule(schedule_id))

    def pause(self, schedule_id: str) -> View:
        return self._loop.wait(self.target.pause(schedule_id))

    def unpause(self, schedule_id: str) -> View:
        return self._loop.wait(self.target.unpause(schedule_id))

    def delete_schedule(self, schedule_id: str) -> None:
        self._loop.wait(self.target.delete_schedule(schedule_id))
