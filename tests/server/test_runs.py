"""Runs are read from the store, whoever made them."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from labwright.errors import LabwrightError
from labwright.targets.local.agent import client

from .conftest import Ask, Finished, told


async def test_the_list_pages_and_filters(ask: Ask, runs: Finished) -> None:
    first = told(await ask("GET", "runs", params={"limit": "3"}))
    assert [run["run_id"] for run in first["runs"]] == [runs.loop, runs.bad, runs.other]
    assert first["total"] == 4
    rest = told(await ask("GET", "runs", params={"limit": "3", "cursor": first["next"]}))
    assert [run["run_id"] for run in rest["runs"]] == [runs.good]
    assert rest["next"] is None
    failed = told(await ask("GET", "runs", params={"state": "FAILED"}))
    assert [run["error"] for run in failed["runs"]] == [
        "step fail: ValueError: too <b>bad</b>",
    ]
    assert told(await ask("GET", "runs", params={"text": "no such run"}))["total"] == 0
    assert told(await ask("GET", "runs", params={"experiment": "none"}))["runs"] == []
    assert told(await ask("GET", "runs", params={"target": "local"}))["total"] == 4


@pytest.mark.parametrize(
    "query", [{"limit": "0"}, {"limit": "501"}, {"limit": "x"}, {"state": "DONE"}, {"stat": "x"},
              {"cursor": "x"}],
)  # fmt: skip
async def test_queries_that_are_wrong(ask: Ask, query: dict[str, str]) -> None:
    found = await ask("GET", "runs", params=query)
    assert found.code == 400
    assert told(found)["code"] in ("invalid", "bad-request")


async def test_a_run(ask: Ask, runs: Finished) -> None:
    run = told(await ask("GET", f"runs/{runs.good}"))
    assert run["state"] == "SUCCEEDED"
    assert run["metrics"] == {"total": 3}
    assert run["parameters"] == {"n": 3}
    assert run["path"] is None  # its notebook lies outside the server's root
    assert run["notebook"].endswith("adding.ipynb")
    assert run["progress"] == {"total": 2, "done": 2, "cached": 0, "running": 0, "failed": 0}
    assert [step["name"] for step in run["graph"]["steps"]] == ["load", "add"]
    load, add = run["steps"]
    assert load["has_notebook"]
    assert load["outputs"][0]["name"] == "x"
    assert add["inputs"][0]["from"] == "load"


@pytest.mark.parametrize("name", ["none", "latest", "adding", "..", "a%2Fb", "%00", "%FF"])
async def test_runs_that_are_not_there(ask: Ask, runs: Finished, name: str) -> None:
    """`latest` and the start of an id are for people who type; an address names one run."""
    found = await ask("GET", f"runs/{name}")
    assert found.code in (400, 404)
    assert told(found)["code"] in ("bad-request", "not-found")


async def test_comparing(ask: Ask, runs: Finished) -> None:
    query = {"left": runs.good, "right": runs.other}
    found = told(await ask("GET", "runs/compare", params=query))
    assert found["left"]["run_id"] == runs.good
    assert found["parameters"] == [{"name": "n", "left": 3, "right": 4, "equal": False}]
    assert found["metrics"] == [{"name": "total", "left": 3, "right": 7, "equal": False}]
    assert [(one["name"], one["left"], one["right"]) for one in found["steps"]] == [
        ("load", "SUCCEEDED", "SUCCEEDED"),
        ("add", "SUCCEEDED", "SUCCEEDED"),
    ]
    assert all(one["left_seconds"] >= 0 for one in found["steps"])
    assert [cell["source"] for cell in found["base"]["cells"]][2] == "total = sum(x)"
    (cells,) = found["diff"]
    (changed,) = cells["diff"]
    assert (cells["key"], changed["key"]) == ("cells", 2)
    assert "outputs" not in json.dumps(found["diff"])


async def test_comparing_with_what_is_not_there(ask: Ask, runs: Finished) -> None:
    found = await ask("GET", "runs/compare", params={"left": runs.good, "right": "none"})
    assert found.code == 404
    found = await ask("GET", "runs/compare", params={"left": runs.good})
    assert found.code == 400
    assert told(found)["message"] == "query.right: Field required"


async def test_experiments(ask: Ask, runs: Finished) -> None:
    assert told(await ask("GET", "experiments")) == {"experiments": [], "remarks": []}


async def test_a_store_that_cannot_be_opened(ask: Ask) -> None:
    Path(os.environ["LABWRIGHT_HOME"]).write_text("a file, where a folder should be")
    for path in ("runs", "runs/none", "experiments"):
        found = await ask("GET", path)
        assert (found.code, told(found)["code"]) == (500, "store")


async def test_an_agent_that_cannot_be_started(
    ask: Ask, runs: Finished, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def none(**_: Any) -> None:
        raise LabwrightError("the agent did not start", hint="its log may say why")

    monkeypatch.setattr(client, "connect_async", none)
    for method, path in (("POST", f"runs/{runs.bad}/retry"), ("DELETE", f"runs/{runs.bad}")):
        found = await ask(method, path)
        assert (found.code, told(found)["code"]) == (503, "unavailable")
        assert told(found)["message"] == "the agent did not start (its log may say why)"
