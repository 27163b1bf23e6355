"""The live view: what it shows while a run goes on, and what stays in the saved notebook."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

from labwright.targets.local.events import RunFinished, RunStarted, StepChanged
from labwright.targets.local.record import StepError
from labwright.widgets.lines import line
from labwright.widgets.page import page
from labwright.widgets.state import RunState, summary
from widgets.graphs import DIAMOND

AT = "2026-11-23T22:00:00.000000Z"
LATER = "2026-11-23T22:01:05.500000Z"


def changed(step: str, state: Any, **more: Any) -> StepChanged:
    return StepChanged("digits-1", step, more.pop("iteration", None), state, **more)


@dataclass
class Record:
    state: str = "FAILED"
    dir: str | None = None
    metrics: dict[str, Any] = field(default_factory=lambda: {"accuracy": 0.9})
    steps: list[Any] = field(default_factory=list)


def test_states_add_up():
    state = RunState(DIAMOND)
    assert state.take(RunStarted("digits-1", "digits", "/runs/digits-1", ("load",)))
    for turn, now in enumerate(["SUCCEEDED", "RUNNING"]):
        state.take(changed("sweep", now, iteration=turn))
    state.take(changed("load", "SUCCEEDED"))
    assert not state.take("something else")
    assert state.steps()["sweep"] == "RUNNING"
    assert state.steps()["load"] == "SUCCEEDED"
    assert state.steps()["card"] == "PENDING"
    state.take(RunFinished("digits-1", "FAILED"))
    assert state.state == "FAILED"


@pytest.mark.parametrize(
    ("states", "expected"),
    [
        ([], "PENDING"),
        (["SUCCEEDED", "SKIPPED"], "SUCCEEDED"),
        (["SUCCEEDED", "FAILED", "RUNNING"], "FAILED"),
    ],
)
def test_one_state_for_many_turns(states, expected):
    assert summary(states) == expected


def test_the_page_shows_errors_outputs_and_metrics_escaped():
    state = RunState(DIAMOND)
    error = StepError("ValueError", "<no>", "c1", "\x1b[31mTraceback <1>\x1b[0m")
    state.take(changed("load", "FAILED", error=error, started_at=AT, finished_at=LATER))
    state.outputs["load", None] = [{"name": "X", "type": "list", "preview": "[<1>]"}]
    state.finish(Record())
    text = page(state)
    assert "<pre>Traceback &lt;1&gt;</pre>" in text
    assert "[&lt;1&gt;]" in text
    assert "accuracy = <b>0.9</b>" in text
    assert "1 min 06 s" in text or "1 min 05 s" in text
    assert "\x1b" not in text


def test_a_step_in_one_line():
    event = changed(
        "fit", "SUCCEEDED", iteration=2, cached=True, started_at=AT, finished_at=LATER, retries=1,
        notebook="/runs/fit.ipynb",
    )  # fmt: skip
    assert line(event).split() == [
        "fit[2]", "SUCCEEDED", "1", "min", "06", "s", "cached,", "1", "retry", "/runs/fit.ipynb",
    ]  # fmt: skip


def test_in_a_kernel_the_view_ends_as_plain_html(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path = tmp_path / "work.ipynb"
    cells = [
        nbformat.v4.new_code_cell("%load_ext labwright", metadata={"tags": ["skip"]}),
        nbformat.v4.new_code_cell("x = 1", metadata={"tags": ["step:load"]}),
        nbformat.v4.new_code_cell("1 / (x - 1)", metadata={"tags": ["step:fail", "skip"]}),
        nbformat.v4.new_code_cell("%pipeline run", metadata={"tags": ["skip"]}),
    ]
    cells[2].metadata["tags"] = ["step:fail", "raises-exception"]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), path)
    monkeypatch.setenv("JPY_SESSION_NAME", str(path))
    client = NotebookClient(nbformat.read(path, 4), resources={"metadata": {"path": tmp_path}})
    outputs = client.execute().cells[3].outputs
    (view,) = [o for o in outputs if o.output_type == "display_data"]
    assert set(view.data) == {"text/html", "text/plain"}
    assert "ZeroDivisionError" in view.data["text/html"]
    assert "FAILED" in view.data["text/html"]
    (record,) = [o for o in outputs if o.output_type == "execute_result"]
    assert record.data["text/plain"].startswith("<run work-")
    assert json.dumps(outputs).count("not saved") == 0
