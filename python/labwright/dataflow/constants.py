"""The text of expressions that is known without running them: the paths of files."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .context import Context


def constant_text(node: ast.expr | None, ctx: Context) -> str | None:
    """The text of a path expression where it can be known; parameters stand for themselves."""
    match node:
        case ast.Constant(value=str() as text):
            return text
        case ast.Constant(value=int() as number):
            return str(number)
        case ast.Name(id=name):
            if name in ctx.parameters:
                return f"<{name}>"
            bound = ctx.names.get(name)
            return bound.constant if bound else None
        case ast.JoinedStr(values=values):
            return _concatenate(values, "", ctx)
        case ast.FormattedValue(value=value):
            return constant_text(value, ctx)
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return _concatenate([left, right], "", ctx)
        case ast.BinOp(left=left, op=ast.Div(), right=right):
            return _concatenate([left, right], "/", ctx)
        case ast.Call(func=function, args=args, keywords=[]) if args:
            last = (
                function.attr
                if isinstance(function, ast.Attribute)
                else getattr(function, "id", "")
            )
            if last in ("Path", "PurePath", "join", "str", "fspath", "abspath", "expanduser"):
                return _concatenate(args, "/", ctx)
    return None


def _concatenate(parts: Iterable[ast.expr], separator: str, ctx: Context) -> str | None:
    found = [constant_text(part, ctx) for part in parts]
    texts = [text for text in found if text is not None]
    return separator.join(texts) if len(texts) == len(found) else None
