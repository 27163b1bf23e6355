"""Runs left to the agent, from the command line: left, followed, listed, stopped, forgotten."""

import json
import subprocess
import time

import pytest

from labwright.targets.local.store import Store

from .helpers import CHOICE, LABWRIGHT, answer, labwright, notebook

COUNT = """\
import time
for n in range(600):
    print(n, flush=True)
    time.sleep(0.1)
"""
SLOW = [("step:first", "print('one', flush=True)"), ("step:second", COUNT, {"after": ["first"]})]


@pytest.fixture(autouse=True)
def _no_agent_left(tmp_path):
    yield
    for run in Store().runs():
        if run.state in ("PENDING", "RUNNING"):
            labwright("runs", "cancel", run.run_id, cwd=tmp_path)
    labwright("agent", "--stop", cwd=tmp_path)


def state_of(run_id):
    return Store().run_row(run_id).state


def until(*states, run_id):
    deadline = time.monotonic() + 60
    while state_of(run_id) not in states:
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_run_is_left_and_followed(tmp_path):
    notebook(tmp_path / "choice.ipynb", *CHOICE)
    left = answer("run", "choice.ipynb", "--detach", "--experiment", "tries", "--json",
                  cwd=tmp_path)  # fmt: skip
    assert set(left) == {"run_id", "state", "target"}
    assert left["state"] in ("PENDING", "RUNNING")
    followed = labwright("runs", "logs", "-f", left["run_id"], cwd=tmp_path).stdout
    assert "==> square[2] <==\n9\n" in followed
    assert followed.endswith(f"{left['run_id']}: SUCCEEDED\n")
    assert labwright("runs", "logs", "-f", left["run_id"], "add", cwd=tmp_path).stdout.startswith(
        "14 [0.5, 2]\n"
    )
    assert labwright("runs", "logs", "-f", left["run_id"], "no", cwd=tmp_path).returncode == 2
    shown = answer("runs", "show", left["run_id"], "--json", cwd=tmp_path)
    assert shown["metrics"] == {"total": 14}
    status = answer("agent", "--status", "--json", cwd=tmp_path)
    assert (status["running"], status["active"], status["queued"]) == (True, 0, 0)


def test_a_compiled_pipeline_is_left_as_well(tmp_path):
    notebook(tmp_path / "choice.ipynb", *CHOICE)
    labwright("compile", "choice.ipynb", "-o", "p.yaml", cwd=tmp_path)
    run_id = labwright("run", "p.yaml", "-p", "items=[9, 9]", "--detach", cwd=tmp_path).stdout
    until("SUCCEEDED", run_id=run_id.strip())
    assert labwright("run", "p.yaml", "--from", "add", cwd=tmp_path).returncode == 2


def test_a_run_is_stopped_gone_on_with_and_forgotten(tmp_path):
    notebook(tmp_path / "slow.ipynb", *SLOW)
    run_id = answer("run", "slow.ipynb", "--detach", "--json", cwd=tmp_path)["run_id"]
    with subprocess.Popen(
        [LABWRIGHT, "runs", "logs", "-f", run_id], stdout=subprocess.PIPE, text=True, cwd=tmp_path
    ) as follower:
        assert follower.stdout is not None
        lines = [follower.stdout.readline() for _ in range(4)]
        assert lines == ["==> first <==\n", "one\n", "==> second <==\n", "0\n"]
        refused = labwright("runs", "delete", run_id, cwd=tmp_path)
        assert refused.returncode == 2
        assert "is not over" in refused.stderr
        assert "CANCEL" in labwright("runs", "cancel", run_id, cwd=tmp_path).stdout
        assert follower.stdout.read().endswith(f"{run_id}: CANCELED\n")
    assert answer("runs", "resume", run_id, "--detach", "--json", cwd=tmp_path)["run_id"] == run_id
    until("RUNNING", run_id=run_id)
    labwright("runs", "cancel", run_id, cwd=tmp_path)
    until("CANCELED", run_id=run_id)
    assert labwright("runs", "delete", run_id, cwd=tmp_path).stdout == f"{run_id}: deleted\n"
    assert labwright("runs", "show", run_id, cwd=tmp_path).returncode == 2


