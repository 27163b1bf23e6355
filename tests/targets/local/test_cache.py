"""What is taken from the cache, and what makes a step run again."""

from __future__ import annotations

import json
import os
import shutil
import time
from pathlib import Path
from typing import Any

import pytest

from labwright.targets.local.artifacts import ArtifactStore, artifact_store
from labwright.targets.local.cache import file_facts, still_true
from labwright.targets.local.record import RunRecord
from labwright.targets.local.store import Store

from .ir_by_hand import IR, From, Parent, Run


def pipeline(source: str = "give(x=P['n'] * 2); make('data', 'd' * P['n'])", **more: Any) -> IR:
    ir = IR("cached", n=1)
    ir.step(
        "make",
        source,
        inputs={"n": Parent("n")},
        types={"n": "NUMBER_INTEGER"},
        outputs={"x": "NUMBER_INTEGER"},
        makes=("data",),
        **{"cache": True, **more},
    )
    ir.step(
        "use",
        "give(y=len(text('data')))",
        artifacts={"data": From(("make", "data"))},
        outputs={"y": "NUMBER_INTEGER"},
        cache=True,
    )
    ir.output("y", ("use", "y"))
    return ir


def cached(record: RunRecord) -> list[bool]:
    assert record.state == "SUCCEEDED"
    return [one.cached for one in record.steps]


def test_what_did_not_change_is_not_run_again(run: Run) -> None:
    first = run(pipeline())
    assert cached(first) == [False, False]
    again = run(pipeline())
    assert cached(again) == [True, True]
    assert again.outputs == first.outputs == {"y": 1}
    # It looks as if it had run: its outputs are in this run's folder.
    made = again.steps[0].outputs[0]
    assert made["path"].startswith(str(again.dir))
    assert Path(made["path"]).read_text() == "d"


def test_an_older_run_s_folder_is_not_needed(run: Run) -> None:
    shutil.rmtree(run(pipeline()).dir)
    assert cached(run(pipeline())) == [True, True]


def test_a_changed_parameter_or_cell_runs_again(run: Run) -> None:
    run(pipeline())
    assert cached(run(pipeline(), {"n": 2})) == [False, False]
    changed = pipeline("give(x=P['n'] + 1); make('data', 'd' * P['n'])")
    assert cached(run(changed)) == [False, True], "its data did not change, so what uses it is kept"


def test_caching_can_be_off_for_a_step_or_a_run(run: Run) -> None:
    run(pipeline(cache=False))
    assert cached(run(pipeline(cache=False))) == [False, True]
    assert cached(run(pipeline(cache=False), cache=False)) == [False, False]


