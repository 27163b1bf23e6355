"""A KFP server as a target: what is sent there, and what is told of it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from kfp_double.server import Double
from kfp_double.test_api import ir
from labwright.targets.blocking import BlockingTarget
from labwright.targets.config import Auth, KnownTarget
from labwright.targets.errors import BadRequest, Conflict, NotFound, NotOffered, Unsuitable
from labwright.targets.kubeflow.target import KubeflowTarget
from labwright.targets.local.pages import Wanted
from labwright.targets.protocols import Choice, Timetable

from .cells import ADDING, FAILING, LOOPING, WAITING, Submit, step

View = dict[str, Any]


def done(kf: BlockingTarget, submission: Any, name: str | None = None) -> View:
    run = kf.submit(submission, name=name).run
    for _ in kf.watch(run["run_id"]):
        pass
    return kf.run(run["run_id"])


def posts(double: Double, end: str) -> int:
    return sum(method == "POST" and path.endswith(end) for method, path in double.asked)


def test_who_it_is(kf: BlockingTarget) -> None:
    reach = kf.reach()
    assert reach.available, reach.reason
    assert (reach.version, reach.multi_user, reach.namespace) == ("2.17.0", False, None)


def test_the_same_pipeline_is_uploaded_once(
    kf: BlockingTarget, submit: Submit, kfp_double: Double
) -> None:
    first = done(kf, submit(ADDING, parameters={"n": 4}), "mine")
    assert (first["name"], first["state"], first["parameters"]) == ("mine", "SUCCEEDED", {"n": 4})
    assert first["metrics"] == {"total": 6}
    assert first["notebook"].endswith("small.ipynb")
    done(kf, submit(ADDING))
    assert posts(kfp_double, "/upload_version") == 1
    done(kf, submit(ADDING, cache=False))
    assert posts(kfp_double, "/upload_version") == 2
    assert posts(kfp_double, "/pipelines") == 1


def test_a_step_of_the_cache_says_so(kf: BlockingTarget, submit: Submit) -> None:
    cells = [("x = 1", step("load", cache=True)), ("y = x + 1", step("use", cache=True))]
    done(kf, submit(cells))
    again = done(kf, submit(cells))
    assert [one["cached"] for one in again["steps"]] == [True, True]
    assert again["progress"]["cached"] == 2
    assert "values-elsewhere" in [one["code"] for one in again["diagnostics"]]


def test_why_a_run_failed(kf: BlockingTarget, submit: Submit) -> None:
    view = done(kf, submit(FAILING))
    states = {one["name"]: one["state"] for one in view["steps"]}
    assert states == {"load": "SUCCEEDED", "fail": "FAILED", "later": "SKIPPED"}
    [failed] = [one for one in view["steps"] if one["name"] == "fail"]
    assert (failed["error"]["ename"], failed["error"]["evalue"]) == ("ValueError", "too bad")
    assert view["error"] == "step fail: ValueError: too bad"


def test_a_branch_that_is_not_taken_and_turns(kf: BlockingTarget, submit: Submit) -> None:
    view = done(kf, submit(LOOPING))
    seen = [(one["name"], one["iteration"], one["state"]) for one in view["steps"]]
    assert sorted(seen, key=str) == [
        ("big", None, "SKIPPED"),
        ("each", 0, "SUCCEEDED"),
        ("each", 1, "SUCCEEDED"),
        ("list", None, "SUCCEEDED"),
    ]
    assert "turn 6" in kf.log(view["run_id"], "each", "1")["text"]
    with pytest.raises(NotFound, match="no turn"):
        kf.log(view["run_id"], "each", "7")


def test_a_run_is_found_by_what_is_known_of_it(kf: BlockingTarget, submit: Submit) -> None:
    mine = done(kf, submit(ADDING, experiment="first"), "mine")["run_id"]
    other = done(kf, submit(FAILING, experiment="second"), "other")["run_id"]

    def found(**wanted: Any) -> set[str]:
        return {one["run_id"] for one in kf.runs(Wanted(**wanted)).runs}

    assert found() == {mine, other}
    assert found(experiment="first") == {mine}
    assert found(experiment="nowhere") == set()
    assert found(states=["FAILED"]) == {other}
    assert found(states=["CANCELED"]) == set()
    assert found(text="oth") == {other}
    assert found(target="elsewhere") == set()
    assert kf.find_run(mine[:9]) == mine
    with pytest.raises(NotFound):
        kf.find_run("0000zz")
    with pytest.raises(BadRequest):
        kf.runs(Wanted(cursor="nonsense"))


def test_what_cannot_be_done_with_a_run_says_why(kf: BlockingTarget, submit: Submit) -> None:
    run = kf.submit(submit(WAITING)).run["run_id"]
    with pytest.raises(Conflict, match="goes on"):
        kf.delete(run)
    with pytest.raises(Conflict, match="not failed"):
        kf.retry(run)
    with pytest.raises(NotOffered):
        kf.resume(run)
    with pytest.raises(NotOffered):
        kf.source(run)
    kf.cancel(run)
    for _ in kf.watch(run):
        pass
    assert kf.run(run)["state"] == "CANCELED"
    with pytest.raises(Conflict, match="is over"):
        kf.cancel(run)
    assert [one["run_id"] for one in kf.runs(Wanted(states=["CANCELED"])).runs] == [run]
    assert kf.runs(Wanted(states=["FAILED"])).runs == []


def test_no_name_of_an_artifact_leads_elsewhere(
    kf: BlockingTarget, submit: Submit, tmp_path: Path
) -> None:
    run = done(kf, submit(ADDING))
    for name in ("load/out/nothing", "load/x", "nobody/out/x", "../../etc/passwd", ""):
        with pytest.raises(NotFound):
            kf.fetch(run["run_id"], name, tmp_path / "got")
    assert not (tmp_path / "got").exists()


def test_a_schedule_is_shown_as_it_was_given(kf: BlockingTarget, submit: Submit) -> None:
    when = Timetable("0 3 * * *", start="2030-01-01T00:00:00Z", at_once=2, catch_up=False)
    made = kf.schedule(submit(ADDING, parameters={"n": 2}, experiment="night"), when, name="daily")
    assert (made["name"], made["cron"], made["every"]) == ("daily", "0 3 * * *", None)
    assert (made["start"], made["at_once"], made["catch_up"]) == ("2030-01-01T00:00:00Z", 2, False)
    assert (made["experiment"], made["parameters"], made["enabled"]) == ("night", {"n": 2}, True)
    assert made["notebook"].endswith("small.ipynb")
    kf.schedule(submit(ADDING), Timetable(every=3600), name="hourly")
    found = kf.schedules(Choice(limit=1))
    rest = kf.schedules(Choice(limit=1, cursor=found.next))
    assert (found.total, rest.next) == (2, None)
    listed = {one["name"]: one["every"] for one in (*found.schedules, *rest.schedules)}
    assert listed == {"daily": None, "hourly": 3600}
    assert [one["name"] for one in kf.schedules(Choice(text="dai")).schedules] == ["daily"]
    assert kf.schedules(Choice(experiment="nowhere")).total == 0
    for wrong in (Timetable(), Timetable("0 3 * * *", 60)):
        with pytest.raises(Unsuitable):
            kf.schedule(submit(ADDING), wrong)


def test_what_cannot_run_there_is_not_sent(
    kf: BlockingTarget, submit: Submit, kfp_double: Double
) -> None:
    here = submit([("x = 1", step("load", image="/usr/bin/python3"))])
    with pytest.raises(Unsuitable, match="of this machine"):
        kf.submit(here)
    wrong = replace(submit(ADDING), parameters={"m": 1})
    with pytest.raises(Unsuitable, match="no parameter 'm'"):
        kf.submit(wrong)
    assert all(method == "GET" for method, _ in kfp_double.asked)


def test_the_targets_image_is_that_of_steps_that_ask_for_none(
    kfp_double: Double, submit: Submit
) -> None:
    cells = [("x = 1", step("load")), ("y = x", step("own", image="own/image:1"))]
    known = KnownTarget("kf", endpoint=kfp_double.endpoint, image="team/image:2")
    with BlockingTarget(KubeflowTarget(known)) as target:
        assert target.check(submit(cells)) == []
        target.submit(submit(cells))
    [version] = kfp_double.world.versions.values()
    executors = version["pipeline_spec"]["deploymentSpec"]["executors"]
    images = {name: one["container"]["image"] for name, one in executors.items()}
    assert images == {"exec-load": "team/image:2", "exec-own": "own/image:1"}


def test_one_is_told_where_no_image_is_known(kf: BlockingTarget, submit: Submit) -> None:
    [remark] = kf.check(submit(ADDING))
    assert (remark.severity, remark.code) == ("warning", "default-image")


def test_a_run_of_another_client_is_shown(kf: BlockingTarget, kfp_double: Double) -> None:
    spec = ir("theirs", ["python3", "-c", "print('theirs')"])
    made = kfp_double.world.add_run({"display_name": "theirs", "pipeline_spec": spec})
    for _ in kf.watch(made["run_id"]):
        pass
    view = kf.run(made["run_id"])
    assert (view["name"], view["notebook"], view["state"]) == ("theirs", None, "SUCCEEDED")
    assert [one["name"] for one in view["steps"]] == ["say"]
    assert "theirs" in kf.log(made["run_id"], "say")["text"]


def test_many_users_have_their_namespaces(kfp_double_multi_user: Double, submit: Submit) -> None:
    double = kfp_double_multi_user
    token = double.user("ada", "ada-space")
    known = KnownTarget("kf", endpoint=double.endpoint, namespace="ada-space")
    known = replace(known, auth=Auth("token"))
    with BlockingTarget(KubeflowTarget(known, lambda: token)) as target:
        assert target.reach().namespace == "ada-space"
        assert done(target, submit(ADDING))["state"] == "SUCCEEDED"
        assert [one["experiment"] for one in target.runs().runs] == ["Default"]
    with BlockingTarget(KubeflowTarget(replace(known, namespace="other"), lambda: token)) as other:
        assert "403" in str(other.reach().reason)
    with BlockingTarget(KubeflowTarget(replace(known, namespace=""), lambda: token)) as nowhere:
        assert "namespace" in str(nowhere.reach().reason)


def test_a_notebook_and_its_page(kf: BlockingTarget, submit: Submit) -> None:
    run = done(kf, submit(ADDING))
    assert "loaded 3" in json.dumps(json.loads(kf.notebook(run["run_id"], "load")))
    assert b"<html" in kf.page(run["run_id"], "load").lower()
    failed = done(kf, submit(FAILING))
    with pytest.raises(NotFound):
        kf.notebook(failed["run_id"], "fail")
