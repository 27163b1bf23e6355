"""Which of a run's tasks is which step. Pure.

The API tells of a run by the nodes of its workflow: drivers, graphs and executors, with a name that
several may share, and with the ids of their children, but not with their own. An id is a hash of
the node's place in the workflow, and the places follow from the IR. So a node is known by the ids
of its children; where they say nothing, by its name, if no other step has it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from ..local.ir import Component, Pipeline
from ..local.ir import Task as IrTask
from ..local.record import State
from ..local.steps import Step, join
from .models import FINAL, Run, Task

EXECUTOR = "executor"
_IMPL = "system-container-impl"
_DRIVER = "system-container-driver"


@dataclass(frozen=True)
class Seen:
    """A step, or a turn of it, as a run shows it. `pods` are its tries, the last one last.

    `driver` is the pod that decided on its inputs and on the cache. A pod may have had its older
    name, that of its node: `pods_of` gives both.
    """

    step: Step
    turn: str
    state: State
    cached: bool = False
    retries: int = 0
    started_at: str | None = None
    finished_at: str | None = None
    pods: tuple[str, ...] = ()
    driver: str = ""

    @property
    def iteration(self) -> int | str | None:
        return None if not self.turn else int(self.turn) if self.turn.isdigit() else self.turn

    @property
    def over(self) -> bool:
        return self.state in FINAL


@dataclass(frozen=True)
class _Spot:
    """Where a step's node may be in the workflow."""

    step: Step
    turn: str
    places: tuple[str, ...]


def fnv32(text: str) -> int:
    """The FNV-1a hash, with which Argo makes ids of places."""
    value = 2166136261
    for byte in text.encode():
        value = ((value ^ byte) * 16777619) & 0xFFFFFFFF
    return value


def seen_steps(pipeline: Pipeline, steps: Mapping[str, Step], run: Run) -> list[Seen]:
    """The steps of a run in the order of their pipeline, each turn of a loop by itself."""
    workflow = workflow_of(run.tasks)
    if not workflow:
        listed = [step for step in steps.values() if run.over or not step.looped]
        return [Seen(step, "", _not_begun(run)) for step in listed]
    return _Reading(pipeline, steps, run, workflow).all()


def workflow_of(tasks: Sequence[Task]) -> str:
    """The workflow's name, with which the ids of its nodes begin; empty where none is told yet."""
    for task in tasks:
        for child in task.children:
            name, _, number = child.rpartition("-")
            if name and number.isdigit():
                return name
    return ""


