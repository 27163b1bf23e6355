"""The controller as it is installed: its rights, its lease, a leader that dies."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from cluster.control_plane import ControlPlane, start
from cluster.kube import Kube
from cluster.processes import Processes, free_port
from controller.objects import notebook
from controller.processes import Controller, controller
from controller.webhooks import configurations, is_known
from labwright.targets.kubeflow.installing import objects

NAME = "labwright-controller"
RIGHTS = ("ServiceAccount", "Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding")
MANIFESTS = Path(__file__).parents[2] / "controller" / "manifests"


def as_installed(plane: ControlPlane, folder: Path) -> tuple[ControlPlane, str]:
    """The control plane with a kubeconfig of a service account that has the manifests' rights."""
    namespace = plane.namespace("ctl")
    with plane.kube() as kube:
        for body in objects("standalone", namespace=namespace):
            if body["kind"] not in RIGHTS or not body["metadata"]["name"].startswith(NAME):
                continue
            if "namespace" not in body["metadata"]:
                # Every test has a role of its own, since they run at the same time.
                body["metadata"]["name"] += f"-{namespace}"
                if "roleRef" in body:
                    body["roleRef"]["name"] += f"-{namespace}"
            for rule in body.get("rules", ()):
                if "admissionregistration.k8s.io" in rule["apiGroups"]:
                    rule["resourceNames"] = [f"{NAME}-{namespace}"]
            kube.create(body)
        request = {
            "apiVersion": "authentication.k8s.io/v1",
            "kind": "TokenRequest",
            "spec": {"expirationSeconds": 3600},
        }
        account = f"/api/v1/namespaces/{namespace}/serviceaccounts/labwright-controller"
        token = kube.post(f"{account}/token", request)["status"]["token"]
    config: Any = yaml.safe_load(Path(plane.kubeconfig).read_text())
    config["users"][0]["user"] = {"token": token}
    path = folder / "installed.kubeconfig"
    path.write_text(yaml.safe_dump(config))
    fields = {**plane.__dict__, "kubeconfig": str(path)}
    return ControlPlane(**fields), namespace


def create(kube: Kube, namespace: str, name: str, **spec: Any) -> str:
    body = notebook(name, namespace, **spec)
    del body["metadata"]["uid"]
    return kube.path(kube.create(body))


def running(body: dict[str, Any]) -> bool:
    return (body.get("status") or {}).get("state") == "Running"


@contextmanager
def webhooks_as_installed(kube: Kube, name: str, namespace: str, port: int) -> Iterator[list[str]]:
    paths = []
    for body in configurations(namespace, port):
        # The name that the role has.
        body["metadata"]["name"] = name
        paths.append(kube.path(kube.create(body)))
    try:
        yield paths
    finally:
        for path in paths:
            kube.delete(path)


def test_the_manifests_rights_are_enough(control_plane: ControlPlane, tmp_path: Path) -> None:
    plane, own = as_installed(control_plane, tmp_path)
    user = control_plane.namespace("user")
    volume = {"name": "w", "mountPath": "/w", "claim": {"size": "1Gi"}, "reclaim": "Delete"}
    port = free_port()
    with (
        control_plane.kube() as kube,
        webhooks_as_installed(kube, f"labwright-controller-{own}", user, port) as hooks,
        controller(
            plane,
            tmp_path,
            WATCH_NAMESPACES=user,
            POD_NAMESPACE=own,
            LEADER_ELECT="true",
            WEBHOOKS=f"127.0.0.1:{port}",
            WEBHOOK_CONFIGURATION=f"labwright-controller-{own}",
        ) as process,
    ):
        for hook in hooks:
            kube.wait(hook, is_known)
        path = create(kube, user, "nb")
        kube.wait(path, running)
        time.sleep(1.1)
        now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        before = kube.get(f"/api/v1/namespaces/{user}/pods/nb-0")["metadata"]["uid"]
        annotation = {"notebooks.labwright.dev/restarted-at": now}
        kube.patch(path, {"metadata": {"annotations": annotation}})
        kube.wait(
            f"/api/v1/namespaces/{user}/pods/nb-0", lambda pod: pod["metadata"]["uid"] != before
        )
        with_volume = create(kube, user, "vol", volumes=[volume])
        claim = f"/api/v1/namespaces/{user}/persistentvolumeclaims/vol-w"
        kube.wait(claim, bool)
        kube.delete(with_volume)
        deadline = time.monotonic() + 30
        while True:
            answer = kube.http.get(claim)
            if answer.status_code == 404 or "deletionTimestamp" in answer.json()["metadata"]:
                break
            assert time.monotonic() < deadline
            time.sleep(0.1)
        assert "orbidden" not in process.log.read_text()
        # Its Lease and its certificate are where it was installed.
        assert kube.get(f"/apis/coordination.k8s.io/v1/namespaces/{own}/leases/{NAME}")["spec"]
        assert kube.get(f"/api/v1/namespaces/{own}/secrets/{NAME}-webhooks")["data"]


