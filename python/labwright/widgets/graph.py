"""The graph of a notebook as plain data: `labwright graph --json`, and what every view draws."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..dataflow.model import Flow, StepFlow
from ..notebook.model import NotebookPlan

Graph = dict[str, Any]
Node = Mapping[str, Any]


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
        "when": _conjunction(expressions),
        "foreach": f"{step.loop.variable} in {step.loop.items}" if step.loop else None,
    }


def _conjunction(expressions: list[str]) -> str | None:
    if len(expressions) > 1:
        return " and ".join(f"({expression})" for expression in expressions)
    return expressions[0] if expressions else None


def edges(graph: Graph) -> dict[tuple[str, str], list[str]]:
    """(from step, to step) -> the names that flow; none where the one only waits for the other."""
    found: dict[tuple[str, str], list[str]] = {}
    names = {step["name"] for step in graph["steps"]}
    for step in graph["steps"]:
        for item in step["inputs"]:
            if item["from"] in names:
                found.setdefault((item["from"], step["name"]), []).append(item["name"])
        for earlier in step["after"]:
            if earlier in names:
                found.setdefault((earlier, step["name"]), [])
    return found


def remarks(step: Node) -> list[str]:
    """What is special about a step, in words."""
    words = []
    if step["foreach"]:
        words.append(f"for each {step['foreach']}")
    if step["when"]:
        words.append(f"when {step['when']}")
    return words
