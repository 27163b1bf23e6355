"""The volumes of a Notebook: claims to make, to grow, to keep, to let go."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from labwright_controller.builders.common import labels
from labwright_controller.kinds import OWNER_UID, RECLAIM, Object
from labwright_controller.names import SUBDOMAIN, safe


def volumes(notebook: Object) -> list[Object]:
    """The entries of `spec.volumes`."""
    found: list[Object] = notebook.get("spec", {}).get("volumes") or []
    return found


def claim_name(notebook: Object, volume: Object) -> str:
    """The claim that a volume is, or will be."""
    if "existingClaim" in volume:
        return str(volume["existingClaim"])
    given = volume["claim"].get("name")
    return given or safe(f"{notebook['metadata']['name']}-{volume['name']}", SUBDOMAIN)


def persistent_volume_claims(notebook: Object) -> list[Object]:
    """The claims to make.

    They have no owner reference: a claim with one goes with its Notebook whoever else uses it,
    and with all Notebooks when somebody removes the CRD.
    """
    metadata = notebook["metadata"]
    return [
        {
            "apiVersion": "v1",
            "kind": "PersistentVolumeClaim",
            "metadata": {
                "name": claim_name(notebook, volume),
                "namespace": metadata["namespace"],
                "labels": labels(notebook),
                "annotations": {
                    OWNER_UID: metadata["uid"],
                    RECLAIM: volume.get("reclaim", "Retain"),
                },
            },
            "spec": _claim_spec(volume["claim"]),
        }
        for volume in volumes(notebook)
        if "claim" in volume
    ]


def _claim_spec(claim: Object) -> Object:
    spec: Object = {
        "accessModes": claim.get("accessModes", ["ReadWriteOnce"]),
        "resources": {"requests": {"storage": str(claim["size"])}},
    }
    for field in ("storageClassName", "dataSource"):
        if field in claim:
            spec[field] = claim[field]
    return spec


def mounts(notebook: Object) -> list[Object]:
    """The mounts of the server's container."""
    return [
        {
            "name": volume["name"],
            "mountPath": volume["mountPath"],
            **{field: volume[field] for field in ("subPath", "readOnly") if field in volume},
        }
        for volume in volumes(notebook)
    ]


def pod_volumes(notebook: Object) -> list[Object]:
    """The volumes of the server's pod."""
    return [
        {
            "name": volume["name"],
            "persistentVolumeClaim": {"claimName": claim_name(notebook, volume)},
        }
        for volume in volumes(notebook)
    ]


def used_claims(pod_spec: Object) -> set[str]:
    """The claims that a pod mounts."""
    return {
        volume["persistentVolumeClaim"]["claimName"]
        for volume in pod_spec.get("volumes") or ()
        if volume.get("persistentVolumeClaim", {}).get("claimName")
    }


def notebook_claims(notebook: Object) -> set[str]:
    """The claims that a Notebook uses, in its template or by its volumes."""
    named = {claim_name(notebook, volume) for volume in volumes(notebook)}
    return named | used_claims(notebook.get("spec", {}).get("template", {}).get("spec", {}))


def may_go(claim: Object, live_uids: Iterable[Any], used_by_notebooks: bool) -> bool:
    """Whether a claim's Notebook is gone and its user wanted the claim to go too."""
    annotations = claim["metadata"].get("annotations", {})
    return (
        annotations.get(RECLAIM) == "Delete"
        and bool(annotations.get(OWNER_UID))
        and annotations[OWNER_UID] not in set(live_uids)
        and not used_by_notebooks
        and "deletionTimestamp" not in claim["metadata"]
    )
