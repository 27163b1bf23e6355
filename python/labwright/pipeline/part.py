"""A part of a pipeline: what leads to a step, and what follows from one."""

from __future__ import annotations

from dataclasses import replace

from ..errors import LabwrightError
from ..notebook.place import did_you_mean
from .model import Pipeline
from .tree import depends_on


def until(pipeline: Pipeline, name: str) -> Pipeline:
    """Only the step and all it needs: values, order, conditions and loops of those before it."""
    steps = {step.name: step for step in pipeline.steps}
    _check(pipeline, name)
    needed: set[str] = set()
    ahead = [name]
    while ahead:
        one = ahead.pop()
        if one not in needed:
            needed.add(one)
            ahead += depends_on(steps[one])
    return replace(pipeline, steps=tuple(s for s in pipeline.steps if s.name in needed))


def following(pipeline: Pipeline, name: str) -> tuple[str, ...]:
    """The step and all that depend on it, near or far."""
    _check(pipeline, name)
    found = {name}
    grown = True
    while grown:
        more = {s.name for s in pipeline.steps if depends_on(s) & found} - found
        found |= more
        grown = bool(more)
    return tuple(step.name for step in pipeline.steps if step.name in found)


def _check(pipeline: Pipeline, name: str) -> None:
    names = [step.name for step in pipeline.steps]
    if name not in names:
        hint = did_you_mean(name, names) or f"it has {', '.join(names)}"
        where = f"pipeline `{pipeline.name}`"
        raise LabwrightError(f"there is no step {name!r}", where=where, hint=hint)
