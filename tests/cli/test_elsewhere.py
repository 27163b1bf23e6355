"""Runs on other targets from the command line: sent, waited for, listed, steered."""

import json
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from cli.far import FarTarget
from cli.helpers import CHOICE, notebook
from labwright.targets.local.store import Store

RUN_KEYS = {
    "run_id", "state", "target", "parameters", "dir", "metrics", "diagnostics", "steps",
}  # fmt: skip


@pytest.fixture
def moon(sky, tmp_path, monkeypatch):
    """A target, and a folder with a notebook to send to it."""
    monkeypatch.chdir(tmp_path)
    notebook(tmp_path / "choice.ipynb", *CHOICE)
    return sky.add("moon")


def test_a_run_elsewhere_is_the_same_object(moon, ask):
    run = ask("run", "choice.ipynb", "--target", "moon", "-p", "rate=2", "--json")
    assert set(run) == RUN_KEYS
    assert (run["state"], run["target"]) == ("SUCCEEDED", "moon")
    assert run["parameters"] == {"rate": 2.0, "items": [1, 2, 3]}
    assert run["metrics"] == {"total": 14}
    states = {(one["name"], one.get("iteration")): one["state"] for one in run["steps"]}
    assert states["square", 2] == "SUCCEEDED"
    assert states["big", None] == "SKIPPED"
    (add,) = [one for one in run["steps"] if one["name"] == "add"]
    assert Path(add["notebook"]).parent == Path(run["dir"])
    (cell,) = [c for c in json.loads(Path(add["notebook"]).read_text())["cells"] if c["id"] == "c3"]
    assert "".join(cell["outputs"][0]["text"]) == "14 [2.0, 2]\n"
    turns = {one["notebook"] for one in run["steps"] if one["name"] == "square"}
    assert len(turns) == 3
    assert {one["code"] for one in run["diagnostics"]} >= {"far"}
    assert ask("runs", "show", run["run_id"], "--json")["dir"] == run["dir"]
    assert Store().runs() == []


def test_what_is_sent_is_compiled_for_the_target(moon, say, tmp_path):
    volumes = {"volumes": [{"name": "data", "mount": "data"}]}
    notebook(tmp_path / "files.ipynb", ("step:a", "x = 1", volumes), ("step:b", "print(x)"))
    assert say("submit", "files.ipynb", "--name", "try it", "--experiment", "moons")[0] == 0
    (submission, name), = moon.submissions  # fmt: skip
    assert name == "try it"
    assert submission.experiment == "moons"
    tasks = submission.spec["root"]["dag"]["tasks"]
    assert tasks["a"]["cachingOptions"] == {}
    assert tasks["b"]["cachingOptions"] == {"enableCache": True}
    assert json.loads(submission.source)["cells"]
    assert [step["name"] for step in submission.graph["steps"]] == ["a", "b"]


def test_progress_and_logs_as_for_a_run_here(moon, say):
    status, out, err = say("run", "choice.ipynb", "--target", "moon", "--logs")
    assert status == 0
    lines = out.splitlines()
    assert "[square[2]] 9" in lines
    assert [line.split()[:2] for line in lines if line.startswith("add ")] == [["add", "SUCCEEDED"]]
    assert lines[-1].startswith("look in ")
    assert "it is far away" in out + err


def test_submit_does_not_wait_and_watch_does(moon, ask, say):
    left = ask("submit", "choice.ipynb", "--json")
    assert set(left) == {"run_id", "state", "target"}
    assert left["target"] == "moon"
    assert say("submit", "choice.ipynb", "--watch")[1].count("SUCCEEDED") == 7
    assert say("submit", "choice.ipynb", "--watch", "--detach")[0] == 2
    assert say("submit", "choice.ipynb", "--logs")[0] == 2


def test_a_compiled_pipeline_is_sent_as_it_is(moon, ask, say):
    assert say("compile", "choice.ipynb", "-o", "p.yaml")[0] == 0
    run = ask("run", "p.yaml", "--target", "moon", "-p", "items=[9, 9]", "--json")
    assert run["metrics"] == {"total": 162}
    assert say("run", "p.yaml", "--target", "moon", "-p", "rat=1")[0] == 2
    assert say("submit", "p.yaml", "--from", "add")[0] == 2


def test_a_part_of_a_pipeline(moon, ask):
    run = ask("run", "choice.ipynb", "--target", "moon", "--until", "load", "--json")
    assert [step["name"] for step in run["steps"]] == ["load"]


