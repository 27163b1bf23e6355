"""Code and names that only the run would show: eval, exec, globals(), star imports."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from . import expressions, statements
from .objects import NOTHING, Pts, contents, union

if TYPE_CHECKING:
    from .calls import Arguments
    from .context import Context


def call_dynamic(name: str, arguments: Arguments, ctx: Context) -> Pts | None:
    node = arguments.node
    if node is None:
        return None
    text = node.args[0] if node.args else None
    if name in ("eval", "exec", "compile"):
        if isinstance(text, ast.Constant) and isinstance(text.value, str):
            if name != "compile":
                return evaluate_text(text.value, ctx)
        else:
            note_dynamic(f"{name}()", ctx)
        return expressions.fresh("data", ctx)
    if name in ("globals", "locals", "vars") and not node.args:
        note_dynamic(f"{name}()", ctx)
        return union([bound.pts for bound in ctx.names.values()])
    if name == "getattr" and len(node.args) >= 2:
        key = node.args[1]
        base = arguments.positional[0] if arguments.positional else NOTHING
        if isinstance(key, ast.Constant) and isinstance(key.value, str):
            return expressions.attribute(base, key.value, ctx)
        return base | contents(base)
    return None


def evaluate_text(text: str, ctx: Context) -> Pts:
    """Code in a literal string, walked as if it stood there."""
    try:
        tree = ast.parse(text.strip(), mode="exec")
    except SyntaxError:
        return NOTHING
    if len(tree.body) == 1 and isinstance(tree.body[0], ast.Expr):
        return expressions.evaluate(tree.body[0].value, None, ctx)
    statements.run_top(tree.body, ctx)
    return NOTHING


def note_dynamic(what: str, ctx: Context) -> None:
    """Code the analysis cannot see: assume that it reads and changes every variable there is."""
    ctx.unit.dynamic = ctx.cell if ctx.unit.dynamic is None else ctx.unit.dynamic
    for name, bound in list(ctx.names.items()):
        ctx.read(name)
        ctx.mutate([obj for obj in bound.pts if obj.kind in ("data", "container", "instance")])
        if all(obj.kind not in ("import", "function", "class") for obj in bound.pts):
            ctx.bind(name, bound.pts, sure=False)
    ctx.remark(
        "warning",
        "dynamic-code",
        f"{what} runs code that cannot be seen here: assumed that it reads and may change every "
        "variable bound so far, and that names bound nowhere else come from it",
    )


_MARKED = re.compile(r"@([A-Za-z_]\w*)")


def read_text_argument(arguments: Arguments, ctx: Context, *, marked: bool) -> None:
    node = arguments.node
    if node is None or not node.args:
        return
    text = node.args[0]
    if isinstance(text, ast.Constant) and isinstance(text.value, str):
        pattern = _MARKED if marked else re.compile(r"\b([A-Za-z_]\w*)\b")
        for name in pattern.findall(text.value):
            if name in ctx.names:
                ctx.read(name)


def star_import(module: str, ctx: Context) -> None:
    """`from module import *`: bind what the module exports, or say that it cannot be known."""
    names = ctx.star_names(module)
    if names is not None:
        for name in names:
            ctx.bind(name, frozenset((expressions.imported(f"{module}.{name}", ctx),)))
        return
    ctx.star_modules.append((ctx.now, module))
    for name, bound in list(ctx.names.items()):
        if all(obj.kind not in ("import", "function", "class") for obj in bound.pts):
            ctx.read(name)
            ctx.bind(name, bound.pts, sure=False)
    ctx.remark(
        "info",
        "star-import",
        f"what `from {module} import *` binds cannot be known here: assumed that it may re-bind "
        "any variable, and that names bound nowhere else come from it",
    )


def assign_global_item(target: ast.Subscript, value: Pts, ctx: Context) -> bool:
    """`globals()["name"] = value` binds a name of the notebook."""
    base = target.value
    if not (
        isinstance(base, ast.Call) and isinstance(base.func, ast.Name) and base.func.id == "globals"
    ):
        return False
    key = target.slice
    if isinstance(key, ast.Constant) and isinstance(key.value, str):
        ctx.bind(key.value, value)
    else:
        note_dynamic("globals()", ctx)
    return True
