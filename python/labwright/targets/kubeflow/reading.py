"""Runs read from a KFP server: their pipelines, steps, logs and values."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

from ...errors import LabwrightError
from ..errors import NotFound, TargetError, TargetUnreachable
from ..local.ir import Pipeline
from ..local.ir_graph import graph_of_ir
from ..local.steps import Step, plan_steps
from ..protocols import View
from .client import Client
from .models import Run
from .nodes import Seen, seen_steps
from .results import Told, failure_of, printed, read_told, says_cached
from .sending import read
from .views import artifact_place, run_outputs, step_view, summary

T = TypeVar("T")
AT_ONCE = 8
REMEMBERED = 512
NOTHING = Told()


@dataclass(frozen=True)
class Known:
    """A pipeline and its steps; both empty where the IR is not one that Labwright reads."""

    pipeline: Pipeline | None
    steps: Mapping[str, Step]


class Memory:
    """What does not change any more, the latest asked for."""

    def __init__(self, size: int = REMEMBERED) -> None:
        self._kept: OrderedDict[Hashable, Any] = OrderedDict()
        self._size = size

    async def get(self, key: Hashable, make: Callable[[], Awaitable[T]]) -> T:
        """What is kept under the key; what fails is not kept."""
        if key not in self._kept:
            self._kept[key] = await make()
            if len(self._kept) > self._size:
                self._kept.popitem(last=False)
        self._kept.move_to_end(key)
        found: T = self._kept[key]
        return found

    def forget(self, run_id: str) -> None:
        for key in [one for one in self._kept if isinstance(one, tuple) and run_id in one]:
            del self._kept[key]


class Reader:
    """What is told of runs. `namespace` gives the user's own."""

    def __init__(
        self, client: Client, target: str, namespace: Callable[[], Awaitable[str]]
    ) -> None:
        self._client = client
        self._target = target
        self._namespace = namespace
        self._memory = Memory()
        self._gates: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore] = (
            WeakKeyDictionary()
        )

    @property
    def _gate(self) -> asyncio.Semaphore:
        """Lets so many questions through at a time; it belongs to an event loop."""
        loop = asyncio.get_running_loop()
        return self._gates.setdefault(loop, asyncio.Semaphore(AT_ONCE))

    async def experiment_name(self, experiment_id: str) -> str | None:
        if not experiment_id:
            return None

        async def ask() -> str | None:
            try:
                return (await self._client.experiments.get(experiment_id)).display_name
            except NotFound:  # it was deleted, and its runs stayed
                return None

        return await self._memory.get(("experiment", experiment_id), ask)

    async def known(self, run: Run) -> Known:
        """The pipeline of a run."""

        async def ask() -> Known:
            spec = run.pipeline_spec
            if not spec and run.pipeline_version_id:
                try:
                    version = await self._client.versions.get(
                        run.pipeline_id, run.pipeline_version_id
                    )
                except NotFound:  # it was deleted since
                    return Known(None, {})
                spec = version.pipeline_spec
            inner = spec.get("pipeline_spec")
            pipeline = read(inner if isinstance(inner, Mapping) else spec)
            if pipeline is None:
                return Known(None, {})
            try:
                return Known(pipeline, plan_steps(pipeline))
            except LabwrightError:  # an image that can be no name of one
                return Known(None, {})

        return await self._memory.get(("spec", run.pipeline_version_id or run.run_id), ask)

    async def summary(self, run: Run) -> View:
        """A run as it stands in a list: its steps' values are not asked for."""
        async with self._gate:
            known, experiment = await asyncio.gather(
                self.known(run), self.experiment_name(run.experiment_id)
            )
        return summary(run, self._target, experiment, _seen(known, run))

    async def view(self, run: Run) -> View:
        """A run with all that can be known of it."""
        known, experiment = await asyncio.gather(
            self.known(run), self.experiment_name(run.experiment_id)
        )
        seen = _seen(known, run)
        told = await asyncio.gather(*(self.told(run.run_id, one) for one in seen))
        errors = await self._errors(run, seen)
        steps = [
            step_view(one, values, errors.get((one.step.path, one.turn)))
            for one, values in zip(seen, told, strict=True)
        ]
        metrics = {name: value for one in told for name, value in one.metrics.items()}
        head = summary(run, self._target, experiment, seen, metrics, errors)
        head["progress"]["cached"] = sum(step["cached"] for step in steps)
        outputs = {one.step.path: values.outputs for one, values in zip(seen, told, strict=True)}
        graph = graph_of_ir(known.pipeline) if known.pipeline else _no_graph(run.display_name)
        return {
            **head,
            "dir": None,
            "diagnostics": _remarks(seen, told),
            "outputs": run_outputs(known.pipeline, lambda task: outputs.get(task, {}))
            if known.pipeline
            else {},
            "steps": steps,
            "graph": graph,
        }

    async def seen(self, run: Run) -> list[Seen]:
        return _seen(await self.known(run), run)

    async def step(self, run: Run, name: str, iteration: str | None) -> Seen:
        """A step of a run, or the turn of it that is asked for."""
        seen = await self.seen(run)
        turns = [one for one in seen if one.step.name == name]
        if not turns:
            names = ", ".join(dict.fromkeys(one.step.name for one in seen)) or "none"
            raise NotFound(f"run {run.run_id} has no step {name!r}", hint=f"it has {names}")
        if iteration is None:
            return turns[0]
        for one in turns:
            if one.turn == str(iteration):
                return one
        raise NotFound(f"step {name!r} of run {run.run_id} has no turn {iteration!r}")

    async def at(self, run: Run, place: str) -> Seen:
        """The step whose artifacts' names begin so."""
        for one in await self.seen(run):
            if artifact_place(one) == place:
                return one
        raise NotFound(f"run {run.run_id} has no step {place!r}")

    async def told(self, run_id: str, one: Seen) -> Told:
        """The values of a step that is over, as far as the logs of its pods tell them."""
        if not one.over or not one.driver:
            return NOTHING

        async def ask() -> Told:
            try:
                driver = await self.pod_log(run_id, one.driver, one.started_at)
                cached = says_cached(driver) or (one.cached and not driver)
                read = one.pods and not cached
                main = await self.pod_log(run_id, one.pods[-1], one.started_at) if read else ""
            except NotFound:  # the pods are gone, and so is what they printed
                return NOTHING
            return read_told(driver, main)

        # A run that is retried by somebody else has pods of the same names again.
        key = ("told", run_id, one.driver, one.pods, one.state, one.finished_at)
        return await self._memory.get(key, ask)

    async def _errors(self, run: Run, seen: list[Seen]) -> dict[tuple[str, str], Mapping[str, Any]]:
        """Why each step failed."""
        found: dict[tuple[str, str], Mapping[str, Any]] = {}
        for one in seen:
            if one.state != "FAILED":
                continue
            error = await self._error(run.run_id, one)
            if error:
                found[one.step.path, one.turn] = error
        return found

    async def _error(self, run_id: str, one: Seen) -> dict[str, Any] | None:
        async def ask() -> dict[str, Any] | None:
            text = await self.pod_log(run_id, one.pods[-1], one.started_at)
            return failure_of(printed(text, whole=True))

        if not one.pods:
            return {
                "ename": "NotStarted",
                "evalue": "KFP's driver failed before the step could start",
                "cell": None,
                "traceback": "",
            }
        try:
            return await self._memory.get(("error", run_id, one.pods[-1], one.finished_at), ask)
        except NotFound:
            return None

    async def pod_log(self, run_id: str, pod: str, since: str | None = None) -> str:
        """What a pod printed, from whichever server still has it."""
        async with self._gate:
            try:
                data = await self._client.files.node_log(run_id, pod)
            except TargetUnreachable:
                raise
            except TargetError as error:
                try:
                    namespace = await self._namespace()
                    data = await self._client.files.pod_log(pod, namespace, since or "")
                except TargetError:
                    raise error from None
        return data.decode("utf-8", "replace")

    def forget(self, run_id: str) -> None:
        """A run goes on again: what was read of it may change."""
        self._memory.forget(run_id)


def _seen(known: Known, run: Run) -> list[Seen]:
    return seen_steps(known.pipeline, known.steps, run) if known.pipeline else []


def _no_graph(name: str) -> dict[str, Any]:
    return {"name": name, "parameters": [], "steps": [], "cells": [], "diagnostics": []}


def _remarks(seen: list[Seen], told: list[Told]) -> list[dict[str, Any]]:
    """What cannot be shown of steps that ran, and why."""
    pairs = list(zip(seen, told, strict=True))
    cached = [one.step.name for one, values in pairs if one.cached or values.cached]
    lost = [
        one.step.name
        for one, values in pairs
        if one.state == "SUCCEEDED" and values is NOTHING and not one.cached
    ]
    found = []
    if cached:
        text = "their outputs are those of an earlier run, where they can be opened"
        found.append(("values-elsewhere", f"{', '.join(dict.fromkeys(cached))}: {text}"))
    if lost:
        text = "what they made cannot be shown: the logs of their pods are gone"
        found.append(("values-lost", f"{', '.join(dict.fromkeys(lost))}: {text}"))
    return [
        {"cell": None, "severity": "info", "code": code, "message": message}
        for code, message in found
    ]
