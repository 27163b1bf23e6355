"""The control plane is a real one: it refuses, schedules, runs controllers, serves new kinds."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from cluster.control_plane import ControlPlane
from cluster.kube import Kube, established


@pytest.fixture
def kube(control_plane: ControlPlane) -> Any:
    with control_plane.kube() as kube:
        yield kube


def _pod(namespace: str, name: str = "pod") -> dict[str, Any]:
    container = {"name": "main", "image": "nowhere/none", "command": ["true"]}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"containers": [container]},
    }


def _running(pod: dict[str, Any]) -> bool:
    return bool(pod["status"]["phase"] == "Running")


def test_says_its_version_and_how_long_it_took(
    control_plane: ControlPlane, kube: Kube, record_property: Any
) -> None:
    record_property("control plane started in seconds", control_plane.started_in)
    print(f"the control plane started in {control_plane.started_in} s")
    version = kube.get("/version")
    assert version["major"] == "1"
    assert int(version["minor"].rstrip("+")) >= 32


@pytest.mark.parametrize("token", [None, "made-up"])
def test_a_stranger_is_not_let_in(control_plane: ControlPlane, kube: Kube, token: str) -> None:
    del kube.http.headers["Authorization"]
    if token:
        kube.http.headers["Authorization"] = f"Bearer {token}"
    with pytest.raises(httpx.HTTPStatusError) as refused:
        kube.get("/api/v1/namespaces")
    assert refused.value.response.status_code == 401


def test_a_user_works_in_her_namespace_only(control_plane: ControlPlane) -> None:
    hers, other = control_plane.namespace(), control_plane.namespace()
    token = control_plane.user("ada", namespaces=[hers])
    with control_plane.kube(token) as ada:
        ada.create(_pod(hers))
        assert [
            pod["metadata"]["name"] for pod in ada.get(f"/api/v1/namespaces/{hers}/pods")["items"]
        ]
        with pytest.raises(httpx.HTTPStatusError, match="forbidden") as refused:
            ada.create(_pod(other))
        assert refused.value.response.status_code == 403
        with pytest.raises(httpx.HTTPStatusError, match="forbidden"):
            ada.get("/api/v1/namespaces")


def test_who_is_told_by_a_token(control_plane: ControlPlane, kube: Kube) -> None:
    token = control_plane.user("bob", audiences=["pipelines.kubeflow.org"])
    review = {
        "apiVersion": "authentication.k8s.io/v1",
        "kind": "TokenReview",
        "metadata": {"name": ""},
        "spec": {"token": token, "audiences": ["pipelines.kubeflow.org"]},
    }
    status = kube.create(review)["status"]
    assert status["authenticated"]
    assert status["user"]["username"].startswith("system:serviceaccount:labwright-users:bob-")


def test_a_pod_runs(control_plane: ControlPlane, kube: Kube) -> None:
    namespace = control_plane.namespace()
    kube.create(_pod(namespace))
    pod = kube.wait(f"/api/v1/namespaces/{namespace}/pods/pod", _running)
    assert pod["spec"]["nodeName"] == "kwok"
    assert pod["status"]["containerStatuses"][0]["ready"]


def test_a_job_succeeds(control_plane: ControlPlane, kube: Kube) -> None:
    namespace = control_plane.namespace()
    template = {"spec": {**_pod(namespace)["spec"], "restartPolicy": "Never"}}
    kube.create(
        {
            "apiVersion": "batch/v1",
            "kind": "Job",
            "metadata": {"name": "job", "namespace": namespace},
            "spec": {"template": template},
        }
    )
    path = f"/apis/batch/v1/namespaces/{namespace}/jobs/job"
    kube.wait(path, lambda job: job["status"].get("succeeded") == 1)


def test_a_deployment_makes_pods(control_plane: ControlPlane, kube: Kube) -> None:
    namespace = control_plane.namespace()
    labels = {"app": "web"}
    kube.create(
        {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": "web", "namespace": namespace},
            "spec": {
                "replicas": 3,
                "selector": {"matchLabels": labels},
                "template": {"metadata": {"labels": labels}, "spec": _pod(namespace)["spec"]},
            },
        }
    )
    path = f"/apis/apps/v1/namespaces/{namespace}/deployments/web"
    kube.wait(path, lambda deployment: deployment["status"].get("readyReplicas") == 3)
    assert len(kube.get(f"/api/v1/namespaces/{namespace}/pods")["items"]) == 3


def test_a_new_kind_is_served(control_plane: ControlPlane, kube: Kube) -> None:
    namespace = control_plane.namespace()
    group = f"{namespace}.labwright.test"
    schema = {
        "type": "object",
        "properties": {
            "spec": {"type": "object", "properties": {"size": {"type": "integer", "minimum": 1}}}
        },
    }
    version = {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}
    definition = {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"widgets.{group}"},
        "spec": {
            "group": group,
            "scope": "Namespaced",
            "names": {"plural": "widgets", "singular": "widget", "kind": "Widget"},
            "versions": [version],
        },
    }
    for _ in range(2):
        kube.apply(definition)
    kube.wait(kube.path(definition), established)
    kube.wait(f"/apis/{group}/v1", lambda _: True)
    widget = {
        "apiVersion": f"{group}/v1",
        "kind": "Widget",
        "metadata": {"name": "one", "namespace": namespace},
        "spec": {"size": 3},
    }
    assert kube.create(widget)["spec"] == {"size": 3}
    with pytest.raises(httpx.HTTPStatusError, match=r"spec\.size"):
        kube.apply({**widget, "spec": {"size": 0}})
