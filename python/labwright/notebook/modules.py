"""What `from module import *` binds, found without running anyone's code but Python's own."""

from __future__ import annotations

import ast
import importlib
import sys
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path


@lru_cache(maxsize=64)
def star_names(module: str) -> frozenset[str] | None:
    """The names a star import binds, or None where only importing the module would tell.

    Modules of the standard library are asked; of others the source is read.
    """
    root = module.partition(".")[0]
    try:
        if root in sys.stdlib_module_names and root not in ("antigravity", "this"):
            loaded = importlib.import_module(module)
            exported = getattr(loaded, "__all__", None) or [
                name for name in vars(loaded) if not name.startswith("_")
            ]
            return frozenset(exported)
        spec = find_spec(module) if module else None
    except (ImportError, ValueError, AttributeError):
        return None
    if spec is None or not spec.origin or not spec.origin.endswith(".py"):
        return None
    try:
        return _exported(ast.parse(Path(spec.origin).read_text(encoding="utf-8")))
    except (OSError, SyntaxError, ValueError):
        return None


def _exported(tree: ast.Module) -> frozenset[str] | None:
    """`__all__` where it is written out, else the public names of a module without tricks."""
    names: set[str] = set()
    for node in tree.body:
        match node:
            case ast.Assign(targets=[ast.Name(id="__all__")], value=value):
                try:
                    return frozenset(ast.literal_eval(value))
                except ValueError:
                    return None
            case ast.ImportFrom(names=[ast.alias(name="*")]):
                return None
            case (
                ast.FunctionDef(name=name)
                | ast.AsyncFunctionDef(name=name)
                | ast.ClassDef(name=name)
            ):
                names.add(name)
            case ast.Import(names=aliases) | ast.ImportFrom(names=aliases):
                names.update(alias.asname or alias.name.partition(".")[0] for alias in aliases)
            case ast.Assign() | ast.AnnAssign() | ast.AugAssign():
                names.update(
                    child.id
                    for child in ast.walk(node)
                    if isinstance(child, ast.Name) and isinstance(child.ctx, ast.Store)
                )
            case ast.Expr():
                pass
            case _:
                return None  # names made in branches and loops
    return frozenset(name for name in names if not name.startswith("_"))
