"""The same target against KFP's real API server, where its programs are given."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from cluster.kfp_node import IMAGE
from cluster.kfp_server import Kfp
from labwright.targets.blocking import BlockingTarget
from labwright.targets.config import KnownTarget
from labwright.targets.kubeflow.target import KubeflowTarget
from labwright.targets.local.pages import Wanted
from labwright.targets.protocols import Timetable

from .cells import ADDING, Cell, Submit, step

STEPS: list[Cell] = [
    ("n = 3", {"tags": ["parameters"]}),
    ("x = list(range(n))\nmany = n > 5\nprint('loaded', n, 'ä')", step("load")),
    ("total = sum(x)", step("add", "metrics")),
    ("print('big')", step("big", when="many")),
]


def target_of(kfp: Kfp, **more: Any) -> BlockingTarget:
    known = KnownTarget("real", endpoint=kfp.endpoint, **more)
    return BlockingTarget(KubeflowTarget(known))


@pytest.fixture
def real(kfp: Kfp) -> Iterator[BlockingTarget]:
    with target_of(kfp) as target:
        yield target


def test_runs_and_schedules_of_the_real_server(real: BlockingTarget, submit: Submit) -> None:
    assert real.reach().available
    submission = submit(ADDING, name="asked", experiment="of-a-test", parameters={"n": 4})
    run = real.submit(submission, name="asked for").run
    assert (run["name"], run["experiment"], run["parameters"]) == (
        "asked for",
        "of-a-test",
        {"n": 4},
    )
    changes = real.watch(run["run_id"])
    for change in changes:
        if change["type"] == "run" and change["run"]["state"] == "RUNNING":
            break
    assert [one["name"] for one in real.run(run["run_id"])["steps"]] == ["load", "add"]
    assert real.find_run(run["run_id"][:13]) == run["run_id"]
    listed = real.runs(Wanted(experiment="of-a-test", states=["RUNNING"], text="asked"))
    assert [one["run_id"] for one in listed.runs] == [run["run_id"]]
    real.cancel(run["run_id"])
    *_, last = list(changes)
    assert last["run"]["state"] == "CANCELED"
    found = real.runs(Wanted(experiment="of-a-test", states=["CANCELED"]))
    assert [one["run_id"] for one in found.runs] == [run["run_id"]]
    real.archive(run["run_id"])
    assert real.runs(Wanted(experiment="of-a-test")).runs == []
    real.delete(run["run_id"])
    plan = real.schedule(submission, Timetable("0 3 * * *"), name="asked daily")
    assert (plan["cron"], plan["enabled"]) == ("0 3 * * *", True)
    assert real.pause(plan["schedule_id"])["enabled"] is False
    real.delete_schedule(plan["schedule_id"])


def test_steps_of_pods_are_told_apart(kfp_node: Kfp, submit: Submit) -> None:
    with target_of(kfp_node, image=IMAGE) as target:
        run = target.submit(submit(STEPS, name="pods", parameters={"n": 2})).run["run_id"]
        text = "".join(
            change["text"] for change in target.watch(run, logs=True) if change["type"] == "log"
        )
        view = target.run(run)
        told = {"error": view["error"], "steps": view["steps"], "log": text}
        assert view["state"] == "SUCCEEDED", json.dumps(told, indent=1)
        seen = {(one["name"], one["iteration"]): one["state"] for one in view["steps"]}
        assert seen == {
            ("load", None): "SUCCEEDED",
            ("add", None): "SUCCEEDED",
            ("big", None): "SKIPPED",
        }
        assert view["metrics"] == {"total": 1}
        assert "loaded 2 ä" in text
        assert "ExecutorOutput" not in text
        [load] = [one for one in view["steps"] if one["name"] == "load"]
        assert {"x", "many"} <= {one["name"] for one in load["outputs"]}
        assert load["has_notebook"]
