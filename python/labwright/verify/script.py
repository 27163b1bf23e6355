"""What running the notebook straight means, written down as a list of actions.

The cells top to bottom in one process; parameters take the values given; a step with `when` runs
only when that is true, a step with `foreach` once for each item, each time from the same start,
and what it gives later cells is the list of results; `finally` steps come last.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..dataflow.model import Flow, StepFlow
from ..notebook.model import Block, NotebookPlan

Action = dict[str, Any]


def script(plan: NotebookPlan, flow: Flow, values: Mapping[str, Any]) -> list[Action]:
    """The actions, as JSON, for the process that runs them."""
    owner = {cell: step for step in flow.steps for cell in step.cells}
    given = {p.name: p.cell for p in plan.parameters if p.name in values}
    actions: list[Action] = []
    last: list[Action] = []
    opened: set[str] = set()
    for block in plan.blocks:
        if block.kind == "skip":
            continue
        step = owner.get(block.cell)
        into = last if step is not None and step.finally_ else actions
        if step is None:
            into.append(_cell(block))
            names = [name for name, cell in given.items() if cell == block.cell]
            if names:
                into.append({"do": "set", "values": {name: values[name] for name in names}})
            continue
        if step.name not in opened:
            opened.add(step.name)
            into.append(_step(step))
            if step.loop is not None:
                blocks = [other for other in plan.blocks if other.cell in step.cells]
                into.append(_loop(step, blocks))
        if step.loop is None:
            into.append({**_cell(block), "step": step.name})
    return actions + ([{"do": "finally"}, *last] if last else [])


def _cell(block: Block) -> Action:
    return {"do": "cell", "cell": block.cell, "source": block.source, "step": None}


def _step(step: StepFlow) -> Action:
    """Decide whether the step runs. The same condition met again has the same answer."""
    conditions = [condition.expression for condition in step.conditions]
    keys = [[c.expression, *([i.name, i.source] for i in c.inputs)] for c in step.conditions]
    if step.soft_when:
        conditions.append(step.soft_when)
        keys.append([step.soft_when, step.name])
    return {"do": "step", "step": step.name, "conditions": conditions, "keys": keys}


def _loop(step: StepFlow, blocks: list[Block]) -> Action:
    assert step.loop is not None
    return {
        "do": "loop",
        "step": step.name,
        "variable": step.loop.variable,
        "items": step.loop.items,
        "inputs": [given.name for given in step.inputs],
        "outputs": [name for name in step.outputs if name.isidentifier()],
        "cells": [{"cell": block.cell, "source": block.source} for block in blocks],
    }
