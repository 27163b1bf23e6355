"""Statements: the order things happen in, and what may or may not run."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from . import assignment, calls, classes, constants, dynamic, expressions, files
from .frames import Frame, lookup_frame
from .objects import NOTHING, Pts, union

if TYPE_CHECKING:
    from .context import Context


def run_top(body: Sequence[ast.stmt], ctx: Context) -> bool:
    """Walk statements in the notebook's own namespace. True when they always leave."""
    return run_body(body, None, ctx)


def run_body(body: Sequence[ast.stmt], frame: Frame | None, ctx: Context) -> bool:
    return any(run_statement(node, frame, ctx) for node in body)


def run_statement(
    node: ast.stmt, frame: Frame | None, ctx: Context, *, shown: bool = False
) -> bool:
    """Walk one statement. `shown`: its value is the cell's result, so it is not thrown away."""
    if ctx.active:
        ctx.work += 1
    if isinstance(node, ast.Expr):
        if isinstance(node.value, ast.Call):
            value = calls.evaluate_call(node.value, frame, ctx, discarded=not shown)
        else:
            value = expressions.evaluate(node.value, frame, ctx)
        if shown:
            calls.escape(value, ctx)
            ctx.unit.visible = True
        return False
    handler = _HANDLERS.get(type(node))
    return bool(handler(node, frame, ctx)) if handler is not None else False


# -- assignment ---------------------------------------------------------------------------------


def _assign(node: ast.Assign, frame: Frame | None, ctx: Context) -> None:
    if len(node.targets) == 1:
        _assign_one(node.targets[0], node.value, frame, ctx)
        return
    constant = constants.constant_text(node.value, ctx)
    value = expressions.evaluate(node.value, frame, ctx)
    for target in node.targets:
        _bind(target, value, constant, frame, ctx)


def _assign_one(target: ast.expr, source: ast.expr, frame: Frame | None, ctx: Context) -> None:
    # `a, b = b, a` binds pairwise; evaluating the parts first keeps the order of effects.
    if (
        isinstance(target, ast.Tuple | ast.List)
        and isinstance(source, ast.Tuple | ast.List)
        and len(target.elts) == len(source.elts)
        and not any(isinstance(part, ast.Starred) for part in (*target.elts, *source.elts))
    ):
        values = [expressions.evaluate(part, frame, ctx) for part in source.elts]
        for child, value in zip(target.elts, values, strict=True):
            assignment.assign(child, value, frame, ctx)
        return
    constant = constants.constant_text(source, ctx)
    _bind(target, expressions.evaluate(source, frame, ctx), constant, frame, ctx)


def _bind(
    target: ast.expr, value: Pts, constant: str | None, frame: Frame | None, ctx: Context
) -> None:
    if isinstance(target, ast.Name):
        assignment.assign_name(target.id, value, frame, ctx, constant)
    else:
        _note_module_state(target, ctx)
        assignment.assign(target, value, frame, ctx)


def _note_module_state(target: ast.expr, ctx: Context) -> None:
    """`os.environ["A"] = "1"`, `decimal.getcontext().prec = 5`: state of a module."""
    root = target
    while isinstance(root, ast.Attribute | ast.Subscript | ast.Call):
        root = root.func if isinstance(root, ast.Call) else root.value
    if isinstance(root, ast.Name) and root is not target:
        bound = ctx.names.get(root.id)
        if bound is not None and any(obj.kind == "import" for obj in bound.pts):
            ctx.sets_option = True


def _annotated(node: ast.AnnAssign, frame: Frame | None, ctx: Context) -> None:
    if frame is None or frame.is_class:
        expressions.evaluate(node.annotation, frame, ctx)
    if node.value is not None:
        _assign_one(node.target, node.value, frame, ctx)


def _augmented(node: ast.AugAssign, frame: Frame | None, ctx: Context) -> None:
    added = expressions.evaluate(node.value, frame, ctx)
    target = node.target
    load = _as_load(target)
    old = expressions.evaluate(load, frame, ctx)
    classes.call_operator(old, "iadd", ctx)
    # Lists and arrays change in place; the name may then be bound to the same object.
    assignment.change(old, added | expressions.elements(added, ctx), ctx)
    if isinstance(target, ast.Name):
        assignment.assign_name(target.id, old, frame, ctx)
    else:
        _note_module_state(target, ctx)
        assignment.assign(target, old | added, frame, ctx)


def _as_load(target: ast.expr) -> ast.expr:
    if isinstance(target, ast.Name):
        return ast.copy_location(ast.Name(target.id, ast.Load()), target)
    return target


