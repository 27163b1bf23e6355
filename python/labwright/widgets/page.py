"""A run as HTML: the graph in its states' colours, and a line for each step that opens."""

from __future__ import annotations

import re
from html import escape
from typing import Any

from .elapsed import label, remark, seconds
from .state import RunState
from .svg import COLOURS, svg

_ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")


def page(state: RunState) -> str:
    """The whole view."""
    rows = "".join(
        _row(name, turn, state.outputs.get((name, turn.iteration), []))
        for name, turns in state.turns.items()
        for turn in turns.values()
    )
    return (
        f'<div class="labwright-run">{svg(state.graph, state.steps())}'
        f"{_heading(state)}{rows}{_metrics(state)}</div>"
    )


def _heading(state: RunState) -> str:
    where = f" in <code>{escape(state.dir)}</code>" if state.dir else ""
    colour = COLOURS.get(state.state, "inherit")
    name = escape(state.run_id or state.graph["name"])
    return f'<p><b>{name}</b>: <b style="color:{colour}">{escape(state.state)}</b>{where}</p>'


def _row(name: str, turn: Any, outputs: list[dict[str, Any]]) -> str:
    notes = " ".join(part for part in (seconds(turn), remark(turn)) if part)
    head = (
        f'<span style="color:{COLOURS.get(turn.state, "inherit")}">●</span>'
        f" <b>{escape(label(turn))}</b> {escape(turn.state)} {escape(notes)}"
    )
    body = ""
    if turn.error is not None:
        text = _ANSI.sub("", turn.error.traceback or str(turn.error))
        body += f"<pre>{escape(text)}</pre>"
    if turn.notebook:
        body += f"<div>Executed notebook: <code>{escape(str(turn.notebook))}</code></div>"
    if outputs:
        body += f"<table>{''.join(_output(output) for output in outputs)}</table>"
    opened = " open" if turn.error is not None else ""
    return (
        f"<details{opened}><summary>{head}</summary>"
        f'<div style="margin-left:1.5em">{body}</div></details>'
    )


def _output(output: dict[str, Any]) -> str:
    cells = (output.get("name"), output.get("type"), output.get("preview"))
    columns = "".join(f"<td>{escape(str(cell or ''))}</td>" for cell in cells)
    return f'<tr style="text-align:left;vertical-align:top">{columns}</tr>'


def _metrics(state: RunState) -> str:
    if not state.metrics:
        return ""
    items = ", ".join(
        f"{escape(name)} = <b>{escape(str(value))}</b>" for name, value in state.metrics.items()
    )
    return f"<p>Metrics: {items}</p>"