def test_a_failed_run_says_why_and_is_retried(moon, say, ask, tmp_path):
    notebook(
        tmp_path / "fails.ipynb",
        ("step:a", "x = 1"),
        ("step:b", "import os\nassert os.path.exists('fixed'), 'not there'"),
    )
    status, out, _ = say("run", "fails.ipynb", "--target", "moon")
    assert status == 1
    assert "b failed: AssertionError: not there" in out
    run_id = ask("runs", "list", "--target", "moon", "--json")["runs"][0]["run_id"]
    (tmp_path / "fixed").touch()
    run = ask("runs", "retry", run_id, "--json")
    assert (run["state"], run["target"]) == ("SUCCEEDED", "moon")
    status, _, err = say("runs", "resume", run_id)
    assert status == 2
    assert "retried, not resumed" in err


def test_notebooks_that_cannot_be_fetched_are_spoken_of(moon, ask, say):
    moon.no_artifacts = True
    run = ask("run", "choice.ipynb", "--target", "moon", "--until", "load", "--json")
    assert run["state"] == "SUCCEEDED"
    assert run["dir"] is None
    assert [step["notebook"] for step in run["steps"]] == [None]
    (remark,) = [one for one in run["diagnostics"] if one["code"] == "notebook-not-fetched"]
    assert "the store says no" in remark["message"]
    status, out, err = say("runs", "notebook", run["run_id"], "load")
    assert (status, out) == (2, "")
    assert "the store says no" in err


def test_the_runs_of_all_targets_are_one_list(moon, sky, ask, say):
    here = ask("run", "choice.ipynb", "--until", "load", "--json")["run_id"]
    there = ask("run", "choice.ipynb", "--target", "moon", "--until", "load", "--json")["run_id"]
    listed = ask("runs", "list", "--json")
    assert [(run["run_id"], run["target"]) for run in listed["runs"]] == [
        (there, "moon"),
        (here, "local"),
    ]
    assert listed["runs"][0]["dir"] is None
    assert Path(listed["runs"][1]["dir"]).is_dir()
    assert listed["remarks"] == []
    lines = [line.split() for line in say("runs", "list")[1].splitlines()]
    assert [line[:2] for line in lines] == [[there, "moon"], [here, "local"]]
    assert say("runs", "list", "-n", "1")[1].split()[0] == there
    assert say("runs", "list", "--target", "local")[1].split()[1] == "SUCCEEDED"
    assert [run["run_id"] for run in ask("runs", "list", "--target", "moon", "--json")["runs"]] == [
        there
    ]

    moon.silent = True
    status, out, err = say("runs", "list")
    assert status == 0
    assert [line.split()[0] for line in out.splitlines()] == [here]
    assert "moon" in err
    assert "nothing listens there" in err
    (remark,) = ask("runs", "list", "--json")["remarks"]
    assert remark["target"] == "moon"
    assert say("runs", "list", "--target", "moon")[0] == 2


def test_a_run_is_found_wherever_it_is(moon, sky, ask, say, tmp_path):
    run = ask("run", "choice.ipynb", "--target", "moon", "--json")
    run_id = run["run_id"]
    assert "add                  SUCCEEDED" in say("runs", "show", run_id)[1]
    logs = say("runs", "logs", run_id)[1]
    assert "==> square[2] <==\n9\n" in logs
    assert say("runs", "logs", run_id, "add")[1] == "14 [0.5, 2]\n"
    followed = say("runs", "logs", "-f", run_id)[1]
    assert "==> square[2] <==\n9\n" in followed
    assert followed.endswith(f"{run_id}: SUCCEEDED\n")
    for argv in (["runs", "logs", run_id, "no"], ["runs", "logs", "-f", run_id, "no"]):
        status, _, err = say(*argv)
        assert status == 2
        assert "no step 'no'" in err
    assert say("runs", "notebook", run_id, "square[1]", "-o", "out.ipynb")[0] == 0
    cells = json.loads((tmp_path / "out.ipynb").read_text())["cells"]
    assert any("4\n" in "".join(o.get("text", "")) for c in cells for o in c.get("outputs", []))
    status, _, err = say("runs", "show", "nothing")
    assert status == 2
    assert "no run 'nothing'" in err
    sky.add("mars").silent = True
    assert say("runs", "show", run_id)[0] == 0


