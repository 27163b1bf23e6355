"""Random programs: run straight, and as steps that have nothing but what the analysis passes."""

from __future__ import annotations

import contextlib
import copy
import io
import random
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings

from dataflow.programs import Part, programs
from labwright.dataflow import Flow, analyse
from labwright.notebook.model import Block, Parameter
from labwright.runtime import state
from labwright.runtime.values import UNBOUND, read_values, write_values


@given(programs())
@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
def test_steps_print_what_the_notebook_prints(parts: list[Part]) -> None:
    straight = run_straight(parts)
    flow = analyse(to_blocks(parts), parameters_of(parts), ())
    assert [d for d in flow.diagnostics if d.severity == "error"] == []
    with tempfile.TemporaryDirectory() as folder:
        assert run_steps(flow, parts, Path(folder)) == straight, describe(parts, flow)


def to_blocks(parts: Sequence[Part]) -> list[Block]:
    blocks = []
    for cell, part in enumerate(parts):
        kind, _, step = part.tag.partition(":")
        blocks.append(Block(kind, cell, f"c{cell}", part.source, step or None))  # type: ignore[arg-type]
    return blocks


def parameters_of(parts: Sequence[Part]) -> list[Parameter]:
    namespace: dict[str, Any] = {}
    for part in parts:
        if part.tag == "parameters":
            exec(part.source, namespace)
    namespace.pop("__builtins__", None)
    return [
        Parameter(name, type(value).__name__, value, 0)  # type: ignore[arg-type]
        for name, value in namespace.items()
    ]


def run_straight(parts: Sequence[Part]) -> dict[int, str]:
    """What each cell prints."""
    namespace: dict[str, Any] = {"__name__": "__main__"}
    return {cell: run_cell(part.source, namespace) for cell, part in enumerate(parts)}


def run_steps(flow: Flow, parts: Sequence[Part], folder: Path) -> dict[int, str]:
    """The same, each step in a namespace of its own, values passed through files."""
    defaults = {parameter.name: parameter.default for parameter in parameters_of(parts)}
    printed = dict.fromkeys(range(len(parts)), "")
    for step in flow.steps:
        namespace: dict[str, Any] = {"__name__": "__main__"}
        random.seed()
        for fragment in step.setup:
            exec(fragment.source, namespace)
        for item in step.inputs:
            if item.source is None:
                namespace[item.name] = copy.deepcopy(defaults[item.name])
        folders = {i.name: str(folder / i.source / i.name) for i in step.inputs if i.source}
        for name, value in read_values(folders, namespace).items():
            if name in state.HIDDEN:
                state.restore(name, value)
            elif value is UNBOUND:
                namespace.pop(name, None)
            else:
                namespace[name] = value
        for fragment in step.late_setup:
            exec(fragment.source, namespace)
        for cell in step.cells:
            printed[cell] = run_cell(parts[cell].source, namespace)
        given_out = {
            name: state.capture(name, UNBOUND)
            if name in state.HIDDEN
            else namespace.get(name, UNBOUND)
            for name in step.outputs
        }
        targets = {name: str(folder / step.name / name) for name in given_out}
        write_values(given_out, targets, namespace)
    return printed


def run_cell(source: str, namespace: dict[str, Any]) -> str:
    with contextlib.redirect_stdout(io.StringIO()) as out:
        exec(compile(source, "<cell>", "exec"), namespace)
    return out.getvalue()


def describe(parts: Sequence[Part], flow: Flow) -> str:
    notebook = "\n".join(f"# %% {part.tag}\n{part.source}" for part in parts)
    steps = "\n".join(
        f"{step.name}: in {[(i.name, i.source) for i in step.inputs]} out {step.outputs}"
        f" setup {[f.source.splitlines()[0] for f in step.setup]}"
        f" late {[f.source.splitlines()[0] for f in step.late_setup]}"
        for step in flow.steps
    )
    return f"\n{notebook}\n\n{steps}"
