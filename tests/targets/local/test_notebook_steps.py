"""What the engine makes of Labwright's own steps: reports, notebooks, errors at their cell."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from labwright.pipeline.compile import compile_pipeline
from labwright.pipeline.load import load_pipeline
from labwright.targets.local.engine import run_pipeline
from labwright.targets.local.record import RunRecord
from labwright.targets.local.store import Store

from .ir_by_hand import states

Cell = tuple[str, list[str], dict[str, Any]]


def run(folder: Path, *cells: tuple[Any, ...], **options: Any) -> RunRecord:
    """Run a notebook of cells `(source, tags)` or `(source, tags, settings)`."""
    path = folder / "book.ipynb"
    body = [
        {
            "cell_type": "code",
            "id": f"id-{index}",
            "metadata": {"tags": tags.split(), "labwright": rest[0] if rest else {}},
            "execution_count": None,
            "outputs": [],
            "source": source,
        }
        for index, (source, tags, *rest) in enumerate(cells)
    ]
    notebook = {"cells": body, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    path.write_text(json.dumps(notebook))
    ir = compile_pipeline(load_pipeline(path)[2], cache_volumes=True)
    return run_pipeline(ir.spec, ir.platform, notebook=path, **options)


def executed(record: RunRecord, step: int) -> list[dict[str, Any]]:
    notebook = record.steps[step].notebook
    assert notebook is not None
    cells: list[dict[str, Any]] = json.loads(notebook.read_text())["cells"]
    return cells


def test_a_library_is_imported_once_for_all_steps(tmp_path: Path) -> None:
    """One that may be, and that the first step needs at once."""
    slow = "import os, time\ntime.sleep(1)\nopen('who.txt', 'a').write(f'{os.getpid()}\\n')"
    (tmp_path / "joblib.py").write_text(slow)
    record = run(
        tmp_path,
        ("import os\nimport joblib", "imports"),
        ("one = joblib.os.getppid()", "step:one metrics"),
        ("two = joblib.os.getppid()", "step:two metrics"),
    )
    (importer,) = (tmp_path / "who.txt").read_text().split()
    assert record.metrics == {"one": int(importer), "two": int(importer)}


@pytest.mark.parametrize("setting", ["os.environ['THREADS'] = '1'", "%env THREADS=1"])
def test_a_library_sees_the_variables_that_are_set_before_its_import(
    tmp_path: Path, setting: str
) -> None:
    (tmp_path / "joblib.py").write_text("import os\nTHREADS = os.environ.get('THREADS')")
    record = run(
        tmp_path,
        (f"import os\n{setting}\nimport joblib", "imports"),
        ("threads = int(joblib.THREADS)", "step:count metrics"),
    )
    assert record.metrics == {"threads": 1}


def test_a_notebook_runs_and_leaves_readable_folders(tmp_path: Path) -> None:
    record = run(
        tmp_path,
        ("n = 3", "parameters"),
        ("import math", "imports"),
        (
            "values = [math.sqrt(i) for i in range(n)]\nprint('made', n)",
            "step:make",
        ),
        ("accuracy = sum(values)\naccuracy", "step:use metrics"),
    )
    assert states(record) == {"make": "SUCCEEDED", "use": "SUCCEEDED"}
    assert record.parameters == {"n": 3}
    assert record.metrics == {"accuracy": pytest.approx(2.414, abs=1e-3)}
    assert [one["name"] for one in record.steps[0].outputs] == ["values"]
    (given,) = record.steps[1].inputs
    assert (given["name"], given["from"], given["type"]) == ("values", "make", "list")
    assert Path(given["path"]).exists()
    folder = record.dir / "make"
    assert {one.name for one in folder.iterdir()} > {
        "make.ipynb", "make.html", "log.txt", "values", "executor_input.json",
        "executor_output.json", "labwright_report.json",
    }  # fmt: skip
    assert (folder / "log.txt").read_text() == "made 3\n"
    cells = executed(record, 1)
    assert cells[-1]["id"] == "id-3"
    # A person may edit it: what is kept does not change with it.
    notebook = record.steps[0].notebook
    assert notebook is not None
    assert not notebook.is_symlink()
    notebook.write_text("mine")
    again = run_again(record)
    assert [one.cached for one in again.steps] == [True, True]
    assert again.steps[0].notebook is not None
    assert json.loads(again.steps[0].notebook.read_text())["nbformat"] == 4


def run_again(record: RunRecord) -> RunRecord:
    data = json.loads(Store().dir(record.run_id).pipeline.read_text())
    return run_pipeline(data["pipeline_spec"], data["platform_spec"], notebook=record.notebook)


def test_an_error_is_at_its_cell_and_the_notebook_is_there(tmp_path: Path) -> None:
    record = run(
        tmp_path,
        ("x = 1\nprint('before')", "step:bad"),
        ("y = x / 0", ""),
        ("print('never')", ""),
        ("z = y", "step:after"),
    )
    assert states(record) == {"bad": "FAILED", "after": "SKIPPED"}
    error = record.steps[0].error
    assert error is not None
    assert (error.cell, error.ename, error.evalue) == (
        "id-1",
        "ZeroDivisionError",
        "division by zero",
    )
    assert "y = x / 0" in error.traceback
    assert executed(record, 0)[1]["outputs"][-1]["ename"] == "ZeroDivisionError"
    assert Store().log(record.run_id, "bad").startswith("before\n")


def test_a_step_that_ends_its_process(tmp_path: Path) -> None:
    record = run(tmp_path, ("import os\nos._exit(0)", "step:bad"))
    assert record.steps[0].error is not None
    assert "ended before the step did" in record.steps[0].error.evalue


def test_a_value_that_cannot_be_passed_on(tmp_path: Path) -> None:
    record = run(
        tmp_path,
        ("import threading\nmade = {'lock': threading.Lock()}", "step:make"),
        ("print(made)", "step:use"),
    )
    assert states(record) == {"make": "FAILED", "use": "SKIPPED"}
    assert "made" in str(record.steps[0].error)


def test_a_time_limit_names_the_cell(tmp_path: Path) -> None:
    record = run(
        tmp_path,
        ("print('began')", "step:slow", {"timeout": 1}),
        ("import time\ntime.sleep(60)", ""),
    )
    error = record.steps[0].error
    assert error is not None
    assert (error.cell, error.ename) == ("id-1", "TimeoutError")
    assert "1 s" in error.evalue
    assert executed(record, 0)[0]["outputs"][0]["text"] in ("began\n", ["began\n"])


def test_loops_conditions_and_steps_that_only_pass_on(tmp_path: Path) -> None:
    record = run(
        tmp_path,
        ("limit = 5\nbest = 0", "step:begin"),
        ("square = depth ** 2", "step:each", {"foreach": "depth in [1, 2, 3]"}),
        ("total = sum(square)", "step:sum"),
        ("best = total", "step:better", {"when": "total > 100"}),
        ("print(best, total)", "step:say"),
        ("print('never')", "step:rare", {"when": "total > 1000"}),
    )
    assert record.state == "SUCCEEDED"
    assert states(record) == {
        "begin": "SUCCEEDED",
        "each[0]": "SUCCEEDED",
        "each[1]": "SUCCEEDED",
        "each[2]": "SUCCEEDED",
        "sum": "SUCCEEDED",
        "better": "SKIPPED",
        "say": "SUCCEEDED",
        "rare": "SKIPPED",
    }
    assert Store().log(record.run_id, "say") == "0 14\n"
    assert Store().log(record.run_id, "each", 1) == ""


def test_diagnostics_found_while_running_are_at_their_cell(tmp_path: Path) -> None:
    """A change that no analysis can see: the runtime does."""
    hidden = "class Box:\n    pass\nbox = Box()\nbox.items = [1]"
    change = "exec(''.join(['box.it', 'ems.append(2)']))"
    record = run(
        tmp_path,
        (hidden, "step:make"),
        (change, "step:change"),
        ("print(len(box.items))", "step:use"),
        cache=False,
    )
    if record.state == "SUCCEEDED":  # it was careful, and passed the value on
        assert Store().log(record.run_id, "use") == "2\n"
    else:
        found = [one for one in record.diagnostics if one.code == "missed-mutation"]
        assert found
        assert found[0].cell in (None, 1)
