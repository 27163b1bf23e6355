"""A run while it goes on: a live table in a terminal, one plain line a step anywhere else."""

from __future__ import annotations

import os
import sys
from typing import Any, TextIO

from ..widgets.elapsed import label, remark, seconds
from ..widgets.lines import is_over, line

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
    """One line a step, when it is over."""

    def __init__(self, out: TextIO, *, logs: bool = False) -> None:
        self.out = out
        self.logs = logs

    def __enter__(self) -> PlainProgress:
        return self

    def __exit__(self, *_: object) -> None:
        """Lines need no end."""

    def __call__(self, event: Any) -> None:
        """Take an event of the engine."""
        kind = type(event).__name__
        if kind == "StepChanged":
            self.step(event)
        elif kind == "LogLine" and self.logs:
            self.say(f"[{label(event)}] {event.text}")

    def step(self, event: Any) -> None:
        if is_over(event):
            self.say(line(event))

    def say(self, text: str) -> None:
        try:
            self.out.write(text + "\n")
            self.out.flush()
        except BrokenPipeError:  # the reader went away (`| head`); the run goes on
            self.out = open(os.devnull, "w")  # noqa: SIM115


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


def stream_for(as_json: bool) -> TextIO:
    """Where progress goes: not among the JSON."""
    return sys.stderr if as_json else sys.stdout
