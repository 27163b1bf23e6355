"""What an expression reads, binds and changes, and which objects its value may be."""

from __future__ import annotations

import ast
import builtins
import difflib
from collections.abc import Callable

from . import assignment, calls, classes, hidden
from .context import Context
from .frames import Frame, lookup_frame
from .knowledge import MUTATING_METHODS, NOTEBOOK_NAMES, PLAIN_ATTRIBUTES
from .objects import NOTHING, Obj, Pts, contents, link, union

_BUILTINS = frozenset(dir(builtins))


def evaluate(node: ast.AST | None, frame: Frame | None, ctx: Context) -> Pts:
    """Walk one expression; the objects its value may be (none for a plain value)."""
    if node is None:
        return NOTHING
    handler = _HANDLERS.get(type(node))
    if handler is not None:
        return handler(node, frame, ctx)
    # Operators, comparisons, f-strings, slices: read every part, give a plain value.
    for child in ast.iter_child_nodes(node):
        evaluate(child, frame, ctx)
    return NOTHING


def fresh(kind: str, ctx: Context, held: Pts = NOTHING, **more: object) -> Pts:
    obj = Obj(kind, **more)  # type: ignore[arg-type]
    link(obj, held, ctx.now)
    return frozenset((obj,))


# -- names --------------------------------------------------------------------------------------


def _name(node: ast.Name, frame: Frame | None, ctx: Context) -> Pts:
    owner = lookup_frame(frame, node.id)
    if owner is not None and (node.id in owner.values or not owner.is_class):
        return owner.values.get(node.id, NOTHING)
    return read_name(node.id, ctx)


def read_name(name: str, ctx: Context) -> Pts:
    """Read a name of the notebook's namespace."""
    bound = ctx.names.get(name)
    if bound is not None:
        ctx.read(name)
        return bound.pts
    if name in _BUILTINS:
        return frozenset((builtin(name, ctx),))
    if name not in NOTEBOOK_NAMES:
        ctx.read(name)
        check_defined(name, ctx)
    return NOTHING


def builtin(name: str, ctx: Context) -> Obj:
    key = f"builtins.{name}"
    obj = ctx.imports.get(key)
    if obj is None:
        obj = ctx.imports[key] = Obj("builtin", name)
    return obj


def check_defined(name: str, ctx: Context) -> None:
    """Remark on a name that nothing binds, where that can be known."""
    if name in _BUILTINS or name in NOTEBOOK_NAMES:
        return
    if name.startswith(("_i", "_o")) or (name.startswith("_") and name[1:].isdigit()):
        return  # IPython's history
    hidden = ctx.star_modules or any(unit.dynamic is not None for unit in ctx.units)
    if ctx.guarded or hidden:
        return
    if name in ctx.skipped_names:
        cell = ctx.skipped_names[name]
        ctx.remark(
            "warning",
            "skipped-name",
            f"`{name}` is bound only by cell {cell}, which is tagged skip and not part of the "
            "pipeline; remove the tag or bind the name elsewhere",
        )
        return
    close = difflib.get_close_matches(name, [*ctx.names, *_BUILTINS], n=1)
    hint = f"; did you mean `{close[0]}`?" if close else ""
    ctx.remark("warning", "undefined-name", f"`{name}` is not bound by any earlier cell{hint}")


# -- looking into values ------------------------------------------------------------------------


def _attribute(node: ast.Attribute, frame: Frame | None, ctx: Context) -> Pts:
    return attribute(evaluate(node.value, frame, ctx), node.attr, ctx)


def attribute(base: Pts, name: str, ctx: Context) -> Pts:
    """The objects `value.name` may be."""
    if name in PLAIN_ATTRIBUTES:
        return NOTHING
    if name == "__dict__":
        return base
    return union([_attribute_of(obj, name, ctx) for obj in base])


def _attribute_of(obj: Obj, name: str, ctx: Context) -> Pts:
    if obj.kind == "import":
        return frozenset((imported(f"{obj.name}.{name}", ctx),))
    if obj.kind == "class":
        found = classes.class_attribute(obj, name)
        return found if found is not None else frozenset((obj,))
    if obj.kind == "instance" and obj.cls is not None:
        found = classes.class_attribute(obj.cls, name)
        if found is None:
            return frozenset(obj.edges) if obj.edges else NOTHING
        classes.note_class_read(obj.cls, ctx)
        functions = [held for held in found if held.kind == "function"]
        if functions and any(_is_property(held) for held in functions):
            return union(
                [calls.call_function(held, [frozenset((obj,))], {}, ctx) for held in functions]
            )
        if functions:
            return fresh("function", ctx, found | {obj}, name=f"bound {name}")
        return found | frozenset(obj.edges)
    if obj.kind == "builtin":
        return NOTHING
    held = frozenset(obj.edges)
    if obj.kind in ("container", "iterator", "generator") or name in MUTATING_METHODS:
        return held | fresh("method", ctx, frozenset((obj,)), name=name)
    return held | frozenset((obj,))


