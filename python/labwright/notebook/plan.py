"""From a notebook's marks to its plan: which cell plays which part, and what each step was told."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..dataflow.model import StepControl
from ..diagnostics import Diagnostic
from ..errors import LabwrightError
from . import kale
from .marks import Conflict, Mark, join, read_mark, step_key
from .model import Block, Notebook, NotebookPlan, StepPlan
from .parameters import read_parameters
from .place import cell_place, did_you_mean, file_place
from .settings import PipelineSettings, StepSettings, Volume, merge, pipeline_settings
from .settings import step_settings as read_step_settings

SETUP = "setup"
METRICS = "metrics"


def read_plan(notebook: Notebook) -> NotebookPlan:
    """What the notebook's tags say; LabwrightError where they make no sense."""
    place = file_place(notebook.path)
    if notebook.language != "python":
        raise LabwrightError(
            f"the notebook's language is {notebook.language}; a pipeline is made of Python",
            where=place,
            hint="choose a Python kernel; `labwright exec` runs notebooks of any kernel whole",
        )
    raw, remarks = _pipeline_raw(notebook, place)
    settings = pipeline_settings(raw, f"{place}, notebook metadata `labwright.pipeline`")
    marks = [read_mark(notebook, cell) for cell in notebook.cells if cell.kind == "code"]
    blocks, leading = _assign(notebook, marks)
    remarks += leading
    _check_names(notebook, blocks)
    steps = _steps(notebook, marks, blocks, settings, raw.get("defaults", {}))
    _check_order(notebook, steps)
    parameters, about = read_parameters(
        (block.cell, block.source) for block in blocks if block.kind == "parameters"
    )
    remarks += [*(remark for mark in marks for remark in mark.remarks), *about]
    if not steps:
        remarks.append(
            Diagnostic(None, "error", "no-steps", "the notebook has no code that belongs to a step")
        )
    return NotebookPlan(
        notebook=notebook,
        name=settings.name or (notebook.path.stem if notebook.path else "notebook"),
        parameters=parameters,
        blocks=tuple(blocks),
        steps=steps,
        settings=settings,
        diagnostics=tuple(remarks),
    )


def step_controls(plan: NotebookPlan) -> tuple[StepControl, ...]:
    """The settings of each step that matter to dataflow."""
    return tuple(
        StepControl(
            name=step.name,
            when=step.settings.when,
            foreach=step.settings.foreach,
            after=tuple(step.settings.after),
            finally_=step.settings.finally_,
        )
        for step in plan.steps
    )


def name_from_file(path: Path | None) -> str:
    """A step name made from the notebook's: `01 My work.ipynb` gives `step_01_My_work`."""
    name = re.sub(r"[^A-Za-z0-9_-]+", "_", path.stem if path else "notebook").strip("_-")
    if not name or not re.match(r"[A-Za-z]", name):
        name = f"step_{name}".rstrip("_")
    return name[:63].rstrip("_-")


def _pipeline_raw(notebook: Notebook, place: str) -> tuple[dict[str, Any], list[Diagnostic]]:
    """Raw pipeline settings, Kale's under Labwright's own."""
    where = f"{place}, notebook metadata `labwright`"
    ours = notebook.metadata.get("labwright", {})
    if not isinstance(ours, Mapping):
        raise LabwrightError("must be an object", where=where)
    for key in ours:
        if key != "pipeline":
            raise LabwrightError(
                f"unknown key `{key}`", where=where, hint="allowed: pipeline, with settings in it"
            )
    own = ours.get("pipeline", {})
    if not isinstance(own, Mapping):
        raise LabwrightError("`pipeline` must be an object", where=where)
    from_kale, remarks = kale.pipeline_metadata(notebook.metadata)
    return merge(from_kale, own), [Diagnostic(None, "info", code, text) for code, text in remarks]


def _assign(notebook: Notebook, marks: Sequence[Mark]) -> tuple[list[Block], list[Diagnostic]]:
    """The part each cell plays: its own mark's, or that of the marked cell it follows."""
    untitled = not any(mark.step for mark in marks)
    whole = name_from_file(notebook.path) if untitled else None
    blocks: list[Block] = []
    remarks: list[Diagnostic] = []
    current: str | None = None
    continues: str | None = None
    for mark in marks:
        kind, metrics = mark.role, mark.metrics
        if kind is None and not mark.step and not metrics:
            if continues == "parameters":
                kind = "parameters"
            elif mark.idle and current is None:
                kind = "skip"
            metrics = continues == "metrics"
        elif kind != "skip":
            continues = mark.continues
        if kind is not None:
            blocks.append(Block(kind, mark.cell.index, mark.cell.id, mark.source))
            continue
        if mark.step:
            current = mark.step
        elif current is None:
            current = whole or (METRICS if metrics else SETUP)
            if current == SETUP and not whole:
                remarks.append(_leading(mark))
        named = mark.step is not None
        blocks.append(
            Block("step", mark.cell.index, mark.cell.id, mark.source, current, metrics, named)
        )
    return blocks, remarks


