"""Walk a pipeline's graphs: every task as soon as what it waits for has ended."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Mapping, Sequence
from datetime import datetime, timezone
from typing import Any, TypeVar
from uuid import NAMESPACE_URL, uuid5

from .context import Context, Progress, Turn
from .dag import (
    Bound,
    Result,
    Unresolved,
    Value,
    condition_holds,
    dag_outputs,
    dag_state,
    gather,
    may_run,
    task_inputs,
    turns,
)
from .ir import Component, Constant, Pipeline, Task
from .placeholders import PlaceholderError, fill_all
from .record import StepError
from .rundir import RunDir
from .runner import Runner
from .steps import Step, join

T = TypeVar("T")
KFP_WORKSPACE = "/kfp-workspace"


class GraphRunner:
    """Runs the graphs of one run. `problem` is the first error that belongs to no step."""

    def __init__(
        self,
        pipeline: Pipeline,
        steps: Mapping[str, Step],
        context: Context,
        progress: Progress,
    ) -> None:
        self.pipeline = pipeline
        self.steps = steps
        self.context = context
        self.progress = progress
        self.runner = Runner(context, progress)
        self.problem: StepError | None = None

    async def graph(self, component: Component, scope: Bound, path: str, turn: Turn) -> Result:
        """Run all tasks of a graph."""
        assert component.dag is not None
        going: dict[str, asyncio.Task[Result]] = {}
        for task in component.dag.tasks.values():
            before = {name: going[name] for name in task.upstream}
            going[task.name] = asyncio.create_task(self._in_turn(task, scope, before, path, turn))
        ended = await together(list(going.values()))
        results = dict(zip(going, ended, strict=True))
        state, error = dag_state(results)
        if state != "SUCCEEDED":
            return Result(state, error=error)
        try:
            return Result("SUCCEEDED", dag_outputs(component.dag, results))
        except Unresolved as unresolved:
            return self._problem(str(unresolved))

    async def _in_turn(
        self,
        task: Task,
        scope: Bound,
        before: Mapping[str, asyncio.Task[Result]],
        path: str,
        turn: Turn,
    ) -> Result:
        """Wait for what comes before, then run the task, or skip it."""
        if before:
            await asyncio.wait(before.values())
        results = {name: one.result() for name, one in before.items()}
        place = join(path, task.name)
        if self.context.stop.is_set() or not may_run(task, results):
            return self._skip(place, turn)
        component = self.pipeline.components[task.component]
        constants = self._constants(place, turn)
        try:
            inputs = task_inputs(task, component, scope, results, self.context.run_id)
            inputs = filled(task, inputs, constants)
            if not condition_holds(task, component, inputs):
                return self._skip(place, turn)
        except (Unresolved, PlaceholderError) as error:
            return self._refuse(place, turn, str(error))
        if task.iterator is not None:
            return await self._loop(task, component, inputs, place, turn, constants)
        return await self._once(component, inputs, place, turn, constants)

    async def _once(
        self,
        component: Component,
        inputs: Bound,
        place: str,
        turn: Turn,
        constants: Mapping[str, str],
    ) -> Result:
        if component.dag is not None:
            return await self.graph(component, inputs, place, turn)
        return await self.runner.run(self.steps[place], turn, inputs, constants)

    async def _loop(
        self,
        task: Task,
        component: Component,
        inputs: Bound,
        place: str,
        turn: Turn,
        constants: Mapping[str, str],
    ) -> Result:
        """Run a task once for each item, as many at a time as its limit allows."""
        assert task.iterator is not None
        try:
            bounds = turns(task.iterator, inputs)
        except Unresolved as unresolved:
            return self._refuse(place, turn, f"{task.display}: {unresolved}")
        numbers = [(*turn, index) for index in range(len(bounds))]
        self.progress.spread(self._below(place), turn, numbers)
        limit = asyncio.Semaphore(task.iterator.limit or max(1, len(bounds)))

        async def one(bound: Bound, number: Turn) -> Result:
            async with limit:
                if self.context.stop.is_set():
                    return self._skip(place, number)
                return await self._once(component, bound, place, number, constants)

        ended = await together([one(b, n) for b, n in zip(bounds, numbers, strict=True)])
        state, error = dag_state({str(index): result for index, result in enumerate(ended)})
        if state != "SUCCEEDED":
            return Result(state, error=error)
        return Result("SUCCEEDED", gather(component, [result.outputs for result in ended]))

    def _constants(self, place: str, turn: Turn) -> dict[str, str]:
        return constants(self.context.row.created_at, self.context.dir, place, turn)

    # Tasks that do not run

    def _below(self, place: str) -> list[Step]:
        """The steps that a task consists of."""
        return [
            step
            for path, step in self.steps.items()
            if path == place or path.startswith(f"{place}/")
        ]

    def _skip(self, place: str, turn: Turn) -> Result:
        for step in self._below(place):
            self.runner.skip(step, turn)
        return Result("CANCELED" if self.context.stop.is_set() else "SKIPPED")

    def _refuse(self, place: str, turn: Turn, message: str) -> Result:
        """Fail a task that cannot be started."""
        error = StepError("InputError", message)
        if place in self.steps:
            self.runner.fail(self.steps[place], turn, error)
            return Result("FAILED", error=error)
        self._skip(place, turn)
        return self._problem(message)

    def _problem(self, message: str) -> Result:
        error = StepError("InputError", message)
        self.problem = self.problem or error
        return Result("FAILED", error=error)


def filled(task: Task, inputs: Bound, constants: Mapping[str, str]) -> Bound:
    """Inputs with the placeholders in constants filled; other values are left as they are."""
    values = {name: one.value for name, one in inputs.parameters.items()}
    message = {"inputs": {"parameterValues": values, "artifacts": {}}, "outputs": {}}
    parameters = dict(inputs.parameters)
    for name, source in task.parameters.items():
        if isinstance(source, Constant):
            value = fill_all(source.value, message, constants)
            if isinstance(value, str) and value.startswith(KFP_WORKSPACE):
                value = constants["workspace_path"] + value.removeprefix(KFP_WORKSPACE)
            parameters[name] = Value(value)
    return Bound(parameters, inputs.artifacts)


def constants(created_at: str, run: RunDir, place: str, turn: Turn) -> dict[str, str]:
    """The placeholders that do not depend on inputs. The same when a run is taken up again."""
    created = datetime.fromisoformat(created_at.replace("Z", "+00:00"))
    moment = created.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    run_id = run.path.name
    return {
        "pipeline_job_name": run_id,
        "pipeline_job_resource_name": run_id,
        "pipeline_job_uuid": str(uuid5(NAMESPACE_URL, run_id)),
        "pipeline_job_create_time_utc": moment,
        "pipeline_job_schedule_time_utc": moment,
        "pipeline_task_name": place.rpartition("/")[2],
        "pipeline_task_uuid": str(uuid5(NAMESPACE_URL, f"{run_id}/{place}{turn}")),
        "pipeline_root": str(run.path),
        "workspace_path": str(run.workspace),
    }


async def together(work: Sequence[Coroutine[Any, Any, T] | asyncio.Task[T]]) -> list[T]:
    """Wait for all. When one breaks (which no step can bring about), cancel the rest."""
    going = [one if isinstance(one, asyncio.Task) else asyncio.create_task(one) for one in work]
    try:
        return list(await asyncio.gather(*going))
    except BaseException:
        for one in going:
            one.cancel()
        await asyncio.gather(*going, return_exceptions=True)
        raise