def _delete(node: ast.Delete, frame: Frame | None, ctx: Context) -> None:
    for target in node.targets:
        if isinstance(target, ast.Name):
            owner = lookup_frame(frame, target.id)
            if owner is not None:
                owner.values.pop(target.id, None)
            else:
                expressions.read_name(target.id, ctx)
                ctx.unbind(target.id)
        elif isinstance(target, ast.Subscript | ast.Attribute):
            _note_module_state(target, ctx)
            ctx.mutate(expressions.evaluate(target.value, frame, ctx))
        elif isinstance(target, ast.Tuple | ast.List):
            _delete(ast.Delete(targets=target.elts), frame, ctx)


# -- definitions --------------------------------------------------------------------------------


def _function(
    node: ast.FunctionDef | ast.AsyncFunctionDef, frame: Frame | None, ctx: Context
) -> None:
    function = calls.make_function(node, frame, ctx)
    for part in (*(arg.annotation for arg in _every_argument(node.args)), node.returns):
        if part is not None and not isinstance(part, ast.Constant):
            expressions.evaluate(part, frame, ctx)
    value = _decorate(frozenset((function,)), node.decorator_list, frame, ctx)
    assignment.assign_name(node.name, value, frame, ctx)


def _every_argument(args: ast.arguments) -> list[ast.arg]:
    found = [*args.posonlyargs, *args.args, *args.kwonlyargs]
    return found + [arg for arg in (args.vararg, args.kwarg) if arg is not None]


def _class(node: ast.ClassDef, frame: Frame | None, ctx: Context) -> None:
    made = classes.make_class(node, frame, ctx)
    value = _decorate(frozenset((made,)), node.decorator_list, frame, ctx)
    assignment.assign_name(node.name, value, frame, ctx)


def _decorate(value: Pts, decorators: list[ast.expr], frame: Frame | None, ctx: Context) -> Pts:
    for decorator in reversed(decorators):
        found = expressions.evaluate(decorator, frame, ctx)
        written = [obj for obj in found if obj.kind in ("function", "class", "instance")]
        # A library's decorator (cache, dataclass, jit) gives what behaves as the thing itself.
        results = [calls.call_object(obj, calls.Arguments([value]), ctx) for obj in written]
        value = union(results) or value
    return value


# -- branches and loops -------------------------------------------------------------------------


def _if(node: ast.If, frame: Frame | None, ctx: Context) -> bool:
    expressions.evaluate(node.test, frame, ctx)
    with ctx.doubt():
        return ctx.branches(
            [lambda: run_body(node.body, frame, ctx), lambda: run_body(node.orelse, frame, ctx)],
            may_skip=False,
        )


def _repeat(run: Callable[[], object], ctx: Context) -> None:
    def body() -> bool:
        # Twice: what one turn leaves behind is what the next one finds.
        run()
        run()
        return False

    with ctx.doubt():
        ctx.branches([body], may_skip=True)


def _for(node: ast.For | ast.AsyncFor, frame: Frame | None, ctx: Context) -> None:
    source = expressions.evaluate(node.iter, frame, ctx)
    items = expressions.elements(source, ctx)

    def turn() -> None:
        assignment.assign(node.target, items, frame, ctx)
        run_body(node.body, frame, ctx)

    _repeat(turn, ctx)
    _maybe(node.orelse, frame, ctx)


def _while(node: ast.While, frame: Frame | None, ctx: Context) -> None:
    expressions.evaluate(node.test, frame, ctx)

    def turn() -> None:
        run_body(node.body, frame, ctx)
        expressions.evaluate(node.test, frame, ctx)

    _repeat(turn, ctx)
    _maybe(node.orelse, frame, ctx)


def _maybe(body: Sequence[ast.stmt], frame: Frame | None, ctx: Context) -> None:
    if body:
        with ctx.doubt():
            ctx.branches([lambda: run_body(body, frame, ctx)], may_skip=True)


def _with(node: ast.With | ast.AsyncWith, frame: Frame | None, ctx: Context) -> bool:
    swallows = False
    for item in node.items:
        value = expressions.evaluate(item.context_expr, frame, ctx)
        instances = frozenset(obj for obj in value if obj.kind == "instance")
        entered = classes.call_method(instances, "__enter__", [], {}, ctx) if instances else NOTHING
        classes.call_method(instances, "__exit__", [], {}, ctx) if instances else None
        swallows = (
            swallows
            or "suppress" in ast.dump(item.context_expr)
            or "raises" in ast.dump(item.context_expr)
        )
        if item.optional_vars is not None:
            assignment.assign(item.optional_vars, value | entered, frame, ctx)
    if swallows:
        _maybe(node.body, frame, ctx)
        return False
    return run_body(node.body, frame, ctx)


