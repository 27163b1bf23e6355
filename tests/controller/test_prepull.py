"""Images that are pulled ahead: their DaemonSet follows the catalogue."""

from __future__ import annotations

from pathlib import Path

from cluster.control_plane import ControlPlane
from controller.objects import Object
from controller.processes import controller
from controller.test_operations import as_installed
from labwright_controller.builders.prepull import prepull


def image(name: str, **spec: object) -> Object:
    return {
        "apiVersion": "labwright.dev/v1alpha1",
        "kind": "NotebookImage",
        "metadata": {"name": name},
        "spec": {"reference": "jupyter:9", **spec},
    }


def test_only_what_is_asked_for_is_pulled() -> None:
    digest = f"sha256:{'a' * 64}"
    found = prepull(
        [
            image("a.b", prePull=True, digest=digest),
            image("not"),
            image("old", prePull=True, redirect={"to": "not"}),
        ],
        "kubeflow",
    )
    assert found is not None
    (container,) = found["spec"]["template"]["spec"]["containers"]
    assert container["image"] == f"jupyter:9@{digest}"
    assert container["name"].startswith("a-b---")
    assert prepull([image("not")], "kubeflow") is None


def test_the_daemonset_follows_the_catalogue(control_plane: ControlPlane, tmp_path: Path) -> None:
    plane, own = as_installed(control_plane, tmp_path)
    daemonsets = f"/apis/apps/v1/namespaces/{own}/daemonsets"
    path = f"{daemonsets}/labwright-prepull"
    name = f"{own}-ahead"
    images = f"/apis/labwright.dev/v1alpha1/notebookimages/{name}"

    def pulled(found: Object) -> list[str]:
        containers = found["spec"]["template"]["spec"]["containers"]
        return [c["image"] for c in containers if c["name"] == name]

    with (
        control_plane.kube() as kube,
        controller(plane, tmp_path, WATCH_NAMESPACES=own, POD_NAMESPACE=own) as process,
    ):
        kube.create(image(name, prePull=True))
        try:
            kube.wait(path, lambda found: pulled(found) == ["jupyter:9"])
            # Its pods run.
            kube.wait(path, lambda found: found.get("status", {}).get("numberReady", 0) >= 1)
            kube.patch(images, {"spec": {"reference": "jupyter:10"}})
            kube.wait(path, lambda found: pulled(found) == ["jupyter:10"])
        finally:
            kube.delete(images)
        kube.wait(daemonsets, lambda found: not any(map(pulled, found["items"])))
        assert "orbidden" not in process.log.read_text()
