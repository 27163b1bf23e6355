"""Volumes that are there at once, and grow: what a storage driver does, without any storage."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import httpx

from cluster.control_plane import ControlPlane
from cluster.kube import Kube, Object

START = "here-"
"""What our storage classes' names begin with."""


def make_class(kube: Kube, namespace: str) -> str:
    """A storage class, the default one."""
    name = f"{START}{namespace}"
    mark = {"storageclass.kubernetes.io/is-default-class": "true"}
    kube.create(
        {
            "apiVersion": "storage.k8s.io/v1",
            "kind": "StorageClass",
            "metadata": {"name": name, "annotations": mark},
            "provisioner": "labwright.test/here",
            "allowVolumeExpansion": True,
        }
    )
    return name


@contextmanager
def provisioner(plane: ControlPlane, namespaces: list[str]) -> Iterator[None]:
    """Provide for the claims of some namespaces, in a thread."""
    over = threading.Event()

    def work() -> None:
        with plane.kube() as kube:
            while not over.wait(0.2):
                for namespace in namespaces:
                    _provide(kube, namespace)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _provide(kube: Kube, namespace: str) -> None:
    path = f"/api/v1/namespaces/{namespace}/persistentvolumeclaims"
    for claim in kube.get(path)["items"]:
        spec, status = claim["spec"], claim["status"]
        size = spec["resources"]["requests"]["storage"]
        if not (spec.get("storageClassName") or "").startswith(START):
            continue
        try:
            if not spec.get("volumeName"):
                kube.create(_volume(claim, size))
            elif status.get("phase") == "Bound" and status["capacity"]["storage"] != size:
                capacity = {"capacity": {"storage": size}}
                kube.patch(f"/api/v1/persistentvolumes/{spec['volumeName']}", {"spec": capacity})
                name = claim["metadata"]["name"]
                kube.patch(f"{path}/{name}/status", {"status": capacity})
        except httpx.HTTPStatusError as error:
            # It was provided for a moment ago, or is gone.
            if error.response.status_code not in (404, 409):
                raise


def _volume(claim: Object, size: str) -> Object:
    metadata, spec = claim["metadata"], claim["spec"]
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {"name": f"pv-{metadata['uid']}"},
        "spec": {
            "capacity": {"storage": size},
            "accessModes": spec["accessModes"],
            "storageClassName": spec["storageClassName"],
            "persistentVolumeReclaimPolicy": "Delete",
            "hostPath": {"path": f"/nowhere/{metadata['uid']}"},
            "claimRef": {
                "kind": "PersistentVolumeClaim",
                "namespace": metadata["namespace"],
                "name": metadata["name"],
                "uid": metadata["uid"],
            },
        },
    }
