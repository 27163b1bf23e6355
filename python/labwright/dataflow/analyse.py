"""The analysis as a whole: blocks of cells in, each step's interface out. Pure: no I/O."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ..diagnostics import Diagnostic
from ..notebook.model import Block, Parameter
from .assemble import assemble
from .context import Context
from .model import Flow, StepControl
from .planning import Planner
from .walk import StarNames, Stretch, ToPython, walk


def analyse(
    blocks: Sequence[Block],
    parameters: Sequence[Parameter],
    controls: Sequence[StepControl],
    *,
    to_python: ToPython = lambda source: source,
    star_names: StarNames = lambda module: None,
) -> Flow:
    """Find what each step needs and gives, so that the pipeline answers as the notebook does.

    Args:
        blocks: the code cells in notebook order.
        parameters: pipeline parameters.
        controls: one for each step that has settings that matter here.
        to_python: turns IPython syntax into Python.
        star_names: what `from module import *` binds, or None where that is not known.
    """
    by_tag = {control.name: control for control in controls}
    live = [block for block in blocks if block.kind != "skip"]
    skipped = [block for block in blocks if block.kind == "skip"]
    stretches = _stretches(live)

    def run(chosen: list[Stretch]) -> tuple[Context, Flow]:
        named = {s.name: replace(by_tag[s.tag], name=s.name) for s in chosen if s.tag in by_tag}
        ctx = walk(chosen, skipped, parameters, named, to_python, star_names)
        needs = Planner(ctx, named).plan()
        return ctx, assemble(ctx, needs, chosen, named)

    ctx, flow = run(stretches)
    merged = _merge(stretches, ctx, by_tag)
    if merged != stretches:
        _, flow = run(merged)
    return replace(flow, diagnostics=flow.diagnostics + _split_remarks(merged))


def _stretches(blocks: Sequence[Block]) -> list[Stretch]:
    """Neighbouring cells of one step make a stretch; a step continued later makes a second one."""
    found: list[Stretch] = []
    taken = {block.step for block in blocks}
    seen: set[str] = set()
    current: int | None = None
    for block in blocks:
        if block.kind != "step" or block.step is None:
            found.append(Stretch(f"cell {block.cell}", None, (block,)))
            continue
        if current is not None and found[current].tag == block.step:
            found[current] = replace(found[current], blocks=(*found[current].blocks, block))
            continue
        name, number = block.step, 1
        while name in seen or (name != block.step and name in taken):
            number += 1
            name = f"{block.step}-{number}"
        seen.add(name)
        found.append(Stretch(name, block.step, (block,)))
        current = len(found) - 1
    return found


def _merge(
    stretches: list[Stretch], ctx: Context, controls: dict[str, StepControl]
) -> list[Stretch]:
    """Join a step's later cells to its first ones where running them earlier changes no answer."""
    result = list(stretches)
    units = {unit.name: unit for unit in ctx.units}
    for later in [s for s in stretches if s.tag is not None and s.name != s.tag]:
        first = next(s for s in result if s.name == later.tag)
        between = result[result.index(first) + 1 : result.index(later)]
        asked = set(controls[later.tag].after) if later.tag in controls else set()
        if all(
            s.tag not in asked and units[s.name].commutes_with(units[later.name]) for s in between
        ):
            result[result.index(first)] = replace(first, blocks=(*first.blocks, *later.blocks))
            result.remove(later)
    return result


def _split_remarks(stretches: list[Stretch]) -> tuple[Diagnostic, ...]:
    return tuple(
        Diagnostic(
            s.blocks[0].cell,
            "info",
            "step-split",
            f"step {s.tag} goes on here after steps that depend on its first cells (or that it "
            f"depends on); from here it runs as step {s.name}",
        )
        for s in stretches
        if s.tag is not None and s.name != s.tag
    )
