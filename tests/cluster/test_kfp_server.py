"""The KFP server is the real one: it makes workflows, follows them, and asks who one is."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from cluster import kfp_objects as objects
from cluster.kfp_parts import USER_HEADER
from cluster.kfp_server import Kfp
from oracle import oracle_python

BY_THE_SDK = Path(__file__).with_name("kfp_sdk_client.py")


def _ir(name: str) -> dict[str, Any]:
    """A pipeline of one step, which says something."""
    container = {"image": "nowhere/none", "command": ["echo", "hello"]}
    task = {"componentRef": {"name": "comp-say"}, "taskInfo": {"name": "say"}}
    return {
        "schemaVersion": "2.1.0",
        "sdkVersion": "kfp-2.17.0",
        "pipelineInfo": {"name": name},
        "components": {"comp-say": {"executorLabel": "exec-say"}},
        "deploymentSpec": {"executors": {"exec-say": {"container": container}}},
        "root": {"dag": {"tasks": {"say": task}}},
    }


@pytest.fixture
def client(kfp: Kfp) -> Any:
    with httpx.Client(base_url=f"{kfp.endpoint}/apis/v2beta1", timeout=30) as client:
        yield client


def _until(found: Callable[[], Any], seconds: float = 60) -> Any:
    deadline = time.monotonic() + seconds
    while not (value := found()):
        assert time.monotonic() < deadline, "it did not come to pass"
        time.sleep(0.1)
    return value


def _answer(response: httpx.Response) -> dict[str, Any]:
    assert response.is_success, response.text
    answer: dict[str, Any] = response.json()
    return answer


def _run(client: httpx.Client, name: str) -> dict[str, Any]:
    body = {"display_name": name, "pipeline_spec": _ir(name)}
    return _answer(client.post("/runs", json=body))


def test_says_what_it_is(client: httpx.Client) -> None:
    health = _answer(client.get("/healthz"))
    assert health["multi_user"] is False
    assert health["pipeline_store"] == "database"


def test_an_uploaded_pipeline_comes_back_from_the_store(client: httpx.Client) -> None:
    ir = _ir("uploaded")
    made = _answer(
        client.post(
            "/pipelines/upload",
            params={"name": "uploaded"},
            files={"uploadfile": ("uploaded.yaml", json.dumps(ir).encode())},
        )
    )
    versions = _answer(client.get(f"/pipelines/{made['pipeline_id']}/versions"))
    assert [version["pipeline_spec"] for version in versions["pipeline_versions"]] == [ir]


def test_a_run_is_a_workflow_that_argo_runs(client: httpx.Client, kfp: Kfp) -> None:
    run = _run(client, "running")
    path = f"/runs/{run['run_id']}"
    _until(lambda: _answer(client.get(path)).get("state") == "RUNNING")
    with kfp.plane.kube() as kube:
        workflows = kube.get(
            f"/apis/argoproj.io/v1alpha1/namespaces/{kfp.namespace}/workflows",
            labelSelector=f"pipeline/runid={run['run_id']}",
        )["items"]
        pods = f"/api/v1/namespaces/{kfp.namespace}/pods"
        [workflow] = workflows
        selector = f"workflows.argoproj.io/workflow={workflow['metadata']['name']}"
        [pod] = _until(lambda: kube.get(pods, labelSelector=selector)["items"])
    assert workflow["status"]["phase"] == "Running"
    assert pod["spec"]["serviceAccountName"] == objects.RUNNER


def test_a_terminated_run_ends(client: httpx.Client) -> None:
    run = _run(client, "terminated")
    path = f"/runs/{run['run_id']}"
    _until(lambda: _answer(client.get(path)).get("state") == "RUNNING")
    _answer(client.post(f"{path}:terminate"))
    # So KFP says it: what Argo stopped has failed.
    ended = _until(lambda: (now := _answer(client.get(path))).get("state") == "FAILED" and now)
    # Of a workflow that Argo has not looked at yet it says no state at all.
    states = [entry["state"] for entry in ended["state_history"] if "state" in entry]
    assert states == ["PENDING", "RUNNING", "CANCELING", "FAILED"]


def test_a_recurring_run_starts_runs(client: httpx.Client, kfp: Kfp) -> None:
    body = {
        "display_name": "often",
        "pipeline_spec": _ir("often"),
        "trigger": {"periodic_schedule": {"interval_second": "1"}},
        "max_concurrency": "1",
        "mode": "ENABLE",
    }
    recurring = _answer(client.post("/recurringruns", json=body))["recurring_run_id"]
    try:
        with kfp.plane.kube() as kube:
            path = f"/apis/kubeflow.org/v1beta1/namespaces/{kfp.namespace}/scheduledworkflows"
            uids = [item["metadata"]["uid"] for item in kube.get(path)["items"]]
        assert recurring in uids
        [run, *_] = _until(
            lambda: [
                run
                for run in _answer(client.get("/runs", params={"page_size": 200})).get("runs", [])
                if run.get("recurring_run_id") == recurring
            ]
        )
        assert run["display_name"].startswith("often")
    finally:
        _answer(client.delete(f"/recurringruns/{recurring}"))


def test_the_kfp_sdk_is_served(kfp: Kfp, tmp_path: Path) -> None:
    python = oracle_python()
    if not python.exists():
        pytest.skip(f"no kfp SDK at {python}")
    ir = tmp_path / "sdk.json"
    ir.write_text(json.dumps(_ir("by-the-sdk")))
    command = [str(python), str(BY_THE_SDK), kfp.endpoint, str(ir)]
    said = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert said.returncode == 0, said.stderr
    told = json.loads(said.stdout.splitlines()[-1])
    assert told["listed"], told
    assert told["state"] in ("CANCELING", "FAILED")
    assert told["recurring"] == "ENABLED"


def test_many_users_have_their_namespaces(kfp_multi_user: Kfp) -> None:
    hers, his = (kfp_multi_user.plane.namespace() for _ in range(2))
    ada = kfp_multi_user.user("ada", hers)
    kfp_multi_user.prepare(his)
    experiments = f"{kfp_multi_user.endpoint}/apis/v2beta1/experiments"

    def ask(namespace: str, **headers: str) -> httpx.Response:
        return httpx.get(experiments, params={"namespace": namespace}, headers=headers)

    bearer = f"Bearer {ada}"
    assert _answer(ask(hers, Authorization=bearer)) == {}
    forbidden = ask(his, Authorization=bearer)
    assert forbidden.status_code == 403
    assert his in forbidden.json()["message"]
    assert ask(hers).status_code == 401
    expired = kfp_multi_user.expired(ada)
    assert ask(hers, Authorization=f"Bearer {expired}").status_code == 401
    # What stands before the server (Istio, an OIDC proxy) may have asked who one is already.
    known = {USER_HEADER: kfp_multi_user.subject(ada)}
    assert _answer(ask(hers, **known)) == {}
