"""Puts the finished plan into the shape the other rooms read, and adds order and conditions."""

from __future__ import annotations

from collections.abc import Sequence

from ..diagnostics import Diagnostic
from .context import Context, Unit
from .definitions import Definition
from .files import conflict
from .model import Condition, Flow, Fragment, Loop, StepControl, StepFlow
from .planning import Needs, to_input
from .walk import Stretch

_UNSENDABLE = {"generator": "a generator", "file": "an open file", "lock": "a lock or a thread"}


def assemble(
    ctx: Context,
    needs: dict[int, Needs],
    stretches: Sequence[Stretch],
    controls: dict[str, StepControl],
) -> Flow:
    names = {index: step.unit.name for index, step in needs.items()}
    tags = {stretch.name: stretch.tag or stretch.name for stretch in stretches}
    last_use: dict[tuple[int, str], int] = {}
    for index, step in needs.items():
        for name, source in step.inputs.items():
            if source is not None:
                last_use[source, name] = max(index, last_use.get((source, name), -1))
    by_name: dict[str, list[int]] = {}
    for index in sorted(needs):
        name = needs[index].unit.name
        for known_as in {name, tags[name]}:
            by_name.setdefault(known_as, []).append(index)
    file_users = [index for index in sorted(needs) if needs[index].unit.files]
    ancestors: dict[int, int] = {}
    conditions: dict[int, tuple[Condition, ...]] = {}
    steps: list[StepFlow] = []
    for index in sorted(needs):
        step = needs[index]
        control = controls.get(step.unit.name)
        sources = {source for source in step.inputs.values() if source is not None}
        sources |= {
            source for source in (*step.when.values(), *step.items.values()) if source is not None
        }
        mask = 0
        for source in sources:
            mask |= ancestors[source] | 1 << source
        after, mask = _order(step, needs, controls, by_name, file_users, mask, ancestors)
        ancestors[index] = mask
        conditions[index] = _conditions(step, control, names, sources, conditions)
        _check_sendable(ctx, step)
        _check_finally(ctx, step, control, sources)
        steps.append(
            StepFlow(
                name=step.unit.name,
                tag=tags[step.unit.name],
                cells=tuple(step.unit.cells),
                inputs=tuple(
                    to_input(name, source, names) for name, source in sorted(step.inputs.items())
                ),
                outputs=tuple(sorted(step.outputs)),
                after=tuple(names[source] for source in after),
                setup=_fragments(step.setup, step.optional),
                late_setup=_fragments(step.late, step.optional),
                guards=_guards(index, step, needs, last_use),
                metrics=tuple(step.unit.metrics),
                conditions=conditions[index],
                loop=_loop(step, control, names),
                soft_when=control.when if control is not None and step.soft else None,
                finally_=bool(control and control.finally_),
            )
        )
    diagnostics = [*ctx.diagnostics.values(), *_dead_steps(ctx, needs)]
    diagnostics.sort(key=lambda d: (-1 if d.cell is None else d.cell, d.code))
    return Flow(tuple(steps), tuple(diagnostics))


def _fragments(
    definitions: dict[Definition, None], optional: set[Definition]
) -> tuple[Fragment, ...]:
    ordered = sorted(definitions, key=lambda d: d.position)
    return tuple(Fragment(d.cell, d.source, d in optional) for d in ordered)


def _order(
    step: Needs,
    needs: dict[int, Needs],
    controls: dict[str, StepControl],
    by_name: dict[str, list[int]],
    file_users: list[int],
    mask: int,
    ancestors: dict[int, int],
) -> tuple[list[int], int]:
    """Steps that must run before without giving data: asked for, or because of files."""
    index = step.unit.index
    control = controls.get(step.unit.name)
    asked = set(control.after) if control is not None else set()
    wanted = {i for name in asked for i in by_name.get(name, ()) if i < index}
    by_files = {i for i in file_users if i < index} if step.unit.files else set()
    after: list[int] = []
    for other in sorted(wanted | by_files, reverse=True):
        if mask >> other & 1:
            continue  # another edge already says so
        if other in wanted or conflict(needs[other].unit.files, step.unit.files):
            after.append(other)
            mask |= ancestors[other] | 1 << other
    return sorted(after), mask


def _conditions(
    step: Needs,
    control: StepControl | None,
    names: dict[int, str],
    sources: set[int],
    known: dict[int, tuple[Condition, ...]],
) -> tuple[Condition, ...]:
    found: dict[Condition, None] = {}
    for source in sorted(sources):
        found.update(dict.fromkeys(known[source]))
    if control is not None and control.when and not step.soft:
        inputs = tuple(to_input(name, source, names) for name, source in step.when.items())
        found[Condition(control.when, inputs)] = None
    return tuple(found)


def _loop(step: Needs, control: StepControl | None, names: dict[int, str]) -> Loop | None:
    if control is None or not control.foreach:
        return None
    variable, _, items = control.foreach.partition(" in ")
    source = next((to_input(n, s, names) for n, s in step.items.items()), None)
    return Loop(variable.strip(), items.strip(), source)


def _guards(
    index: int, step: Needs, needs: dict[int, Needs], last_use: dict[tuple[int, str], int]
) -> tuple[str, ...]:
    """What comes from this step's sources and is read again later, as it was before this step."""
    found: set[str] = set()
    for source in {source for source in step.inputs.values() if source is not None}:
        found |= {
            name for name in needs[source].outputs if last_use.get((source, name), -1) > index
        }
    return tuple(sorted(found - step.outputs))


def _check_sendable(ctx: Context, step: Needs) -> None:
    for name in sorted(step.outputs):
        version = ctx.version(name, step.unit.index + 1)
        kinds = {obj.kind for obj in version.pts} if version is not None else set()
        if len(kinds) == 1 and (kind := kinds.pop()) in _UNSENDABLE:
            cell = step.unit.modified.get(name, step.unit.cells[0])
            ctx.remark(
                "error",
                "not-sendable",
                f"`{name}` is {_UNSENDABLE[kind]}, which cannot be handed from step "
                f"{step.unit.name} to a later one; make it in the step that uses it, or keep its "
                "contents (for example `list(...)`) instead",
                cell,
            )


def _check_finally(
    ctx: Context, step: Needs, control: StepControl | None, sources: set[int]
) -> None:
    if control is not None and control.finally_ and sources:
        given = ", ".join(f"`{n}`" for n, s in step.inputs.items() if s is not None)
        ctx.remark(
            "error",
            "finally-inputs",
            f"step {step.unit.name} always runs at the end, even when steps fail, so it "
            f"cannot take {given} from a step; use parameters and `pipeline_status` only",
            step.unit.cells[0],
        )


def _dead_steps(ctx: Context, needs: dict[int, Needs]) -> list[Diagnostic]:
    def is_dead(step: Needs) -> bool:
        unit: Unit = step.unit
        shows = unit.visible or unit.metrics or unit.files or unit.dynamic is not None
        makes = step.outputs or step.values or unit.may_draw
        return not shows and not makes and bool(unit.modified) and len(needs) > 1

    defined = {
        name for step in needs.values() for d in (*step.setup, *step.late) for name in d.names
    }
    return [
        Diagnostic(
            step.unit.cells[0],
            "info",
            "dead-step",
            f"step {step.unit.name} shows nothing, and no later step uses what it makes",
        )
        for step in needs.values()
        if is_dead(step) and not defined & set(step.unit.modified)
    ]
