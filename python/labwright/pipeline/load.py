"""A notebook file, read, analysed and built in one go."""

from __future__ import annotations

import os

from ..dataflow import Flow, analyse
from ..notebook.ipython import to_python
from ..notebook.model import Notebook, NotebookPlan
from ..notebook.modules import star_names
from ..notebook.plan import read_plan, step_controls
from ..notebook.read import read_notebook
from .build import build_pipeline
from .model import Pipeline


def load_pipeline(path: str | os.PathLike[str]) -> tuple[NotebookPlan, Flow, Pipeline]:
    """The plan, the dataflow and the pipeline of the notebook at `path`.

    What is wrong with it without stopping it is in the diagnostics of plan and flow.
    """
    return pipeline_of(read_notebook(path))


def pipeline_of(notebook: Notebook) -> tuple[NotebookPlan, Flow, Pipeline]:
    """The same for a notebook already read."""
    plan = read_plan(notebook)
    flow = analyse(
        plan.blocks,
        plan.parameters,
        step_controls(plan),
        to_python=to_python,
        star_names=star_names,
    )
    return plan, flow, build_pipeline(plan, flow, to_python=to_python)
