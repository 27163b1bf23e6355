"""From what each stretch was seen to do to each step's interface: who hands what to whom.

Works backwards, because a step must also hand on what it was only given when a later step needs it
together with something that shares its objects.
"""

from __future__ import annotations

import ast
import builtins
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from .context import Context, Unit, Version, names_in
from .definitions import Definition
from .knowledge import HIDDEN_STATES
from .model import Input, StepControl
from .objects import Obj, reach

_IDENTITY_KINDS = ("data", "container", "instance", "iterator", "generator")


@dataclass
class Needs:
    """One step's interface while it is being worked out. Steps are named by their unit index."""

    unit: Unit
    inputs: dict[str, int | None] = field(default_factory=dict)
    outputs: set[str] = field(default_factory=set)
    values: set[str] = field(default_factory=set)
    setup: dict[Definition, None] = field(default_factory=dict)
    late: dict[Definition, None] = field(default_factory=dict)
    optional: set[Definition] = field(default_factory=set)
    when: dict[str, int | None] = field(default_factory=dict)
    items: dict[str, int | None] = field(default_factory=dict)
    soft: bool = False


class Planner:
    def __init__(self, ctx: Context, controls: dict[str, StepControl]) -> None:
        self.ctx = ctx
        self.controls = controls
        self.steps = {unit.index: Needs(unit) for unit in ctx.units if unit.kind == "step"}

    def plan(self) -> dict[int, Needs]:
        for index in sorted(self.steps, reverse=True):
            self._plan_step(self.steps[index])
        return self.steps

    # -- one step ------------------------------------------------------------------------------

    def _plan_step(self, step: Needs) -> None:
        unit = step.unit
        control = self.controls.get(unit.name)
        wanted = {name for name in unit.reads if not self._own_loop_name(name, control)}
        # What it must hand on and does not surely make itself, it must be given.
        wanted |= {
            name
            for name in step.outputs
            if name not in unit.definite and self.ctx.version(name, unit.index) is not None
        }
        if control is not None and control.when:
            self._plan_condition(step, control.when, wanted)
        if control is not None and control.foreach:
            self._plan_items(step, control.foreach)
        self._add_hidden_state(unit, wanted)
        self._add_unknown(step, wanted)
        data = self._add_definitions(step, wanted)
        self._add_options(step, data)
        self._choose_sources(step, data)

    @staticmethod
    def _own_loop_name(name: str, control: StepControl | None) -> bool:
        loop = control.foreach if control is not None else None
        return loop is not None and loop.partition(" in ")[0].strip() == name

    def _plan_condition(self, step: Needs, when: str, wanted: set[str]) -> None:
        index = step.unit.index
        names = expression_names(when)
        existed = {
            name
            for name in step.outputs
            if (version := self.ctx.version(name, index)) is not None and version.exists
        }
        sources = {name: self._source(name, index) for name in names}
        self._check_known(step, "condition", when, sources)
        # Without the step what existed before must reach later steps all the same: then the step
        # always runs and decides inside. The same where the condition is no step's or parameter's.
        step.soft = bool(existed) or any(source == "replayed" for source in sources.values())
        if step.soft:
            wanted |= existed | {name for name in names if name in self.ctx.history}
            return
        for name, source in sources.items():
            if source is not None and source != "replayed":
                self._take_value(step.when, name, source)

    def _plan_items(self, step: Needs, foreach: str) -> None:
        items = foreach.partition(" in ")[2].strip()
        sources = {name: self._source(name, step.unit.index) for name in expression_names(items)}
        self._check_known(step, "loop", items, sources)
        for name, source in sources.items():
            if source is None:
                continue
            if source == "replayed":
                self.ctx.remark(
                    "error",
                    "foreach-items",
                    f"step {step.unit.name} loops over `{name}`, which a step or a parameter must "
                    "give; move it out of the imports or functions cell",
                    step.unit.cells[0],
                )
                continue
            self._take_value(step.items, name, source)

    def _check_known(
        self, step: Needs, kind: str, text: str, sources: dict[str, int | str | None]
    ) -> None:
        for name, source in sources.items():
            if source is None and not hasattr(builtins, name):
                self.ctx.remark(
                    "error",
                    "unknown-operand",
                    f"the {kind} `{text}` of step {step.unit.name} reads `{name}`, which no "
                    "earlier step and no parameter gives; check the spelling",
                    step.unit.cells[0],
                )

    def _take_value(self, into: dict[str, int | None], name: str, source: int | str) -> None:
        """The value itself (not an artifact) decides about the graph: its maker gives it out."""
        if isinstance(source, int):
            into[name] = source
            self.steps[source].values.add(name)
            if name not in self.steps[source].unit.modified:
                self.steps[source].outputs.add(name)
        else:
            into[name] = None

    def _source(self, name: str, before: int) -> int | str | None:
        """The step that made `name` last; "parameter", "replayed", or None when nothing did."""
        version = self.ctx.version(name, before)
        if version is None or not version.exists:
            return "parameter" if name in self.ctx.parameters else None
        if version.unit in self.steps:
            return version.unit
        return (
            "parameter"
            if name in self.ctx.parameters and version.definition is None
            else "replayed"
        )

    def _add_hidden_state(self, unit: Unit, wanted: set[str]) -> None:
        """A step that calls unknown code may draw from a generator that was seeded."""
        if unit.may_draw:
            wanted |= {
                name for name in HIDDEN_STATES if self.ctx.version(name, unit.index) is not None
            }

    def _add_unknown(self, step: Needs, wanted: set[str]) -> None:
        """Names bound nowhere: from a star import or from code that could not be seen."""
        unit = step.unit
        for name in unit.unknown_reads:
            for index, definition in self.ctx.star_definitions:
                if index < unit.index:
                    self._replay(step, definition, wanted)
            makers = [u for u in self.ctx.units if u.dynamic is not None and u.index < unit.index]
            if makers and makers[-1].kind == "step" and name not in self.ctx.history:
                source = makers[-1].index
                step.inputs[name] = source
                self.steps[source].outputs.add(name)

    # -- definitions and options ---------------------------------------------------------------

    def _add_definitions(self, step: Needs, wanted: set[str]) -> set[str]:
        """Replay what can be replayed; the names that are left travel as data."""
        index = step.unit.index
        data: set[str] = set()
        todo = sorted(wanted)
        seen: set[str] = set()
        while todo:
            name = todo.pop()
            if name in seen:
                continue
            seen.add(name)
            version = self.ctx.version(name, index)
            if version is None or not version.exists:
                if version is None and name in self.ctx.parameters:
                    step.inputs[name] = None
                continue
            if version.definition is not None and not version.stateful:
                more: set[str] = set()
                self._replay(step, version.definition, more)
                todo.extend(sorted(more))
                if version.unit in self.steps or not _has_identity(version):
                    continue
            # Prelude data and parameters too: they may share objects with what a step makes.
            data.add(name)
            todo.extend(sorted(self._carried_definitions(step, version)))
        return data

    def _carried_definitions(self, step: Needs, version: Version) -> set[str]:
        """The classes and functions a value refers to must exist before it is loaded."""
        more: set[str] = set()
        if not any(obj.carries for obj in version.pts):
            return more
        for obj in reach(version.pts, before=step.unit.index):
            for definition in (obj.definition, obj.cls.definition if obj.cls is not None else None):
                if definition is not None and definition.position[0] not in step.unit.cells:
                    self._replay(step, definition, more)
            for code in (obj, obj.cls):
                if code is not None and code.node is not None:
                    self._replay_names_in(step, code.node, more, set())
        return more

    def _replay_names_in(
        self, step: Needs, code: ast.AST, more: set[str], seen: set[ast.AST]
    ) -> None:
        """What carried code names must exist too: a library may call it, which no one sees.

        Data that it names is not passed for that: where the analysis sees the call, it is.
        """
        if code in seen:
            return
        seen.add(code)
        for name in sorted(names_in(code)):
            version = self.ctx.version(name, step.unit.index)
            if version is None or version.definition is None or version.stateful:
                continue
            if version.definition.reads or not version.exists:
                continue
            self._replay(step, version.definition, more)
            for obj in version.pts:
                if obj.node is not None:
                    self._replay_names_in(step, obj.node, more, seen)

    def _replay(self, step: Needs, definition: Definition, more: set[str]) -> None:
        if definition in step.setup or definition in step.late:
            return
        step.unit.files.extend(definition.files)
        late = False
        for need in definition.needs:
            self._replay(step, need, more)
            late = late or need in step.late
        data = definition.reads - self.ctx.parameters
        if data:
            late = True
            more |= data
            self._check_unchanged(step, definition, data)
        more |= definition.reads & self.ctx.parameters
        (step.late if late else step.setup)[definition] = None

    def _check_unchanged(self, step: Needs, definition: Definition, names: Iterable[str]) -> None:
        """Replaying code that reads data is right only while that data is what it was."""
        made = next(u.index for u in self.ctx.units if definition.cell in u.cells)
        for name in names:
            then, now = self.ctx.version(name, made + 1), self.ctx.version(name, step.unit.index)
            if then is not now:
                self.ctx.remark(
                    "error",
                    "replay-changed",
                    f"cell {definition.cell} is replayed in step {step.unit.name} but reads "
                    f"`{name}`, which has changed since; move the cell into the step that makes it",
                    definition.cell,
                )

    def _add_options(self, step: Needs, data: set[str]) -> None:
        """Global options set by earlier cells hold in every later step."""
        own = set(step.unit.reads)
        for index, option in self.ctx.options:
            if index >= step.unit.index:
                continue
            more: set[str] = set()
            self._replay(step, option, more)
            if not option.roots & own:
                step.optional.add(option)
            data |= self._add_definitions(step, more)

    # -- where data comes from -----------------------------------------------------------------

    def _choose_sources(self, step: Needs, data: set[str]) -> None:
        index = step.unit.index
        makers: dict[str, int] = {}
        for name in data:
            version = self.ctx.version(name, index)
            if version is not None:
                makers[name] = version.unit
        for group in self._sharing(step, makers):
            source = max(makers[name] for name in group)
            for name in group:
                chosen = source if len(group) > 1 else makers[name]
                if chosen in self.steps:
                    step.inputs[name] = chosen
                    self.steps[chosen].outputs.add(name)
                elif self._source(name, index) == "parameter":
                    step.inputs[name] = None

    def _version(self, name: str, before: int) -> Version:
        version = self.ctx.version(name, before)
        assert version is not None
        return version

    def _sharing(self, step: Needs, makers: dict[str, int]) -> list[list[str]]:
        """Group names whose values must be loaded together to keep sharing objects.

        Sharing matters when a name is the same object as, or part of, another, when this step
        changes something that both can reach, and when it hands both on; steps that only read may
        load theirs apart, and stay parallel.
        """
        index = step.unit.index
        if len(set(makers.values())) < 2:
            return [[name] for name in sorted(makers)]  # all from one step in any case
        parent = {name: name for name in makers}

        def root(name: str) -> str:
            while parent[name] != name:
                parent[name] = parent[parent[name]]
                name = parent[name]
            return name

        named = {obj for name in makers for obj in self._version(name, index).pts}
        owner: dict[Obj, str] = {}
        for name in sorted(makers):
            version = self._version(name, index)
            reached = list(reach(version.pts, before=index))
            matters = name in step.outputs or any(obj in step.unit.mutated for obj in reached)
            for obj in reached:
                if obj.kind in _IDENTITY_KINDS and (matters or obj in named):
                    other = owner.setdefault(obj, name)
                    parent[root(name)] = root(other)
        groups: dict[str, list[str]] = defaultdict(list)
        for name in sorted(makers):
            groups[root(name)].append(name)
        return list(groups.values())


def _has_identity(version: Version) -> bool:
    return any(obj.kind in _IDENTITY_KINDS for obj in version.pts)


def expression_names(text: str) -> list[str]:
    """The names an expression loads, in order; empty for what is not an expression."""
    try:
        tree = ast.parse(text.strip(), mode="eval")
    except SyntaxError:
        return []
    found = {node.id: None for node in ast.walk(tree) if isinstance(node, ast.Name)}
    return [name for name in found if name not in ("True", "False", "None", "range", "len", "list")]


def to_input(name: str, source: int | None, names: dict[int, str]) -> Input:
    return Input(name, None if source is None else names[source])