def test_runs_are_stopped_and_forgotten_without_an_agent(tmp_path):
    notebook(tmp_path / "slow.ipynb", *SLOW)
    with subprocess.Popen(
        [LABWRIGHT, "run", "slow.ipynb", "--json"], stdout=subprocess.PIPE, text=True, cwd=tmp_path
    ) as run:
        deadline = time.monotonic() + 60
        while not Store().runs():
            assert time.monotonic() < deadline
            time.sleep(0.05)
        (record,) = Store().runs()
        labwright("runs", "cancel", record.run_id, cwd=tmp_path)
        assert run.stdout is not None
        assert json.loads(run.stdout.read())["state"] == "CANCELED"
    assert labwright("runs", "delete", record.run_id, cwd=tmp_path).returncode == 0
    assert Store().runs() == []
    assert labwright("agent", "--status", cwd=tmp_path).returncode == 1


def test_runs_are_chosen_from_the_list(tmp_path):
    notebook(tmp_path / "good.ipynb", ("step:a metrics", "score = 1"))
    notebook(tmp_path / "bad.ipynb", ("step:a", "1 / 0"))
    labwright("run", "good.ipynb", "--experiment", "mine", cwd=tmp_path)
    labwright("run", "bad.ipynb", cwd=tmp_path)

    def listed(*options):
        return [one["name"] for one in answer("runs", "list", *options, "--json",
                                              cwd=tmp_path)["runs"]]  # fmt: skip

    assert listed() == ["bad", "good"]
    assert listed("-n", "1") == ["bad"]
    assert listed("--state", "failed") == ["bad"]
    assert listed("--state", "failed", "--state", "SUCCEEDED") == ["bad", "good"]
    assert listed("--experiment", "mine") == ["good"]
    assert listed("--text", "good.ipynb") == ["good"]
    failed = answer("runs", "list", "--state", "FAILED", "--json", cwd=tmp_path)["runs"][0]
    assert failed["error"] == "step a: ZeroDivisionError: division by zero"
    nothing = labwright("runs", "list", "--text", "nowhere", cwd=tmp_path).stdout
    assert nothing == "No run is like that.\n"
    assert labwright("runs", "list", "--state", "odd", cwd=tmp_path).returncode == 2


@pytest.mark.parametrize(
    "words",
    [
        ("run", "nb.ipynb", "--detach", "--logs"),
        ("agent", "--status", "--stop"),
        ("agent", "--json"),
        ("agent", "--stop", "--idle", "3"),
        ("agent", "--max-runs", "0"),
        ("runs", "delete"),
        ("runs", "delete", "nothing"),
    ],
)
def test_what_makes_no_sense_is_said(tmp_path, words):
    notebook(tmp_path / "nb.ipynb", ("step:a", "pass"))
    done = labwright(*words, cwd=tmp_path)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


def test_there_is_one_agent(tmp_path):
    with subprocess.Popen([LABWRIGHT, "agent", "--idle", "60"], cwd=tmp_path) as agent:
        deadline = time.monotonic() + 30
        while labwright("agent", "--status", cwd=tmp_path).returncode:
            assert time.monotonic() < deadline
        second = labwright("agent", cwd=tmp_path)
        assert second.returncode == 1
        assert "there is an agent already" in second.stderr
        assert labwright("agent", "--stop", cwd=tmp_path).returncode == 0
        assert agent.wait(20) == 0


def test_commands_do_not_pay_for_the_agent(tmp_path):
    """The client's libraries are imported only where an agent is asked."""
    notebook(tmp_path / "nb.ipynb", ("step:a", "pass"))
    code = """
import sys
from labwright.cli.main import dispatch
dispatch(["run", "nb.ipynb"]); dispatch(["runs", "list"])
heavy = {"httpx", "tornado", "pynvml", "labwright.targets.local.agent.server"} & set(sys.modules)
assert not heavy, heavy
"""
    import sys

    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True)
