"""Targets that are KFP servers: the double, which really runs what it is sent."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from kfp_double.server import Double
from labwright.launch import analyse_notebook, submission
from labwright.targets.blocking import BlockingTarget
from labwright.targets.config import KnownTarget
from labwright.targets.kubeflow.target import CAPABILITIES, KubeflowTarget
from labwright.targets.local.submission import Submission

from .cells import Cell, Submit


@pytest.fixture
def submit(tmp_path: Path) -> Submit:
    """A notebook of these cells, compiled for a cluster."""

    def make(cells: list[Cell], name: str = "small", **more: Any) -> Submission:
        made = [
            new_code_cell(source, metadata=about, id=f"id-{index}")
            for index, (source, about) in enumerate(cells)
        ]
        place = tmp_path / f"{name}.ipynb"
        nbformat.write(new_notebook(cells=made), place)
        texts = more.pop("parameters", {})
        return submission(analyse_notebook(place), texts, CAPABILITIES, **more)

    return make


@pytest.fixture
def kf(kfp_double: Double) -> Iterator[BlockingTarget]:
    known = KnownTarget("kf", endpoint=kfp_double.endpoint, timeout=10)
    with BlockingTarget(KubeflowTarget(known)) as target:
        yield target