def _is_property(function: Obj) -> bool:
    decorators = getattr(function.node, "decorator_list", [])
    return any("property" in ast.dump(decorator) for decorator in decorators)


def imported(qualified: str, ctx: Context) -> Obj:
    obj = ctx.imports.get(qualified)
    if obj is None:
        obj = ctx.imports[qualified] = Obj("import", qualified)
    return obj


def _subscript(node: ast.Subscript, frame: Frame | None, ctx: Context) -> Pts:
    base = evaluate(node.value, frame, ctx)
    evaluate(node.slice, frame, ctx)
    found: list[Pts] = []
    for obj in base:
        if obj.origin == "collections.defaultdict":
            # Looking a key up may put it there.
            link(obj, fresh("container", ctx), ctx.now)
            ctx.mutate((obj,))
        if obj.kind == "container":
            held = frozenset(obj.edges)
            found.append(
                fresh("container", ctx, held) if isinstance(node.slice, ast.Slice) else held
            )
        elif obj.kind == "instance":
            found.append(classes.call_method(frozenset((obj,)), "__getitem__", [NOTHING], {}, ctx))
        elif obj.kind not in ("import", "builtin", "class", "function"):
            found.append(frozenset((obj,)) | frozenset(obj.edges))
    return union(found)


# -- making values ------------------------------------------------------------------------------


def _container(node: ast.List | ast.Set | ast.Tuple, frame: Frame | None, ctx: Context) -> Pts:
    held: list[Pts] = []
    for child in node.elts:
        if isinstance(child, ast.Starred):
            held.append(elements(evaluate(child.value, frame, ctx), ctx))
        else:
            held.append(evaluate(child, frame, ctx))
    if isinstance(node, ast.Tuple) and not any(held):
        return NOTHING
    return fresh("container", ctx, union(held))


def _dict(node: ast.Dict, frame: Frame | None, ctx: Context) -> Pts:
    held: list[Pts] = []
    for key, value in zip(node.keys, node.values, strict=True):
        part = evaluate(value, frame, ctx)
        held.append(elements(part, ctx) if key is None else evaluate(key, frame, ctx) | part)
    return fresh("container", ctx, union(held))


def elements(pts: Pts, ctx: Context) -> Pts:
    """What iterating over the value may give."""
    found: list[Pts] = []
    for obj in pts:
        hidden.note_use(obj, ctx)
        if obj.kind in ("generator", "iterator"):
            ctx.mutate((obj,))
        if obj.kind == "instance":
            found.append(classes.call_method(frozenset((obj,)), "__iter__", [], {}, ctx))
        if obj.edges:
            found.append(frozenset(obj.edges))
        elif obj.kind == "data":
            found.append(frozenset((obj,)))
    return union(found)


def _binary(node: ast.BinOp, frame: Frame | None, ctx: Context) -> Pts:
    left = evaluate(node.left, frame, ctx)
    right = evaluate(node.right, frame, ctx)
    if not left and not right:
        return NOTHING
    classes.call_operator(left | right, _OPERATOR_METHODS.get(type(node.op), ""), ctx)
    if isinstance(node.left, ast.Constant) and isinstance(node.left.value, str):
        return NOTHING
    # `[a] + [b]` still holds a and b; arithmetic on opaque data gives new data.
    containers = frozenset(obj for obj in left | right if obj.kind in ("container", "instance"))
    if containers:
        return fresh("container", ctx, contents(containers))
    return fresh("data", ctx)


_OPERATOR_METHODS: dict[type[ast.operator], str] = {
    ast.Add: "add",
    ast.Sub: "sub",
    ast.Mult: "mul",
    ast.Div: "truediv",
    ast.MatMult: "matmul",
    ast.Mod: "mod",
    ast.BitOr: "or",
    ast.BitAnd: "and",
    ast.LShift: "lshift",
    ast.RShift: "rshift",
}


def _bool_op(node: ast.BoolOp, frame: Frame | None, ctx: Context) -> Pts:
    return union([evaluate(value, frame, ctx) for value in node.values])


