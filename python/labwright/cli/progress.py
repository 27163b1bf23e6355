"""A run while it goes on: a live table in a terminal, one plain line a step anywhere else."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import datetime, timezone
from typing import Any, TextIO

DONE = frozenset({"SUCCEEDED", "SKIPPED", "FAILED", "CANCELED"})
STYLES = {
    "PENDING": "dim",
    "RUNNING": "cyan",
    "SUCCEEDED": "green",
    "SKIPPED": "dim",
    "FAILED": "bold red",
    "CANCELING": "yellow",
    "CANCELED": "yellow",
}


def progress(out: TextIO, *, logs: bool = False) -> PlainProgress:
    """The display that suits the stream. `logs`: what the steps print is shown as well."""
    if out.isatty():
        return LiveProgress(out, logs=logs)
    return PlainProgress(out, logs=logs)


class PlainProgress:
    """One line a step, when it is over. Also the base of the live one: what both know of events."""

    def __init__(self, out: TextIO, *, logs: bool = False) -> None:
        self.out = out
        self.logs = logs

    def __enter__(self) -> PlainProgress:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def __call__(self, event: Any) -> None:
        """Take an event of the engine."""
        kind = type(event).__name__
        if kind == "StepChanged":
            self.step(event)
        elif kind == "LogLine" and self.logs:
            self.say(f"[{label(event)}] {event.text.rstrip()}")

    def step(self, event: Any) -> None:
        if event.state in DONE:
            self.say(line(event))

    def say(self, text: str) -> None:
        self.out.write(text + "\n")
        self.out.flush()


class LiveProgress(PlainProgress):
    """A table that is redrawn in place: every step with its state and the seconds it has taken."""

    def __init__(self, out: TextIO, *, logs: bool = False) -> None:
        from rich.console import Console
        from rich.live import Live

        super().__init__(out, logs=logs)
        self._steps: dict[str, Any] = {}
        self._console = Console(file=out, highlight=False)
        self._live = Live(
            console=self._console,
            get_renderable=self._table,
            refresh_per_second=8,
            redirect_stdout=False,
            redirect_stderr=False,
        )

    def __enter__(self) -> LiveProgress:
        self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._live.stop()

    def step(self, event: Any) -> None:
        self._steps[label(event)] = event

    def say(self, text: str) -> None:
        self._console.print(text, markup=False, soft_wrap=True)

    def _table(self) -> Any:
        from rich.table import Table
        from rich.text import Text

        table = Table.grid(padding=(0, 2))
        for name, event in list(self._steps.items()):
            state = Text(event.state, style=STYLES.get(event.state, ""))
            where = Text(str(event.notebook or ""), style="dim", overflow="fold")
            table.add_row(Text(name, style="bold"), state, seconds(event), remark(event), where)
        return table


def label(event: Any) -> str:
    """The step's name, and which iteration of it."""
    iteration = getattr(event, "iteration", None)
    return event.step if iteration is None else f"{event.step}[{iteration}]"


def line(event: Any) -> str:
    """A finished step in one line."""
    parts = [f"{label(event):<20} {event.state:<9} {seconds(event):>9}", remark(event)]
    return "  ".join([part for part in parts if part] + [str(event.notebook or "")]).rstrip()


def seconds(event: Any) -> str:
    """How long the step has taken, or is taking."""
    started, finished = moment(event.started_at), moment(event.finished_at)
    if started is None:
        return ""
    now = datetime.now(timezone.utc)
    return duration(((finished or now) - started).total_seconds())


def duration(value: float) -> str:
    if value < 60:
        return f"{value:.2f} s"
    minutes, rest = divmod(round(value), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02} min" if hours else f"{minutes} min {rest:02} s"


def moment(value: Any) -> datetime | None:
    """A time as the engine gives it: a datetime, seconds since 1970 or ISO text."""
    if value is None or isinstance(value, datetime):
        return value
    if isinstance(value, (int, float)):
        return datetime.fromtimestamp(value, timezone.utc)
    return datetime.fromisoformat(str(value).replace("Z", "+00:00"))


def remark(event: Any) -> str:
    """What else there is to say about a step: cached, retried."""
    words = []
    if event.cached:
        words.append("cached")
    retries = getattr(event, "retries", 0)
    if retries:
        words.append(f"{retries} {'retry' if retries == 1 else 'retries'}")
    return ", ".join(words)


Listener = Callable[[Any], None]


def stream_for(as_json: bool) -> TextIO:
    """Where progress goes: not among the JSON."""
    return sys.stderr if as_json else sys.stdout
