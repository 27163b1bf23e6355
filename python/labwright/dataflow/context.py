"""The notebook's namespace while the analysis walks it, and what each unit was seen to do.

A *unit* is a step's cells, or one prelude cell; units are numbered in notebook order and that
number is the analysis' clock.
"""

from __future__ import annotations

import ast
from bisect import bisect_left
from collections.abc import Callable, Iterable
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from ..diagnostics import Diagnostic, Severity
from .files import FileUse, conflict
from .objects import NOTHING, Obj, Pts, containers_of, union

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .definitions import Definition

UnitKind = Literal["prelude", "step"]


@dataclass(slots=True)
class Binding:
    """What a name is bound to. `unit`: the unit that surely bound it last, or None if not sure.

    `stateful`: the object was changed after the statement that bound it.
    """

    pts: Pts
    unit: int | None
    definition: Definition | None = None
    constant: str | None = None
    stateful: bool = False


@dataclass(slots=True)
class Version:
    """A name as it stood when a unit that changed it ended."""

    unit: int
    pts: Pts
    definition: Definition | None
    stateful: bool
    exists: bool


@dataclass
class Unit:
    """A stretch of the notebook and everything it was seen to do to the namespace."""

    index: int
    kind: UnitKind
    name: str
    cells: list[int] = field(default_factory=list)
    reads: dict[str, int] = field(default_factory=dict)
    modified: dict[str, int] = field(default_factory=dict)
    definite: set[str] = field(default_factory=set)
    mutated: set[Obj] = field(default_factory=set)
    definitions: dict[Definition, None] = field(default_factory=dict)
    unknown_reads: dict[str, int] = field(default_factory=dict)
    files: list[FileUse] = field(default_factory=list)
    metrics: dict[str, None] = field(default_factory=dict)
    may_draw: bool = False
    visible: bool = False
    dynamic: int | None = None
    sets_option: bool = False

    def commutes_with(self, other: Unit) -> bool:
        """Whether running this unit after instead of before `other` changes no answer."""
        mine = {*self.reads, *self.unknown_reads, *self.modified}
        theirs = {*other.reads, *other.unknown_reads, *other.modified}
        return not (
            mine & set(other.modified)
            or theirs & set(self.modified)
            or self.sets_option
            or other.sets_option
            or conflict(self.files, other.files)
        )


