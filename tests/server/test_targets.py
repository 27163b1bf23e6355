"""Targets other than this machine, through the API."""

from __future__ import annotations

import asyncio
import json
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import unquote
from zipfile import ZipFile

import pytest

from labwright.targets.config import KnownTargets
from labwright.targets.errors import (
    BadRequest,
    Conflict,
    Forbidden,
    NotLoggedIn,
    NotOffered,
    ServerFailed,
    TargetTimeout,
    TargetUnreachable,
    TooManyRequests,
    Unexpected,
    Unsuitable,
    UntrustedServer,
)
from labwright_server import models

from .conftest import ADDING, Ask, Finished, make_known, told, until
from .far import FarTarget, summary

pytestmark = pytest.mark.usefixtures("opened")


async def test_every_target_is_told_with_how_it_answers(ask: Ask, far: FarTarget) -> None:
    local, other = told(await ask("GET", "targets"))["targets"]
    assert (local["name"], local["kind"], local["available"]) == ("local", "local", True)
    assert local["cpus"] >= 1
    assert local["capabilities"]["resume"] is True
    assert local["capabilities"]["schedules"] is False
    assert other == {
        "name": "far",
        "kind": "kubeflow",
        "where": "http://far.example/",
        "ui": None,
        "capabilities": {
            "resume": False, "archive": True, "schedules": True, "own_machine": False,
            "watches_files": False, "live_logs": True, "sources": True,
            "servers": False,
        },
        "available": True,
        "reason": None,
        "version": "2.17.0",
        "namespace": "kubeflow",
        "multi_user": False,
        "remarks": ["a remark"],
        "milliseconds": 1.5,
        "cpus": None,
        "memory_bytes": None,
        "gpus": [],
    }  # fmt: skip
    far.slow = asyncio.Event()
    _, other = told(await ask("GET", "targets"))["targets"]
    assert (other["available"], other["reason"]) == (False, "no answer within 2 seconds")
    # Kubeflow's dashboard has its API at the address of its own pages.
    make_known("http://far.example/pipeline")
    assert told(await ask("GET", "targets"))["targets"][1]["ui"] == "http://far.example/pipeline"


async def test_runs_of_all_targets_are_one_list(ask: Ask, runs: Finished, far: FarTarget) -> None:
    far.known = {name: summary(name, "SUCCEEDED", n) for n, name in enumerate("abc")}
    ids: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        page = told(await ask("GET", "runs", params={"limit": "3", **cursor}))
        assert (page["total"], page["remarks"]) == (7, [])
        ids += [run["run_id"] for run in page["runs"]]
        if page["next"] is None:
            break
        cursor = {"cursor": page["next"]}
    assert ids == [runs.loop, runs.bad, runs.other, runs.good, "c", "b", "a"]
    only = told(await ask("GET", "runs", params={"target": "far", "limit": "2"}))
    assert [run["run_id"] for run in only["runs"]] == ["c", "b"]
    rest = {"target": "far", "limit": "2", "cursor": only["next"]}
    assert [run["run_id"] for run in told(await ask("GET", "runs", params=rest))["runs"]] == ["a"]
    assert told(await ask("GET", "experiments"))["experiments"] == ["away"]
    assert told(await ask("GET", "experiments", params={"target": "local"}))["experiments"] == []


async def test_a_target_that_does_not_answer_is_a_remark(
    ask: Ask, runs: Finished, far: FarTarget
) -> None:
    far.fails = TargetUnreachable("nothing listens there", where="far")
    remark = {"target": "far", "message": "far: nothing listens there"}
    page = told(await ask("GET", "runs"))
    assert (page["total"], page["remarks"]) == (4, [remark])
    assert told(await ask("GET", "experiments"))["remarks"] == [remark]
    assert told(await ask("GET", "schedules")) == {
        "schedules": [], "next": None, "total": 0, "remarks": [remark],
    }  # fmt: skip
    # Asked for by name, its absence is the answer.
    found = await ask("GET", "runs", params={"target": "far"})
    assert (found.code, told(found)["code"]) == (503, "unavailable")


async def test_a_list_of_targets_that_cannot_be_read_hides_no_runs(
    ask: Ask, runs: Finished
) -> None:
    (runs.home / "targets.json").write_text("[")
    page = told(await ask("GET", "runs"))
    assert page["total"] == 4
    assert [one["target"] for one in page["remarks"]] == ["targets.json"]
    assert (await ask("GET", "targets")).code == 400