def test_another_takes_over_when_the_leader_is_killed(
    control_plane: ControlPlane, tmp_path: Path
) -> None:
    namespace = control_plane.namespace("lead")
    environment = {
        "WATCH_NAMESPACES": namespace,
        "POD_NAMESPACE": namespace,
        "LEADER_ELECT": "true",
    }
    with (
        control_plane.kube() as kube,
        controller(control_plane, tmp_path, POD_NAME="first", **environment) as first,
        controller(
            control_plane, tmp_path, wait_for="stands by", POD_NAME="second", **environment
        ) as second,
    ):
        pods = f"/api/v1/namespaces/{namespace}/pods"
        kube.wait(create(kube, namespace, "before"), running)
        uid = kube.get(f"{pods}/before-0")["metadata"]["uid"]
        assert second.writes() == 0
        first.kill()
        during = create(kube, namespace, "during")
        kube.wait(during, running, seconds=60)
        assert leads(second)
        # What ran goes on.
        assert kube.get(f"{pods}/before-0")["metadata"]["uid"] == uid
        assert len(kube.get(pods)["items"]) == 2


@pytest.fixture
def own_plane(control_plane: ControlPlane, tmp_path: Path) -> Iterator[ControlPlane]:
    """One in which a controller may mind all namespaces: no other test has Notebooks there."""
    folder = tmp_path / "plane"
    folder.mkdir()
    processes = Processes(folder)
    try:
        yield ControlPlane(**start(processes))
    finally:
        processes.stop()


def test_the_catalogue_is_counted_by_who_sees_all_of_it(
    own_plane: ControlPlane, tmp_path: Path
) -> None:
    namespaces = [own_plane.namespace("part"), own_plane.namespace("part")]
    with own_plane.kube() as kube:
        image = {"kind": "NotebookImage", "apiVersion": "labwright.dev/v1alpha1"}
        image |= {"metadata": {"name": "base"}, "spec": {"reference": "jupyter:1"}}
        path = kube.path(kube.create(image))
        with ExitStack() as parts:
            for one in namespaces:
                parts.enter_context(controller(own_plane, tmp_path, WATCH_NAMESPACES=one))
            made = [create(kube, one, "nb", image="base") for one in namespaces]
            for one in made:
                kube.wait(one, running)
            # Neither sees what the other does: both numbers would be wrong.
            assert "notebooks" not in kube.get(path).get("status", {})
        with controller(own_plane, tmp_path):
            kube.wait(path, lambda body: body.get("status", {}).get("notebooks") == 2)
            kube.delete(made[0])
            kube.wait(path, lambda body: body["status"]["notebooks"] == 1)


def leads(process: Controller) -> bool:
    return httpx.get(f"{process.url}/readyz").text == "leads"


def test_uninstalling_leaves_servers_and_volumes(
    control_plane: ControlPlane, tmp_path: Path
) -> None:
    namespace = control_plane.namespace("gone")
    volume = {"name": "w", "mountPath": "/w", "claim": {"size": "1Gi"}, "reclaim": "Delete"}
    with control_plane.kube() as kube:
        with controller(control_plane, tmp_path, WATCH_NAMESPACES=namespace):
            path = create(kube, namespace, "nb", volumes=[volume])
            claim = f"/api/v1/namespaces/{namespace}/persistentvolumeclaims/nb-w"
            kube.wait(claim, bool)
        # Nothing of the controller's holds the Notebook, and the claim outlives even that.
        assert not kube.get(path)["metadata"].get("finalizers")
        assert not kube.get(claim)["metadata"].get("ownerReferences")


@pytest.mark.skipif(shutil.which("kubectl") is None, reason="kubectl builds the overlays")
@pytest.mark.parametrize("overlay", ["standalone", "kubeflow", "istio"])
def test_overlays_can_be_built(overlay: str) -> None:
    folder = MANIFESTS / "overlays" / overlay
    made = subprocess.run(["kubectl", "kustomize", folder], capture_output=True, text=True)
    assert made.returncode == 0, made.stderr
    bodies = list(yaml.safe_load_all(made.stdout))
    kinds = {body["kind"] for body in bodies}
    assert {"CustomResourceDefinition", "Deployment", "ClusterRole", "ServiceAccount"} <= kinds
    crd = next(b for b in bodies if b["metadata"]["name"] == "notebooks.kubeflow.org")
    assert all(version["schema"] for version in crd["spec"]["versions"])


def test_the_dashboard_asks_for_metrics_that_exist(
    control_plane: ControlPlane, tmp_path: Path
) -> None:
    namespace = control_plane.namespace("dash")
    with (
        control_plane.kube() as kube,
        controller(control_plane, tmp_path, WATCH_NAMESPACES=namespace) as process,
    ):
        kube.wait(create(kube, namespace, "nb"), running)
        text = httpx.get(f"{process.url}/metrics").text
        assert process.metric("notebook_startup_seconds_count") == 1
        assert process.metric('labwright_notebooks{state="Running"}') == 1
    samples = {re.split(r"[{ ]", line)[0] for line in text.splitlines() if line[:1] != "#"}
    dashboard = json.loads((MANIFESTS / "monitoring" / "dashboard.json").read_text())
    panels = dashboard["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    asked = {
        name
        for panel in panels
        for target in panel["targets"]
        for name in re.findall(r"\b(?:labwright|notebook)_\w+", target["expr"])
    }
    assert asked <= samples
    assert {"notebook_startup_seconds_bucket", "labwright_queue_length"} <= asked
