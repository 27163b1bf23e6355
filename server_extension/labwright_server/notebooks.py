"""Notebooks as they stand in the editor: read as pipelines, without a kernel and without saving."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from labwright.errors import LabwrightError

from .models import (
    Analysis,
    Compiled,
    Graph,
    NotebookSource,
    Preview,
    PreviewRequest,
    Suggestion,
    Suggestions,
)
from .refusal import from_labwright
from .workbench import Workbench

if TYPE_CHECKING:
    from labwright.launch import Analysed
    from labwright.notebook.model import Notebook

_CELL = re.compile(r", cell (\d+)\b")


async def analyse_notebook(workbench: Workbench, body: NotebookSource) -> Analysis:
    """The graph; or, where the notebook makes no sense as a pipeline, why and where."""
    place = _place(workbench, body)

    def analyse() -> Analysis:
        from labwright.launch import graph_view

        try:
            analysed = analysed_source(place, body.content)
        except LabwrightError as error:
            cell = _CELL.search(error.where)
            return Analysis(
                graph=None, error=from_labwright(error), error_cell=int(cell[1]) if cell else None
            )
        return Analysis(graph=Graph.model_validate(graph_view(analysed)))

    return await workbench.work(analyse)


async def preview_notebook(workbench: Workbench, body: PreviewRequest) -> Preview:
    """What each step would do in a run with these parameters."""
    place = _place(workbench, body)

    def look() -> Preview:
        from labwright.launch import preview

        analysed = analysed_source(place, body.content)
        steps = preview(analysed, body.parameters, workbench.store)
        return Preview.model_validate({"steps": steps})

    return await workbench.work(look)


async def suggest_steps(workbench: Workbench, body: NotebookSource) -> Suggestions:
    """Tags that would split the notebook at its headings."""
    place = _place(workbench, body)

    def suggest() -> Suggestions:
        from labwright.notebook.suggest import suggest_steps

        notebook = read_source(place, body.content)
        return Suggestions(
            suggestions=[
                Suggestion(cell=one.cell, id=notebook.cells[one.cell].id, tag=one.tag)
                for one in suggest_steps(notebook)
            ]
        )

    return await workbench.work(suggest)


async def compile_notebook(workbench: Workbench, body: NotebookSource) -> Compiled:
    """The pipeline for any KFP cluster, as `labwright compile` writes it."""
    place = _place(workbench, body)

    def write() -> Compiled:
        from labwright.launch import compiled, pipeline_of

        analysed = analysed_source(place, body.content)
        remarks = [remark.to_json() for remark in analysed.diagnostics]
        yaml = compiled(pipeline_of(analysed)).to_yaml()
        return Compiled.model_validate({"yaml": yaml, "diagnostics": remarks})

    return await workbench.work(write)


def read_source(place: Path, content: dict[str, Any] | None) -> Notebook:
    """The notebook as given, or as it is on disk."""
    from labwright.notebook.read import parse_document, read_notebook

    return read_notebook(place) if content is None else parse_document(content, place)


def analysed_source(place: Path, content: dict[str, Any] | None) -> Analysed:
    """The notebook as given, or as it is on disk, analysed."""
    from labwright.launch import analyse_document, analyse_notebook

    if content is None:
        return analyse_notebook(str(place))
    return analyse_document(content, str(place))


def _place(workbench: Workbench, body: NotebookSource) -> Path:
    """Where the notebook is; one that is given need not be there yet."""
    root = workbench.root
    return root.file(body.path) if body.content is None else root.place(body.path)
