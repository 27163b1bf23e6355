"""The nesting of a pipeline: which steps share a condition, a loop, the exit handler.

KFP decides a condition once for a group of tasks, runs a loop over a group, and hands the state
of a group to what runs last. So steps become leaves of a tree of groups, each group a DAG.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Literal

from ..errors import LabwrightError
from .model import ForEach, Pipeline, Source, Step, When
from .names import Names

GroupKind = Literal["root", "condition", "for-loop", "exit-handler", "finally", "group", "shelter"]


@dataclass(eq=False)
class Leaf:
    """A step, under its task name."""

    step: Step
    task: str
    parent: Group

    def leaves(self) -> Iterator[Leaf]:
        yield self


@dataclass(eq=False)
class Group:
    """A DAG. `when` decides a condition, `foreach` a loop; `constants` are handed down in it.

    `gates`: condition groups elsewhere that what is in it takes values from.
    """

    kind: GroupKind
    task: str = ""
    parent: Group | None = None
    children: list[Node] = field(default_factory=list)
    when: When | None = None
    foreach: ForEach | None = None
    constants: dict[str, str] = field(default_factory=dict)
    gates: frozenset[Group] = frozenset()

    def leaves(self) -> Iterator[Leaf]:
        for child in self.children:
            yield from child.leaves()

    def path(self) -> list[Group]:
        """The groups from the root to this one."""
        return [*(self.parent.path() if self.parent else ()), self]

    def add(self, child: Group) -> Group:
        child.parent = self
        self.children.append(child)
        return child


Node = Leaf | Group


def depends_on(step: Step) -> set[str]:
    """The steps that must be through before `step` (its conditions and loop included)."""
    return {*step.after, *takes_from(step)}


def takes_from(step: Step) -> set[str]:
    """The steps `step` takes a value from."""
    sources: list[Source | None] = [i.source for i in step.component.inputs]
    sources += [o.source for when in step.conditions for o in when.operands]
    if step.foreach and step.foreach.source:
        sources.append(step.foreach.source.source)
    return {source.step for source in sources if source}


def build_tree(
    pipeline: Pipeline, tasks: dict[str, str], names: Names, constants: dict[str, str]
) -> Group:
    """The pipeline as a tree. With `constants` everything is one level deeper, below a group
    that hands them down."""
    root = top = Group("root")
    if constants:
        top = root.add(Group("group", names.claim("pipeline"), constants=constants))
    last = [step for step in pipeline.steps if step.finally_]
    body = top.add(Group("exit-handler", names.numbered("exit-handler"))) if last else top
    _Planter(body, tasks, names).plant([s for s in pipeline.steps if not s.finally_])
    if last and not body.children:
        raise LabwrightError(
            "every step is a finally step", hint="a pipeline needs a step that runs first"
        )
    if len(last) > 1:
        # KFP runs one exit task for a group; several become one that holds them.
        top = top.add(Group("finally", names.claim("finally")))
    _Planter(top, tasks, names).plant(last)
    return root


class _Planter:
    """Puts steps into a group, opening groups for conditions and loops as they come."""

    def __init__(self, top: Group, tasks: dict[str, str], names: Names) -> None:
        self.top = top
        self.tasks = tasks
        self.names = names
        self.at: dict[str, Leaf] = {}

    def plant(self, steps: list[Step]) -> None:
        for step in in_order(steps):
            home = self._condition_group(step)
            if step.foreach:
                name = self.names.numbered("for-loop")
                home = home.add(Group("for-loop", name, foreach=step.foreach))
            leaf = Leaf(step, self.tasks[step.name], home)
            home.children.append(leaf)
            self.at[step.name] = leaf
        self._shelter(steps)

    def _condition_group(self, step: Step) -> Group:
        """The group for the step's conditions: the one earlier steps share, where it can be."""
        home = self.top
        for when in step.conditions:
            shared = (
                child
                for child in home.children
                if isinstance(child, Group)
                and child.when == when
                and child.gates == self._gates(step, child)
                and not self._would_circle(child, step)
            )
            found = next(shared, None)
            if found is None:
                found = Group("condition", self.names.numbered("condition"), when=when)
                home.add(found).gates = self._gates(step, found)
            home = found
        return home

    def _gates(self, step: Step, group: Group) -> frozenset[Group]:
        """The condition groups outside `group` that `step` takes values from.

        Where one of them is skipped, whatever takes from it is, and the whole of the group that
        is in: so only steps behind the same gates may share a group.
        """
        inside = group.path()
        return frozenset(
            outer
            for source in takes_from(step)
            for outer in self.at[source].parent.path()
            if outer.kind == "condition" and outer not in inside
        )

    def _would_circle(self, group: Group, step: Step) -> bool:
        """Whether with `step` in it the group would have to run both before and after another."""
        assert group.parent is not None
        waits: dict[Node, set[Node]] = {}
        for node in group.parent.children:
            needed = {n for leaf in node.leaves() for n in depends_on(leaf.step)}
            if node is group:
                needed |= depends_on(step)
            waits[node] = {
                other
                for other in group.parent.children
                if other is not node and needed & {leaf.step.name for leaf in other.leaves()}
            }
        reached: set[Node] = set()
        ahead = list(waits[group])
        while ahead:
            node = ahead.pop()
            if node is group:
                return True
            if node not in reached:
                reached.add(node)
                ahead += waits[node]
        return False

    def _shelter(self, steps: list[Step]) -> None:
        """Put a group of its own around each condition that a step outside waits for without
        taking anything: a task that waits for a skipped one is left out, for a group it is not."""
        for step in steps:
            for name in set(step.after) & set(self.at) - takes_from(step):
                mine = self.at[step.name].parent.path()
                skipped = [
                    group
                    for group in self.at[name].parent.path()
                    if group.kind == "condition" and group not in mine
                ]
                if skipped and (outer := skipped[0].parent) and outer.kind != "shelter":
                    place = outer.children.index(skipped[0])
                    shelter = Group("shelter", self.names.numbered("group"), outer, [skipped[0]])
                    skipped[0].parent = shelter
                    outer.children[place] = shelter


def in_order(steps: Iterable[Step]) -> list[Step]:
    """Steps so that each comes after what it depends on; otherwise as written."""
    waiting = list(steps)
    names = {step.name for step in waiting}
    done: set[str] = set()
    ordered: list[Step] = []
    while waiting:
        ready = next((s for s in waiting if not (depends_on(s) & names) - done), None)
        if ready is None:
            circle = ", ".join(f"`{step.name}`" for step in waiting)
            raise LabwrightError(
                f"steps {circle} wait for each other", hint="take one `after` away"
            )
        waiting.remove(ready)
        ordered.append(ready)
        done.add(ready.name)
    return ordered
