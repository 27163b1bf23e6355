"""Runs through the agent: asked for, followed, stopped, gone on with, forgotten."""

from __future__ import annotations

import asyncio
import json
import os
import stat
from pathlib import Path
from typing import Any

import pytest

from labwright.errors import LabwrightError
from labwright.launch import analyse_notebook, prepared
from labwright.targets.local.agent.address import Place, find_socket
from labwright.targets.local.agent.client import (
    AgentClient,
    AgentError,
    connect,
    connect_async,
)
from labwright.targets.local.engine import run_pipeline
from labwright.targets.local.home import home
from labwright.targets.local.store import Store
from labwright_server import models

from ..ir_by_hand import IR, loop
from .helpers import agent_pid, alive, ended, kill_agent, submission, wait_for, work


def until_over(events: Any, run_id: str) -> list[dict[str, Any]]:
    """The events up to the run's last."""
    seen = []
    for event in events:
        seen.append(event)
        run = event.get("run", {})
        if run.get("run_id") == run_id and run["state"] in ("SUCCEEDED", "FAILED", "CANCELED"):
            break
    return seen


def test_a_notebook_runs_and_every_change_is_told(agent: AgentClient, tmp_path: Path) -> None:
    notebook = {
        "cells": [
            {"cell_type": "code", "id": "p", "metadata": {"tags": ["parameters"]},
             "source": "n = 2", "outputs": [], "execution_count": None},
            {"cell_type": "code", "id": "a", "metadata": {"tags": ["step:a"]},
             "source": "x = n * 2\nprint('größe', x)",
             "outputs": [{"output_type": "stream", "name": "stdout", "text": "old"}],
             "execution_count": 3},
            {"cell_type": "code", "id": "b", "metadata": {"tags": ["step:b", "metrics"]},
             "source": "score = x + 0.5", "outputs": [], "execution_count": None},
        ],
        "metadata": {"labwright": {"pipeline": {"experiment": "first tries"}}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }  # fmt: skip
    (tmp_path / "nb.ipynb").write_text(json.dumps(notebook))
    asked = prepared(analyse_notebook(tmp_path / "nb.ipynb"), {"n": "3"}).submission
    with agent.events() as events:
        hello = next(events)
        assert hello["type"] == "hello"
        run = agent.submit(asked)
        models.RunSummary.model_validate({**run, "path": None})
        assert run["state"] == "PENDING"
        assert run["experiment"] == "first tries"
        seen = until_over(events, run["run_id"])
    assert [one["seq"] for one in seen] == list(range(1, len(seen) + 1))
    assert {one["epoch"] for one in seen} == {hello["epoch"]}
    for event in seen:
        if event["type"] == "run":
            models.RunSummary.model_validate({**event["run"], "path": None})
        elif event["type"] == "step":
            models.Step.model_validate(event["step"])
    last = seen[-1]["run"]
    assert last["state"] == "SUCCEEDED"
    assert last["metrics"]["score"] == 6.5
    assert last["progress"]["done"] == last["progress"]["total"] == 2
    steps = [(e["step"]["name"], e["step"]["state"]) for e in seen if e["type"] == "step"]
    # A look may find that a state has passed already; never one after a later one.
    order = ["PENDING", "RUNNING", "SUCCEEDED"]
    for name in ("a", "b"):
        states = [order.index(state) for step, state in steps if step == name]
        assert states == sorted(states)
        assert states[-1] == order.index("SUCCEEDED")
    assert ("b", "PENDING") in steps
    log = "".join(e["text"] for e in seen if e["type"] == "log" and e["step"] == "a")
    assert log == "größe 6\n"
    directory = Store().dir(run["run_id"])
    kept = json.loads(directory.source.read_text())
    assert kept["cells"][1]["outputs"] == []
    assert kept["cells"][1]["source"] == notebook["cells"][1]["source"]
    models.Graph.model_validate(json.loads(directory.graph.read_text()))


def test_a_loop_tells_of_its_turns(agent: AgentClient, tmp_path: Path) -> None:
    ir = IR("turns")
    ir.step("before", "print('once')")
    body = ir.group("each", after=("before",), types={"item": "NUMBER_INTEGER"}, **loop([1, 2, 3]))
    ir.step("inner", "", dag=body)
    with agent.events() as events:
        next(events)
        run = agent.submit(submission(ir, tmp_path))
        seen = until_over(events, run["run_id"])
    found = {(e["step"]["iteration"], e["step"]["state"]) for e in seen if e["type"] == "step"}
    assert {(n, "SUCCEEDED") for n in range(3)} <= found
    said = "".join(e["text"] for e in seen if e["type"] == "log" and e["step"] == "before")
    assert said == "once\n"


def test_cancel_delete_and_what_makes_no_sense(agent: AgentClient, tmp_path: Path) -> None:
    run_id = agent.submit(submission(work(tmp_path / "ledger", "slow", 60), tmp_path))["run_id"]
    wait_for((tmp_path / "ledger").exists)
    with pytest.raises(AgentError, match="is not over") as refused:
        agent.delete(run_id)
    assert (refused.value.status, refused.value.code) == (409, "conflict")
    with pytest.raises(AgentError, match="is not over"):
        agent.resume(run_id)
    assert agent.cancel(run_id)["state"] in ("CANCELING", "CANCELED")
    wait_for(lambda: ended(run_id))
    assert Store().run(run_id).state == "CANCELED"
    with pytest.raises(AgentError, match="nothing to cancel"):
        agent.cancel(run_id)
    with pytest.raises(AgentError, match="no run 'nothing'") as missing:
        agent.cancel("nothing")
    assert (missing.value.status, missing.value.code) == (404, "not-found")
    with agent.events() as events:
        next(events)
        agent.delete(run_id)
        # Its last changes may be told only now.
        assert next(one for one in events if one["type"] == "deleted")["run_id"] == run_id
    assert not Store().dir(run_id).path.exists()


def test_a_failed_run_is_retried_and_an_ended_one_is_not(
    agent: AgentClient, tmp_path: Path
) -> None:
    ledger, broken = tmp_path / "ledger", tmp_path / "broken"
    broken.touch()
    ir = IR("again")
    ir.step("first", f"ledger({str(ledger)!r}, 'first')")
    ir.step("second", f"assert not os.path.exists({str(broken)!r})", after=("first",))
    run_id = agent.submit(submission(ir, tmp_path))["run_id"]
    wait_for(lambda: ended(run_id))
    assert Store().run(run_id).state == "FAILED"
    broken.unlink()
    assert agent.retry(run_id)["state"] == "PENDING"
    wait_for(lambda: Store().run_row(run_id).state == "SUCCEEDED")
    assert ledger.read_text() == "first\n"
    for verb in (agent.retry, agent.resume):
        with pytest.raises(AgentError, match="has succeeded"):
            verb(run_id)


def test_a_run_has_the_environment_of_who_asked_for_it(
    agent: AgentClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ASKED_WITH", "mine")
    ir = IR("env")
    ir.step("show", "print(os.environ['ASKED_WITH'])")
    run_id = agent.submit(submission(ir, tmp_path))["run_id"]
    wait_for(lambda: ended(run_id))
    assert Store().log(run_id, "show") == "mine\n"


def test_no_variable_of_a_waiting_run_is_written_down(
    agent: AgentClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ASKED_WITH", "a-secret-of-mine")
    gate = tmp_path / "gate"
    for spot in range(agent.status()["agent"]["max_runs"] + 1):
        ir = IR(f"wait-{spot}")
        ir.step("wait", f"import time\nwhile not os.path.exists({str(gate)!r}): time.sleep(0.02)")
        run_id = agent.submit(submission(ir, tmp_path))["run_id"]
    assert Store().run_row(run_id).state == "PENDING"
    files = [path for path in home().rglob("*") if path.is_file()]
    assert not [path for path in files if b"a-secret-of-mine" in path.read_bytes()]
    gate.touch()
    wait_for(lambda: ended(run_id))


def test_a_run_that_cannot_start_says_why(agent: AgentClient, tmp_path: Path) -> None:
    folder = tmp_path / "gone"
    folder.mkdir()
    asked = submission(work(tmp_path / "ledger", "homeless"), folder)
    folder.rmdir()
    run_id = agent.submit(asked)["run_id"]
    wait_for(lambda: ended(run_id))
    failed = Store().run(run_id)
    assert failed.state == "FAILED"
    assert "does not exist" in failed.diagnostics[-1].message


def test_a_run_in_the_foreground_is_followed(agent: AgentClient, tmp_path: Path) -> None:
    with agent.events() as events:
        next(events)
        record = run_pipeline(work(tmp_path / "ledger", "own", 0.3).spec, workdir=tmp_path)
        seen = until_over(events, record.run_id)
    assert seen[-1]["run"]["state"] == "SUCCEEDED"
    assert any(one["type"] == "step" for one in seen)


def test_who_may_talk_to_it(agent: AgentClient) -> None:
    path = find_socket(Place(home()))
    assert path is not None
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert path.parent.stat().st_mode & 0o077 == 0
    with pytest.raises(AgentError) as error:
        agent._ask("POST", "/runs", {"wrong": 1})
    assert (error.value.status, error.value.code) == (400, "bad-request")
    with pytest.raises(AgentError) as error:
        agent._ask("GET", "/nowhere")
    assert (error.value.status, error.value.code) == (404, "not-found")
    with pytest.raises(AgentError) as error:
        agent._ask("PUT", "/status")
    assert (error.value.status, error.value.code) == (405, "method-not-allowed")


def test_there_is_one_and_it_goes_when_nobody_needs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    from concurrent.futures import ThreadPoolExecutor

    assert connect(start=False) is None
    monkeypatch.setenv("LABWRIGHT_AGENT_IDLE", "2")
    with ThreadPoolExecutor(4) as pool:
        clients = list(pool.map(lambda _: connect(), range(4)))
    pids = {client.status()["agent"]["pid"] for client in clients if client}
    assert len(pids) == 1
    (pid,) = pids
    with clients[0].events() as events:  # type: ignore[union-attr]
        next(events)
        with pytest.raises(AssertionError):
            wait_for(lambda: not alive(pid), 3)
    for client in clients:
        client.close()  # type: ignore[union-attr]
    wait_for(lambda: not alive(pid), 8)
    assert agent_pid() is None
    assert connect(start=False) is None


def test_an_agent_of_another_version_makes_way(
    agent: AgentClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from labwright.targets.local.agent import client

    old = agent_pid()
    run_id = agent.submit(submission(work(tmp_path / "ledger", "slow", 1), tmp_path))["run_id"]
    monkeypatch.setattr(client, "__version__", "9.9")
    with pytest.raises(LabwrightError, match=r"is busy with 1 runs, and this is 9\.9"):
        connect()
    wait_for(lambda: ended(run_id))
    assert old is not None
    wait_for(lambda: not alive(old), 5)
    new = connect()
    assert new is not None
    new.close()
    assert agent_pid() != old


def test_a_socket_that_would_be_too_long(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from labwright.targets.local.agent.address import LONGEST, socket_path

    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path / ("long" * 40)))
    path = socket_path(home())
    assert len(os.fsencode(path)) <= LONGEST
    client = connect()
    assert client is not None
    assert client.status()["agent"]["running"]
    client.close()
    kill_agent()


def test_on_an_event_loop(agent: AgentClient, tmp_path: Path) -> None:
    async def talk() -> str:
        client = await connect_async(start=False)
        assert client is not None
        async with client, client.events() as events:
            assert (await anext(events))["type"] == "hello"
            run = await client.submit(submission(work(tmp_path / "ledger", "loop"), tmp_path))
            async for event in events:
                state = event.get("run", {}).get("state")
                if state in ("SUCCEEDED", "FAILED"):
                    await client.delete(run["run_id"])
                    return str(state)
        return "lost"

    assert asyncio.run(talk()) == "SUCCEEDED"


def test_a_setting_that_is_no_number(monkeypatch: pytest.MonkeyPatch) -> None:
    from labwright.targets.local.agent.server import serve

    monkeypatch.setenv("LABWRIGHT_AGENT_MAX_RUNS", "many")
    with pytest.raises(LabwrightError, match="LABWRIGHT_AGENT_MAX_RUNS is 'many'"):
        serve()


def test_a_run_that_is_forgotten_behind_its_back_does_no_harm(
    agent: AgentClient, tmp_path: Path
) -> None:
    from sqlalchemy import delete

    from labwright.targets.local.schema import runs

    run_id = agent.submit(submission(work(tmp_path / "ledger", "slow", 2), tmp_path))["run_id"]
    wait_for((tmp_path / "ledger").exists)
    with Store().transaction() as connection:
        connection.execute(delete(runs).where(runs.c.run_id == run_id))
    wait_for(lambda: agent.status()["agent"]["active"] == 0)
    other = agent.submit(submission(work(tmp_path / "other", "other"), tmp_path))["run_id"]
    wait_for(lambda: ended(other))
