"""The magics in a live session: a real IPython, in a process of its own."""

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from labwright.batch.child import CellProcess, Reply


@pytest.fixture
def session(tmp_path: Path) -> Iterator[CellProcess]:
    with CellProcess(cwd=str(tmp_path)) as process:
        assert process.run("%load_ext labwright").error is None
        yield process


def text(reply: Reply) -> str:
    assert reply.error is None, reply.error
    return "".join(o["text"] for o in reply.outputs if o["output_type"] == "stream")


def value(reply: Reply) -> str:
    (result,) = [o for o in reply.outputs if o["output_type"] == "execute_result"]
    return result["data"]["text/plain"]


def notebook(folder: Path, *cells: tuple[str, str]) -> Path:
    """Cells are (step, source)."""
    document = {
        "cells": [
            {
                "cell_type": "code",
                "id": f"c{index}",
                "metadata": {"tags": [f"step:{step}"]},
                "source": source,
                "outputs": [],
                "execution_count": None,
            }
            for index, (step, source) in enumerate(cells)
        ],
        "metadata": {},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    path = folder / "work.ipynb"
    path.write_text(json.dumps(document))
    return path


def test_a_step_is_an_ordinary_cell(session):
    reply = session.run(
        "%%step load --gpu 1\nimport asyncio\nx = await asyncio.sleep(0, 41)\nx + 1"
    )
    assert value(reply) == "42"
    assert value(session.run("x")) == "41"


def test_lines_keep_their_numbers_in_a_traceback(session):
    reply = session.run("%%step load\n1 / 0")
    assert reply.error.ename == "ZeroDivisionError"
    assert "line 2" in "\n".join(reply.error.traceback)


def test_a_condition_that_is_false_is_said(session):
    session.run("accuracy = 0.5")
    reply = session.run('%%step deploy --when "accuracy > 0.85"\nprint("deployed")')
    assert text(reply) == "step deploy not run: accuracy > 0.85 is false\n"
    session.run("accuracy = 0.9")
    reply = session.run('%%step deploy --when "accuracy > 0.85"\nprint("deployed")\naccuracy')
    assert text(reply) == "deployed\n"
    assert value(reply) == "0.9"


def test_a_loop_collects_what_the_cell_binds(session):
    session.run("base = 10")
    reply = session.run(
        '%%step fit --foreach "depth in [1, 2, 3]"\nbase += depth\nresult = base\nprint(result)'
    )
    assert text(reply).splitlines()[:3] == ["11", "12", "13"]
    assert value(session.run("result")) == "[11, 12, 13]"
    assert value(session.run("base")) == "[11, 12, 13]"


def test_an_error_in_a_loop_stops_and_is_shown_once(session):
    reply = session.run('%%step fit --foreach "n in [1, 0]"\n1 / n')
    assert reply.error.ename == "ZeroDivisionError"
    assert sum(o["output_type"] == "error" for o in reply.outputs) == 1


@pytest.mark.parametrize(
    ("line", "word"),
    [
        ("%%step", "name"),
        ("%%step load --gpus 1", "--gpu"),
        ('%%step load --foreach "depth"', "foreach"),
        ("%%step load --cpu many", "cpu"),
    ],
)
def test_a_wrong_step_line_is_one_message(session, line, word):
    reply = session.run(f"{line}\nx = 1")
    assert reply.error.ename == "UsageError"
    shown = json.dumps(reply.outputs)
    assert word in shown
    assert "Traceback" not in shown


def test_pipeline_alone_says_how(session):
    reply = session.run("%pipeline")
    assert reply.error.ename == "UsageError"
    assert "%pipeline run" in json.dumps(reply.outputs)


def test_an_unknown_notebook_is_said(session, monkeypatch):
    reply = session.run("import os; os.environ.pop('JPY_SESSION_NAME', None)\n%pipeline run")
    assert "save the notebook" in json.dumps(reply.outputs)


def test_running_a_pipeline_gives_its_record(session, tmp_path):
    notebook(tmp_path, ("load", "x = [1, 2]"), ("add", "print(sum(x))"))
    reply = session.run("record = %pipeline run work.ipynb")
    lines = text(reply).splitlines()
    assert [line.split()[:2] for line in lines[:2]] == [["load", "SUCCEEDED"], ["add", "SUCCEEDED"]]
    assert value(session.run("record.state, [step.name for step in record.steps]")) == (
        "('SUCCEEDED', ['load', 'add'])"
    )
    assert "SUCCEEDED" in value(session.run("record"))
    assert record_id(session) in text(session.run("%pipeline runs"))


def record_id(session: CellProcess) -> str:
    return value(session.run("record.run_id")).strip("'")


def test_the_notebook_is_found_and_an_old_file_is_noticed(session, tmp_path):
    path = notebook(tmp_path, ("load", "x = 1"), ("show", "print(x)"))
    session.run(f"__vsc_ipynb_file__ = {str(path)!r}")
    reply = session.run("%pipeline graph")
    assert "was not saved" in text(reply)
    (shown,) = [o for o in reply.outputs if o["output_type"] == "display_data"]
    assert "●  load" in shown["data"]["text/plain"]
    assert shown["data"]["text/html"].startswith("<svg")


def test_compile_and_verify(session, tmp_path):
    notebook(tmp_path, ("load", "x = 1"), ("show", "print(x)"))
    assert text(session.run("%pipeline compile work.ipynb")) == "work.yaml\n"
    assert "pipelineInfo" in (tmp_path / "work.yaml").read_text()
    assert "equal: 2 cells" in text(session.run("%pipeline verify work.ipynb"))


def test_a_defect_of_the_notebook_is_one_message(session, tmp_path):
    notebook(tmp_path, ("load", "x = 1"), ("Load", "print(x)"))
    reply = session.run("%pipeline run work.ipynb")
    assert reply.error.ename == "UsageError"
    assert "much alike" in json.dumps(reply.outputs)


def test_the_extension_can_be_taken_out(session):
    assert session.run("%unload_ext labwright").error is None
    assert session.run("%%step load\nx = 1").error.ename == "UsageError"


def test_a_part_of_a_pipeline_or_one_that_is_left_to_the_agent(session, tmp_path):
    from labwright.targets.local.agent.client import connect
    from labwright.targets.local.store import Store

    notebook(tmp_path, ("load", "x = 1"), ("show", "print(x)"))
    reply = session.run("%pipeline run work.ipynb --until load")
    assert "load" in text(reply)
    assert [step.name for step in Store().run("latest").steps] == ["load"]
    assert (
        "there is no step 'lod'" in session.run("%pipeline run work.ipynb --from lod").error.evalue
    )
    run_id = text(session.run("%pipeline run work.ipynb --detach")).strip()
    try:
        deadline = time.monotonic() + 60
        while Store().run_row(run_id).state != "SUCCEEDED":
            assert time.monotonic() < deadline
            time.sleep(0.05)
    finally:
        with connect() as agent:
            agent.stop()


FAR = """\
import sys
sys.path.insert(0, {tests!r})
from pathlib import Path
from cli.far import Sky, FarTarget
from labwright.targets.config import KnownTargets
sky = Sky(Path({root!r}))
moon = sky.add("moon")
known = KnownTargets.open
KnownTargets.open = lambda self, name: (
    FarTarget(name, moon) if name == "moon" else known(self, name)
)
"""


@pytest.fixture
def with_moon(session, tmp_path_factory):
    """A session in which a target besides this machine is known."""
    tests = str(Path(__file__).resolve().parents[1])
    root = str(tmp_path_factory.mktemp("moon"))
    assert session.run(FAR.format(tests=tests, root=root)).error is None
    yield session
    session.run("sky.stop()")


def test_a_pipeline_runs_on_another_target(with_moon, tmp_path):
    notebook(tmp_path, ("load", "x = [1, 2]"), ("add", "print(sum(x))"))
    for line in ("%pipeline run work.ipynb --target moon", "%pipeline submit work.ipynb"):
        reply = with_moon.run(f"record = {line}")
        lines = [one.split()[:2] for one in text(reply).splitlines()]
        assert lines[:2] == [["load", "SUCCEEDED"], ["add", "SUCCEEDED"]]
        assert value(with_moon.run("record.state, record.target")) == "('SUCCEEDED', 'moon')"
        assert value(with_moon.run("[step.notebook.name for step in record.steps]")) == (
            "['load.ipynb', 'add.ipynb']"
        )
        assert "moon" in text(with_moon.run("%pipeline runs"))


def test_a_run_is_left_to_another_target(with_moon, tmp_path):
    notebook(tmp_path, ("load", "x = 1"))
    reply = with_moon.run("%pipeline submit work.ipynb --detach --name 'one try'")
    (run_id,) = text(reply).split()[-1:]
    assert run_id in text(with_moon.run("%pipeline runs --target moon"))
    assert value(with_moon.run("moon.submissions[0][1]")) == "'one try'"


def test_a_target_that_is_away_is_one_message(with_moon, tmp_path):
    notebook(tmp_path, ("load", "x = 1"))
    with_moon.run("moon.silent = True")
    reply = with_moon.run("%pipeline submit work.ipynb")
    assert reply.error.ename == "UsageError"
    assert "nothing listens there" in reply.error.evalue
    assert [o["output_type"] for o in reply.outputs if o["output_type"] == "display_data"] == []
    assert "mon" in with_moon.run("%pipeline run work.ipynb --target mon").error.evalue
