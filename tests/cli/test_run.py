"""`labwright run`, `runs`, `graph` and the rest, from the outside: words, JSON, exit statuses."""

import json
import signal
import subprocess
import time
from pathlib import Path

import pytest

from cli.helpers import CHOICE, LABWRIGHT, answer, labwright, notebook

STEP_KEYS = {
    "name", "state", "cached", "started_at", "finished_at", "notebook", "inputs", "outputs",
    "error",
}  # fmt: skip


def test_a_run_as_json(tmp_path):
    notebook(tmp_path / "choice.ipynb", *CHOICE)
    run = answer("run", "choice.ipynb", "-p", "rate=2", "--json", cwd=tmp_path)
    assert set(run) == {
        "run_id", "state", "target", "parameters", "dir", "metrics", "diagnostics", "steps",
    }  # fmt: skip
    assert run["state"] == "SUCCEEDED"
    assert run["target"] == "local"
    assert run["parameters"] == {"rate": 2.0, "items": [1, 2, 3]}
    assert run["metrics"] == {"total": 14}
    assert Path(run["dir"]).is_dir()
    states = {(s["name"], s.get("iteration")): s["state"] for s in run["steps"]}
    assert states == {
        ("load", None): "SUCCEEDED",
        ("square", 0): "SUCCEEDED",
        ("square", 1): "SUCCEEDED",
        ("square", 2): "SUCCEEDED",
        ("add", None): "SUCCEEDED",
        ("big", None): "SKIPPED",
        ("small", None): "SUCCEEDED",
    }
    for step in run["steps"]:
        assert set(step) - {"iteration"} == STEP_KEYS
    (add,) = [step for step in run["steps"] if step["name"] == "add"]
    (cell,) = [c for c in json.loads(Path(add["notebook"]).read_text())["cells"] if c["id"] == "c3"]
    assert "".join(cell["outputs"][0]["text"]) == "14 [2.0, 2]\n"


def test_a_run_in_words_and_what_is_remembered_of_it(tmp_path):
    notebook(tmp_path / "two.ipynb", ("step:a", "x = 1\nprint('from a')"), ("step:b", "print(x)"))
    done = labwright("run", "two.ipynb", cwd=tmp_path)
    lines = [line.split() for line in done.stdout.splitlines()]
    assert [line[:2] for line in lines[:2]] == [["a", "SUCCEEDED"], ["b", "SUCCEEDED"]]
    assert lines[0][-1].endswith("a.ipynb")
    assert lines[-1][:2] == ["look", "in"]

    again = answer("run", "two.ipynb", "--json", cwd=tmp_path)
    assert [step["cached"] for step in again["steps"]] == [True, True]
    fresh = answer("run", "two.ipynb", "--no-cache", "--json", cwd=tmp_path)
    assert [step["cached"] for step in fresh["steps"]] == [False, False]

    runs = answer("runs", "list", "--json", cwd=tmp_path)["runs"]
    assert [run["state"] for run in runs] == ["SUCCEEDED"] * 3
    assert runs[0]["run_id"] == fresh["run_id"]
    assert fresh["run_id"] in labwright("runs", "list", "-n", "1", cwd=tmp_path).stdout
    assert again["run_id"] not in labwright("runs", "list", "-n", "1", cwd=tmp_path).stdout
    assert answer("runs", "show", again["run_id"], "--json", cwd=tmp_path) == again
    assert "a                    SUCCEEDED" in labwright("runs", "show", cwd=tmp_path).stdout
    assert labwright("runs", "logs", cwd=tmp_path).stdout == "==> a <==\nfrom a\n==> b <==\n1\n"
    assert labwright("runs", "logs", "latest", "b", cwd=tmp_path).stdout == "1\n"


def test_logs_while_it_runs(tmp_path):
    notebook(tmp_path / "one.ipynb", ("step:a", "print('hello')"))
    assert "[a] hello" in labwright("run", "one.ipynb", "--logs", cwd=tmp_path).stdout