class Context:
    """Everything the walk shares: namespace, clock, findings."""

    def __init__(self, star_names: Callable[[str], frozenset[str] | None]) -> None:
        self.star_names = star_names
        self.names: dict[str, Binding] = {}
        self.history: dict[str, list[Version]] = {}
        self.units: list[Unit] = []
        self.unit = Unit(-1, "prelude", "")
        self.cell = 0
        self.position = 0
        self.in_doubt = 0  # how many enclosing constructs may not run
        self.guarded = 0  # how many enclosing `try` catch NameError
        self.journal: list[dict[str, Binding | None]] = []
        self.active: list[Obj] = []
        self.work = 0
        self.diagnostics: dict[tuple[int | None, str, str], Diagnostic] = {}
        self.options: list[tuple[int, Definition]] = []
        self.imports: dict[str, Obj] = {}
        self.star_modules: list[tuple[int, str]] = []
        self.star_definitions: list[tuple[int, Definition]] = []
        self.skipped_names: dict[str, int] = {}
        self.parameters: frozenset[str] = frozenset()
        self.escaped: set[Obj] = set()
        # What the current top-level statement did; its driver resets them.
        self.touched: dict[str, Binding | None] = {}
        self.changed: set[str] = set()
        self.sets_option = False
        self.files_before = 0
        # Functions not followed so far: the node's id -> its cell and itself.
        self.uncalled: dict[int, tuple[int, ast.AST]] = {}

    # -- remarks -------------------------------------------------------------------------------

    def remark(self, severity: Severity, code: str, message: str, cell: int | None = None) -> None:
        where = self.cell if cell is None else cell
        key = (where, code, message)
        self.diagnostics.setdefault(key, Diagnostic(where, severity, code, message))

    # -- units ---------------------------------------------------------------------------------

    @property
    def now(self) -> int:
        return self.unit.index

    def begin(self, kind: UnitKind, name: str) -> Unit:
        self.unit = Unit(len(self.units), kind, name)
        self.units.append(self.unit)
        return self.unit

    def end(self) -> None:
        """Close the unit: keep the version of each name it changed."""
        for name in self.unit.modified:
            bound = self.names.get(name)
            if bound is None:
                version = Version(self.now, NOTHING, None, False, exists=False)
            else:
                version = Version(
                    self.now, bound.pts, bound.definition, bound.stateful, exists=True
                )
            self.history.setdefault(name, []).append(version)
            if (bound is not None and bound.unit == self.now) or bound is None:
                self.unit.definite.add(name)

    def version(self, name: str, before: int) -> Version | None:
        """The last version of `name` made by a unit earlier than `before`."""
        versions = self.history.get(name, [])
        at = bisect_left(versions, before, key=lambda version: version.unit)
        return versions[at - 1] if at else None

    # -- the namespace -------------------------------------------------------------------------

    def bind(
        self,
        name: str,
        pts: Pts,
        *,
        definition: Definition | None = None,
        constant: str | None = None,
        sure: bool = True,
    ) -> None:
        old = self.names.get(name)
        self._log(name, old)
        if sure:
            new = Binding(pts, self.now, definition, constant)
        else:
            known = old.unit if old else None
            new = Binding(
                union((pts, old.pts)) if old else pts, known if known == self.now else None
            )
        for obj in pts:
            obj.names.add(name)
        self.names[name] = new
        self.changed.add(name)
        self.unit.modified.setdefault(name, self.cell)

    def unbind(self, name: str) -> None:
        self._log(name, self.names.get(name))
        self.names.pop(name, None)
        self.unit.modified.setdefault(name, self.cell)

    def read(self, name: str) -> Binding | None:
        """The binding of a name, noting that this unit reads it; None when nothing binds it."""
        bound = self.names.get(name)
        self.touched.setdefault(name, bound)
        if bound is None:
            self.unit.unknown_reads.setdefault(name, self.cell)
        elif bound.unit != self.now:
            self.unit.reads.setdefault(name, self.cell)
        return bound

    def _log(self, name: str, old: Binding | None) -> None:
        if self.journal:
            self.journal[-1].setdefault(name, old)

    # -- change --------------------------------------------------------------------------------

    def mutate(self, objects: Iterable[Obj]) -> None:
        """Record that these objects change in place: every name that can reach one is affected."""
        for obj in objects:
            if obj.kind in ("import", "builtin"):
                continue
            if obj in self.unit.mutated and not self.journal:
                continue
            self.unit.mutated.add(obj)
            for holder in containers_of(obj):
                for name in holder.names:
                    bound = self.names.get(name)
                    if bound is not None and holder in bound.pts:
                        self.touch(name, bound)

    def touch(self, name: str, bound: Binding) -> None:
        self.changed.add(name)
        self.touched.setdefault(name, bound)
        self.unit.modified.setdefault(name, self.cell)
        if bound.unit != self.now:
            # To hand on the changed object this unit must have been given it.
            self.unit.reads.setdefault(name, self.cell)
        if not bound.stateful:
            self._log(name, bound)
            self.names[name] = Binding(bound.pts, bound.unit, bound.definition, None, stateful=True)

    # -- branches ------------------------------------------------------------------------------

    @contextmanager
    def doubt(self) -> Iterator[None]:
        self.in_doubt += 1
        try:
            yield
        finally:
            self.in_doubt -= 1

    def branches(self, runs: list[Callable[[], bool]], *, may_skip: bool) -> bool:
        """Walk alternatives from the same state, then join what each left behind.

        Each run says whether it always leaves (return, raise); those that do take no part in the
        join. `may_skip`: possibly none of them runs. Returns whether all of them leave.
        """
        results: list[dict[str, Binding | None]] = []
        for run in runs:
            self.journal.append({})
            leaves = run()
            before = self.journal.pop()
            after = {name: self.names.get(name) for name in before}
            for name, old in before.items():
                self._restore(name, old)
            if not leaves:
                results.append(after)
        if may_skip:
            results.append({})
        if not results:
            return True
        for name in {name for result in results for name in result}:
            original = self.names.get(name)
            self._log(name, original)
            self._restore(name, _join([result.get(name, original) for result in results], self.now))
        return False

    def _restore(self, name: str, bound: Binding | None) -> None:
        if bound is None:
            self.names.pop(name, None)
        else:
            self.names[name] = bound


def _join(found: list[Binding | None], now: int) -> Binding | None:
    present = [bound for bound in found if bound is not None]
    if not present:
        return None
    first = present[0]
    if all(bound is first for bound in found):
        return first
    sure = len(present) == len(found) and all(bound.unit == now for bound in present)
    constants = {bound.constant for bound in found if bound is not None}
    same_definition = {bound.definition for bound in present}
    kept = first.definition if len(same_definition) == 1 and len(present) == len(found) else None
    everywhere = len(present) == len(found)
    same_unit = everywhere and len({bound.unit for bound in present}) == 1
    return Binding(
        union(bound.pts for bound in present),
        now if sure else first.unit if same_unit else None,
        kept,
        first.constant if everywhere and len(constants) == 1 else None,
        any(bound.stateful for bound in present),
    )


def names_in(node: ast.AST) -> set[str]:
    """Every name an expression loads, scopes inside it not told apart."""
    return {
        child.id
        for child in ast.walk(node)
        if isinstance(child, ast.Name) and isinstance(child.ctx, ast.Load)
    }
