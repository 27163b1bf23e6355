"""Run the notebook straight and as a pipeline, and compare what every cell shows."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..diagnostics import Diagnostic
from ..errors import LabwrightError
from ..launch import Analysed, run_analysed
from ..targets.local.record import RunRecord
from .compare import Output, same
from .copies import working_copies
from .script import script

# Straight runs, at most, to see whether a cell varies by itself.
MOST_RUNS = 4
_CHILD = "import sys; from labwright.batch.straight import main; main(sys.argv[1])"


@dataclass(frozen=True)
class Verdict:
    """What `labwright verify` found. `cells` is in the contract's form."""

    equal: bool
    cells: tuple[dict[str, Any], ...]
    diagnostics: tuple[Diagnostic, ...]
    record: RunRecord

    def to_json(self) -> dict[str, Any]:
        return {
            "equal": self.equal,
            "cells": list(self.cells),
            "diagnostics": [diagnostic.to_json() for diagnostic in self.diagnostics],
        }


@dataclass(frozen=True)
class Straight:
    """A straight run: each cell's outputs, and the cell that ended it, if one did."""

    outputs: Mapping[int, list[Output]]
    failed: int | None


def verify(analysed: Analysed, texts: Mapping[str, Any], on_event: Any = None) -> Verdict:
    """Compare the two ways. A cell that differs is looked at again in further straight runs."""
    from ..notebook.parameters import coerce_all

    values = coerce_all(analysed.plan.parameters, dict(texts))
    given = {name: values[name] for name in texts}
    actions = script(analysed.plan, analysed.flow, given)
    with working_copies(analysed) as folders:
        first = run_straight(actions, folders.next())
        record = run_analysed(
            analysed, texts, cache=False, on_event=on_event, workdir=folders.next()
        )
        pipeline = pipeline_outputs(analysed, record)
        comparison = compare(analysed, first, pipeline, folders.names)
        different = {cell["cell"] for cell in comparison if not cell["equal"]}
        varying: set[int] = set()
        # A draw from few numbers may come out the same twice.
        for _ in range(MOST_RUNS - 1):
            if different == varying:
                break
            again = run_straight(actions, folders.next())
            varying |= {cell for cell in different if _varies(cell, first, again, folders.names)}
    for cell in comparison:
        cell["equal"] = cell["equal"] or cell["cell"] in varying
    diagnostics = [
        *record.diagnostics,
        *folders.diagnostics,
        *_remarks(comparison, sorted(varying)),
    ]
    equal = all(cell["equal"] for cell in comparison) and _ended_alike(first, record)
    return Verdict(equal, tuple(comparison), tuple(diagnostics), record)


def run_straight(actions: Sequence[Mapping[str, Any]], folder: Path) -> Straight:
    """Perform the script in a fresh process."""
    with tempfile.TemporaryDirectory() as scratch:
        report = Path(scratch) / "report.json"
        done = subprocess.run(
            [sys.executable, "-c", _CHILD, str(report)],
            input=json.dumps(actions),
            text=True,
            cwd=folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        if not report.exists():
            raise LabwrightError(
                f"the notebook ended its own process (exit status {done.returncode}) when run"
                " straight, so there is nothing to compare",
                hint=(done.stderr.strip().splitlines() or ["it said nothing"])[-1],
            )
        found = json.loads(report.read_text(encoding="utf-8"))
    outputs = {
        int(cell): [output for run in runs for output in run]
        for cell, runs in found["outputs"].items()
    }
    return Straight(outputs, found["failed"])


def pipeline_outputs(analysed: Analysed, record: RunRecord) -> dict[int, list[Output]]:
    """Each cell's outputs in the executed notebooks of the steps, turns of a loop in order."""
    index = {cell.id: cell.index for cell in analysed.plan.notebook.cells}
    outputs: dict[int, list[Output]] = {}
    for step in sorted(record.steps, key=lambda step: _turn(step.iteration)):
        if step.notebook is None or not step.notebook.exists():
            continue
        document = json.loads(step.notebook.read_text(encoding="utf-8"))
        for cell in document["cells"]:
            if cell["id"] in index and cell.get("execution_count") is not None:
                outputs.setdefault(index[cell["id"]], []).extend(cell["outputs"])
    return outputs


def _turn(iteration: Any) -> list[int]:
    return [] if iteration is None else [int(part) for part in str(iteration).split(".")]


def compare(
    analysed: Analysed,
    straight: Straight,
    pipeline: Mapping[int, list[Output]],
    folders: Sequence[str],
) -> list[dict[str, Any]]:
    """Every cell of a step that ran in either way.

    After a cell that raised, the straight run has nothing to compare with.
    """
    owner = {cell: step.name for step in analysed.flow.steps for cell in step.cells}
    after_failure = straight.failed is not None
    cells = []
    for block in analysed.plan.blocks:
        cell = block.cell
        ours, theirs = straight.outputs.get(cell), pipeline.get(cell)
        if cell not in owner:
            if ours:
                cells.append(_entry(cell, None, True, ours, None))
            continue
        if ours is None and (theirs is None or after_failure):
            continue
        equal = (ours is None) == (theirs is None) and same(ours or [], theirs or [], folders)
        if theirs is None and not ours:
            equal = True  # an empty cell leaves no trace in either
        cells.append(_entry(cell, owner[cell], equal, ours, theirs))
    return cells


def _entry(cell: int, step: str | None, equal: bool, ours: Any, theirs: Any) -> dict[str, Any]:
    return {"cell": cell, "step": step, "equal": equal, "notebook": ours, "pipeline": theirs}


def _varies(cell: int, first: Straight, second: Straight, folders: Sequence[str]) -> bool:
    return not same(first.outputs.get(cell, []), second.outputs.get(cell, []), folders)


def _ended_alike(straight: Straight, record: RunRecord) -> bool:
    return (straight.failed is None) == (record.state == "SUCCEEDED")


def _remarks(cells: Sequence[Mapping[str, Any]], varying: Sequence[int]) -> list[Diagnostic]:
    remarks = [
        Diagnostic(
            cell,
            "info",
            "varies",
            "the cell shows something else in every run, so it cannot be compared",
        )
        for cell in varying
    ]
    remarks += [
        Diagnostic(
            cell["cell"],
            "info",
            "prelude-output",
            "what the cell shows is not compared: its definitions are replayed inside the steps",
        )
        for cell in cells
        if cell["step"] is None
    ]
    return remarks
