"""Runs and steps as the workbench's HTTP API gives them: plain JSON, made from records."""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Protocol

from .record import RunRecord, State, StepRecord

View = dict[str, Any]


def run_summary(record: RunRecord) -> View:
    """A run as it stands in a list. The record has its steps."""
    return summary(record, progress(record.steps), failure(record))


def summary(record: RunRecord, progress: Mapping[str, int], error: str | None) -> View:
    """The same for a record without steps, of which the rest is known otherwise."""
    return {
        "run_id": record.run_id,
        "name": record.name,
        "target": record.target,
        "experiment": record.experiment,
        "state": record.state,
        "notebook": str(record.notebook) if record.notebook else None,
        "created_at": record.created_at,
        "started_at": record.started_at,
        "finished_at": record.finished_at,
        "parameters": plain(record.parameters),
        "metrics": plain(record.metrics),
        "progress": dict(progress),
        "error": error,
        "reason": record.reason if record.state == "PENDING" else None,
    }


def run_view(record: RunRecord, graph: Mapping[str, Any]) -> View:
    """A run with all that is known of it."""
    assert record.dir is not None  # the store gives its runs one
    return {
        **run_summary(record),
        "dir": str(record.dir),
        "diagnostics": [one.to_json() for one in record.diagnostics],
        "outputs": plain(record.outputs),
        "steps": [step_view(step, record.dir) for step in record.steps],
        "graph": plain(graph),
    }


def step_view(step: StepRecord, run: Path) -> View:
    """A step, or a turn of it. Artifacts are named by their place in the run's folder."""
    return {
        "name": step.name,
        "iteration": step.iteration,
        "state": step.state,
        "cached": step.cached,
        "retries": step.retries,
        "started_at": step.started_at,
        "finished_at": step.finished_at,
        "has_notebook": step.notebook is not None,
        "inputs": [_value(one, run) for one in step.inputs],
        "outputs": [_value(one, run) for one in step.outputs],
        "error": step.error.to_json() if step.error else None,
    }


class HasState(Protocol):
    """A step, or a turn of it, of whichever target."""

    @property
    def state(self) -> State: ...

    @property
    def cached(self) -> bool: ...


def progress(steps: Iterable[HasState]) -> dict[str, int]:
    """How far a run is, in steps; each turn of a loop counts."""
    listed = list(steps)
    states = [one.state for one in listed]
    return {
        "total": len(listed),
        "done": states.count("SUCCEEDED") + states.count("SKIPPED"),
        "cached": sum(one.cached for one in listed),
        "running": states.count("RUNNING"),
        "failed": states.count("FAILED"),
    }


def failure(record: RunRecord) -> str | None:
    """Why a run failed, in one line."""
    for step in record.steps:
        if step.state == "FAILED" and step.error is not None:
            return step_failure(step.name, str(step.error))
    return run_failure(record)


def step_failure(name: str, error: str) -> str:
    return f"step {name}: {one_line(error)}"


def run_failure(record: RunRecord) -> str | None:
    """What failed without a step of its own."""
    if record.state != "FAILED":
        return None
    errors = [one.message for one in record.diagnostics if one.severity == "error"]
    return one_line(errors[-1]) if errors else None


def one_line(text: str, longest: int = 300) -> str:
    line = " ".join(text.split())
    return line if len(line) <= longest else f"{line[: longest - 1]}…"


def plain(value: Any) -> Any:
    """JSON that a browser can read: it knows no NaN and no infinity, so these become text."""
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return value


def _value(one: Mapping[str, Any], run: Path) -> View:
    path = one.get("path")
    return {
        "name": one["name"],
        "from": one.get("from"),
        "type": one.get("type") or None,
        "bytes": one.get("bytes"),
        "preview": one.get("preview"),
        "artifact": os.path.relpath(path, run).replace(os.sep, "/") if path else None,
    }