def test_a_failed_run_says_why_and_can_be_retried(tmp_path):
    notebook(
        tmp_path / "fails.ipynb",
        ("step:a", "x = 1"),
        ("step:b", "import os\nassert os.path.exists('fixed'), 'not there'\nprint(x)"),
    )
    done = labwright("run", "fails.ipynb", cwd=tmp_path)
    assert done.returncode == 1
    assert "b failed: AssertionError: not there" in done.stdout
    assert "Traceback" not in done.stderr
    (tmp_path / "fixed").touch()
    run = answer("runs", "retry", "latest", "--json", cwd=tmp_path)
    assert run["state"] == "SUCCEEDED"
    done = labwright("runs", "retry", run["run_id"], cwd=tmp_path)
    assert done.returncode == 2


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (["run", "nowhere.ipynb"], ["nowhere.ipynb", "no such file"]),
        (["run", "ok.ipynb", "--target", "moon"], ["moon", "local"]),
        (["run", "ok.ipynb", "-p", "rat=1"], ["rat", "did you mean 'rate'"]),
        (["run", "ok.ipynb", "-p", "rate=fast"], ["rate", "fast"]),
        (["run", "ok.ipynb", "-p", "rate"], ["NAME=VALUE"]),
        (["run", "syntax.ipynb"], ["syntax.ipynb", "cell 0"]),
        (["run", "names.ipynb"], ["much alike"]),
        (["run", "setting.ipynb"], ["gpus"]),
        (["run", "language.ipynb"], ["julia"]),
        (["run", "broken.ipynb"], ["not JSON"]),
        (["run", "other.yaml"], ["not a compiled pipeline"]),
        (["run", "nowhere.yaml"], ["no such file"]),
        (["graph", "ok.ipynb", "--format", "png"], ["png", "mermaid"]),
        (["component", "ok.ipynb", "--step", "lod"], ["lod"]),
        (["compile", "ok.ipynb", "-o", "no/where.yaml"], ["no/where.yaml"]),
        (["verify", "ok.ipynb", "-p", "x=1"], ["'x'"]),
        (["runs", "show", "nothing"], ["nothing"]),
        (["runs", "logs", "latest"], ["no runs"]),
        (["runs", "cancel", "nothing"], ["nothing"]),
        (["runs", "resume", "nothing"], ["nothing"]),
    ],
    ids=lambda value: " ".join(value)[:30],
)
def test_bad_input_is_one_message_and_exit_2(tmp_path, argv, words):
    notebook(tmp_path / "ok.ipynb", ("parameters", "rate = 0.5"), ("step:load", "print(rate)"))
    notebook(tmp_path / "syntax.ipynb", ("step:load", "print("))
    notebook(tmp_path / "names.ipynb", ("step:load", "1"), ("step:Load", "2"))
    notebook(tmp_path / "setting.ipynb", ("step:load", "1", {"resources": {"gpus": 1}}))
    notebook(tmp_path / "language.ipynb", ("step:load", "1"), language="julia")
    (tmp_path / "broken.ipynb").write_text("{")
    (tmp_path / "other.yaml").write_text("a: 1")
    done = labwright(*argv, cwd=tmp_path)
    assert done.returncode == 2, done.stdout + done.stderr
    assert done.stdout == ""
    assert len(done.stderr.strip().splitlines()) == 1, done.stderr
    for word in words:
        assert word in done.stderr