async def test_a_run_elsewhere(ask: Ask, far: FarTarget) -> None:
    await far.move(summary("a", "SUCCEEDED"))
    run = told(await ask("GET", "runs/a", params={"target": "far"}))
    assert (run["target"], run["dir"], run["path"]) == ("far", None, None)
    assert [step["name"] for step in run["steps"]] == ["load"]
    assert told(await ask("GET", "runs", params={"target": "far"}))["total"] == 1
    # Nothing here needs this machine's agent.
    assert told(await ask("GET", "status"))["agent"]["running"] is False
    assert (await ask("GET", "runs/a")).code == 404  # not on this machine
    found = await ask("GET", "runs/a", params={"target": "moon"})
    assert (found.code, "there is no target 'moon'" in told(found)["message"]) == (400, True)
    found = await ask("GET", "runs/none", params={"target": "far"})
    assert (found.code, told(found)["code"]) == (404, "not-found")


async def test_beginning_one(ask: Ask, root: Path, far: FarTarget) -> None:
    (root / "adding.ipynb").write_text(json.dumps(ADDING))
    body = {
        "path": "adding.ipynb", "target": "far", "parameters": {"n": 5}, "cache": False,
        "experiment": "mine", "name": "the fifth",
    }  # fmt: skip
    begun = await ask("POST", "runs", body)
    assert begun.code == 201
    run = told(begun)
    assert (run["target"], run["name"], run["path"]) == ("far", "the fifth", "adding.ipynb")
    assert [one["message"] for one in run["remarks"]] == ["it is far"]
    ((submission, name),) = far.submitted
    assert (name, submission.parameters, submission.cache) == ("the fifth", {"n": 5}, False)
    assert submission.source is not None
    assert submission.experiment == "mine"
    # This machine calls a run as its pipeline; it does not drop the wish.
    found = await ask("POST", "runs", {"path": "adding.ipynb", "name": "the fifth"})
    assert (found.code, told(found)["code"]) == (409, "not-offered")


async def test_changing_one(ask: Ask, far: FarTarget) -> None:
    await far.move(summary("a", "RUNNING"))
    there = {"target": "far"}
    assert told(await ask("POST", "runs/a/cancel", params=there))["state"] == "CANCELED"
    assert told(await ask("POST", "runs/a/retry", params=there))["state"] == "RUNNING"
    assert (await ask("POST", "runs/a/archive", params=there)).code == 204
    assert told(await ask("GET", "runs", params=there))["runs"] == []
    assert (await ask("POST", "runs/a/unarchive", params=there)).code == 204
    assert told(await ask("GET", "runs", params=there))["total"] == 1
    assert (await ask("DELETE", "runs/a", params=there)).code == 204
    assert (await ask("DELETE", "runs/a", params=there)).code == 404


async def test_what_this_machine_does_not_do(ask: Ask, runs: Finished) -> None:
    for verb in ("archive", "unarchive"):
        found = await ask("POST", f"runs/{runs.good}/{verb}")
        assert (found.code, told(found)["code"]) == (409, "not-offered")


async def test_files_of_one(ask: Ask, far: FarTarget) -> None:
    await far.move(summary("a", "SUCCEEDED"), "printed ä\n")
    there = {"target": "far"}
    log = told(await ask("GET", "runs/a/steps/load/log", params=there))
    assert (log["text"], log["end"]) == ("printed ä\n", True)
    executed = await ask("GET", "runs/a/steps/load/notebook", params=there)
    assert json.loads(executed.body)["nbformat"] == 4
    assert (await ask("GET", "runs/a/notebook", params=there)).code == 404
    page = await ask("GET", "runs/a/steps/load/html", params=there)
    policy = page.headers["Content-Security-Policy"]
    assert "sandbox;" in policy
    assert "default-src 'none'" in policy
    file = await ask("GET", "runs/a/files/load/x", params=there)
    assert file.body == b"<script>alert(1)</script>"
    assert file.headers["Content-Disposition"] == "attachment; filename*=UTF-8''x"
    assert file.headers["Content-Type"] == "application/octet-stream"
    assert "sandbox" in file.headers["Content-Security-Policy"]
    packed = await ask("GET", "runs/a/files/load/many", params=there)
    with ZipFile(BytesIO(packed.body)) as archive:
        assert sorted(archive.namelist()) == ["a.txt", "b.txt"]
    for path in ("none", "..%2F..%2Fetc", "load/../../x"):
        assert (await ask("GET", f"runs/a/files/{path}", params=there)).code == 404


