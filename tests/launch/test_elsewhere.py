"""What a target tells of a run, handed on as an engine tells it."""

from labwright.launch.elsewhere import Teller, notebook_place, record_of
from labwright.targets.local.events import LogLine, StepChanged

STEP = {
    "name": "fit",
    "iteration": None,
    "state": "RUNNING",
    "cached": False,
    "retries": 0,
    "started_at": "2026-01-01T00:00:00Z",
    "finished_at": None,
    "has_notebook": False,
    "inputs": [],
    "outputs": [],
    "error": None,
}
RUN = {
    "run_id": "a-1",
    "name": "a",
    "target": "moon",
    "experiment": None,
    "state": "FAILED",
    "notebook": None,
    "created_at": "2026-01-01T00:00:00Z",
    "started_at": None,
    "finished_at": None,
    "parameters": {"rate": 1},
    "metrics": {},
    "progress": {},
    "error": None,
    "reason": None,
    "dir": None,
    "diagnostics": [{"cell": 1, "severity": "info", "code": "b", "message": "c"}],
    "outputs": {},
    "graph": {},
}


def teller():
    heard = []
    return Teller("a-1", heard.append), heard


def step(**more):
    return {"type": "step", "run_id": "a-1", "step": {**STEP, **more}}


def piece(offset, text, iteration=None):
    return {
        "type": "log", "run_id": "a-1", "step": "fit", "iteration": iteration,
        "offset": offset, "text": text,
    }  # fmt: skip


def test_a_step_is_told_once_however_often_it_is_heard():
    told, heard = teller()
    error = {"ename": "E", "evalue": "why", "cell": "c1", "traceback": "at"}
    for change in (
        step(),
        step(),
        step(state="FAILED", error=error),
        step(state="FAILED", error=error),
    ):
        told.take(change)
    assert [(type(one), one.state) for one in heard] == [
        (StepChanged, "RUNNING"),
        (StepChanged, "FAILED"),
    ]
    assert str(heard[1].error) == "E: why"


def test_logs_come_in_lines_whatever_the_pieces():
    told, heard = teller()
    told.take(piece(0, "one\ntw"))
    told.take(piece(0, "other", iteration=1))
    told.take(piece(6, "o\nthree"))
    told.end()
    assert [(one.iteration, one.text) for one in heard if isinstance(one, LogLine)] == [
        (None, "one"),
        (None, "two"),
        (None, "three"),
        (1, "other"),
    ]


def test_a_log_that_begins_anew_forgets_half_a_line():
    told, heard = teller()
    told.take(piece(0, "half a li"))
    told.take(piece(0, "again\n"))
    assert [one.text for one in heard] == ["again"]


def test_a_record_has_what_was_fetched(monkeypatch, tmp_path):
    monkeypatch.setenv("LABWRIGHT_HOME", str(tmp_path))
    view = {**RUN, "steps": [{**STEP, "has_notebook": True}, {**STEP, "name": "b/../c"}]}
    record = record_of(view)
    assert record.to_json()["dir"] is None
    assert record.steps[0].notebook is None
    folder = tmp_path / "fetched" / "moon" / "a-1"
    folder.mkdir(parents=True)
    (folder / "fit.ipynb").touch()
    record = record_of(view)
    assert record.dir == folder
    assert record.steps[0].notebook == folder / "fit.ipynb"
    assert record.steps[1].notebook is None
    assert record.diagnostics[0].code == "b"
    assert notebook_place(folder, view["steps"][1]).parent == folder
    # A later try that left none is not shown with an earlier one's.
    assert record_of({**RUN, "steps": [STEP]}).steps[0].notebook is None
