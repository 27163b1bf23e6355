"""Walks a notebook's blocks in order and keeps, for each stretch, what it was seen to do."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ..notebook.model import Block, Parameter
from . import expressions, statements
from .context import Binding, Context, Unit, names_in
from .definitions import Definition, only_defines, statement_source
from .frames import SCOPES, scope_names
from .model import StepControl
from .objects import NOTHING, Obj, link

ToPython = Callable[[str], str]
StarNames = Callable[[str], "frozenset[str] | None"]


@dataclass(frozen=True)
class Stretch:
    """Neighbouring cells of one step, or one prelude cell."""

    name: str
    tag: str | None
    blocks: tuple[Block, ...]


def walk(
    stretches: Sequence[Stretch],
    skipped: Sequence[Block],
    parameters: Sequence[Parameter],
    controls: dict[str, StepControl],
    to_python: ToPython,
    star_names: StarNames,
) -> Context:
    ctx = Context(star_names)
    ctx.parameters = frozenset(parameter.name for parameter in parameters)
    for block in skipped:
        for name in _bound_by(block, to_python):
            ctx.skipped_names.setdefault(name, block.cell)
    for stretch in stretches:
        if stretch.tag is None:
            _walk_prelude(stretch, parameters, ctx, to_python)
        else:
            _walk_step(stretch, controls.get(stretch.tag), ctx, to_python)
    _look_into_uncalled(ctx)
    return ctx


def _look_into_uncalled(ctx: Context) -> None:
    """Functions that nothing calls were not followed: say at least which names nothing binds."""
    for cell, node in ctx.uncalled.values():
        ctx.cell = cell
        bound = {
            n
            for child in ast.walk(node)
            if isinstance(child, SCOPES)
            for n in scope_names(child).bound
        }
        bound |= {
            child.id
            for child in ast.walk(node)
            if isinstance(child, ast.Name) and not isinstance(child.ctx, ast.Load)
        }
        for name in sorted(names_in(node) - bound - set(ctx.history)):
            expressions.check_defined(name, ctx)


def _bound_by(block: Block, to_python: ToPython) -> frozenset[str]:
    tree = _parse(block, to_python)
    return scope_names(tree).bound if tree is not None else frozenset()


def _parse(block: Block, to_python: ToPython, ctx: Context | None = None) -> ast.Module | None:
    try:
        return ast.parse(to_python(block.source))
    except (SyntaxError, ValueError) as error:
        if ctx is not None:
            line = getattr(error, "lineno", None)
            where = f" (line {line})" if line else ""
            message = getattr(error, "msg", str(error))
            ctx.remark("error", "syntax-error", f"this cell is not valid Python{where}: {message}")
        return None


# -- prelude ------------------------------------------------------------------------------------


def _walk_prelude(
    stretch: Stretch, parameters: Sequence[Parameter], ctx: Context, to_python: ToPython
) -> None:
    block = stretch.blocks[0]
    unit = ctx.begin("prelude", stretch.name)
    unit.cells.append(block.cell)
    ctx.cell = block.cell
    ctx.work = 0
    own = {parameter.name for parameter in parameters} if block.kind == "parameters" else set()
    tree = _parse(block, to_python, ctx)
    source = to_python(block.source)
    for node in tree.body if tree is not None else ():
        _run(node, ctx, shown=node is tree.body[-1] if tree else False)
        _note_option(node, source, ctx)
        bound = _single_target(node)
        if bound in own and bound is not None:
            continue  # the parameter's value comes from outside, never from replaying its default
        _define(node, source, ctx, anything=True)
    ctx.end()


def _single_target(node: ast.stmt) -> str | None:
    if (
        isinstance(node, ast.Assign)
        and len(node.targets) == 1
        and isinstance(node.targets[0], ast.Name)
    ):
        return node.targets[0].id
    if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
        return node.target.id
    return None


# -- steps --------------------------------------------------------------------------------------


def _walk_step(
    stretch: Stretch, control: StepControl | None, ctx: Context, to_python: ToPython
) -> None:
    unit = ctx.begin("step", stretch.name)
    ctx.work = 0
    before = dict(ctx.names) if control is not None and control.foreach else {}
    loop_name = (
        control.foreach.partition(" in ")[0].strip()
        if control is not None and control.foreach
        else ""
    )
    if control is not None and control.finally_:
        ctx.bind("pipeline_status", NOTHING)
    if loop_name:
        ctx.cell = stretch.blocks[0].cell
        ctx.bind(loop_name, expressions.fresh("data", ctx))
    for block in stretch.blocks:
        _walk_cell(block, unit, ctx, to_python)
    if loop_name:
        _collect(unit, loop_name, before, ctx)
    ctx.end()


def _walk_cell(block: Block, unit: Unit, ctx: Context, to_python: ToPython) -> None:
    ctx.cell = block.cell
    unit.cells.append(block.cell)
    tree = _parse(block, to_python, ctx)
    if tree is None:
        return
    source = to_python(block.source)
    hidden = block.source.rstrip().endswith(";")
    for node in tree.body:
        shown = node is tree.body[-1] and not hidden
        _run(node, ctx, shown=shown)
        _note_option(node, source, ctx)
        _define(node, source, ctx, anything=False)
    if block.metrics:
        for child in ast.walk(tree):
            if isinstance(child, ast.Name) and child.id in ctx.names:
                kinds = {obj.kind for obj in ctx.names[child.id].pts}
                if not kinds & {"import", "function", "class", "builtin"}:
                    unit.metrics[child.id] = None


def _collect(unit: Unit, loop_name: str, before: dict[str, Binding], ctx: Context) -> None:
    """After a loop over items each name it bound is the list of what the turns bound."""
    ctx.cell = unit.cells[0]
    for name, cell in list(unit.modified.items()):
        bound = ctx.names.get(name)
        if bound is None:
            continue
        if name in before and name in unit.reads and name != loop_name:
            if not name.isidentifier():
                ctx.remark(
                    "warning",
                    "seed-in-loop",
                    f"each turn of step {unit.name} starts from the same state of {name}: "
                    "seed it from the loop's variable to draw other numbers in each",
                    cell,
                )
                ctx.names[name] = before[name]
                unit.modified.pop(name)
                continue
            ctx.remark(
                "error",
                "foreach-carried",
                f"step {unit.name} runs once for each item, side by side, and changes `{name}`, "
                "which one turn would have to take from the one before; bind a new name in the "
                "step (later steps get the list of its values) and combine them in a step after it",
                cell,
            )
            continue
        if bound.definition is None:
            whole = Obj("container")
            link(whole, bound.pts, ctx.now)
            ctx.bind(name, frozenset((whole,)))


# -- one statement ------------------------------------------------------------------------------


def _run(node: ast.stmt, ctx: Context, *, shown: bool) -> None:
    ctx.touched = {}
    ctx.changed = set()
    ctx.escaped = set()
    ctx.sets_option = False
    ctx.files_before = len(ctx.unit.files)
    statements.run_statement(node, None, ctx, shown=shown)


def _needs(ctx: Context) -> tuple[tuple[Definition, ...], frozenset[str]]:
    """The definitions behind what the statement read, and the names that have none (data)."""
    needs: dict[Definition, None] = {}
    data: set[str] = set()
    for name, bound in ctx.touched.items():
        if bound is None:
            continue
        if bound.definition is not None and not bound.stateful:
            needs[bound.definition] = None
        else:
            data.add(name)
    return tuple(needs), frozenset(data)


def _note_option(node: ast.stmt, source: str, ctx: Context) -> None:
    if not ctx.sets_option:
        return
    ctx.unit.sets_option = True
    needs, data = _needs(ctx)
    roots = frozenset(
        name
        for name in ctx.touched
        if name in ctx.names and any(obj.kind == "import" for obj in ctx.names[name].pts)
    )
    ctx.position += 1
    option = Definition(
        ctx.cell,
        (ctx.cell, ctx.position),
        statement_source(source, node),
        frozenset(),
        needs,
        always=True,
        reads=data,
        roots=roots,
        files=tuple(ctx.unit.files[ctx.files_before :]),
    )
    ctx.options.append((ctx.now, option))


def _define(node: ast.stmt, source: str, ctx: Context, *, anything: bool) -> None:
    """Attach to the names a statement bound the statement itself, where replaying it will do.

    `anything`: a prelude cell, of which every statement is replayed.
    """
    changed = {name for name in ctx.changed if name in ctx.names}
    star = isinstance(node, ast.ImportFrom) and any(alias.name == "*" for alias in node.names)
    if not changed and not star:
        return
    if not anything and not star:
        factory = all(
            ctx.names[name].pts and all(obj.kind == "class" for obj in ctx.names[name].pts)
            for name in changed
        )
        if not only_defines(node, factory, _patches_class(node, ctx)):
            return
    needs, data = _needs(ctx)
    if data and not anything:
        return  # it needs data while it runs: what it binds travels as data itself
    ctx.position += 1
    definition = Definition(
        ctx.cell,
        (ctx.cell, ctx.position),
        statement_source(source, node),
        frozenset(changed),
        needs,
        reads=data,
        files=tuple(ctx.unit.files[ctx.files_before :]),
    )
    if star and any(now == ctx.now for now, _ in ctx.star_modules):
        ctx.star_definitions.append((ctx.now, definition))
        return
    for name in changed:
        bound = ctx.names[name]
        ctx.names[name] = Binding(bound.pts, bound.unit, definition, bound.constant)
        for obj in bound.pts:
            if obj.kind == "class" or (obj.definition is None and obj.kind == "function"):
                obj.definition = definition


def _patches_class(node: ast.stmt, ctx: Context) -> bool:
    """`Model.predict = faster`: replayed after the class, as it was run."""
    match node:
        case ast.Assign(targets=[ast.Attribute(value=ast.Name(id=name))], value=value):
            bound = ctx.names.get(name)
            given = ctx.names.get(value.id) if isinstance(value, ast.Name) else None
            return (
                bound is not None
                and bool(bound.pts)
                and all(obj.kind == "class" for obj in bound.pts)
                and (given is None or all(obj.kind == "function" for obj in given.pts))
            )
    return False
