"""With the real agent: runs are started, heard of and stopped through the server."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from jupyter_events.logger import EventLogger

from labwright.targets.local.agent.client import connect
from labwright_server import models
from labwright_server.bridge import passed_on
from labwright_server.stream import EVENTS, Stream, schema_id

from .conftest import ADDING, FAILING, Ask, notebook, step, told, until

SLOW = notebook(
    ("seconds = 30.0", {"tags": ["parameters"]}),
    ("import time\nprint('begin', flush=True)\ntime.sleep(seconds)\ndone = 1", step("wait")),
)


def write(root: Path, name: str, document: dict[str, Any]) -> str:
    (root / name).write_text(json.dumps(document), encoding="utf-8")
    return name


def is_run(state: str) -> Callable[[dict[str, Any]], bool]:
    return lambda event: event.get("type") == "run" and event["run"]["state"] == state


async def test_a_run_from_its_start_to_its_end(ask: Ask, root: Path, subscribe: Any) -> None:
    assert told(await ask("GET", "status"))["agent"]["running"] is False
    path = write(root, "adding.ipynb", ADDING)
    async with subscribe() as events:
        body = {"path": path, "parameters": {"n": 4}, "experiment": "first"}
        started = await ask("POST", "runs", body)
        assert started.code == 201
        summary = models.Started.model_validate_json(started.body)
        assert (summary.state, summary.path) == ("PENDING", "adding.ipynb")
        seen = await until(events, is_run("SUCCEEDED"))
    connected = seen[0]
    assert connected["schema_id"] == schema_id("agent")
    assert connected["state"] == "connected"
    numbered = [event for event in seen if "type" in event]
    assert {event["epoch"] for event in numbered} == {connected["epoch"]}
    numbers = [event["seq"] for event in numbered]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    for event in numbered:
        if event["type"] == "run":
            models.RunSummary.model_validate(event["run"])
        elif event["type"] == "step":
            models.Step.model_validate(event["step"])
    last = numbered[-1]["run"]
    assert (last["path"], last["metrics"]) == ("adding.ipynb", {"total": 6})
    logs = [event for event in numbered if event["type"] == "log"]
    assert "loaded 4 ä\n" in "".join(event["text"] for event in logs)

    run = told(await ask("GET", f"runs/{summary.run_id}"))
    assert run["state"] == "SUCCEEDED"
    assert run["path"] == "adding.ipynb"
    assert [step["name"] for step in run["graph"]["steps"]] == ["load", "add"]
    assert told(await ask("GET", "experiments")) == {"experiments": ["first"], "remarks": []}
    agent = told(await ask("GET", "status"))["agent"]
    assert agent["running"] is True

    preview = {"path": path, "parameters": {"n": 4}}
    found = told(await ask("POST", "notebooks/preview", preview))
    assert [one["state"] for one in found["steps"]] == ["cached", "cached"]
    found = told(await ask("POST", "notebooks/preview", {"path": path}))
    assert [one["state"] for one in found["steps"]] == ["stale", "waiting"]


async def test_canceling_and_deleting(ask: Ask, root: Path, subscribe: Any) -> None:
    path = write(root, "slow.ipynb", SLOW)
    async with subscribe() as events:
        run_id = told(await ask("POST", "runs", {"path": path}))["run_id"]
        await until(events, lambda event: event.get("type") == "log")
        busy = await ask("DELETE", f"runs/{run_id}")
        assert (busy.code, told(busy)["code"]) == (409, "conflict")
        canceled = await ask("POST", f"runs/{run_id}/cancel")
        assert canceled.code == 200
        assert told(canceled)["state"] in ("CANCELING", "CANCELED")
        await until(events, is_run("CANCELED"))
        gone = await ask("DELETE", f"runs/{run_id}")
        assert (gone.code, gone.body) == (204, b"")
        (*_, last) = await until(events, lambda event: event.get("type") == "deleted")
        assert last["run_id"] == run_id
    assert (await ask("GET", f"runs/{run_id}")).code == 404
    assert (await ask("DELETE", f"runs/{run_id}")).code == 404


async def test_a_failed_run_is_tried_again(ask: Ask, root: Path, subscribe: Any) -> None:
    path = write(root, "failing.ipynb", FAILING)
    async with subscribe() as events:
        run_id = told(await ask("POST", "runs", {"path": path}))["run_id"]
        (*_, last) = await until(events, is_run("FAILED"))
        assert last["run"]["error"] == "step fail: ValueError: too <b>bad</b>"
        for verb in ("retry", "resume"):
            again = await ask("POST", f"runs/{run_id}/{verb}")
            assert again.code == 200
            assert told(again)["run_id"] == run_id
            await until(events, is_run("FAILED"))


async def test_a_part_of_a_notebook(ask: Ask, root: Path, subscribe: Any) -> None:
    path = write(root, "adding.ipynb", ADDING)
    async with subscribe() as events:
        run_id = told(await ask("POST", "runs", {"path": path, "until_step": "load"}))["run_id"]
        await until(events, is_run("SUCCEEDED"))
    run = told(await ask("GET", f"runs/{run_id}"))
    assert [step["name"] for step in run["steps"]] == ["load"]


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"target": "moon"}, "there is no target 'moon'"),
        ({"parameters": {"m": 1}}, "no parameter 'm'"),
        ({"parameters": {"n": "x"}}, "is an int"),
        ({"from_step": "lod"}, "did you mean 'load'?"),
        ({"until_step": "none"}, "none"),
    ],
)
async def test_what_cannot_run_is_said_at_once(
    ask: Ask, root: Path, more: dict[str, Any], words: str
) -> None:
    found = await ask("POST", "runs", {"path": write(root, "a.ipynb", ADDING), **more})
    assert found.code == 400
    assert words in told(found)["message"]
    assert told(await ask("GET", "status"))["agent"]["running"] is False


async def test_an_agent_that_is_killed(ask: Ask, root: Path, subscribe: Any) -> None:
    """The run goes on, the browser is told, and the next agent tells how it ends."""
    path = write(root, "slow.ipynb", SLOW)
    async with subscribe() as events:
        run_id = told(await ask("POST", "runs", {"path": path, "parameters": {"seconds": 3}}))[
            "run_id"
        ]
        await until(events, lambda event: event.get("type") == "log")
        agent = told(await ask("GET", "status"))["agent"]
        os.kill(agent["pid"], signal.SIGKILL)
        is_agent = schema_id("agent")
        (*_, lost) = await until(events, lambda event: event["schema_id"] == is_agent)
        assert lost["state"] == "lost"
        (*_, found) = await until(events, lambda event: event["schema_id"] == is_agent)
        assert found["state"] == "connected"
        assert found["epoch"] == lost["epoch"]  # the server's; agents come and go
        assert told(await ask("GET", "status"))["agent"]["epoch"] != agent["epoch"]
        # As a browser does: what happened without an agent is read, the rest is heard.
        if told(await ask("GET", f"runs/{run_id}"))["state"] == "RUNNING":
            await until(events, is_run("SUCCEEDED"))
    assert told(await ask("GET", f"runs/{run_id}"))["state"] == "SUCCEEDED"


async def test_an_agent_that_nobody_needs_may_end(ask: Ask, subscribe: Any) -> None:
    """It is not started again before somebody looks at runs."""
    async with subscribe() as events:
        assert (await ask("GET", "runs")).code == 200
        assert (await events())["state"] == "connected"
        assert (await ask("GET", "runs")).code == 200
        client = connect(start=False)
        assert client is not None
        with client:
            client.stop()
        assert (await events())["state"] == "lost"
        await asyncio.sleep(2)
        assert told(await ask("GET", "status"))["agent"]["running"] is False
        assert (await ask("GET", "runs")).code == 200
        assert (await events())["state"] == "connected"


def test_every_event_has_a_schema_it_fits() -> None:
    log = EventLogger()
    for schema in EVENTS.glob("*.yaml"):
        log.register_event_schema(schema)
    seen: list[tuple[str, dict[str, Any]]] = []
    stream = Stream(
        lambda name, data: seen.append((name, data)) or data,
        lambda place: Path(place).name if place else None,
        logging.getLogger(),
    )
    for event in (
        {"type": "hello", "epoch": "a", "seq": 3},
        {"type": "run", "epoch": "a", "seq": 4, "run": {"run_id": "r", "state": "PENDING",
                                                        "notebook": "/x/n.ipynb"}},
        {"type": "deleted", "epoch": "a", "seq": 5, "run_id": "r"},
        {"type": "step", "epoch": "a", "seq": 6, "run_id": "r",
         "step": {"name": "s", "state": "RUNNING"}},
        {"type": "log", "epoch": "a", "seq": 7, "run_id": "r", "step": "s", "iteration": "0.1",
         "offset": 0, "text": "x"},
    ):  # fmt: skip
        stream.tell(passed_on(event))
    for event in (
        {"type": "agent", "state": "lost"},
        {"type": "archived", "run_id": "r", "target": "far"},
        {"type": "target", "target": "far", "state": "lost", "message": "no answer"},
        {"type": "target", "target": "far", "state": "connected"},
    ):
        stream.tell(event)
    assert len(seen) == 9
    for name, data in seen:
        log.schemas.validate_event(name, data)
        assert data["epoch"] == stream.epoch
    assert [data["seq"] for _, data in seen] == [0, 1, 2, 3, 4, 4, 5, 6, 7]
    assert seen[1][1]["run"]["path"] == "n.ipynb"
    assert stream.tell(passed_on({"type": "heartbeat", "epoch": "a", "seq": 7}))
    assert len(seen) == 9
