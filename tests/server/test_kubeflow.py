"""The API on a KFP server: its double, which really runs what is sent."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from kfp_double.server import Double
from labwright.targets.config import KnownTarget, KnownTargets
from labwright_server import models

from .conftest import ADDING, FAILING, Ask, told, until

KF = {"target": "kf"}


@pytest.fixture
def kf(kfp_double: Double, root: Path) -> Double:
    """A KFP server that the user knows as `kf`; notebooks to run are under the server's root."""
    KnownTargets().add(KnownTarget("kf", endpoint=kfp_double.endpoint, ui=kfp_double.endpoint))
    for name, document in (("adding", ADDING), ("failing", FAILING)):
        (root / f"{name}.ipynb").write_text(json.dumps(document), encoding="utf-8")
    return kfp_double


def ended(event: dict[str, Any]) -> bool:
    return event.get("type") == "run" and event["run"]["state"] in ("SUCCEEDED", "FAILED")


async def test_a_run_from_its_start_to_its_end(ask: Ask, kf: Double, subscribe: Any) -> None:
    _, target = told(await ask("GET", "targets"))["targets"]
    assert (target["name"], target["available"], target["kind"]) == ("kf", True, "kubeflow")
    async with subscribe() as events:
        body = {"path": "adding.ipynb", "parameters": {"n": 4}, "experiment": "first", **KF}
        begun = await ask("POST", "runs", body)
        assert begun.code == 201, begun.body
        run_id = models.Started.model_validate_json(begun.body).run_id
        seen = await until(events, ended)
    for event in seen:
        if event.get("type") == "run":
            models.RunSummary.model_validate(event["run"])
        elif event.get("type") == "step":
            models.Step.model_validate(event["step"])
            assert (event["target"], event["run_id"]) == ("kf", run_id)
    numbers = [event["seq"] for event in seen if "type" in event]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    run = told(await ask("GET", f"runs/{run_id}", params=KF))
    assert (run["state"], run["target"], run["experiment"]) == ("SUCCEEDED", "kf", "first")
    assert run["parameters"] == {"n": 4}
    assert run["metrics"] == {"total": 6}
    assert run["path"] == "adding.ipynb"
    assert [step["name"] for step in run["steps"]] == ["load", "add"]
    log = told(await ask("GET", f"runs/{run_id}/steps/load/log", params=KF))
    assert "loaded 4 ä" in log["text"]
    assert log["end"] is True
    executed = await ask("GET", f"runs/{run_id}/steps/load/notebook", params=KF)
    assert b"loaded 4" in executed.body
    page = await ask("GET", f"runs/{run_id}/steps/load/html", params=KF)
    assert "sandbox;" in page.headers["Content-Security-Policy"]
    artifact = run["steps"][0]["outputs"][0]["artifact"]
    file = await ask("GET", f"runs/{run_id}/files/{artifact}", params=KF)
    assert json.loads(file.body) == [0, 1, 2, 3]
    listed = told(await ask("GET", "runs"))
    assert [one["run_id"] for one in listed["runs"]] == [run_id]
    assert "first" in told(await ask("GET", "experiments", params=KF))["experiments"]


async def test_one_that_fails_and_is_put_away(ask: Ask, kf: Double, subscribe: Any) -> None:
    async with subscribe() as events:
        begun = told(await ask("POST", "runs", {"path": "failing.ipynb", **KF}))
        (*_, last) = await until(events, ended)
        assert last["run"]["state"] == "FAILED"
        place = f"runs/{begun['run_id']}"
        assert (await ask("POST", f"{place}/archive", params=KF)).code == 204
        await until(events, lambda event: event.get("type") == "archived")
    assert told(await ask("GET", "runs"))["runs"] == []
    assert (await ask("POST", f"{place}/unarchive", params=KF)).code == 204
    assert told(await ask("GET", "runs"))["total"] == 1
    assert (await ask("DELETE", place, params=KF)).code == 204
    assert (await ask("GET", place, params=KF)).code == 404


async def test_a_schedule(ask: Ask, kf: Double) -> None:
    body = {"path": "adding.ipynb", "name": "nightly", "cron": "0 3 * * *", **KF}
    made = await ask("POST", "schedules", body)
    assert made.code == 201, made.body
    plan = models.Scheduled.model_validate_json(made.body)
    assert (plan.name, plan.enabled, plan.target) == ("nightly", True, "kf")
    listed = told(await ask("GET", "schedules"))
    assert [one["schedule_id"] for one in listed["schedules"]] == [plan.schedule_id]
    place = f"schedules/{plan.schedule_id}"
    assert told(await ask("POST", f"{place}/pause", params=KF))["enabled"] is False
    assert told(await ask("POST", f"{place}/unpause", params=KF))["enabled"] is True
    assert (await ask("DELETE", place, params=KF)).code == 204
    assert told(await ask("GET", "schedules"))["total"] == 0


async def test_a_server_that_went_away(ask: Ask, kfp_double: Double, kf: Double) -> None:
    KnownTargets().add(KnownTarget("gone", endpoint="http://127.0.0.1:9"))
    found = await ask("GET", "runs", params={"target": "gone"})
    assert (found.code, told(found)["code"]) == (503, "unavailable")
    page = told(await ask("GET", "runs"))
    assert [one["target"] for one in page["remarks"]] == ["gone"]
