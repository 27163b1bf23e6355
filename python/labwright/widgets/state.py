"""What is known of a run while it goes on: the engine's events, added up."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from .graph import Graph

# Of several turns of a step, the one that needs attention most speaks for all.
_WEIGHT = [
    "FAILED",
    "CANCELING",
    "CANCELED",
    "RUNNING",
    "PENDING",
    "SUCCEEDED",
    "SKIPPED",
]


class RunState:
    """The state of each step, and of each turn of a step that is repeated."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.run_id: str | None = None
        self.dir: str | None = None
        self.state = "PENDING"
        self.turns: dict[str, dict[Any, Any]] = {step["name"]: {} for step in graph["steps"]}
        self.outputs: dict[tuple[str, Any], list[dict[str, Any]]] = {}
        self.metrics: dict[str, Any] = {}

    def take(self, event: Any) -> bool:
        """Add an event; whether it changed anything that is shown."""
        kind = type(event).__name__
        if kind == "RunStarted":
            self.run_id, self.dir, self.state = event.run_id, event.dir, "RUNNING"
        elif kind == "StepChanged":
            self.turns.setdefault(event.step, {})[event.iteration] = event
        elif kind == "RunFinished":
            self.state = event.state
        else:
            return False
        return True

    def finish(self, record: Any) -> None:
        """Add what only the finished run's record has: outputs, metrics, what was fetched."""
        self.state = record.state
        self.dir = str(record.dir) if record.dir else None
        self.metrics = dict(record.metrics)
        for step in record.steps:
            self.turns.setdefault(step.name, {})[step.iteration] = step
            self.outputs[step.name, step.iteration] = list(step.outputs)

    def steps(self) -> dict[str, str]:
        """One state for each step."""
        return {
            name: summary(turn.state for turn in turns.values())
            for name, turns in self.turns.items()
        }


def summary(states: Iterable[str]) -> str:
    """One state for many."""
    found = set(states)
    return next((state for state in _WEIGHT if state in found), "PENDING")
