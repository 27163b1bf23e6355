"""A run in lines of text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .elapsed import duration, label, local_time, moment, remark, seconds
from .text import diagnostic

DONE = frozenset({"SUCCEEDED", "SKIPPED", "FAILED", "CANCELED"})


def is_over(event: Any) -> bool:
    """Whether the event says that a step is over."""
    return type(event).__name__ == "StepChanged" and event.state in DONE


def line(event: Any) -> str:
    """A finished step in one line: name, state, time, remarks, where its notebook is."""
    parts = [f"{label(event):<20} {event.state:<9} {seconds(event):>9}", remark(event)]
    return "  ".join([part for part in parts if part] + [str(event.notebook or "")]).rstrip()


def closing(record: Any) -> str:
    """How the run ended, and where to look: for after its steps' lines."""
    lines = [f"{record.run_id}: {record.state}"]
    for step in record.steps:
        if step.error is not None:
            lines.append(f"{label(step)} failed: {step.error}")
            if step.error.traceback:
                lines += ["  " + text for text in step.error.traceback.strip().splitlines()]
    if record.metrics:
        lines.append("metrics  " + ", ".join(f"{k} = {v}" for k, v in record.metrics.items()))
    lines += [diagnostic(d.to_json()) for d in record.diagnostics if d.severity != "info"]
    if record.dir:
        lines.append(f"look in  {record.dir}")
    return "\n".join(lines)


def runs_table(records: Sequence[Any], *, with_target: bool = False) -> str:
    """Runs, one a line."""
    if not records:
        return "There are no runs yet."
    width = max(len(record.run_id) for record in records)
    targets = max(len(record.target) for record in records)
    return "\n".join(
        f"{record.run_id:<{width}}  "
        + (f"{record.target:<{targets}}  " if with_target else "")
        + f"{record.state:<9}  {local_time(record.created_at)}  {_took(record):>10}"
        for record in records
    )


def _took(record: Any) -> str:
    if record.finished_at is None:
        return ""
    return duration((moment(record.finished_at) - moment(record.created_at)).total_seconds())


def verdict(found: Any) -> str:
    """What verification found: the cells that differ with both sides, then one line."""
    lines = []
    for cell in found.cells:
        if not cell["equal"]:
            lines.append(f"cell {cell['cell']} (step {cell['step']}) differs")
            lines += _side("notebook", cell["notebook"]) + _side("pipeline", cell["pipeline"])
    lines += [diagnostic(d.to_json()) for d in found.diagnostics if d.severity != "info"]
    lines += [diagnostic(d.to_json()) for d in found.diagnostics if d.code in _TOLD]
    different = sum(not cell["equal"] for cell in found.cells)
    if found.equal:
        lines.append(f"equal: {len(found.cells)} cells show the same in notebook and pipeline")
    elif different:
        lines.append(f"not equal: {different} of {len(found.cells)} cells differ")
    else:
        lines.append(f"not equal: the pipeline ended {found.record.state}, the notebook did not")
    if not found.equal:
        lines.append(f"look in  {found.record.dir}")
    return "\n".join(lines)


_TOLD = ("varies", "prelude-output", "in-place")


def _side(name: str, outputs: Any) -> list[str]:
    if outputs is None:
        return [f"  {name}: did not run"]
    shown = "".join(_plain(output) for output in outputs).splitlines() or ["(nothing)"]
    more = [f"    … {len(shown) - 12} more lines"] if len(shown) > 12 else []
    return [f"  {name}:", *(f"    {text}" for text in shown[:12]), *more]


def _plain(output: dict[str, Any]) -> str:
    if output["output_type"] == "stream":
        return "".join(output["text"])
    if output["output_type"] == "error":
        return f"{output['ename']}: {output['evalue']}\n"
    text = "".join(output["data"].get("text/plain", ""))
    others = ", ".join(mime for mime in output["data"] if mime != "text/plain")
    return f"{text}{f'  [{others}]' if others else ''}\n"