def _try(node: ast.Try, frame: Frame | None, ctx: Context) -> bool:
    guards = any(_catches_name_error(handler) for handler in node.handlers)
    ctx.guarded += guards

    def whole() -> bool:
        leaves = run_body(node.body, frame, ctx)
        ctx.guarded -= guards
        leaves = leaves or run_body(node.orelse, frame, ctx)
        ctx.guarded += guards
        return leaves

    def handled(handler: ast.ExceptHandler) -> Callable[[], bool]:
        def run() -> bool:
            # The body stopped somewhere: any part of it may have happened.
            ctx.branches([lambda: (run_body(node.body, frame, ctx), False)[1]], may_skip=True)
            expressions.evaluate(handler.type, frame, ctx)
            if handler.name:
                assignment.assign_name(handler.name, NOTHING, frame, ctx)
            leaves = run_body(handler.body, frame, ctx)
            if handler.name and lookup_frame(frame, handler.name) is None:
                ctx.unbind(handler.name)
            return leaves

        return run

    with ctx.doubt():
        runs = [whole, *(handled(handler) for handler in node.handlers)]
        leaves = ctx.branches(runs, may_skip=False)
    ctx.guarded -= guards
    return run_body(node.finalbody, frame, ctx) or leaves


def _catches_name_error(handler: ast.ExceptHandler) -> bool:
    if handler.type is None:
        return True
    names = {child.id for child in ast.walk(handler.type) if isinstance(child, ast.Name)}
    return bool(names & {"NameError", "Exception", "BaseException"})


def _match(node: ast.Match, frame: Frame | None, ctx: Context) -> bool:
    subject = expressions.evaluate(node.subject, frame, ctx)
    parts = subject | union([expressions.elements(subject, ctx)])

    def case(part: ast.match_case) -> Callable[[], bool]:
        def run() -> bool:
            for child in ast.walk(part.pattern):
                if isinstance(child, ast.MatchValue | ast.MatchClass):
                    expressions.evaluate(
                        child.value if isinstance(child, ast.MatchValue) else child.cls, frame, ctx
                    )
                name = getattr(child, "rest", None) if isinstance(child, ast.MatchMapping) else None
                if isinstance(child, ast.MatchAs | ast.MatchStar):
                    name = child.name
                if name:
                    assignment.assign_name(name, parts, frame, ctx)
            expressions.evaluate(part.guard, frame, ctx)
            return run_body(part.body, frame, ctx)

        return run

    last = node.cases[-1]
    total = (
        isinstance(last.pattern, ast.MatchAs)
        and last.pattern.pattern is None
        and last.guard is None
    )
    with ctx.doubt():
        return ctx.branches([case(part) for part in node.cases], may_skip=not total)


# -- leaving, imports, the rest -----------------------------------------------------------------


def _return(node: ast.Return, frame: Frame | None, ctx: Context) -> bool:
    value = expressions.evaluate(node.value, frame, ctx)
    if frame is not None:
        frame.returned |= value
    return True


def _raise(node: ast.Raise, frame: Frame | None, ctx: Context) -> bool:
    expressions.evaluate(node.exc, frame, ctx)
    expressions.evaluate(node.cause, frame, ctx)
    return True


def _assert(node: ast.Assert, frame: Frame | None, ctx: Context) -> None:
    expressions.evaluate(node.test, frame, ctx)
    expressions.evaluate(node.msg, frame, ctx)


def _import(node: ast.Import, frame: Frame | None, ctx: Context) -> None:
    for alias in node.names:
        root = alias.name.partition(".")[0]
        qualified = alias.name if alias.asname else root
        value = frozenset((expressions.imported(qualified, ctx),))
        assignment.assign_name(alias.asname or root, value, frame, ctx)
        files.note_import(alias.name, ctx)


def _import_from(node: ast.ImportFrom, frame: Frame | None, ctx: Context) -> None:
    module = node.module or ""
    files.note_import(module, ctx)
    for alias in node.names:
        if alias.name == "*":
            dynamic.star_import(module, ctx)
            continue
        value = frozenset((expressions.imported(f"{module}.{alias.name}", ctx),))
        assignment.assign_name(alias.asname or alias.name, value, frame, ctx)


_HANDLERS: dict[type[ast.stmt], Callable[..., bool | None]] = {
    ast.Assign: _assign,
    ast.AnnAssign: _annotated,
    ast.AugAssign: _augmented,
    ast.Delete: _delete,
    ast.FunctionDef: _function,
    ast.AsyncFunctionDef: _function,
    ast.ClassDef: _class,
    ast.If: _if,
    ast.For: _for,
    ast.AsyncFor: _for,
    ast.While: _while,
    ast.With: _with,
    ast.AsyncWith: _with,
    ast.Try: _try,
    ast.Match: _match,
    ast.Return: _return,
    ast.Raise: _raise,
    ast.Assert: _assert,
    ast.Import: _import,
    ast.ImportFrom: _import_from,
}
if hasattr(ast, "TryStar"):
    _HANDLERS[ast.TryStar] = _try
