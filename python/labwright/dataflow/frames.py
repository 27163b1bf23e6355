"""Scopes: which names of a function are its own, its closure's or the notebook's."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field

from .objects import Obj, Pts

ScopeNode = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef
SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)


@dataclass(eq=False)
class Frame:
    """One running scope. The notebook's own namespace is the absence of a frame (None)."""

    local_names: frozenset[str]
    global_names: frozenset[str]
    parent: Frame | None
    is_class: bool = False
    is_comprehension: bool = False
    method_of: Obj | None = None
    receiver: Pts = frozenset()
    values: dict[str, Pts] = field(default_factory=dict)
    returned: Pts = frozenset()
    functions: list[Obj] = field(default_factory=list)


def lookup_frame(frame: Frame | None, name: str) -> Frame | None:
    """The frame that owns `name`, or None when the notebook's namespace does."""
    first = True
    while frame is not None:
        if name in frame.global_names:
            return None
        if name in frame.local_names and (first or not frame.is_class):
            return frame
        first = False
        frame = frame.parent
    return None


class _Bindings(ast.NodeVisitor):
    """The names one scope binds, without those of the scopes inside it."""

    def __init__(self) -> None:
        self.bound: set[str] = set()
        self.declared: set[str] = set()
        self.nonlocals: set[str] = set()
        self.has_yield = False

    def visit_Name(self, node: ast.Name) -> None:
        if not isinstance(node.ctx, ast.Load):
            self.bound.add(node.id)

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        self.bound.add(node.name)
        for part in (*node.decorator_list, *node.args.defaults, *node.args.kw_defaults):
            if part is not None:
                self.visit(part)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> None:
        self.visit_FunctionDef(node)

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self.bound.add(node.name)
        for part in (*node.decorator_list, *node.bases):
            self.visit(part)

    def visit_Lambda(self, node: ast.Lambda) -> None:
        for part in (*node.args.defaults, *node.args.kw_defaults):
            if part is not None:
                self.visit(part)

    def _comprehension(self, node: ast.AST) -> None:
        # Its targets are its own, but an assignment expression inside binds in this scope.
        for child in ast.walk(node):
            if isinstance(child, ast.NamedExpr):
                self.bound.add(child.target.id)

    visit_ListComp = visit_SetComp = visit_DictComp = visit_GeneratorExp = _comprehension

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> None:
        if node.name:
            self.bound.add(node.name)
        self.generic_visit(node)

    def visit_Import(self, node: ast.Import) -> None:
        for alias in node.names:
            self.bound.add(alias.asname or alias.name.partition(".")[0])

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        self.bound.update(alias.asname or alias.name for alias in node.names)

    def visit_MatchAs(self, node: ast.MatchAs) -> None:
        if node.name:
            self.bound.add(node.name)
        self.generic_visit(node)

    def visit_MatchStar(self, node: ast.MatchStar) -> None:
        if node.name:
            self.bound.add(node.name)

    def visit_MatchMapping(self, node: ast.MatchMapping) -> None:
        if node.rest:
            self.bound.add(node.rest)
        self.generic_visit(node)

    def visit_Global(self, node: ast.Global) -> None:
        self.declared.update(node.names)

    def visit_Nonlocal(self, node: ast.Nonlocal) -> None:
        self.nonlocals.update(node.names)

    def visit_Yield(self, node: ast.Yield) -> None:
        self.has_yield = True
        self.generic_visit(node)

    def visit_YieldFrom(self, node: ast.YieldFrom) -> None:
        self.has_yield = True
        self.generic_visit(node)


@dataclass(frozen=True)
class ScopeNames:
    bound: frozenset[str]
    declared: frozenset[str]
    is_generator: bool


def scope_names(node: ScopeNode | ast.Module) -> ScopeNames:
    """What the scope of `node` binds itself, what it declares global, whether it is a generator.

    Cached on the node, since a function is analysed again at each of its calls.
    """
    cached: ScopeNames | None = getattr(node, "_labwright_scope", None)
    if cached is None:
        found = _Bindings()
        body = node.body if isinstance(node.body, list) else [node.body]
        for child in body:
            found.visit(child)
        if not isinstance(node, ast.ClassDef | ast.Module):
            found.bound.update(argument_names(node.args))
        cached = ScopeNames(
            frozenset(found.bound - found.declared - found.nonlocals),
            frozenset(found.declared),
            found.has_yield,
        )
        node._labwright_scope = cached  # type: ignore[union-attr]
    return cached


def argument_names(args: ast.arguments) -> list[str]:
    found = [arg.arg for arg in (*args.posonlyargs, *args.args, *args.kwonlyargs)]
    return found + [arg.arg for arg in (args.vararg, args.kwarg) if arg is not None]
