"""What a run tells while it goes on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Literal

from .record import Iteration, State, StepError

Stream = Literal["stdout", "stderr"]


@dataclass(frozen=True)
class RunStarted:
    """`dir` is the run's folder. `steps` are in the order in which a record lists them."""

    run_id: str
    name: str
    dir: str
    steps: tuple[str, ...]


@dataclass(frozen=True)
class StepChanged:
    """`notebook` is the executed notebook's path, once there is one."""

    run_id: str
    step: str
    iteration: Iteration
    state: State
    cached: bool = False
    started_at: str | None = None
    finished_at: str | None = None
    notebook: str | None = None
    error: StepError | None = None
    retries: int = 0


@dataclass(frozen=True)
class LogLine:
    """One line that a step printed, without its line end."""

    run_id: str
    step: str
    iteration: Iteration
    stream: Stream
    text: str


@dataclass(frozen=True)
class RunFinished:
    run_id: str
    state: State


Event = RunStarted | StepChanged | LogLine | RunFinished
Listener = Callable[[Event], None]


def now() -> str:
    """The time in UTC, as ISO 8601 text that sorts."""
    return iso(datetime.now(timezone.utc))


def iso(moment: datetime) -> str:
    """A moment in UTC, written so."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
