"""Statements that can be replayed in another process instead of passing what they bind as data."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .files import FileUse


@dataclass(eq=False)
class Definition:
    """A replayable piece of a cell. `needs` must be replayed before it (a base class, a decorator).

    `position` orders definitions as the notebook does. `always`: a global option, replayed in
    every later step. `reads`: variables (data) it reads; `roots`: the modules it is about; `files`:
    those it uses.
    """

    cell: int
    position: tuple[int, int]
    source: str
    names: frozenset[str]
    needs: tuple[Definition, ...] = ()
    always: bool = False
    reads: frozenset[str] = frozenset()
    roots: frozenset[str] = frozenset()
    files: tuple[FileUse, ...] = ()


def statement_source(text: str, node: ast.stmt) -> str:
    """The lines of a top-level statement, decorators included."""
    lines = text.splitlines()
    first = min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", []))])
    chosen = lines[first - 1 : node.end_lineno or node.lineno]
    # `a = 1; import os` shares its line: cut to the statement's own columns (byte offsets).
    if node.end_col_offset is not None and chosen:
        chosen[-1] = chosen[-1].encode()[: node.end_col_offset].decode()
        if first == node.lineno:
            chosen[0] = chosen[0].encode()[node.col_offset :].decode()
    return "\n".join(chosen)


def only_defines(node: ast.stmt, is_class_factory: bool = False, is_patch: bool = False) -> bool:
    """Whether replaying the statement can do nothing but bind names again.

    `is_class_factory`: what it calls makes a class; `is_patch`: it puts a function onto a class.

    What it reads while it runs (a decorator, a default) is for the caller to check.
    """
    match node:
        case (
            ast.Import() | ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef() | ast.Pass()
        ):
            return True
        case ast.ImportFrom():
            return all(alias.name != "*" for alias in node.names)
        case ast.Assign(targets=[ast.Name()], value=ast.Lambda()):
            return True
        case ast.AnnAssign(target=ast.Name(), value=ast.Lambda()):
            return True
        case ast.Assign(targets=[ast.Name()], value=ast.Call()):
            return is_class_factory
        case ast.Assign(targets=[ast.Attribute(value=ast.Name())], value=ast.Name() | ast.Lambda()):
            return is_patch
        case ast.Try():
            # `try: import a / except ImportError: import b`: one statement, as written.
            inner = [*node.body, *node.orelse, *node.finalbody]
            inner += [child for handler in node.handlers for child in handler.body]
            return any(isinstance(child, ast.Import | ast.ImportFrom) for child in inner) and all(
                only_defines(child) or _constant(child) for child in inner
            )
        case ast.If():
            inner = [*node.body, *node.orelse]
            return _type_checking(node.test) and all(only_defines(child) for child in inner)
    return type(node).__name__ == "TypeAlias"


def _constant(node: ast.stmt) -> bool:
    return isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)


def _type_checking(test: ast.expr) -> bool:
    return (isinstance(test, ast.Name) and test.id == "TYPE_CHECKING") or (
        isinstance(test, ast.Attribute) and test.attr == "TYPE_CHECKING"
    )