def _leading(mark: Mark) -> Diagnostic:
    return Diagnostic(
        mark.cell.index,
        "info",
        "leading-code",
        f"code before the first step makes a step of its own, {SETUP!r}; tag it `step:NAME`,"
        " or `imports`, `functions`, `parameters` or `skip`",
    )


def _check_names(notebook: Notebook, blocks: Sequence[Block]) -> None:
    """No two steps whose names are one to Kubernetes, as `Train` and `train` are."""
    seen: dict[str, Block] = {}
    for block in blocks:
        if block.step is None:
            continue
        other = seen.setdefault(step_key(block.step), block)
        if other.step != block.step:
            raise LabwrightError(
                f"the step names {other.step!r} (cell {other.cell}) and {block.step!r} are too"
                " much alike",
                where=cell_place(notebook, block.cell),
                hint="Kubernetes knows neither capitals nor _; use one name, or two that differ",
            )


def _steps(
    notebook: Notebook,
    marks: Sequence[Mark],
    blocks: Sequence[Block],
    pipeline: PipelineSettings,
    defaults: Mapping[str, Any],
) -> tuple[StepPlan, ...]:
    cells: dict[str, list[int]] = {}
    raw: dict[str, dict[str, Any]] = {}
    for mark, block in zip(marks, blocks, strict=True):
        if block.step is None:
            if mark.settings:
                raise LabwrightError(
                    f"settings on a cell that belongs to no step: {', '.join(mark.settings)}",
                    where=cell_place(notebook, mark.cell),
                    hint="write them on the first cell of a step",
                )
            continue
        cells.setdefault(block.step, []).append(block.cell)
        if mark.settings:
            where = cell_place(notebook, mark.cell)
            read_step_settings(mark.settings, where)
            try:
                raw[block.step] = join(raw.get(block.step, {}), mark.settings)
            except Conflict as conflict:
                raise LabwrightError(
                    f"setting `{conflict.key}` of step {block.step!r} is {conflict.second!r} here"
                    f" and {conflict.first!r} in a cell above",
                    where=where,
                    hint=f"set it once, on cell {cells[block.step][0]}",
                ) from None
    plain = _with_volumes(pipeline.defaults, pipeline.volumes)
    steps = []
    for name, indexes in cells.items():
        where = cell_place(notebook, indexes[0])
        settings = plain
        if raw.get(name):
            settings = read_step_settings(merge(defaults, raw[name]), where)
            settings = _with_volumes(settings, pipeline.volumes)
        steps.append(StepPlan(name, settings, tuple(indexes), raw.get(name, {})))
    return tuple(steps)


def _with_volumes(settings: StepSettings, shared: Sequence[Volume]) -> StepSettings:
    """The pipeline's volumes are every step's; a step's own of the same name comes instead."""
    own = {volume.name for volume in settings.volumes}
    return replace(
        settings,
        volumes=[*(volume for volume in shared if volume.name not in own), *settings.volumes],
    )


def _check_order(notebook: Notebook, steps: Sequence[StepPlan]) -> None:
    """`after` names steps that are there, above, and not one that runs last."""
    known = {step.name: step for step in steps}
    for step in steps:
        where = cell_place(notebook, step.cells[0])
        for name in step.settings.after:
            if name not in known:
                near = did_you_mean(name, list(known))
                raise LabwrightError(
                    f"step {step.name!r} is to run after {name!r}, and there is no such step",
                    where=where,
                    hint=near or f"steps: {', '.join(known)}",
                )
            if known[name].settings.finally_:
                raise LabwrightError(
                    f"step {step.name!r} is to run after {name!r}, which runs last (`finally`)",
                    where=where,
                    hint="leave it out of `after`",
                )
    for step in steps:
        where = cell_place(notebook, step.cells[0])
        cycle = _cycle(step, known)
        if cycle:
            raise LabwrightError(
                f"steps wait for each other: {' after '.join(cycle)}",
                where=where,
                hint="take one of them out of `after`",
            )
        for name in step.settings.after:
            if known[name].cells[0] > step.cells[0]:
                raise LabwrightError(
                    f"step {step.name!r} is to run after {name!r}, which stands below it",
                    where=where,
                    hint="a pipeline gives what the notebook gives from top to bottom: move the"
                    " cells",
                )


def _cycle(start: StepPlan, known: Mapping[str, StepPlan]) -> list[str]:
    """The names along a way from `start` back to itself by `after`; empty when there is none."""
    ways = [[start.name]]
    seen = set()
    while ways:
        way = ways.pop()
        for name in known[way[-1]].settings.after:
            if name == start.name:
                return [*way, name]
            if name not in seen:
                seen.add(name)
                ways.append([*way, name])
    return []