def test_runs_are_archived_and_deleted(moon, ask, say):
    run = ask("run", "choice.ipynb", "--target", "moon", "--until", "load", "--json")
    run_id = run["run_id"]
    assert say("runs", "archive", run_id) == (0, f"{run_id}: archived\n", "")
    assert ask("runs", "list", "--json")["runs"] == []
    assert say("runs", "unarchive", run_id)[0] == 0
    assert len(ask("runs", "list", "--json")["runs"]) == 1
    assert say("runs", "delete", run_id, "--target", "moon")[0] == 0
    assert not Path(run["dir"]).exists()
    assert say("runs", "show", run_id)[0] == 2

    here = ask("run", "choice.ipynb", "--until", "load", "--json")["run_id"]
    status, _, err = say("runs", "archive", here)
    assert status == 2
    assert "deleted" in err


SLOW = [("step:a", "x = 1"), ("step:b", "import time\ntime.sleep(x * 60)")]


def test_ctrl_c_cancels_a_run_elsewhere(moon, ask, say, tmp_path):
    notebook(tmp_path / "long.ipynb", *SLOW)

    def interrupt() -> None:
        store = Store(moon.root)
        for _ in range(600):
            if any(one.state == "RUNNING" and one.name == "b" for one in _steps(store)):
                break
            time.sleep(0.05)
        signal.raise_signal(signal.SIGINT)

    thread = threading.Thread(target=interrupt)
    thread.start()
    status, out, err = say("run", "long.ipynb", "--target", "moon", "--json")
    thread.join()
    run = json.loads(out.splitlines()[-1])
    assert run["state"] == "CANCELED"
    assert [step["state"] for step in run["steps"]] == ["SUCCEEDED", "CANCELED"]
    assert "canceling" in err
    assert status == 130


def _steps(store: Store) -> list:
    return [step for run in store.runs() for step in store.run(run.run_id).steps]


def test_a_run_is_cancelled_by_another_command(moon, ask, say, tmp_path):
    notebook(tmp_path / "long.ipynb", *SLOW)
    run_id = ask("submit", "long.ipynb", "--json")["run_id"]
    assert say("runs", "cancel", run_id)[0] == 0
    assert f"{run_id}: CANCELED" in say("runs", "logs", "-f", run_id)[1]


def test_a_target_that_goes_away_meanwhile_leaves_the_run_and_says_which(
    moon, say, tmp_path, monkeypatch
):
    notebook(tmp_path / "long.ipynb", *SLOW)
    submit = FarTarget.submit

    async def last_words(self, *args, **options):
        found = await submit(self, *args, **options)
        moon.silent = True
        return found

    monkeypatch.setattr(FarTarget, "submit", last_words)
    status, _, err = say("run", "long.ipynb", "--target", "moon")
    (run,) = Store(moon.root).runs()
    assert status == 2
    assert f"run {run.run_id}: nothing listens there" in err
    assert f"labwright runs show {run.run_id} --target moon" in err
    moon.silent = False
    assert say("runs", "cancel", run.run_id, "--target", "moon")[0] == 0


def test_which_target_is_meant(sky, say, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    notebook(tmp_path / "choice.ipynb", *CHOICE)
    status, _, err = say("submit", "choice.ipynb")
    assert status == 2
    assert "targets add" in err
    sky.add("moon")
    sky.add("mars")
    status, _, err = say("submit", "choice.ipynb")
    assert status == 2
    assert "moon" in err
    assert "mars" in err
    status, _, err = say("run", "choice.ipynb", "--target", "mon")
    assert status == 2
    assert "did you mean 'moon'" in err
    assert len(err.splitlines()) == 1


def test_a_target_that_is_away_is_one_line(moon, say):
    moon.silent = True
    for argv in (
        ["submit", "choice.ipynb"],
        ["run", "choice.ipynb", "--target", "moon"],
        ["runs", "show", "latest", "--target", "moon"],
    ):
        status, out, err = say(*argv)
        assert (status, out) == (2, "")
        assert "nothing listens there (is it on?)" in err
        assert "Traceback" not in err


def test_a_run_here_imports_nothing_of_other_targets(tmp_path):
    notebook(tmp_path / "one.ipynb", ("step:a", "x = 1"))
    code = (
        "import sys; from labwright.cli.main import dispatch\n"
        "assert dispatch(['run', 'one.ipynb']) == 0\n"
        "heavy = {'httpx', 'kubernetes', 'typer', 'rich', 'labwright.targets.config'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.stdout.splitlines()[-1] == "[]", done.stderr