def test_ctrl_c_cancels(tmp_path):
    notebook(
        tmp_path / "long.ipynb", ("step:a", "x = 1"), ("step:b", "import time\ntime.sleep(x * 60)")
    )
    process = subprocess.Popen(
        [LABWRIGHT, "run", "long.ipynb", "--json"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    assert process.stderr.readline().split()[:2] == ["a", "SUCCEEDED"]
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    run = json.loads(out.splitlines()[-1])
    assert run["state"] == "CANCELED"
    assert [step["state"] for step in run["steps"]] == ["SUCCEEDED", "CANCELED"]
    assert "canceling" in err
    assert process.returncode == 130


def test_another_process_can_cancel(tmp_path):
    notebook(
        tmp_path / "long.ipynb", ("step:a", "import time\nprint('on', flush=True)\ntime.sleep(60)")
    )
    process = subprocess.Popen(
        [LABWRIGHT, "run", "long.ipynb", "--logs"], cwd=tmp_path, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "[a] on\n"
    assert labwright("runs", "cancel", "latest", cwd=tmp_path).returncode == 0
    process.communicate(timeout=30)
    assert process.returncode == 130
    assert answer("runs", "show", "--json", cwd=tmp_path)["state"] == "CANCELED"


def test_graph(tmp_path):
    notebook(tmp_path / "choice.ipynb", *CHOICE)
    graph = answer("graph", "choice.ipynb", "--json", cwd=tmp_path)
    assert set(graph) == {"name", "parameters", "steps", "diagnostics"}
    assert graph["name"] == "choice"
    assert graph["parameters"][0] == {"name": "rate", "type": "float", "default": 0.5}
    steps = {step["name"]: step for step in graph["steps"]}
    assert set(steps["load"]) == {
        "name", "cells", "inputs", "outputs", "after", "when", "foreach",
    }  # fmt: skip
    assert steps["load"]["inputs"] == [{"name": "rate", "from": None}]
    assert steps["square"]["foreach"] == "n in items"
    assert steps["big"]["when"] == "total > 100"
    assert {"name": "y", "from": "square"} in steps["add"]["inputs"]
    assert steps["add"]["cells"] == [3]
    text = labwright("graph", "choice.ipynb", cwd=tmp_path).stdout
    assert "(for each n in items)" in text
    for form, start in (("mermaid", "flowchart"), ("dot", "digraph")):
        assert labwright("graph", "choice.ipynb", "--format", form, cwd=tmp_path).stdout.startswith(
            start
        )


def test_a_graph_is_shown_whatever_is_wrong(tmp_path):
    notebook(tmp_path / "wrong.ipynb", ("step:a", "print(undefined_name)"), ("step:b", "print("))
    graph = answer("graph", "wrong.ipynb", "--json", cwd=tmp_path)
    found = [(d["cell"], d["severity"]) for d in graph["diagnostics"]]
    assert sorted(found) == [(0, "warning"), (1, "error")]
    assert set(graph["diagnostics"][0]) == {"cell", "severity", "code", "message"}


def test_compile_and_run_the_compiled(tmp_path):
    notebook(tmp_path / "choice.ipynb", *CHOICE)
    assert labwright("compile", "choice.ipynb", "-o", "p.yaml", cwd=tmp_path).returncode == 0
    printed = labwright("compile", "choice.ipynb", cwd=tmp_path).stdout
    assert printed == (tmp_path / "p.yaml").read_text()
    run = answer("run", "p.yaml", "-p", "items=[9, 9]", "--json", cwd=tmp_path)
    assert run["metrics"] == {"total": 162}
    states = {step["name"]: step["state"] for step in run["steps"]}
    assert states["big"] == "SUCCEEDED"
    assert states["small"] == "SKIPPED"
    assert labwright("run", "p.yaml", "-p", "rat=1", cwd=tmp_path).returncode == 2
    assert labwright("run", "p.yaml", "-p", "rate=fast", cwd=tmp_path).returncode == 2


def test_component_and_export(tmp_path):
    notebook(tmp_path / "choice.ipynb", *CHOICE)
    assert labwright("component", "choice.ipynb", "--step", "load", cwd=tmp_path).stdout
    done = labwright("export", "choice.ipynb", "-o", "pipeline.py", cwd=tmp_path)
    assert done.returncode == 0
    compile((tmp_path / "pipeline.py").read_text(), "pipeline.py", "exec")


def test_suggest(tmp_path):
    document = json.loads(
        notebook(tmp_path / "plain.ipynb", ("", "x = f()"), ("", "print(x)")).read_text()
    )
    for index, title in ((0, "# Load"), (2, "# Show")):
        heading = {"cell_type": "markdown", "id": title, "metadata": {}, "source": title}
        document["cells"].insert(index, heading)
    (tmp_path / "plain.ipynb").write_text(json.dumps(document))
    found = answer("suggest", "plain.ipynb", "--json", cwd=tmp_path)
    assert [s["tag"] for s in found["suggestions"]] == ["step:load", "step:show"]
    assert "step:load" in labwright("suggest", "plain.ipynb", "--apply", cwd=tmp_path).stdout
    cells = json.loads((tmp_path / "plain.ipynb").read_text())["cells"]
    assert cells[1]["metadata"]["tags"] == ["step:load"]
    assert "Nothing to suggest" in labwright("suggest", "plain.ipynb", cwd=tmp_path).stdout


def test_doctor(tmp_path):
    report = answer("doctor", "--json", cwd=tmp_path)
    assert report["ok"]
    states = {check["name"]: check["state"] for check in report["checks"]}
    assert set(states) == {
        "python", "packages", "home", "store", "kernels", "gpus", "targets", "pipeline",
    }  # fmt: skip
    assert "broken" not in states.values()


def test_doctor_says_what_is_broken(tmp_path, monkeypatch):
    (tmp_path / "home").write_text("a file where a folder should be")
    monkeypatch.setenv("LABWRIGHT_HOME", str(tmp_path / "home"))
    done = labwright("doctor", cwd=tmp_path)
    assert done.returncode == 1
    lines = {line.split()[0]: line.split()[1] for line in done.stdout.splitlines()}
    assert lines["home"] == "broken"
    assert lines["python"] == "ok"
