"""An ordinary user can do what RBAC says, and is told why not the rest."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from cluster.control_plane import ControlPlane
from cluster.kube import Kube
from controller.objects import Object, notebook, server
from controller.processes import controller

ROLE = "labwright-test-notebook-user"


@pytest.fixture(scope="module")
def home(control_plane: ControlPlane, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A user's namespace: pods must be restricted there, and a controller is at work."""
    namespace = control_plane.namespace("home")
    level = {"pod-security.kubernetes.io/enforce": "restricted"}
    with control_plane.kube() as kube:
        kube.patch(f"/api/v1/namespaces/{namespace}", {"metadata": {"labels": level}})
        rules = [
            {"apiGroups": ["kubeflow.org"], "resources": ["notebooks"], "verbs": ["*"]},
            {"apiGroups": [""], "resources": ["persistentvolumeclaims"], "verbs": ["get", "list"]},
        ]
        kube.apply(
            {
                "apiVersion": "rbac.authorization.k8s.io/v1",
                "kind": "ClusterRole",
                "metadata": {"name": ROLE},
                "rules": rules,
            }
        )
    folder = tmp_path_factory.mktemp("users")
    with controller(control_plane, folder, WATCH_NAMESPACES=namespace):
        yield namespace


@pytest.fixture(scope="module")
def user(control_plane: ControlPlane, home: str) -> Iterator[Kube]:
    with control_plane.kube(control_plane.user("ada", [home], ROLE)) as kube:
        yield kube


def created(user: Kube, name: str, namespace: str, body: Object | None = None) -> str:
    made = body or notebook(name, namespace)
    made["metadata"].pop("uid", None)
    user.create(made)
    return f"/apis/kubeflow.org/v1/namespaces/{namespace}/notebooks/{name}"


def test_another_namespace_is_closed(control_plane: ControlPlane, user: Kube) -> None:
    other = control_plane.namespace("other")
    with pytest.raises(httpx.HTTPStatusError, match=r"403.*cannot create resource"):
        created(user, "nb", other)
    with pytest.raises(httpx.HTTPStatusError, match=r"403.*cannot list resource"):
        user.get(f"/apis/kubeflow.org/v1/namespaces/{other}/notebooks")
    with pytest.raises(httpx.HTTPStatusError, match="403"):
        user.get(f"/api/v1/namespaces/{other}/persistentvolumeclaims")


def test_a_volume_of_another_namespace_is_not_reached(
    control_plane: ControlPlane, user: Kube, home: str
) -> None:
    other = control_plane.namespace("other")
    with control_plane.kube() as kube:
        kube.create(
            {
                "apiVersion": "v1",
                "kind": "PersistentVolumeClaim",
                "metadata": {"name": "secrets", "namespace": other},
                "spec": {
                    "accessModes": ["ReadWriteOnce"],
                    "resources": {"requests": {"storage": "1Gi"}},
                },
            }
        )
    body = restricted(notebook("reaches", home))
    body["spec"]["volumes"] = [{"name": "x", "mountPath": "/x", "existingClaim": "secrets"}]
    path = created(user, "reaches", home, body)
    status = user.wait(path, lambda nb: "secrets" in (nb.get("status") or {}).get("message", ""))
    assert status["status"]["state"] == "Waiting"
    assert "not found" in status["status"]["message"]


def test_a_privileged_pod_is_refused_and_why_is_said(user: Kube, home: str) -> None:
    body = restricted(notebook("privileged", home))
    server(body)["securityContext"].update(privileged=True, allowPrivilegeEscalation=True)
    path = created(user, "privileged", home, body)
    found = user.wait(path, lambda nb: (nb.get("status") or {}).get("state") == "Failed")
    message = found["status"]["message"]
    assert message.startswith("This namespace does not allow such a pod: ")
    assert "privileged" in message


def test_a_restricted_server_runs(user: Kube, home: str) -> None:
    path = created(user, "good", home, restricted(notebook("good", home)))
    user.wait(path, lambda nb: (nb.get("status") or {}).get("state") == "Running")


def restricted(body: Object) -> Object:
    """As the restricted profile wants it."""
    server(body)["securityContext"] = {
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
        "runAsNonRoot": True,
        "seccompProfile": {"type": "RuntimeDefault"},
    }
    return body
