"""Calls. Functions and classes written in the notebook are followed into their bodies; what is
known of libraries lies in `library`.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from . import classes, expressions, hidden, library, magics, statements
from .context import names_in
from .frames import Frame, argument_names, scope_names
from .objects import NOTHING, Obj, Pts, contents, link, reach, union

if TYPE_CHECKING:
    from .context import Context
    from .objects import FunctionNode

# A call chain deeper than this, or a step that costs more statements, is read without following.
_DEEPEST = 30
_MOST_WORK = 20_000


@dataclass
class Arguments:
    """The evaluated arguments of one call.

    `discarded`: the result is thrown away. `made`: the new object the call gives, one however many
    objects the method may be called on; else each chain of calls would double what it stands for.
    """

    positional: list[Pts] = field(default_factory=list)
    keywords: dict[str, Pts] = field(default_factory=dict)
    spread: Pts = NOTHING
    node: ast.Call | None = None
    discarded: bool = False
    made: Pts | None = None

    def all(self) -> Pts:
        return union([*self.positional, *self.keywords.values(), self.spread])


def evaluate_call(
    node: ast.Call, frame: Frame | None, ctx: Context, discarded: bool = False
) -> Pts:
    """Walk a call: what it does to its arguments and to the notebook, and what it may return."""
    found = magics.evaluate_magic(node, ctx)
    if found is not None:
        return found
    function = node.func
    if isinstance(function, ast.Attribute):
        if classes.is_super(function.value):
            return classes.call_super(node, function.attr, frame, ctx)
        base = expressions.evaluate(function.value, frame, ctx)
        arguments = evaluate_arguments(node, frame, ctx, discarded)
        modules = frozenset(obj for obj in base if obj.kind == "import")
        results = [classes.call_method(base - modules, function.attr, arguments=arguments, ctx=ctx)]
        for module in modules:
            callee = expressions.imported(f"{module.name}.{function.attr}", ctx)
            results.append(library.call(callee.name, arguments, ctx))
        return union(results)
    callee_pts = expressions.evaluate(function, frame, ctx)
    arguments = evaluate_arguments(node, frame, ctx, discarded)
    if isinstance(function, ast.Name) and function.id in ("locals", "vars") and frame is not None:
        return union(frame.values.values())
    if not callee_pts:
        escape(arguments.all(), ctx)
        return expressions.fresh("data", ctx)
    return union([call_object(obj, arguments, ctx) for obj in callee_pts])


def evaluate_arguments(
    node: ast.Call, frame: Frame | None, ctx: Context, discarded: bool
) -> Arguments:
    found = Arguments(node=node, discarded=discarded)
    for part in node.args:
        value = expressions.evaluate(part, frame, ctx)
        if isinstance(part, ast.Starred):
            found.spread |= expressions.elements(value, ctx)
        else:
            found.positional.append(value)
    for keyword in node.keywords:
        value = expressions.evaluate(keyword.value, frame, ctx)
        if keyword.arg is None:
            found.spread |= expressions.elements(value, ctx)
        else:
            found.keywords[keyword.arg] = value
    return found


def call_object(obj: Obj, arguments: Arguments, ctx: Context) -> Pts:
    """Call whatever the object is."""
    if obj.kind == "function":
        return _call_function_object(obj, arguments, ctx)
    if obj.kind == "class":
        return classes.instantiate(obj, arguments, ctx)
    if obj.kind == "instance":
        return classes.call_method(frozenset((obj,)), "__call__", arguments=arguments, ctx=ctx)
    if obj.kind in ("import", "builtin"):
        return library.call(obj.name, arguments, ctx)
    if obj.kind == "method":
        return union([library.call_method(o, obj.name, arguments, ctx) for o in list(obj.edges)])
    escape(arguments.all(), ctx)
    hidden.note_use(obj, ctx)
    if obj.origin == "operator.methodcaller":
        ctx.mutate(reach(arguments.all()))
    held = [o for o in obj.edges if o.kind == "function"]
    for function in held:  # functools.partial and the like
        _call_function_object(function, arguments, ctx)
    return expressions.fresh("data", ctx, origin=obj.origin)


def _call_function_object(obj: Obj, arguments: Arguments, ctx: Context) -> Pts:
    if obj.node is None:  # a bound method: its function and its receiver are what it holds
        receiver = frozenset(o for o in obj.edges if o.kind != "function")
        bound = Arguments([receiver, *arguments.positional], arguments.keywords, arguments.spread)
        return union(
            [_call_function_object(o, bound, ctx) for o in obj.edges if o.kind == "function"]
        )
    return call_function(obj, arguments.positional, arguments.keywords, ctx, arguments.spread)


# -- functions ----------------------------------------------------------------------------------


def make_function(node: FunctionNode, frame: Frame | None, ctx: Context) -> Obj:
    """The object a `def` or `lambda` makes; its defaults are evaluated now, as Python does."""
    name = "lambda" if isinstance(node, ast.Lambda) else node.name
    obj = Obj("function", name, node=node, frame=frame)
    positional = [*node.args.posonlyargs, *node.args.args]
    defaults = node.args.defaults
    pairs = list(zip(positional[len(positional) - len(defaults) :], defaults, strict=True))
    pairs += [
        (arg, default)
        for arg, default in zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True)
        if default is not None
    ]
    for arg, default in pairs:
        value = expressions.evaluate(default, frame, ctx)
        obj.defaults[arg.arg] = value
        link(obj, value, ctx.now)
    if frame is not None:
        frame.functions.append(obj)
    ctx.uncalled.setdefault(id(node), (ctx.cell, node))
    return obj


def call_function(
    function: Obj,
    positional: list[Pts],
    keywords: dict[str, Pts],
    ctx: Context,
    spread: Pts = NOTHING,
    method_of: Obj | None = None,
) -> Pts:
    """Follow a call into the body of a function written in the notebook."""
    node = function.node
    assert isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
    everything = union([*positional, *keywords.values(), spread])
    if function in ctx.active:
        return everything
    if len(ctx.active) > _DEEPEST or ctx.work > _MOST_WORK:
        _read_without_following(node, ctx)
        return everything
    ctx.uncalled[id(node)] = (ctx.cell, ast.Pass())
    scope = scope_names(node)
    frame = Frame(scope.bound, scope.declared, function.frame, method_of=method_of)
    _bind_arguments(function, node.args, positional, keywords, spread, frame)
    frame.receiver = positional[0] if positional else NOTHING
    doubt, ctx.in_doubt = ctx.in_doubt, 0
    ctx.active.append(function)
    try:
        if isinstance(node, ast.Lambda):
            frame.returned = expressions.evaluate(node.body, frame, ctx)
        else:
            statements.run_body(node.body, frame, ctx)
    finally:
        ctx.active.pop()
        ctx.in_doubt = doubt
    _close_over(frame, ctx)
    if scope.is_generator:
        return expressions.fresh(
            "generator", ctx, frame.returned, name=f"generator of {function.name}()"
        )
    return frame.returned


def _bind_arguments(
    function: Obj,
    args: ast.arguments,
    positional: list[Pts],
    keywords: dict[str, Pts],
    spread: Pts,
    frame: Frame,
) -> None:
    names = [arg.arg for arg in (*args.posonlyargs, *args.args)]
    for name in argument_names(args):
        frame.values[name] = function.defaults.get(name, NOTHING) | spread
    for name, value in zip(names, positional, strict=False):
        frame.values[name] = value
    if args.vararg is not None:
        frame.values[args.vararg.arg] |= union(positional[len(names) :])
    for name, value in keywords.items():
        if name in frame.values:
            frame.values[name] = value
        elif args.kwarg is not None:
            frame.values[args.kwarg.arg] |= value


def _close_over(frame: Frame, ctx: Context) -> None:
    """Functions made inside hold what they use of this scope."""
    for function in frame.functions:
        if function.node is not None:
            for child in ast.walk(function.node):
                if isinstance(child, ast.Name) and child.id in frame.values:
                    link(function, frame.values[child.id], ctx.now)


def _read_without_following(node: ast.AST, ctx: Context) -> None:
    for name in names_in(node):
        bound = ctx.names.get(name)
        if bound is not None:
            ctx.read(name)
            ctx.mutate(
                [obj for obj in reach(bound.pts) if obj.kind in ("data", "container", "instance")]
            )


def escape(pts: Pts, ctx: Context, receiver: Pts = NOTHING) -> None:
    """Code of a library gets these values: it may call any function it can reach through them,
    with any of the values, or what they or the receiver hold."""
    if not any(obj.carries for obj in pts):
        return
    reached = list(reach(pts))
    given = pts | receiver
    passed = frozenset(
        o for o in given | contents(given) if o.kind not in ("function", "class", "method")
    )
    for obj in reached:
        if obj in ctx.escaped:
            continue
        if obj.kind == "function" and obj.node is not None:
            ctx.escaped.add(obj)
            call_function(obj, [], {}, ctx, spread=passed)
        elif obj.kind == "method" and obj in pts:
            ctx.escaped.add(obj)
            call_object(obj, Arguments([passed]), ctx)
        elif obj.kind == "instance" and obj.cls is not None:
            ctx.escaped.add(obj)
            classes.note_class_read(obj.cls, ctx)
            for method in classes.methods(obj.cls):
                call_function(method, [frozenset((obj,))], {}, ctx, method_of=obj.cls)
        elif obj.kind == "class":
            ctx.escaped.add(obj)
            instance = Obj("instance", cls=obj)
            for method in classes.methods(obj):
                call_function(method, [frozenset((instance,))], {}, ctx, method_of=obj)