@dataclass
class _Reading:
    pipeline: Pipeline
    steps: Mapping[str, Step]
    run: Run
    workflow: str
    parents: dict[str, Task] = field(default_factory=dict)
    named: dict[str, list[Task]] = field(default_factory=dict)
    executors: list[Task] = field(default_factory=list)

    def __post_init__(self) -> None:
        for task in self.run.tasks:
            self.named.setdefault(task.display_name, []).append(task)
            for child in task.children:
                # A retried try is also a child of the driver's successor: the first one counts.
                self.parents.setdefault(child, task)
        self.executors = self.named.get(EXECUTOR, [])

    def all(self) -> list[Seen]:
        root = self.pipeline.root
        spots = list(self._graph(root, (f"{self.workflow}.root",), "", ""))
        spots.sort(key=lambda one: (one.step.position, _order(one.turn)))
        return [self._seen(spot) for spot in spots]

    def _id(self, place: str) -> str:
        return f"{self.workflow}-{fnv32(place)}"

    def _graph(
        self, component: Component, places: tuple[str, ...], path: str, turn: str
    ) -> Iterator[_Spot]:
        assert component.dag is not None
        for task in component.dag.tasks.values():
            inside = join(path, task.name)
            here = tuple(one for place in places for one in _places(place, task))
            if task.iterator is None:
                yield from self._task(task, here, inside, turn)
                continue
            turns = self._turns(here)
            for number, item in turns:
                yield from self._task(task, (item,), inside, f"{turn}.{number}" if turn else number)
            if not turns and self.run.over:
                # A loop that had no turns is shown once; before its end nobody knows.
                yield from self._task(task, (), inside, turn)

    def _task(self, task: IrTask, places: tuple[str, ...], path: str, turn: str) -> Iterator[_Spot]:
        component = self.pipeline.components[task.component]
        if component.dag is not None:
            yield from self._graph(component, places, path, turn)
        else:
            yield _Spot(self.steps[path], turn, places)

    def _turns(self, places: Sequence[str]) -> list[tuple[str, str]]:
        """The number and place of each turn of a loop that the workflow has."""
        return [
            (str(number), f"{inside}.iteration-item")
            for place in places
            for number in range(len(self.run.tasks))
            for inside in [f"{place}.iteration-iterations({number}:{number})"]
            if self._id(inside) in self.parents
        ]

    def _seen(self, spot: _Spot) -> Seen:
        for place in spot.places:
            executor = self._id(f"{place}.{EXECUTOR}")
            if executor in self.parents:
                return self._begun(spot, place, self.parents[executor], executor)
        alone = self._by_name(spot)
        if alone is not None and alone.children and alone.state != "SKIPPED":
            return self._begun(spot, "", alone, alone.children[0])
        for place in spot.places:
            if self._id(place) in self.parents:
                return self._without_executor(spot, place, alone)
        return Seen(
            spot.step, spot.turn, _not_begun(self.run) if alone is None else self._of(alone)
        )

    def _without_executor(self, spot: _Spot, place: str, alone: Task | None) -> Seen:
        """A step of which only the node around it is there: left out, or just about to begin."""
        namesakes = self.named.get(_last(place), ())
        waiting = [one for one in namesakes if not one.children or one.state == "SKIPPED"]
        states = {self._of(one) for one in waiting}
        state = self._of(alone) if alone else states.pop() if len(states) == 1 else None
        if state is None or state == "SUCCEEDED":
            state = _not_begun(self.run)
        return Seen(spot.step, spot.turn, state, driver=self._pod(_DRIVER, f"{place}-driver"))

    def _begun(self, spot: _Spot, place: str, around: Task, executor: str) -> Seen:
        tries = list(self._tries(place)) if place else []
        template = f"retry-{_IMPL}" if tries or spot.step.task.retry.count else _IMPL
        number = executor.rpartition("-")[2]
        pods = [self._pod(template, one) for one in tries]
        state = self._of(around)
        return Seen(
            spot.step,
            spot.turn,
            state,
            state == "SUCCEEDED" and self._cached(around),
            max(0, len(tries) - 1),
            around.started_at,
            around.finished_at if state in FINAL else None,
            tuple(pods) or (f"{self.workflow}-{template}-{number}",),
            self._pod(_DRIVER, f"{place}-driver") if place else "",
        )

    def _tries(self, place: str) -> Iterator[str]:
        number = 0
        while self._id(again := f"{place}.{EXECUTOR}({number})") in self.parents:
            yield again
            number += 1

    def _pod(self, template: str, place: str) -> str:
        return f"{self.workflow}-{template}-{fnv32(place)}"

    def _by_name(self, spot: _Spot) -> Task | None:
        """The node of a step whose name no other task of the pipeline has."""
        if spot.turn or spot.step.looped:
            return None
        name = spot.step.task.name
        namesakes = [one for one in self.steps.values() if one.task.name == name]
        found = self.named.get(name, [])
        return found[0] if len(namesakes) == 1 and len(found) == 1 else None

    def _of(self, task: Task) -> State:
        """A task's state; those of a run that is over are over, too."""
        canceled = canceled_at(self.run)
        if task.state == "FAILED" and canceled and (task.finished_at or canceled) >= canceled:
            return "CANCELED"
        if task.state in FINAL:
            return task.state  # type: ignore[return-value]
        if self.run.over:
            return "CANCELED" if task.state == "RUNNING" else "SKIPPED"
        return "RUNNING" if task.state == "RUNNING" else "PENDING"

    def _cached(self, around: Task) -> bool:
        """Whether a step's executor was left out because the cache had its outputs.

        Nothing says which executor is whose, so the one is taken whose times fit best.
        """
        begin, end = around.started_at or "", around.finished_at or "~"
        fitting = [
            one
            for one in self.executors
            if begin <= (one.started_at or begin) and (one.finished_at or end) <= end
        ]
        skipped = [one for one in fitting if one.state == "SKIPPED"]
        if not skipped or len(skipped) == len(fitting):
            return bool(skipped)
        return not any(
            one.finished_at == around.finished_at for one in fitting if one not in skipped
        )


def canceled_at(run: Run) -> str | None:
    """When somebody canceled a run; KFP ends such a run as failed."""
    told = [entry for entry in run.history if entry[0] != "FAILED"]
    return told[-1][1] if told and told[-1][0] in ("CANCELING", "CANCELED") else None


def run_state(run: Run) -> State:
    """A run's state in Labwright's words."""
    if run.state == "FAILED" and canceled_at(run):
        return "CANCELED"
    return "RUNNING" if run.state == "PAUSED" else run.state  # type: ignore[return-value]


def _not_begun(run: Run) -> State:
    return "SKIPPED" if run.over else "PENDING"


def _places(place: str, task: IrTask) -> list[str]:
    """Where a task's node may be. What runs whatever happened hangs on what it waits for."""
    plain = f"{place}.{task.name}"
    hooks = [f"{place}.{one}.onExit.{task.name}" for one in task.upstream] if task.always else []
    return [plain, *hooks]


def _last(place: str) -> str:
    return place.rpartition(".")[2]


def _order(turn: str) -> tuple[int, ...]:
    return tuple(int(one) for one in turn.split(".")) if turn else ()
