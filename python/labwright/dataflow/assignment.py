"""Binding names, and changing the objects that other targets point into."""

from __future__ import annotations

import ast
from collections.abc import Iterable

from . import classes, dynamic, expressions
from .context import Context
from .frames import Frame, lookup_frame
from .knowledge import COPYING_LIBRARIES
from .objects import NOTHING, Obj, Pts, link, reach


def assign_name(
    name: str, value: Pts, frame: Frame | None, ctx: Context, constant: str | None = None
) -> None:
    owner = lookup_frame(frame, name)
    while frame is not None and frame.is_comprehension and frame is not owner:
        frame = frame.parent
    if owner is None:
        ctx.bind(name, value, constant=constant)
    elif owner is not frame:  # nonlocal: what the functions made there carry has changed
        owner.values[name] = owner.values.get(name, NOTHING) | value
        ctx.mutate(owner.functions)
    elif ctx.in_doubt:
        owner.values[name] = owner.values.get(name, NOTHING) | value
    else:
        owner.values[name] = value


def assign(target: ast.expr, value: Pts, frame: Frame | None, ctx: Context) -> None:
    """Bind a target, or change the object it points into."""
    if isinstance(target, ast.Name):
        assign_name(target.id, value, frame, ctx)
    elif isinstance(target, ast.Starred):
        assign(target.value, expressions.fresh("container", ctx, value), frame, ctx)
    elif isinstance(target, ast.Tuple | ast.List):
        parts = expressions.elements(value, ctx) | frozenset(
            obj for obj in value if obj.kind == "data"
        )
        for child in target.elts:
            assign(child, parts, frame, ctx)
    elif isinstance(target, ast.Subscript):
        expressions.evaluate(target.slice, frame, ctx)
        if not dynamic.assign_global_item(target, value, ctx):
            base = expressions.evaluate(target.value, frame, ctx)
            # Tables and arrays copy what is put into them.
            copies = all(obj.origin.partition(".")[0] in COPYING_LIBRARIES for obj in base)
            change(base, NOTHING if copies else value, ctx)
            classes.call_operator(base, "setitem", ctx)
    elif isinstance(target, ast.Attribute):
        base = expressions.evaluate(target.value, frame, ctx)
        for obj in base:
            if obj.kind == "class":
                obj.attrs[target.attr] = obj.attrs.get(target.attr, NOTHING) | value
                _touch_instances(obj, ctx)
        change(base, value, ctx)


def _touch_instances(cls: Obj, ctx: Context) -> None:
    """Instances behave as their class does now: what holds one has changed with it."""
    for name, bound in list(ctx.names.items()):
        if any(obj.cls is cls for obj in reach(bound.pts)):
            ctx.touch(name, bound)


def change(base: Iterable[Obj], held: Pts, ctx: Context) -> None:
    """Each of `base` changes in place and may now hold `held`."""
    objects = list(base)
    for obj in objects:
        link(obj, held, ctx.now)
    ctx.mutate(objects)