async def test_comparing_over_targets(ask: Ask, runs: Finished, far: FarTarget) -> None:
    await far.move(summary("a", "SUCCEEDED", metrics={"total": 9}))
    query = {"left": runs.good, "right": "a", "right_target": "far"}
    found = told(await ask("GET", "runs/compare", params=query))
    assert (found["left"]["target"], found["right"]["target"]) == ("local", "far")
    assert found["parameters"] == [{"name": "n", "left": 3, "right": 1, "equal": False}]
    assert (found["base"], found["diff"]) == (None, None)


async def test_schedules(ask: Ask, root: Path, far: FarTarget) -> None:
    (root / "adding.ipynb").write_text(json.dumps(ADDING))
    body = {"path": "adding.ipynb", "target": "far", "name": "nightly", "cron": "0 3 * * *"}
    made = await ask("POST", "schedules", body)
    assert made.code == 201
    plan = told(made)
    assert (plan["name"], plan["cron"], plan["enabled"]) == ("nightly", "0 3 * * *", True)
    assert (plan["at_once"], plan["catch_up"], plan["path"]) == (1, True, "adding.ipynb")
    more = {
        "path": "adding.ipynb", "target": "far", "every": 60, "catch_up": False, "at_once": 2,
        "start": "2026-01-01T06:00:00+01:00", "end": "2027-01-01T00:00:00Z",
    }  # fmt: skip
    plan_by_time = told(await ask("POST", "schedules", more))
    assert (plan_by_time["every"], plan_by_time["catch_up"]) == (60, False)
    assert plan_by_time["start"] == "2026-01-01T05:00:00Z"
    for wrong in (
        {"cron": None}, {"every": 60}, {"cron": " "}, {"cron": None, "every": 0},
        {"start": "2026-01-01T00:00:00"}, {"at_once": 11}, {"end": "0001-01-01T00:00:00+14:00"},
        {"start": "2026-01-02T00:00:00Z", "end": "2026-01-01T00:00:00Z"},
    ):  # fmt: skip
        found = await ask("POST", "schedules", {**body, **wrong})
        assert (found.code, told(found)["code"]) == (400, "invalid"), wrong
    listed = told(await ask("GET", "schedules"))
    assert [one["schedule_id"] for one in listed["schedules"]] == ["s1", "s0"]
    there = {"target": "far"}
    assert told(await ask("GET", "schedules", params=there))["total"] == 2
    place = f"schedules/{plan['schedule_id']}"
    assert told(await ask("POST", f"{place}/pause", params=there))["enabled"] is False
    assert told(await ask("GET", place, params=there))["enabled"] is False
    assert told(await ask("POST", f"{place}/unpause", params=there))["enabled"] is True
    assert (await ask("DELETE", place, params=there)).code == 204
    assert (await ask("GET", place, params=there)).code == 404
    found = await ask("GET", place)
    assert (found.code, told(found)["message"]) == (400, "query.target: Field required")
    found = await ask("POST", "schedules", {**body, "target": "local"})
    assert (found.code, told(found)["code"]) == (409, "not-offered")


@pytest.mark.parametrize(
    "name", ["..", "a%2F..%2Fb", "a%3Fb", "%2E%2E%2Fexperiments", "a%20b", "-"]
)
async def test_an_id_leads_nowhere_else(ask: Ask, far: FarTarget, name: str) -> None:
    """It becomes a part of the cluster's own URLs."""
    far.known[unquote(name)] = summary("a", "SUCCEEDED")
    far.plans[unquote(name)] = {}
    for path in (f"runs/{name}", f"runs/{name}/steps/load/log", f"schedules/{name}"):
        found = await ask("GET", path, params={"target": "far"})
        assert (found.code, told(found)["code"]) == (404, "not-found")


@pytest.mark.parametrize("path", ["../out.ipynb", "link.ipynb", ".hidden.ipynb"])
async def test_what_is_sent_is_confined_to_the_root(
    ask: Ask, root: Path, far: FarTarget, path: str
) -> None:
    outside = root.parent / "out.ipynb"
    outside.write_text(json.dumps(ADDING))
    (root / "link.ipynb").symlink_to(outside)
    (root / ".hidden.ipynb").write_text(json.dumps(ADDING))
    for route, more in (("runs", {}), ("schedules", {"every": 60})):
        found = await ask("POST", route, {"path": path, "target": "far", **more})
        assert (found.code, told(found)["code"]) == (404, "not-found")
    assert (far.submitted, far.plans) == ([], {})


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (TargetUnreachable("x"), 503, "unavailable"),
        (TargetTimeout("x"), 503, "unavailable"),
        (UntrustedServer("x"), 503, "unavailable"),
        (TooManyRequests("x", status=429), 503, "unavailable"),
        (NotLoggedIn("x", status=401), 502, "target-refused"),
        (Forbidden("x", status=403), 502, "target-refused"),
        (ServerFailed("x", status=500), 502, "target-failed"),
        (Unexpected("x"), 502, "target-failed"),
        (BadRequest("x", status=400), 400, "bad-request"),
        (Conflict("x", status=409), 409, "conflict"),
        (NotOffered("x"), 409, "not-offered"),
        (Unsuitable("x"), 400, "unsuitable"),
    ],
)
async def test_what_a_target_says_is_told_in_the_one_shape(
    ask: Ask, far: FarTarget, error: Any, status: int, code: str
) -> None:
    error.words, error.hint = "the cluster's own words", "do this"
    far.fails = error
    found = await ask("POST", "runs/a/retry", params={"target": "far"})
    assert (found.code, told(found)["code"]) == (status, code)
    assert told(found)["message"] == "x (do this)"
    assert told(found)["detail"]["words"] == "the cluster's own words"
    assert told(found)["detail"]["status"] == error.status


