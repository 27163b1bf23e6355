"""`labwright install`: the manifests it prints are kustomize's, and a cluster takes them."""

from __future__ import annotations

import json
import shutil
import subprocess
import zipfile
from pathlib import Path
from typing import Any

import pytest
import yaml

from cluster.control_plane import ControlPlane
from labwright.cli.main import main
from labwright.errors import LabwrightError
from labwright.targets.kubeflow.installing import OVERLAYS, apply, manifests, objects

ROOT = Path(__file__).parents[2]


def run(*arguments: str) -> object:
    with pytest.raises(SystemExit) as end:
        main(["install", *arguments])
    return end.value.code


def printed(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[dict[str, Any]]:
    assert run(*arguments) == 0
    return list(yaml.safe_load_all(capsys.readouterr().out))


def sorted_bodies(bodies: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(bodies, key=lambda body: (body["kind"], body["metadata"]["name"]))


@pytest.mark.skipif(shutil.which("kubectl") is None, reason="kubectl is the one to compare with")
@pytest.mark.parametrize("overlay", OVERLAYS)
def test_it_prints_what_kustomize_makes(overlay: str, capsys: pytest.CaptureFixture[str]) -> None:
    folder = manifests() / "overlays" / overlay
    made = subprocess.run(["kubectl", "kustomize", folder], capture_output=True, check=True)
    ours = sorted_bodies(printed(capsys, overlay))
    assert ours == sorted_bodies(list(yaml.safe_load_all(made.stdout)))


def test_the_image_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    bodies = printed(capsys, "standalone", "--image", "registry/controller:1")
    kinds = [body["kind"] for body in bodies]
    assert kinds[:3] == ["Namespace", "CustomResourceDefinition", "CustomResourceDefinition"]
    deployment = bodies[kinds.index("Deployment")]
    container = deployment["spec"]["template"]["spec"]["containers"][0]
    assert container["image"] == "registry/controller:1"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nowhere"], "there is no overlay 'nowhere'"),
        (["--apply"], "the controller's image is not named"),
        (["--context", "x"], "--context is for --apply alone"),
    ],
)
def test_what_makes_no_sense_is_said(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(*arguments) == 2
    assert message in capsys.readouterr().err


def test_a_cluster_takes_it_twice(control_plane: ControlPlane) -> None:
    namespace = control_plane.namespace("install")
    bodies = [in_namespace(body, namespace) for body in objects("standalone", "controller:1")]
    said: list[str] = []
    with control_plane.kube() as kube:
        try:
            for _ in range(2):
                apply(bodies, "", control_plane.kubeconfig, said.append)
            path = f"/apis/apps/v1/namespaces/{namespace}/deployments/labwright-controller"
            # Its pods are made: their namespace lets them run as they are.
            kube.wait(path, lambda found: found.get("status", {}).get("replicas") == 2)
            role = kube.get(f"/apis/rbac.authorization.k8s.io/v1/clusterroles/{namespace}")
            assert role["rules"]
        finally:
            for body in bodies:
                if body["kind"].endswith("WebhookConfiguration"):
                    kube.delete(kube.path(body))
    assert said[: len(bodies)] == said[len(bodies) :]
    wrong = next(body for body in bodies if body["kind"] == "Deployment")
    wrong["spec"]["replicas"] = "many"
    with pytest.raises(LabwrightError, match=r"refuses.*spec\.replicas"):
        apply([wrong], "test", control_plane.kubeconfig, said.append)


def in_namespace(body: dict[str, Any], namespace: str) -> dict[str, Any]:
    """The object as this test alone has it: others share the control plane."""
    text = json.dumps(body).replace('"namespace": "kubeflow"', f'"namespace": "{namespace}"')
    body = json.loads(text)
    if body["kind"] == "Namespace" or (
        "namespace" not in body["metadata"] and body["kind"] != "CustomResourceDefinition"
    ):
        body["metadata"]["name"] = namespace
    for hook in body.get("webhooks", ()):
        hook["namespaceSelector"] = {"matchLabels": {"kubernetes.io/metadata.name": namespace}}
        never = {"name": "never", "expression": "false"}
        hook["matchConditions"] = [never] if hook["name"].startswith("images") else []
    return body


def test_the_wheel_carries_the_manifests(tmp_path: Path) -> None:
    from hatchling.builders.wheel import WheelBuilder

    hook = ROOT / "labextension" / "labwright" / "labextension" / "package.json"
    if not hook.is_file():
        pytest.skip("the JupyterLab extension, which the wheel needs, is not built")
    (wheel,) = WheelBuilder(str(ROOT)).build(directory=str(tmp_path), versions=["standard"])
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    assert "labwright_controller/manifests/base/rbac.yaml" in names
    assert "labwright_controller/manifests/overlays/istio/kustomization.yaml" in names
