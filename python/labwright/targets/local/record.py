"""What is known of a run and its steps: the contract of `labwright run --json`."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal, get_args

from ...diagnostics import Diagnostic

State = Literal["PENDING", "RUNNING", "SUCCEEDED", "SKIPPED", "FAILED", "CANCELING", "CANCELED"]
Iteration = int | str | None
"""The number of a loop's turn, or `outer.inner` in nested loops; None outside a loop."""

STATES: tuple[State, ...] = get_args(State)
FINAL: frozenset[State] = frozenset({"SUCCEEDED", "SKIPPED", "FAILED", "CANCELED"})
UNDER_WAY: tuple[State, ...] = ("RUNNING", "CANCELING")
"""The states of a run that has an engine; one that is PENDING waits for its own."""


@dataclass(frozen=True)
class StepError:
    """Why a step failed. `cell` is the id of the cell that raised; `traceback` is plain text."""

    ename: str
    evalue: str
    cell: str | None = None
    traceback: str = ""

    def __str__(self) -> str:
        return f"{self.ename}: {self.evalue}" if self.evalue else self.ename

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class StepRecord:
    """One step, or one turn of a step that `foreach` repeats."""

    name: str
    state: State
    iteration: Iteration = None
    cached: bool = False
    started_at: str | None = None
    finished_at: str | None = None
    dir: Path | None = None
    notebook: Path | None = None
    inputs: tuple[dict[str, Any], ...] = ()
    outputs: tuple[dict[str, Any], ...] = ()
    error: StepError | None = None
    retries: int = 0

    def to_json(self) -> dict[str, Any]:
        data: dict[str, Any] = {
            "name": self.name,
            "state": self.state,
            "cached": self.cached,
            "started_at": self.started_at,
            "finished_at": self.finished_at,
            "notebook": str(self.notebook) if self.notebook else None,
            "inputs": list(self.inputs),
            "outputs": list(self.outputs),
            "error": self.error.to_json() if self.error else None,
        }
        if self.iteration is not None:
            data["iteration"] = self.iteration
        return data


@dataclass(frozen=True)
class RunRecord:
    """A run as the store knows it. `outputs` are the pipeline's own output parameters.

    `reason` says why it waits, while it does. `dir` is None for a run elsewhere of which nothing
    was fetched.
    """

    run_id: str
    name: str
    state: State
    dir: Path | None
    parameters: dict[str, Any]
    created_at: str
    finished_at: str | None = None
    notebook: Path | None = None
    metrics: dict[str, Any] = field(default_factory=dict)
    outputs: dict[str, Any] = field(default_factory=dict)
    diagnostics: tuple[Diagnostic, ...] = ()
    steps: tuple[StepRecord, ...] = ()
    target: str = "local"
    experiment: str | None = None
    started_at: str | None = None
    reason: str | None = None

    def to_json(self) -> dict[str, Any]:
        return {
            "run_id": self.run_id,
            "state": self.state,
            "target": self.target,
            "parameters": self.parameters,
            "dir": str(self.dir) if self.dir else None,
            "metrics": self.metrics,
            "diagnostics": [diagnostic.to_json() for diagnostic in self.diagnostics],
            "steps": [step.to_json() for step in self.steps],
        }