async def test_browsers_hear_of_runs_elsewhere(ask: Ask, far: FarTarget, subscribe: Any) -> None:
    await far.move(summary("a", "RUNNING"))
    async with subscribe() as events:
        assert told(await ask("GET", "runs", params={"target": "far"}))["total"] == 1
        run = models.RunSummary.model_validate(
            (await until(events, lambda event: event.get("type") == "run"))[-1]["run"]
        )
        assert (run.run_id, run.target, run.state, run.path) == ("a", "far", "RUNNING", None)
        params = {"target": "far"}
        assert told(await ask("GET", "runs/a/steps/load/log", params=params))["end"] is False
        await far.move(summary("a", "RUNNING"), "line\n")
        (*_, log) = await until(events, lambda event: event.get("type") == "log")
        assert (log["target"], log["step"], log["text"]) == ("far", "load", "line\n")
        canceled = await ask("POST", "runs/a/cancel", params=params)
        assert told(canceled)["state"] == "CANCELED"
        (*_, step, run) = await until(
            events, lambda event: event.get("run", {}).get("state") == "CANCELED"
        )
        assert (step["type"], step["target"], step["run_id"]) == ("step", "far", "a")
        models.Step.model_validate(step["step"])
        assert (run["epoch"], run["seq"]) == (step["epoch"], step["seq"] + 1)
        await ask("POST", "runs/a/archive", params=params)
        (*_, archived) = await until(events, lambda event: event.get("type") == "archived")
        assert (archived["run_id"], archived["target"]) == ("a", "far")
        await ask("POST", "runs/a/unarchive", params=params)
        await until(events, lambda event: event.get("type") == "run")
        await ask("DELETE", "runs/a", params=params)
        (*_, deleted) = await until(events, lambda event: event.get("type") == "deleted")
        assert (deleted["run_id"], deleted["target"]) == ("a", "far")


async def test_a_slow_target_is_seen_a_little_later(
    ask: Ask, runs: Finished, far: FarTarget, subscribe: Any
) -> None:
    await far.move(summary("a", "SUCCEEDED"))
    far.slow = asyncio.Event()
    async with subscribe() as events:
        page = told(await ask("GET", "runs"))
        assert page["total"] == 4
        remark = {"target": "far", "message": "no answer within 2 seconds"}
        assert page["remarks"] == [remark]
        far.slow.set()
        (*_, event) = await until(events, lambda event: event.get("type") == "target")
        assert (event["target"], event["state"]) == ("far", "connected")
        far.slow = asyncio.Event()  # as slow as before
        page = told(await ask("GET", "runs"))
        assert (page["total"], page["remarks"]) == (5, [])


class TestConnections:
    async def test_they_are_opened_once_and_closed_with_the_server(
        self, ask: Ask, far: FarTarget, opened: list[FarTarget], jp_serverapp: Any
    ) -> None:
        for _ in range(3):
            await ask("GET", "runs", params={"target": "far"})
        assert opened == [far]
        assert far.closed is False
        await jp_serverapp.extension_manager.stop_all_extensions()
        assert far.closed is True

    async def test_a_target_that_was_changed_is_opened_anew(
        self, ask: Ask, far: FarTarget, opened: list[FarTarget]
    ) -> None:
        await ask("GET", "runs", params={"target": "far"})
        make_known("http://other.example/")
        await ask("GET", "runs", params={"target": "far"})
        assert len(opened) == 2
        assert far.closed is True
        KnownTargets().file.unlink()
        assert len(told(await ask("GET", "targets"))["targets"]) == 1
        assert all(target.closed for target in opened)
