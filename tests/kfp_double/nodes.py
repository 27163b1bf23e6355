"""The nodes of a run's workflow, as Argo would have them for KFP's compilation of the IR. Pure.

KFP tells of a run by these nodes. A step is a driver and a DAG with an executor in it; a loop has
an iteration of its own around each turn. Which node is which step can be told only by a node's id,
a hash of its place in the workflow.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from labwright.targets.local.ir import Dag, Pipeline, Task
from labwright.targets.local.store import StepRow

NEVER = "1970-01-01T00:00:00.000000Z"
_DRIVER, _DAG_DRIVER, _IMPL = (
    "system-container-driver",
    "system-dag-driver",
    "system-container-impl",
)


@dataclass
class Node:
    """A node. `row` is the step whose container it is."""

    place: str
    display: str
    state: str
    template: str = ""
    start: str = NEVER
    end: str = NEVER
    children: list[str] = field(default_factory=list)
    row: StepRow | None = None

    def id(self, workflow: str) -> str:
        return workflow if self.place == workflow else f"{workflow}-{fnv32(self.place)}"

    def pod(self, workflow: str) -> str:
        """The pod's name; that of a node without a pod is its id."""
        if not self.template or self.place == workflow:
            return self.id(workflow)
        return f"{workflow}-{self.template}-{fnv32(self.place)}"


def fnv32(text: str) -> int:
    """FNV-1a, with which Argo makes ids of places."""
    value = 2166136261
    for byte in text.encode():
        value = ((value ^ byte) * 16777619) & 0xFFFFFFFF
    return value


def nodes_of(workflow: str, pipeline: Pipeline, rows: Iterable[StepRow], state: str) -> list[Node]:
    """All nodes that have begun; the workflow itself is the first."""
    walk = _Walk(pipeline, {(row.path, row.turn): row for row in rows})
    root = Node(workflow, workflow, state)
    assert pipeline.root.dag is not None
    inner = walk.graph(f"{workflow}.root", pipeline.root.dag, "", "")
    begun = [node.start for node in inner if node.start != NEVER]
    if not begun:
        return [root]
    ended = max(node.end for node in inner) if state in ("SUCCEEDED", "FAILED") else NEVER
    root.start, root.end = min(begun), ended
    driver = _pod(f"{workflow}.root-driver", "root-driver", _DAG_DRIVER, root.start)
    dag = Node(f"{workflow}.root", "root", state, start=root.start, end=ended)
    root.children, driver.children = [driver.place], [dag.place]
    dag.children = [node.place for node in inner if node.place in walk.first]
    return [root, driver, dag, *inner]


class _Walk:
    def __init__(self, pipeline: Pipeline, rows: Mapping[tuple[str, str], StepRow]) -> None:
        self._pipeline = pipeline
        self._rows = rows
        self.first: set[str] = set()

    def graph(self, place: str, dag: Dag, path: str, turn: str) -> list[Node]:
        made: dict[str, list[Node]] = {}
        for task in dag.tasks.values():
            inside = f"{path}/{task.name}" if path else task.name
            if task.iterator is None:
                nodes = self._task(place, task.name, task, inside, turn)
            else:
                nodes = self._loop(f"{place}.{task.name}", task, inside, turn)
            made[task.name] = nodes
            before = [made[name][-1] for name in task.upstream if made.get(name)]
            for one in before:
                one.children.extend(node.place for node in nodes[:1])
            if nodes and not before:
                self.first.add(nodes[0].place)
        return [node for nodes in made.values() for node in nodes]

    def _task(self, place: str, name: str, task: Task, path: str, turn: str) -> list[Node]:
        component = self._pipeline.components[task.component]
        here = f"{place}.{name}"
        if component.dag is None:
            row = self._rows.get((path, turn))
            return self._step(place, name, row) if row else []
        inner = self.graph(here, component.dag, path, turn)
        if not inner:
            return []
        around = _around(here, name, inner)
        driver = _pod(f"{here}-driver", f"{name}-driver", _DAG_DRIVER, around.start)
        driver.children = [around.place]
        return [driver, around, *inner]

    def _step(self, place: str, name: str, row: StepRow) -> list[Node]:
        if row.started_at is None and row.state not in ("FAILED", "SKIPPED"):
            return []
        here, end = f"{place}.{name}", row.finished_at or NEVER
        start = row.started_at or end
        driver = _pod(f"{here}-driver", f"{name}-driver", _DRIVER, start)
        # What is canceled has failed, to Argo.
        state = "FAILED" if row.state == "CANCELED" else row.state
        step = Node(here, name, state, start=start, end=end)
        driver.children = [step.place]
        if row.state == "SKIPPED" and row.outputs is None:
            return [driver, step]
        inner = "SKIPPED" if row.cached else "SUCCEEDED" if row.state == "SKIPPED" else state
        executor = Node(f"{here}.executor", "executor", inner, _IMPL, start, end, [], row)
        step.state = "SUCCEEDED" if row.state == "SKIPPED" else state
        step.children = [executor.place]
        return [driver, step, executor]

    def _loop(self, here: str, task: Task, path: str, turn: str) -> list[Node]:
        before = f"{turn}." if turn else ""
        depth = before.count(".")
        turns = {
            int(one.split(".")[depth])
            for place, one in self._rows
            if (place == path or place.startswith(f"{path}/")) and one and one.startswith(before)
        }
        group = f"{here}.iteration-iterations"
        wrapped: list[Node] = []
        for number in sorted(turns):
            item = f"{group}({number}:{number})"
            inner = self._task(item, "iteration-item", task, path, f"{before}{number}")
            if inner:
                wrapped += [_around(item, f"iteration-iterations({number}:{number})", inner)]
                wrapped += inner
        if not wrapped:
            return []
        loop = _around(here, task.name, wrapped)
        together = _around(group, "iteration-iterations", wrapped)
        together.children = [one.place for one in wrapped if one.place.endswith(")")]
        driver = _pod(f"{here}.iteration-driver", "iteration-driver", _DAG_DRIVER, loop.start)
        loop.children, driver.children = [driver.place], [group]
        return [loop, driver, together, *wrapped]


def _pod(place: str, display: str, template: str, moment: str) -> Node:
    return Node(place, display, "SUCCEEDED", template, moment, moment)


def _around(place: str, display: str, inner: list[Node]) -> Node:
    states = {node.state for node in inner}
    state = next((one for one in ("RUNNING", "FAILED") if one in states), "SUCCEEDED")
    end = max(node.end for node in inner) if state != "RUNNING" else NEVER
    start = min(node.start for node in inner)
    return Node(place, display, state, start=start, end=end, children=[inner[0].place])
