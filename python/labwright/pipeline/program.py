"""The step program: what the runtime is told to execute, as one JSON object.

It is part of the step's command, so everything the runtime needs travels inside the pipeline and
equal notebooks give equal bytes.
"""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ..dataflow.model import Fragment, StepFlow
from ..errors import LabwrightError
from ..notebook.model import NotebookPlan
from .names import artifact_key

WORKDIR = "/labwright"
# Where KFP mounts the volume it makes for a run.
WORKSPACE = "/kfp-workspace"
# Linux refuses a single argument of 128 KiB; the rest is for what surrounds the program.
ARGUMENT_LIMIT = 120_000


def step_program(
    plan: NotebookPlan, flow: StepFlow, to_python: Callable[[str], str]
) -> dict[str, Any]:
    """What `plan` and `flow` alone decide; interface, environment and control are added later."""
    cells = plan.notebook.cells
    path = plan.notebook.path
    return {
        "version": 1,
        "pipeline": plan.name,
        "step": flow.name,
        "notebook": path.name if path else f"{plan.name}.ipynb",
        "kernel": {
            key: plan.notebook.metadata[key]
            for key in ("kernelspec", "language_info")
            if key in plan.notebook.metadata
        },
        "setup": [_fragment(plan, f, to_python) for f in flow.setup],
        "late_setup": [_fragment(plan, f, to_python) for f in flow.late_setup],
        "cells": [
            _cell(cells[block.cell].source, block.source, to_python)
            | {"id": block.id, "tags": list(cells[block.cell].tags)}
            for block in plan.blocks
            if block.cell in flow.cells
        ],
        "loop_variable": flow.loop.variable if flow.loop else None,
        "guards": list(flow.guards),
        "metrics": list(flow.metrics),
    }


def _cell(written: str, source: str, to_python: Callable[[str], str]) -> dict[str, Any]:
    """`written` (the cell with its `%%step` line) is only there where it differs."""
    code = _code(source, to_python)
    return code | {"written": written} if written != source else code


def _code(source: str, to_python: Callable[[str], str]) -> dict[str, Any]:
    """`python` (without IPython's syntax) is only there where it differs."""
    python = to_python(source)
    return {"source": source, "python": python} if python != source else {"source": source}


def _fragment(
    plan: NotebookPlan, fragment: Fragment, to_python: Callable[[str], str]
) -> dict[str, Any]:
    code = _code(fragment.source, to_python) | {"cell": plan.notebook.cells[fragment.cell].id}
    return code | {"optional": True} if fragment.optional else code


def artifact_map(variables: Iterable[str]) -> dict[str, str]:
    return {variable: artifact_key(variable) for variable in variables}


def encode(program: Mapping[str, Any]) -> str:
    """The program as the argument `--program` takes it."""
    text = json.dumps(program, sort_keys=True, separators=(",", ":"))
    encoded = base64.b64encode(zlib.compress(text.encode(), 9)).decode()
    if len(encoded) > ARGUMENT_LIMIT:
        raise LabwrightError(
            f"its cells take {len(encoded):,} bytes compressed, more than the {ARGUMENT_LIMIT:,} "
            "a step's command can carry",
            where=f"step `{program['step']}`",
            hint="move data out of the code into a file, or split the step",
        )
    return encoded


def decode(encoded: str) -> dict[str, Any]:
    """The program back from its argument."""
    program: dict[str, Any] = json.loads(zlib.decompress(base64.b64decode(encoded)))
    return program
