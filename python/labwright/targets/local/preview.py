"""What a run would do with each step, found out without running any.

The compiled pipeline is walked as a run walks it, with the same keys: as far as results are in the
cache, what follows from them is known, conditions and loops included.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ...errors import LabwrightError
from . import wire
from .artifacts import ArtifactStore, artifact_store
from .cache import step_key, untrue
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
    typed,
)
from .events import now
from .graph import constants, filled
from .history import last_time, what_changed
from .interpreters import about_interpreter
from .ir import Component, Container, Pipeline, Task
from .placeholders import PlaceholderError
from .rundir import new_run_id
from .steps import Step, join
from .store import Store
from .submission import Prepared

UNKNOWN = None
"""The result of what has to run first."""
BAD_INPUT = (Unresolved, PlaceholderError, LabwrightError)


@dataclass
class Look:
    """What was found of a step, over all its turns. `why` is what its cache entry says."""

    cached: bool = False
    runs: bool = False
    waits: bool = False
    skipped: bool = False
    why: str | None = None


@dataclass
class Walk:
    """One look through a pipeline."""

    pipeline: Pipeline
    steps: Mapping[str, Step]
    store: Store
    workdir: Path
    look_up: bool
    anew: frozenset[str]
    artifacts: ArtifactStore
    env: Mapping[str, str]
    created_at: str = field(default_factory=now)
    run_id: str = field(default_factory=lambda: new_run_id("preview"))
    found: dict[str, Look] = field(default_factory=dict)
    pythons: dict[str, dict[str, Any]] = field(default_factory=dict)

    def graph(self, component: Component, scope: Bound, path: str) -> Result | None:
        """The result of a graph, as far as it is known."""
        assert component.dag is not None
        results: dict[str, Result | None] = {}
        for task in component.dag.tasks.values():
            results[task.name] = self._task(task, scope, results, path)
        known = {name: one for name, one in results.items() if one is not None}
        if len(known) < len(results):
            return UNKNOWN
        state, _ = dag_state(known)
        try:
            return Result(state, dag_outputs(component.dag, known))
        except Unresolved:
            return Result("FAILED")

    def _task(
        self, task: Task, scope: Bound, results: Mapping[str, Result | None], path: str
    ) -> Result | None:
        place = join(path, task.name)
        before = {name: results[name] for name in task.upstream}
        known = {name: one for name, one in before.items() if one is not None}
        if len(known) < len(before):
            self._mark(place, "waits")
            return UNKNOWN
        if not may_run(task, known):
            self._mark(place, "skipped")
            return Result("SKIPPED")
        component = self.pipeline.components[task.component]
        given = constants(self.created_at, self.store.dir(self.run_id), place, ())
        try:
            inputs = task_inputs(task, component, scope, known, self.run_id)
            inputs = filled(task, inputs, given)
            if not condition_holds(task, component, inputs):
                self._mark(place, "skipped")
                return Result("SKIPPED")
            if task.iterator is None:
                return self._once(component, inputs, place)
            bounds = turns(task.iterator, inputs)
        except BAD_INPUT:
            self._mark(place, "runs")
            return UNKNOWN
        ended = [self._once(component, bound, place) for bound in bounds]
        if not bounds:
            self._mark(place, "skipped")
        every = [one for one in ended if one is not None]
        if len(every) < len(ended):
            return UNKNOWN
        return Result("SUCCEEDED", gather(component, [one.outputs for one in every]))

    def _once(self, component: Component, inputs: Bound, place: str) -> Result | None:
        if component.dag is not None:
            return self.graph(component, inputs, place)
        return self._step(self.steps[place], inputs)

    def _step(self, step: Step, inputs: Bound) -> Result | None:
        look = self.found.setdefault(step.path, Look())
        if not (step.task.cache and self.look_up) or step.name in self.anew:
            look.runs = True
            return UNKNOWN
        workspace = self.store.dir(self.run_id).workspace
        entry = self.store.cached(self._key(step, inputs))
        why = untrue(entry, self.workdir, self.artifacts) if entry is not None else None
        if entry is not None and why is None:
            look.cached = True
            return Result("SUCCEEDED", wire.bound_from_json(entry["outputs"], self.artifacts))
        look.runs = True
        if entry is not None:
            look.why = look.why or why
        elif any(one.value == str(workspace) for one in inputs.parameters.values()):
            look.why = "it works in a volume that each run has of its own"
        return UNKNOWN

    def _key(self, step: Step, inputs: Bound) -> str:
        python = None
        if isinstance(step.executor, Container):
            name = step.environment.python
            if name not in self.pythons:
                self.pythons[name] = about_interpreter(name, str(self.workdir))
            python = self.pythons[name]
        parameters = typed(step.component, inputs)
        return step_key(step, parameters, inputs.artifacts, python, self.env)

    def _mark(self, place: str, what: str) -> None:
        """Say the same of all steps that a task consists of."""
        for path in self.steps:
            if path == place or path.startswith(f"{place}/"):
                setattr(self.found.setdefault(path, Look()), what, True)


def preview(
    prepared: Prepared, graph: Mapping[str, Any], store: Store, env: Mapping[str, str]
) -> list[dict[str, Any]]:
    """Each step's state (cached, stale, new, waiting) and why, in the graph's order."""
    asked = prepared.submission
    walk = Walk(
        prepared.pipeline,
        prepared.steps,
        store,
        Path(asked.workdir),
        asked.cache,
        frozenset(asked.anew),
        artifact_store(store.root),
        env,
    )
    scope = Bound({name: Value(value) for name, value in asked.parameters.items()})
    walk.graph(prepared.pipeline.root, scope, "")
    steps = {step.name: step for step in prepared.steps.values()}
    looks = {step.name: walk.found.get(step.path, Look(waits=True)) for step in steps.values()}
    uncached = [step for name, step in steps.items() if looks[name].runs or looks[name].waits]
    before = last_time(store, asked.notebook, uncached) if asked.notebook and uncached else {}
    running = {step.name for step in uncached}
    found = []
    for node in graph["steps"]:
        name = node["name"]
        look, step = looks[name], steps[name]
        if name not in running:
            why = "its condition is not met" if look.skipped and not look.cached else None
            found.append({"name": name, "state": "cached", "why": why})
            continue
        own = _own_reason(step, look, asked.cache, asked.anew, node["finally"])
        if name not in before:
            found.append({"name": name, "state": "new", "why": own})
            continue
        read = [one["name"] for one in node["inputs"] if one["from"] is None]
        own = own or what_changed(step, before[name], asked.parameters, read)
        because = next(_because(node, running), None)
        if own is None and because is not None:
            found.append({"name": name, "state": "waiting", "why": because})
        else:
            found.append({"name": name, "state": "stale", "why": own or "its environment changed"})
    return found


def _own_reason(step: Step, look: Look, cache: bool, anew: Sequence[str], last: bool) -> str | None:
    """Why a step runs whatever it ran with before."""
    if last:
        return "it always runs"
    if not (step.task.cache and cache):
        return "caching is off"
    return "it was asked for anew" if step.name in anew else look.why


def _because(node: Mapping[str, Any], running: set[str]) -> Iterator[str]:
    """Which steps before it have to run first."""
    for one in node["inputs"]:
        if one["from"] in running:
            yield f"input {one['name']} changes, because {one['from']} runs"
    for name in node["after"]:
        if name in running:
            yield f"{name} runs before it"
