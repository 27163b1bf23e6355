"""A KFP server as a target of pipelines, and the servers of its cluster where they can be had."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from ...diagnostics import Diagnostic
from ...errors import LabwrightError
from ..config import KnownTarget
from ..errors import BadRequest, Conflict, NotFound, NotOffered, TargetUnreachable, Unsuitable
from ..local.logs import whole_text
from ..protocols import Capabilities, Choice, Kind, Reach, SchedulesPage, Submitted, Timetable, View
from .api.base import Predicate, Wish
from .client import client_of
from .discovery import own_namespace
from .models import Health, RecurringRun, Run
from .own_image import own_image
from .reading import Reader
from .results import NOTEBOOK, PAGE, printed
from .sending import check
from .servers.access import why_not
from .servers.service import KubeflowServers
from .store import ObjectStore
from .submitting import schedule, submit
from .views import schedule_view
from .watching import watch

if TYPE_CHECKING:
    from ..local.pages import RunsPage, Wanted
    from ..local.submission import Submission

CAPABILITIES = Capabilities(
    resume=False,
    archive=True,
    schedules=True,
    own_machine=False,
    watches_files=False,
    live_logs=True,
    sources=False,
)
_WHOLE_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class KubeflowTarget(KubeflowServers):
    """One KFP server, and one namespace of it where it has many users."""

    kind: Kind = "kubeflow"

    def __init__(self, known: KnownTarget, secret: Callable[[], str] | None = None) -> None:
        super().__init__(known, secret)
        self.capabilities = replace(CAPABILITIES, servers=not why_not(known))
        self.client = client_of(known, secret)
        self._reader = Reader(self.client, known.name, self._namespace)
        self._store = ObjectStore(self.client, known)
        self._health: Health | None = None
        self._image: str | None = None

    async def reach(self) -> Reach:
        started = time.perf_counter()
        try:
            health = await self.client.health()
            namespace = await self._namespace()
            # The health is told to anybody; the list only to who is known and may.
            await self.client.runs.page(Wish(namespace, size=1))
            remarks = (await self.client.connection()).remarks
        except LabwrightError as error:
            return Reach(False, str(error))
        took = (time.perf_counter() - started) * 1000
        return Reach(
            True, None, health.version, health.multi_user, namespace or None, remarks, took
        )

    def check(self, submission: Submission) -> list[Diagnostic]:
        return check(submission, self.name, image_known=bool(self.known.image) or self._inside)

    async def submit(self, submission: Submission, *, name: str | None = None) -> Submitted:
        self.check(submission)
        namespace, image = await self._namespace(), await self._step_image()
        run = await submit(
            self.client, self.known, submission, name=name, namespace=namespace, image=image
        )
        return Submitted(await self._reader.summary(run))

    async def runs(self, wanted: Wanted | None = None) -> RunsPage:
        from ..local.pages import LARGEST, RunsPage, Wanted

        wanted = wanted or Wanted()
        limit = max(1, min(wanted.limit, LARGEST))
        wish = await self._wish(wanted)
        if wish is None:
            return RunsPage([], None, 0)
        found: list[View] = []
        total = 0
        token = wanted.cursor or ""
        while True:
            page = await self.client.runs.page(replace(wish, token=token, size=limit - len(found)))
            token, total = page.token, page.total
            shown = await asyncio.gather(*(self._reader.summary(run) for run in page.items))
            found += [one for one in shown if not wanted.states or one["state"] in wanted.states]
            if not token or len(found) >= limit:
                return RunsPage(found, token or None, total)

    async def _wish(self, wanted: Wanted) -> Wish | None:
        """The server's filter for this; None where nothing can be found."""
        namespace = await self._namespace()
        where = [Predicate("storage_state", "AVAILABLE")]
        if wanted.target and wanted.target != self.name:
            return None
        states = set(wanted.states)
        if states:
            # A run that was canceled has failed, to KFP; one that waits has no state yet.
            states |= {"FAILED"} if "CANCELED" in states else set()
            if "PENDING" not in states:
                where.append(Predicate("state", tuple(sorted(states)), "IN"))
        for word in (wanted.text or "").split():
            where.append(Predicate("display_name", word, "IS_SUBSTRING"))
        experiment = ""
        if wanted.experiment:
            found = await self.client.experiments.named(wanted.experiment, namespace)
            if found is None:
                return None
            experiment = found.experiment_id
        return Wish(namespace, experiment, tuple(where))

    async def find_run(self, reference: str) -> str:
        if _WHOLE_ID.fullmatch(reference):
            return (await self.client.runs.get(reference)).run_id
        wish = Wish(await self._namespace(), size=1)
        if reference == "latest":
            where = (Predicate("storage_state", "AVAILABLE"),)
            page = await self.client.runs.page(replace(wish, where=where))
            if not page.items:
                raise NotFound(f"target {self.name} has no runs")
            return page.items[0].run_id
        where = (Predicate("run_id", reference, "IS_SUBSTRING"),)
        found = await self.client.runs.page(replace(wish, where=where, size=200))
        ids = [one.run_id for one in found.items if reference and one.run_id.startswith(reference)]
        if not ids:
            raise NotFound(
                f"target {self.name} has no run {reference!r}",
                hint=f"see `labwright runs list --target {self.name}`",
            )
        if len(ids) > 1:
            raise BadRequest(f"{reference!r} begins the ids of {len(ids)} runs", hint="write more")
        return ids[0]

    async def run(self, run_id: str) -> View:
        return await self._reader.view(await self._get(run_id))

    async def watch(self, run_id: str, *, logs: bool = False) -> AsyncIterator[View]:
        run_id = await self.find_run(run_id)
        async for change in watch(self, run_id, logs=logs):
            yield change

    async def cancel(self, run_id: str) -> View:
        run = await self._get(run_id)
        if run.over:
            raise Conflict(f"run {run.run_id} is over: {run.state}", status=409)
        try:
            await self.client.runs.terminate(run.run_id)
        except BadRequest:  # it has ended meanwhile
            run = await self._get(run.run_id)
            if run.over:
                raise Conflict(f"run {run.run_id} is over: {run.state}", status=409) from None
            raise
        return await self._summary(run.run_id)

    async def retry(self, run_id: str) -> View:
        run = await self._get(run_id)
        if run.state not in ("FAILED", "CANCELED"):
            raise Conflict(
                f"run {run.run_id} has not failed: it is {run.state}",
                hint="only failed runs are retried",
                status=409,
            )
        await self.client.runs.retry(run.run_id)
        self._reader.forget(run.run_id)
        return await self._summary(run.run_id)

    async def resume(self, run_id: str) -> View:
        raise NotOffered("a run there has no engine that could have died", hint="retry it")

    async def archive(self, run_id: str) -> None:
        await self.client.runs.archive(await self.find_run(run_id))

    async def unarchive(self, run_id: str) -> None:
        await self.client.runs.unarchive(await self.find_run(run_id))

    async def delete(self, run_id: str) -> None:
        run = await self._get(run_id)
        if not run.over:
            raise Conflict(f"run {run.run_id} goes on", hint="cancel it first", status=409)
        await self.client.runs.delete(run.run_id)
        self._reader.forget(run.run_id)

    async def experiments(self) -> list[str]:
        where = (Predicate("storage_state", "AVAILABLE"),)
        wish = Wish(await self._namespace(), where=where, size=200)
        return sorted([one.display_name async for one in self.client.experiments.all(wish)])

    async def log(
        self,
        run_id: str,
        step: str,
        iteration: str | None = None,
        *,
        offset: int = 0,
        limit: int = 1 << 20,
    ) -> View:
        run = await self._get(run_id)
        one = await self._reader.step(run, step, iteration)
        nothing = {"text": "", "offset": offset, "next": offset, "end": one.over}
        if not one.pods:
            return nothing
        try:
            text = await self._reader.pod_log(run.run_id, one.pods[-1], one.started_at)
        except TargetUnreachable:
            raise
        except NotFound as error:
            if not one.over:  # its pod is about to be
                return nothing
            if one.cached:
                return nothing
            raise NotFound(
                f"the log of step {step!r} is gone with its pod",
                hint="KFP keeps it where `ARCHIVE_LOGS` is on",
                words=error.words,
            ) from None
        data = printed(text, whole=one.over).encode()
        begin = min(offset, len(data))
        piece = data[begin : begin + limit]
        last = begin + len(piece) >= len(data)
        shown, used = whole_text(piece, final=one.over and last)
        return {"text": shown, "offset": begin, "next": begin + used, "end": one.over and last}

    async def notebook(self, run_id: str, step: str, iteration: str | None = None) -> bytes:
        return await self._hidden(run_id, step, iteration, NOTEBOOK, "executed notebook")

    async def page(self, run_id: str, step: str, iteration: str | None = None) -> bytes:
        return await self._hidden(run_id, step, iteration, PAGE, "page")

    async def _hidden(
        self, run_id: str, step: str, iteration: str | None, key: str, what: str
    ) -> bytes:
        run = await self._get(run_id)
        one = await self._reader.step(run, step, iteration)
        told = await self._reader.told(run.run_id, one)
        found = told.artifact(key)
        if found is None or one.state != "SUCCEEDED":
            why = "its outputs are those of an earlier run" if told.cached or one.cached else ""
            raise NotFound(f"step {step!r} has no {what} that can be read", hint=why)
        return await self._store.read(found.uri, await self._namespace())

    async def source(self, run_id: str) -> bytes:
        raise NotOffered("KFP keeps the pipeline, not the notebook it was made of")

    async def fetch(self, run_id: str, artifact: str, place: Path) -> Path:
        run = await self._get(run_id)
        step, _, rest = artifact.partition("/")
        way, _, key = rest.partition("/")
        one = await self._reader.at(run, step)
        told = await self._reader.told(run.run_id, one)
        listed = told.input_artifacts if way == "in" else told.artifacts if way == "out" else ()
        found = next((one for one in listed if one.key == key), None)
        if found is None:
            raise NotFound(f"run {run.run_id} has no artifact {artifact!r}")
        return await self._store.fetch(found.uri, await self._namespace(), place)

    async def schedule(
        self, submission: Submission, when: Timetable, *, name: str | None = None
    ) -> View:
        if bool(when.cron) == bool(when.every):
            raise Unsuitable("say when it runs in one way, by cron or by every")
        self.check(submission)
        namespace, image = await self._namespace(), await self._step_image()
        made = await schedule(
            self.client, self.known, submission, when, name=name, namespace=namespace, image=image
        )
        return await self._schedule(made)

    async def schedules(self, wanted: Choice | None = None) -> SchedulesPage:
        wanted = wanted or Choice()
        namespace = await self._namespace()
        words = (wanted.text or "").split()
        where = tuple(Predicate("display_name", word, "IS_SUBSTRING") for word in words)
        experiment = ""
        if wanted.experiment:
            known = await self.client.experiments.named(wanted.experiment, namespace)
            if known is None:
                return SchedulesPage([], None, 0)
            experiment = known.experiment_id
        wish = Wish(namespace, experiment, where, size=wanted.limit, token=wanted.cursor or "")
        page = await self.client.recurring.page(wish)
        shown = await asyncio.gather(*(self._schedule(one) for one in page.items))
        return SchedulesPage(list(shown), page.token or None, page.total)

    async def show_schedule(self, schedule_id: str) -> View:
        return await self._schedule(await self.client.recurring.get(schedule_id))

    async def pause(self, schedule_id: str) -> View:
        await self.client.recurring.disable(schedule_id)
        return await self.show_schedule(schedule_id)

    async def unpause(self, schedule_id: str) -> View:
        await self.client.recurring.enable(schedule_id)
        return await self.show_schedule(schedule_id)

    async def delete_schedule(self, schedule_id: str) -> None:
        await self.client.recurring.delete(schedule_id)

    async def close(self) -> None:
        await self.close_servers()
        await self.client.close()

    @property
    def _inside(self) -> bool:
        """Whether this process is in the very cluster."""
        return self.known.in_cluster

    async def _get(self, run_id: str) -> Run:
        if _WHOLE_ID.fullmatch(run_id):
            return await self.client.runs.get(run_id)
        return await self.client.runs.get(await self.find_run(run_id))

    async def _summary(self, run_id: str) -> View:
        return await self._reader.summary(await self.client.runs.get(run_id))

    async def _schedule(self, one: RecurringRun) -> View:
        experiment = await self._reader.experiment_name(one.experiment_id)
        return schedule_view(one, self.name, experiment)

    async def _step_image(self) -> str:
        """The image of steps that ask for none."""
        if self._image is None:
            self._image = (await own_image() if self._inside else "") or self.known.image
        return self._image

    async def _namespace(self) -> str:
        """The namespace to ask for; empty where the server has one for all."""
        if self._health is None:
            self._health = await self.client.health()
        if not self._health.multi_user:
            return ""
        found = self.known.namespace or (own_namespace() if self._inside else "")
        if not found:
            _no_namespace(self.name)
        return found


def _no_namespace(target: str) -> NoReturn:
    raise BadRequest(
        "the server has a namespace for each user, and yours is not known",
        where=f"target {target}",
        hint=f"labwright targets add {target} --replace --namespace NAME …",
    )
