"""A notebook read, analysed and compiled; nothing runs."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..diagnostics import Diagnostic
from ..errors import LabwrightError

if TYPE_CHECKING:
    from ..dataflow.model import Flow
    from ..notebook.model import NotebookPlan
    from ..pipeline.compile import CompiledPipeline
    from ..pipeline.model import Pipeline


@dataclass(frozen=True)
class Analysed:
    """A notebook read and analysed; nothing has run. `document` is its JSON."""

    path: Path
    plan: NotebookPlan
    flow: Flow
    document: Mapping[str, Any]

    @property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        return (*self.plan.diagnostics, *self.flow.diagnostics)

    @property
    def source(self) -> str:
        """The notebook's text without outputs, as it is kept with a run."""
        return json.dumps(_without_outputs(self.document), ensure_ascii=False, indent=1) + "\n"


def analyse_notebook(path: str | Path) -> Analysed:
    """The notebook's plan and what flows between its steps."""
    from ..notebook.read import read_document

    return analyse_document(read_document(path), path)


def analyse_document(document: Mapping[str, Any], path: str | Path) -> Analysed:
    """The same for nbformat 4 JSON, as an editor has it; `path` is where it is, or will be."""
    from ..dataflow import analyse
    from ..notebook.ipython import to_python
    from ..notebook.plan import read_plan, step_controls
    from ..notebook.read import parse_document

    plan = read_plan(parse_document(document, Path(path)))
    flow = analyse(plan.blocks, plan.parameters, step_controls(plan), to_python=to_python)
    return Analysed(Path(path), plan, flow, document)


def _without_outputs(document: Mapping[str, Any]) -> dict[str, Any]:
    cells = [
        {**cell, "outputs": [], "execution_count": None}
        if cell.get("cell_type") == "code"
        else cell
        for cell in document["cells"]
    ]
    return {**document, "cells": cells}


def pipeline_of(analysed: Analysed) -> Pipeline:
    """The notebook's pipeline; LabwrightError where the analysis found an error."""
    errors = [d for d in analysed.diagnostics if d.severity == "error"]
    if errors:
        raise LabwrightError("\n".join(sentence(d, str(analysed.path)) for d in errors))
    from ..pipeline.build import build_pipeline

    return build_pipeline(analysed.plan, analysed.flow)


def sentence(diagnostic: Diagnostic, path: str = "") -> str:
    """A diagnostic for a person: where, then what."""
    place = [path] if path else []
    if diagnostic.cell is not None:
        place.append(f"cell {diagnostic.cell}")
    return f"{', '.join(place)}: {diagnostic.message}" if place else diagnostic.message


def compiled(pipeline: Pipeline) -> CompiledPipeline:
    """The pipeline as KFP's intermediate representation, for any cluster."""
    from ..pipeline.compile import compile_pipeline

    return compile_pipeline(pipeline)


def graph_view(analysed: Analysed) -> dict[str, Any]:
    """The notebook's graph with all that an editor shows."""
    from ..pipeline.graph import graph_view

    return graph_view(analysed.plan, analysed.flow)