def _if_exp(node: ast.IfExp, frame: Frame | None, ctx: Context) -> Pts:
    evaluate(node.test, frame, ctx)
    return evaluate(node.body, frame, ctx) | evaluate(node.orelse, frame, ctx)


def _unary(node: ast.UnaryOp, frame: Frame | None, ctx: Context) -> Pts:
    value = evaluate(node.operand, frame, ctx)
    return fresh("data", ctx) if value and not isinstance(node.op, ast.Not) else NOTHING


def _compare(node: ast.Compare, frame: Frame | None, ctx: Context) -> Pts:
    parts = [evaluate(part, frame, ctx) for part in (node.left, *node.comparators)]
    classes.call_operator(union(parts), "eq", ctx)
    # Arrays and frames compare element by element, to a new one.
    return fresh("data", ctx) if any(o.kind == "data" for o in union(parts)) else NOTHING


def _joined(node: ast.JoinedStr, frame: Frame | None, ctx: Context) -> Pts:
    for part in node.values:
        if isinstance(part, ast.FormattedValue):
            classes.call_operator(evaluate(part.value, frame, ctx), "format", ctx)
            evaluate(part.format_spec, frame, ctx)
    return NOTHING


def _walrus(node: ast.NamedExpr, frame: Frame | None, ctx: Context) -> Pts:
    value = evaluate(node.value, frame, ctx)
    # Inside a comprehension the name belongs to the scope around it.
    while frame is not None and frame.is_comprehension:
        frame = frame.parent
    assignment.assign_name(node.target.id, value, frame, ctx)
    return value


def _inner(node: ast.AST, frame: Frame | None, ctx: Context) -> Pts:
    return evaluate(getattr(node, "value"), frame, ctx)  # noqa: B009


def _yield(node: ast.Yield | ast.YieldFrom, frame: Frame | None, ctx: Context) -> Pts:
    value = evaluate(node.value, frame, ctx)
    if frame is not None:
        frame.returned |= value
    return NOTHING


def _lambda(node: ast.Lambda, frame: Frame | None, ctx: Context) -> Pts:
    return frozenset((calls.make_function(node, frame, ctx),))


def _comprehension(
    node: ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp,
    frame: Frame | None,
    ctx: Context,
) -> Pts:
    targets = {name for part in node.generators for name in _target_names(part.target)}
    inner = Frame(frozenset(targets), frozenset(), frame, is_comprehension=True)
    held: list[Pts] = []

    def body() -> bool:
        for _ in range(2):
            for part in node.generators:
                source = evaluate(part.iter, inner, ctx)
                assignment.assign(part.target, elements(source, ctx), inner, ctx)
                for test in part.ifs:
                    evaluate(test, inner, ctx)
            if isinstance(node, ast.DictComp):
                held.append(evaluate(node.key, inner, ctx))
                held.append(evaluate(node.value, inner, ctx))
            else:
                held.append(evaluate(node.elt, inner, ctx))
        return False

    # The first iterable is always read; what follows may not run.
    evaluate(node.generators[0].iter, frame, ctx)
    ctx.branches([body], may_skip=True)
    if isinstance(node, ast.GeneratorExp):
        return fresh("generator", ctx, union(held), name="generator expression")
    return fresh("container", ctx, union(held))


def _target_names(target: ast.AST) -> set[str]:
    return {child.id for child in ast.walk(target) if isinstance(child, ast.Name)}


_HANDLERS: dict[type[ast.AST], Callable[..., Pts]] = {
    ast.Name: _name,
    ast.Attribute: _attribute,
    ast.Subscript: _subscript,
    ast.List: _container,
    ast.Set: _container,
    ast.Tuple: _container,
    ast.Dict: _dict,
    ast.BinOp: _binary,
    ast.BoolOp: _bool_op,
    ast.IfExp: _if_exp,
    ast.UnaryOp: _unary,
    ast.Compare: _compare,
    ast.JoinedStr: _joined,
    ast.NamedExpr: _walrus,
    ast.Await: _inner,
    ast.Starred: _inner,
    ast.Yield: _yield,
    ast.YieldFrom: _yield,
    ast.Lambda: _lambda,
    ast.ListComp: _comprehension,
    ast.SetComp: _comprehension,
    ast.DictComp: _comprehension,
    ast.GeneratorExp: _comprehension,
    ast.Call: lambda node, frame, ctx: calls.evaluate_call(node, frame, ctx),
}
