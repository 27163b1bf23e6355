"""The graph of a notebook as plain data: `labwright graph --json`, and what every view draws."""

from __future__ import annotations

from typing import Any

from ..dataflow.model import Flow, StepFlow
from ..notebook.model import Block, NotebookPlan
from ..notebook.workbench import is_idle

Graph = dict[str, Any]


def graph_json(plan: NotebookPlan, flow: Flow) -> Graph:
    """The contract's JSON: parameters, steps with what they take and give, diagnostics."""
    return {
        "name": plan.name,
        "parameters": [
            {"name": p.name, "type": p.type, "default": p.default} for p in plan.parameters
        ],
        "steps": [_step(step) for step in flow.steps],
        "diagnostics": [d.to_json() for d in (*plan.diagnostics, *flow.diagnostics)],
    }


def graph_view(plan: NotebookPlan, flow: Flow) -> Graph:
    """The same with what an editor shows besides: the part of each cell, each step's settings."""
    graph = graph_json(plan, flow)
    written = {step.name: dict(step.written) for step in plan.steps}
    for parameter in graph["parameters"]:
        parameter["required"] = False  # a notebook's parameter has the default its cell gives
    for step, found in zip(graph["steps"], flow.steps, strict=True):
        step["finally"] = found.finally_
        step["settings"] = written[found.tag]
    return {**graph, "cells": _cells(plan, flow)}


def only(graph: Graph, names: set[str]) -> Graph:
    """The graph of these steps alone."""
    return {**graph, "steps": [step for step in graph["steps"] if step["name"] in names]}


def _cells(plan: NotebookPlan, flow: Flow) -> list[dict[str, Any]]:
    # A step that had to be split has other names than its tag's.
    steps = {cell: step.name for step in flow.steps for cell in step.cells}
    return [
        {
            "cell": block.cell,
            "id": block.id,
            "role": block.kind,
            "step": steps.get(block.cell, block.step),
            "starts": block.named,
            "metrics": block.metrics,
        }
        for block in plan.blocks
        if _is_shown(block)
    ]


def _is_shown(block: Block) -> bool:
    """Cells without code play no part, unless somebody gave them one."""
    return block.named or block.kind != "step" or not is_idle(block.source)


def _step(step: StepFlow) -> dict[str, Any]:
    expressions = [condition.expression for condition in step.conditions]
    if step.soft_when:
        expressions.append(step.soft_when)
    return {
        "name": step.name,
        "cells": list(step.cells),
        "inputs": [{"name": i.name, "from": i.source} for i in step.inputs],
        "outputs": list(step.outputs),
        "after": list(step.after),
        "when": conjunction(expressions),
        "foreach": f"{step.loop.variable} in {step.loop.items}" if step.loop else None,
    }


def conjunction(expressions: list[str]) -> str | None:
    if len(expressions) > 1:
        return " and ".join(f"({expression})" for expression in expressions)
    return expressions[0] if expressions else None
