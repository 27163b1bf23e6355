"""`labwright install`: the manifests it prints are kustomize's, and a cluster takes them."""

from __future__ import annotations

import json
import os
import secrets
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


@pytest.mark.skipif(shutil.which("kubectl") is None, reason="kubectl is the one to compare with")
@pytest.mark.parametrize("overlay", OVERLAYS)
def test_a_namespace_moves_what_kustomize_moves(
    overlay: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = os.path.relpath(manifests() / "overlays" / overlay, tmp_path.resolve())
    layer = {"namespace": "team", "resources": [folder]}
    (tmp_path / "kustomization.yaml").write_text(yaml.safe_dump(layer))
    made = subprocess.run(["kubectl", "kustomize", tmp_path], capture_output=True, check=True)
    ours = sorted_bodies(printed(capsys, overlay, "--namespace", "team"))
    assert ours == sorted_bodies(list(yaml.safe_load_all(made.stdout)))
    assert '"namespace": "kubeflow"' not in json.dumps(ours)


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
        (["--namespace", "My Team"], "a namespace cannot be called 'My Team'"),
    ],
)
def test_what_makes_no_sense_is_said(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(*arguments) == 2
    assert message in capsys.readouterr().err


def test_a_cluster_takes_it_twice_and_in_one_namespace(control_plane: ControlPlane) -> None:
    namespace = f"install-{secrets.token_hex(4)}"
    bodies = [alone(body, namespace) for body in objects("standalone", "controller:1", namespace)]
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
            # What would leave that one without its rights is refused before anything is written.
            other = control_plane.namespace("other")
            moved = [alone(body, namespace) for body in objects("kubeflow", "c:1", other)]
            with pytest.raises(LabwrightError, match=f"already, in the namespace {namespace}"):
                apply(moved, "", control_plane.kubeconfig, said.append)
            assert not kube.get(f"/apis/apps/v1/namespaces/{other}/deployments")["items"]
        finally:
            for body in bodies:
                if body["kind"].endswith("WebhookConfiguration"):
                    kube.delete(kube.path(body))
    assert said[: len(bodies)] == said[len(bodies) :]
    wrong = next(body for body in bodies if body["kind"] == "Deployment")
    wrong["spec"]["replicas"] = "many"
    with pytest.raises(LabwrightError, match=r"refuses.*spec\.replicas"):
        apply([wrong], "test", control_plane.kubeconfig, said.append)


def test_a_namespace_that_is_not_there_is_said_before(control_plane: ControlPlane) -> None:
    said: list[str] = []
    with pytest.raises(LabwrightError, match="there is no namespace nowhere-at-all"):
        apply(
            objects("kubeflow", "c:1", "nowhere-at-all"), "", control_plane.kubeconfig, said.append
        )
    assert not said


def alone(body: dict[str, Any], name: str) -> dict[str, Any]:
    """The object as this test alone has it: others share the control plane."""
    metadata = body["metadata"]
    if body["kind"] in ("CustomResourceDefinition", "Namespace") or "namespace" in metadata:
        return body
    suffix = metadata["name"].removeprefix("labwright-controller").removeprefix("labwright-")
    metadata["name"] = "-".join(filter(None, (name, suffix)))
    # Nobody else gets rights, or is asked, by it.
    metadata.pop("labels", None)
    if body.get("roleRef"):
        body["roleRef"]["name"] = metadata["name"]
    for subject in body.get("subjects", ()):
        if subject["kind"] == "Group":
            subject["name"] = name
    for hook in body.get("webhooks", ()):
        hook["namespaceSelector"] = {"matchLabels": {"kubernetes.io/metadata.name": name}}
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
