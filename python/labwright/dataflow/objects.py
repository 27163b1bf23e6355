"""The abstract heap: what a variable may refer to, and which variables may share an object.

Values without identity that anyone could see change (numbers, strings) are not objects here: a
name bound to one refers to the empty set. Edges carry the time they appeared, so that a later
question about an earlier moment is answered for that moment.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from .definitions import Definition
    from .frames import Frame

Kind = Literal[
    "data",  # an object of a library, nothing known of its inside
    "container",  # list, dict, set, tuple: what it holds is known
    "instance",  # of a class written in the notebook
    "class",
    "function",
    "method",  # of an object of a library, taken but not called
    "import",  # a module, or something imported from one
    "builtin",
    "iterator",
    "generator",
    "file",
    "lock",
]

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda


@dataclass(eq=False, slots=True)
class Obj:
    """An abstract object; identity is what counts."""

    kind: Kind
    name: str = ""
    edges: dict[Obj, int] = field(default_factory=dict)
    containers: set[Obj] = field(default_factory=set)
    names: set[str] = field(default_factory=set)
    definition: Definition | None = None
    node: ast.AST | None = None
    frame: Frame | None = None
    cls: Obj | None = None
    bases: tuple[Obj, ...] = ()
    attrs: dict[str, frozenset[Obj]] = field(default_factory=dict)
    defaults: dict[str, frozenset[Obj]] = field(default_factory=dict)
    origin: str = ""
    seeded: bool = False
    # Whether code of the notebook can be reached through it.
    carries: bool = False
    rest: Obj | None = None

    def __post_init__(self) -> None:
        self.carries = self.kind in _CODE_KINDS


_CODE_KINDS = ("function", "class", "instance", "method")
Pts = frozenset[Obj]
NOTHING: Pts = frozenset()
_MOST_EDGES = 24
_OPAQUE_KINDS = ("import", "builtin")


def union(parts: Iterable[Pts]) -> Pts:
    return frozenset().union(*parts)


def link(container: Obj, held: Pts, now: int) -> None:
    """Record that `container` may hold each of `held` from time `now` on.

    What holds very many things is not told apart from them any more: the rest goes into one object
    that stands for all, held by each of them, so that a change of any is a change of every other.
    """
    if container.kind in _OPAQUE_KINDS:
        return
    for obj in held:
        if obj is container or obj.kind in _OPAQUE_KINDS or obj in container.edges:
            continue
        if len(container.edges) < _MOST_EDGES:
            _add_edge(container, obj, now)
            continue
        if container.rest is None:
            container.rest = Obj("data")
            _add_edge(container, container.rest, now)
        _add_edge(container.rest, obj, now)
        _add_edge(obj, container.rest, now)


def _add_edge(container: Obj, held: Obj, now: int) -> None:
    container.edges.setdefault(held, now)
    held.containers.add(container)
    todo = [container] if held.carries else []
    while todo:
        holder = todo.pop()
        if not holder.carries:
            holder.carries = True
            todo.extend(holder.containers)


def contents(pts: Pts) -> Pts:
    return union(frozenset(obj.edges) for obj in pts)


def reach(pts: Iterable[Obj], before: int | None = None) -> Iterator[Obj]:
    """Every object that can be got at from `pts`, by edges that appeared before the given time."""
    seen: set[Obj] = set()
    todo = list(pts)
    while todo:
        obj = todo.pop()
        if obj in seen:
            continue
        seen.add(obj)
        yield obj
        for held, since in obj.edges.items():
            if before is None or since < before:
                todo.append(held)


def containers_of(obj: Obj) -> set[Obj]:
    """The object itself and everything that may hold it, directly or not."""
    seen: set[Obj] = set()
    todo = [obj]
    while todo:
        current = todo.pop()
        if current not in seen:
            seen.add(current)
            todo.extend(current.containers)
    return seen
