"""Notebooks for the tests of this folder, written as (tag, source, settings) cells."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from labwright.notebook.model import Notebook
from labwright.notebook.read import parse_document
from labwright.pipeline.compile import CompiledPipeline, compile_pipeline
from labwright.pipeline.load import pipeline_of
from labwright.pipeline.model import Pipeline

Cell = tuple[str, str] | tuple[str, str, dict[str, Any]]


def notebook(*cells: Cell, name: str = "study", **settings: Any) -> Notebook:
    """A notebook of code cells; `settings` are the pipeline's."""
    return parse_document(
        {
            "nbformat": 4,
            "nbformat_minor": 5,
            "metadata": {"labwright": {"pipeline": settings}} if settings else {},
            "cells": [_cell(index, *cell) for index, cell in enumerate(cells)],
        },
        Path(f"{name}.ipynb"),
    )


def _cell(
    index: int, tag: str, source: str, settings: dict[str, Any] | None = None
) -> dict[str, Any]:
    return {
        "cell_type": "code",
        "id": f"c{index}",
        "source": source,
        "metadata": {"tags": tag.split(), **({"labwright": settings} if settings else {})},
        "outputs": [],
        "execution_count": None,
    }


def pipeline(*cells: Cell, name: str = "study", **settings: Any) -> Pipeline:
    return pipeline_of(notebook(*cells, name=name, **settings))[2]


def compiled(*cells: Cell, name: str = "study", **settings: Any) -> CompiledPipeline:
    return compile_pipeline(pipeline(*cells, name=name, **settings))


def dag(spec: dict[str, Any], *groups: str) -> dict[str, Any]:
    """The tasks of the root, or of a group's component."""
    tasks = spec["root"]["dag"]["tasks"]
    for group in groups:
        tasks = spec["components"][f"comp-{group}"]["dag"]["tasks"]
    return tasks