def test_a_failure_is_never_cached(run: Run, tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    broken.touch()
    ir = pipeline(f"assert not os.path.exists({str(broken)!r}); give(x=1); make('data', '')")
    assert run(ir).state == "FAILED"
    broken.unlink()
    assert cached(run(ir)) == [False, False]


def test_lost_content_runs_again(run: Run) -> None:
    run(pipeline())
    shutil.rmtree(Store().root / "artifacts")
    assert cached(run(pipeline())) == [False, True]


def test_another_environment_runs_again(run: Run, tmp_path: Path) -> None:
    """What is installed is part of the key."""
    import sys

    run(pipeline())
    other = tmp_path / "python"
    extra = tmp_path / "extra"
    (extra / "more-1.0.dist-info").mkdir(parents=True)
    other.write_text(f'#!/bin/sh\nPYTHONPATH={extra} exec {sys.executable} "$@"\n')
    other.chmod(0o755)
    assert cached(run(pipeline(), environment=str(other))) == [False, False]


def test_a_secret_that_changed_runs_again(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    ir = pipeline("give(x=len(os.environ['TOKEN'])); make('data', '')")
    secret = {"secretName": "s", "keyToEnv": [{"secretKey": "k", "envVar": "TOKEN"}]}
    executors = {"exec-make": {"secretAsEnv": [secret]}}
    platform = {"platforms": {"kubernetes": {"deploymentSpec": {"executors": executors}}}}
    monkeypatch.setenv("TOKEN", "first-secret")
    run(ir, platform=platform)
    assert cached(run(ir, platform=platform)) == [True, True]
    monkeypatch.setenv("TOKEN", "another-one")
    assert cached(run(ir, platform=platform)) == [False, True]
    for file in Store().root.rglob("*"):
        if file.is_file():
            assert b"first-secret" not in file.read_bytes(), file


def test_a_custom_key_says_all(run: Run) -> None:
    ir = pipeline()
    ir.root["dag"]["tasks"]["make"]["cachingOptions"]["cacheKey"] = "mine"
    run(ir)
    assert cached(run(ir, {"n": 5})) == [True, True]


def test_files_and_modules_a_step_used_must_be_as_they_were(tmp_path: Path) -> None:
    """The facts are those that a Labwright step reports."""
    import hashlib

    (tmp_path / "data.csv").write_text("1,2")
    (tmp_path / "helper.py").write_text("x = 1")
    store = ArtifactStore(tmp_path / "store")

    def entry() -> dict[str, Any]:
        return {
            "files": {
                "read": {"data.csv": file_facts(tmp_path / "data.csv"), "absent.csv": None},
                "written": {str(tmp_path / "helper.py"): file_facts(tmp_path / "helper.py")},
            },
            "modules": {"helper.py": hashlib.sha256(b"x = 1").hexdigest()},
            "digests": [],
        }

    assert still_true(entry(), tmp_path, store)
    before = entry()
    (tmp_path / "data.csv").write_text("1,2,3")
    assert not still_true(before, tmp_path, store)
    before = entry()
    (tmp_path / "absent.csv").touch()
    assert not still_true(before, tmp_path, store)
    (tmp_path / "absent.csv").unlink()
    before = entry()
    (tmp_path / "helper.py").write_text("x = 2")
    before["files"]["written"] = {}
    assert not still_true(before, tmp_path, store)
    assert not still_true({**entry(), "modules": {}, "digests": ["0" * 64]}, tmp_path, store)


NOTEBOOK_CELLS = {
    "load": "import helper\nx = int(open('number.txt').read()) + helper.ONE",
    "use": "y = x * 10\nprint(y)",
}


def notebook_run(folder: Path, cells: dict[str, str]) -> RunRecord:
    from labwright import launch

    path = folder / "book.ipynb"
    path.write_text(
        json.dumps(
            {
                "cells": [
                    {
                        "cell_type": "code",
                        "id": name,
                        "metadata": {"tags": [f"step:{name}"]},
                        "execution_count": None,
                        "outputs": [],
                        "source": source,
                    }
                    for name, source in cells.items()
                ],
                "metadata": {},
                "nbformat": 4,
                "nbformat_minor": 5,
            }
        )
    )
    return launch.run_analysed(launch.analyse_notebook(str(path)), {})


def test_a_notebook_s_step_runs_again_when_its_file_module_or_cell_changed(tmp_path: Path) -> None:
    (tmp_path / "number.txt").write_text("41")
    (tmp_path / "helper.py").write_text("ONE = 1")
    assert cached(notebook_run(tmp_path, NOTEBOOK_CELLS)) == [False, False]
    record = notebook_run(tmp_path, NOTEBOOK_CELLS)
    assert cached(record) == [True, True]
    assert record.steps[1].notebook is not None
    outputs = json.loads(record.steps[1].notebook.read_text())["cells"][-1]["outputs"]
    assert outputs[0]["text"] in ("420\n", ["420\n"])
    (tmp_path / "number.txt").write_text("42")
    assert cached(notebook_run(tmp_path, NOTEBOOK_CELLS)) == [False, False]
    (tmp_path / "helper.py").write_text("ONE = 2")
    assert cached(notebook_run(tmp_path, NOTEBOOK_CELLS)) == [False, False]
    changed = {**NOTEBOOK_CELLS, "use": "y = x * 10\nprint(y + 1)"}
    assert cached(notebook_run(tmp_path, changed)) == [True, False]


def test_a_module_that_is_changed_twice_in_a_second_is_what_it_is_now(tmp_path: Path) -> None:
    """Python tells bytecode's source by its size and the second in which it was changed."""
    (tmp_path / "number.txt").write_text("1")
    second = int(time.time()) + 60  # however long a run takes here
    for text, shown in (("ONE = 1", "20\n"), ("ONE = 2", "30\n")):
        (tmp_path / "helper.py").write_text(text)
        os.utime(tmp_path / "helper.py", (second, second))
        record = notebook_run(tmp_path, NOTEBOOK_CELLS)
        assert record.steps[1].notebook is not None
        outputs = json.loads(record.steps[1].notebook.read_text())["cells"][-1]["outputs"]
        assert outputs[0]["text"] in (shown, [shown])


def test_artifacts_can_live_behind_any_url(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    import fsspec

    monkeypatch.setenv("LABWRIGHT_ARTIFACTS", "memory://kept/here")
    ir = pipeline("os.mkdir(OUT['data']); open(OUT['data'] + '/a', 'w').write('far'); give(x=1)")
    ir.root["dag"]["tasks"].pop("use")
    ir.root["dag"].pop("outputs")
    run(ir)
    assert fsspec.filesystem("memory").find("/kept/here")
    shutil.rmtree(Store().root / "artifacts")
    record = run(ir)
    assert cached(record) == [True]
    assert (Path(record.steps[0].outputs[0]["path"]) / "a").read_text() == "far"


def test_artifacts_can_live_in_another_folder(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("LABWRIGHT_ARTIFACTS", f"file://{tmp_path}/elsewhere")
    assert artifact_store(Store().root).folder == tmp_path / "elsewhere"
    assert cached(run(pipeline())) == [False, False]
    assert cached(run(pipeline())) == [True, True]
    assert not (Store().root / "artifacts").exists()
