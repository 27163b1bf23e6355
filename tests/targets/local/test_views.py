"""Runs as the workbench gets them: summaries, pages, graphs, and what happens to dead runs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from labwright.errors import LabwrightError
from labwright.launch import analyse_notebook, compiled, graph_view, pipeline_of
from labwright.targets.local.changes import claim, delete_run, settle_all
from labwright.targets.local.ir import read_pipeline
from labwright.targets.local.ir_graph import graph_of_ir
from labwright.targets.local.pages import Wanted
from labwright.targets.local.store import RunRow, StepRow, Store
from labwright.targets.local.submission import run_graph
from labwright.targets.local.views import plain, run_summary, run_view
from labwright_server import models

from .ir_by_hand import IR, From, Run, loop

REPORT: dict[str, Any] = {"outputs": [], "metrics": {"score": 0.5}, "diagnostics": []}


def three_steps() -> IR:
    ir = IR("viewed", rate=1)
    ir.step("first", "give(n=1); make('data', 'x')", outputs={"n": "NUMBER_INTEGER"},
            makes=("data",))  # fmt: skip
    ir.step("second", "raise ValueError('no\\nway')", artifacts={"data": From(("first", "data"))})
    ir.step("third", "", after=("second",))
    return ir


def test_a_run_in_the_form_of_the_api(run: Run) -> None:
    record = run(three_steps(), {"rate": 2})
    view = run_view(record, run_graph(Store().dir(record.run_id)))
    checked = models.Run.model_validate({**view, "path": None})
    assert checked.progress == models.Progress(total=3, done=2, cached=0, running=0, failed=1)
    assert checked.error is not None
    assert checked.error.startswith("step second: ExitCode")
    assert checked.started_at is not None
    assert [one.artifact for one in checked.steps[0].outputs if one.name == "data"] == [
        "first/data"
    ]
    assert [one.name for one in checked.graph.steps] == ["first", "second", "third"]
    assert checked.graph.steps[2].after == ["second"]
    page = Store().runs_page()
    assert page.runs == [run_summary(Store().run(record.run_id))]


def test_numbers_that_no_browser_reads() -> None:
    data = plain({"a": [float("nan"), float("inf"), -float("inf"), 1.5], 2: None})
    assert data == {"a": ["NaN", "Infinity", "-Infinity", 1.5], "2": None}
    json.dumps(data, allow_nan=False)


def fill(store: Store, count: int) -> None:
    from sqlalchemy import insert

    from labwright.targets.local.schema import runs, steps

    store.runs()
    rows = [
        RunRow(f"r-{i:04}", f"name{i % 3}", "FAILED" if i % 5 == 0 else "SUCCEEDED",
               f"2026-01-01T00:00:{i // 10:02}.000000Z", {},
               {"notebook": f"/work/nb{i % 4}.ipynb"}, experiment=f"e{i % 2}")
        for i in range(count)
    ]  # fmt: skip
    done = [
        StepRow("a", "", 0, "a", "a", "SUCCEEDED", cached=True, report=REPORT),
        StepRow("b", "", 1, "b", "b", "FAILED", error={"ename": "E", "evalue": "x\ny"}),
    ]
    with store.transaction() as connection:
        connection.execute(insert(runs), [vars(row) for row in rows])
        connection.execute(
            insert(steps), [{"run_id": row.run_id, **vars(one)} for row in rows for one in done]
        )


def test_pages_follow_one_another_and_leave_nothing_out() -> None:
    store = Store()
    fill(store, 95)
    seen, cursor, pages = [], None, 0
    while True:
        page = store.runs_page(Wanted(limit=20, cursor=cursor))
        seen += [one["run_id"] for one in page.runs]
        pages += 1
        assert page.total == 95
        if (cursor := page.next) is None:
            break
    assert pages == 5
    assert seen == sorted(seen, reverse=True)
    assert len(set(seen)) == 95
    with pytest.raises(LabwrightError, match="no cursor"):
        store.runs_page(Wanted(cursor="nonsense"))


def test_pages_are_chosen_and_tell_of_steps() -> None:
    store = Store()
    fill(store, 40)
    assert store.experiments() == ["e0", "e1"]
    assert store.runs_page(Wanted(states=["FAILED"])).total == 8
    assert store.runs_page(Wanted(experiment="e1", states=["FAILED"])).total == 4
    assert store.runs_page(Wanted(text="NB3 name1")).total == 3
    assert store.runs_page(Wanted(text="100%")).total == 0
    assert store.runs_page(Wanted(target="local")).total == 40
    assert store.runs_page(Wanted(target="elsewhere")).total == 0
    (one,) = store.runs_page(Wanted(text="r-0007")).runs
    models.RunSummary.model_validate({**one, "path": None})
    assert one["metrics"] == {"score": 0.5}
    assert one["error"] == "step b: E: x y"
    assert one["progress"] == {"total": 2, "done": 1, "cached": 1, "running": 0, "failed": 1}


def test_a_run_without_an_engine_is_settled() -> None:
    store = Store()
    rows = {
        state: RunRow(f"run-{state}", "n", state, "2026-01-01T00:00:00.000000Z", {}, {})
        for state in ("PENDING", "RUNNING", "CANCELING", "SUCCEEDED")
    }
    for row in rows.values():
        store.save_run(row)
    store.save_steps("run-RUNNING", [StepRow("a", "", 0, "a", "a", "RUNNING")])
    assert settle_all(store) == ["run-CANCELING", "run-RUNNING"]
    assert settle_all(store) == []
    found = {one.run_id: one for one in store.runs()}
    assert found["run-PENDING"].state == "PENDING"
    assert found["run-CANCELING"].state == "CANCELED"
    assert found["run-SUCCEEDED"].state == "SUCCEEDED"
    settled = run_summary(store.run("run-RUNNING"))
    assert settled["state"] == "FAILED"
    assert settled["error"].startswith("step a: Interrupted")


def test_a_waiting_run_is_claimed_once() -> None:
    store = Store()
    store.save_run(RunRow("mine", "n", "PENDING", "2026-01-01T00:00:00.000000Z", {}, {}))
    assert claim(store, "mine")
    assert not claim(store, "mine")
    assert store.run_row("mine").started_at is not None


def test_only_a_run_that_is_over_is_deleted(run: Run) -> None:
    store = Store()
    record = run(three_steps())
    store.save_run(RunRow("waits", "n", "PENDING", "2026-01-01T00:00:00.000000Z", {}, {}))
    with pytest.raises(LabwrightError, match="is not over"):
        delete_run(store, "waits")
    assert delete_run(store, record.run_id) == record.run_id
    assert not record.dir.exists()
    assert store.step_rows(record.run_id) == []


def test_the_graph_of_an_ir_is_the_notebooks(repository: Path) -> None:
    for name in ("digits", "files", "sweep", "workflow"):
        analysed = analyse_notebook(repository / "examples" / f"{name}.ipynb")
        ours = graph_view(analysed)
        models.Graph.model_validate(ours)
        theirs = graph_of_ir(read_pipeline(compiled(pipeline_of(analysed)).spec))
        models.Graph.model_validate(theirs)
        assert theirs["parameters"] == ours["parameters"]
        assert [one["name"] for one in theirs["steps"]] == [one["name"] for one in ours["steps"]]
        for mine, other in zip(ours["steps"], theirs["steps"], strict=True):
            assert _inputs(other) == _inputs(mine)
            assert other["outputs"] == mine["outputs"]
            assert (other["when"] is None) == (mine["when"] is None)
            assert (other["foreach"] is None) == (mine["foreach"] is None)


def _inputs(step: dict[str, Any]) -> set[tuple[str, str | None]]:
    return {(one["name"], one["from"]) for one in step["inputs"]}


def test_the_graph_of_a_loop_by_hand() -> None:
    ir = IR("looped")
    ir.step("first", "", outputs={"n": "NUMBER_INTEGER"})
    body = ir.group("each", after=("first",), types={"item": "NUMBER_INTEGER"}, **loop([1, 2]))
    ir.step("inner", "", dag=body)
    graph = graph_of_ir(read_pipeline(ir.spec))
    inner = next(one for one in graph["steps"] if one["name"] == "inner")
    assert inner["foreach"] == "item in [1, 2]"
    assert inner["after"] == ["first"]


def test_the_part_each_cell_plays(repository: Path) -> None:
    graph = graph_view(analyse_notebook(repository / "examples" / "workflow.ipynb"))
    cells = {one["id"]: one for one in graph["cells"]}
    assert cells["imports"]["role"] == "imports"
    assert cells["deploy"] == {
        "cell": 11, "id": "deploy", "role": "step", "step": "deploy", "starts": True,
        "metrics": False,
    }  # fmt: skip
    deploy = next(one for one in graph["steps"] if one["name"] == "deploy")
    assert deploy["settings"] == {"when": "accuracy > 0.85"}
