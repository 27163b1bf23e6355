"""Two runs side by side: pure functions on what the API says of each."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from .models import Difference, State, Step, StepDifference

# What a step that was repeated is as a whole: the first of these that one of its turns is.
_WORST: tuple[State, ...] = (
    "FAILED", "CANCELED", "CANCELING", "RUNNING", "PENDING", "SUCCEEDED", "SKIPPED",
)  # fmt: skip


def differences(left: Mapping[str, Any], right: Mapping[str, Any]) -> list[Difference]:
    """Values by name; a name that one side lacks is null there."""
    return [
        Difference(
            name=name,
            left=left.get(name),
            right=right.get(name),
            equal=name in left and name in right and left[name] == right[name],
        )
        for name in {**left, **right}
    ]


def step_differences(left: Sequence[Step], right: Sequence[Step]) -> list[StepDifference]:
    """Steps by name, in the left run's order."""
    first, second = _by_name(left), _by_name(right)
    return [
        StepDifference(
            name=name,
            left=_state(first.get(name, [])),
            right=_state(second.get(name, [])),
            left_cached=_cached(first.get(name, [])),
            right_cached=_cached(second.get(name, [])),
            left_seconds=_seconds(first.get(name, [])),
            right_seconds=_seconds(second.get(name, [])),
        )
        for name in {**first, **second}
    ]


def code_difference(
    left: Mapping[str, Any] | None, right: Mapping[str, Any] | None
) -> tuple[dict[str, Any] | None, list[Any] | None]:
    """The left notebook without outputs, and nbdime's diff of the sources to the right one's."""
    if left is None or right is None:
        return None, None
    import nbformat
    from nbdime.diffing.notebooks import diff_notebooks

    base, other = _sources(left), _sources(right)
    node: Any = nbformat.from_dict
    diff = diff_notebooks(node(base), node(other))
    return base, json.loads(json.dumps(diff))


def _sources(document: Mapping[str, Any]) -> dict[str, Any]:
    """A notebook of nothing but cells' sources."""
    return {
        "nbformat": 4,
        "nbformat_minor": 5,
        "metadata": {},
        "cells": [_source(index, cell) for index, cell in enumerate(document.get("cells", []))],
    }


def _source(index: int, cell: Mapping[str, Any]) -> dict[str, Any]:
    source = cell.get("source", "")
    bare = {
        "cell_type": cell.get("cell_type", "code"),
        "id": cell.get("id") or f"cell-{index}",
        "metadata": {},
        "source": source if isinstance(source, str) else "".join(source),
    }
    if bare["cell_type"] == "code":
        bare |= {"outputs": [], "execution_count": None}
    return bare


def _by_name(steps: Sequence[Step]) -> dict[str, list[Step]]:
    found: dict[str, list[Step]] = {}
    for step in steps:
        found.setdefault(step.name, []).append(step)
    return found


def _state(turns: Sequence[Step]) -> State | None:
    states = {turn.state for turn in turns}
    return next((state for state in _WORST if state in states), None)


def _cached(turns: Sequence[Step]) -> bool:
    return bool(turns) and all(turn.cached for turn in turns)


def _seconds(turns: Sequence[Step]) -> float | None:
    """From the first turn's start to the last one's end; null until all are over, and where the
    cache had the results: looking them up is no measure of the step."""
    if _cached(turns):
        return None
    started = [turn.started_at for turn in turns if turn.started_at]
    ended = [turn.finished_at for turn in turns if turn.started_at and turn.finished_at]
    if not started or len(ended) < len(started):
        return None
    return max(map(_time, ended)) - min(map(_time, started))


def _time(text: str) -> float:
    return datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()
