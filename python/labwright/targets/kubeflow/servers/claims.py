"""Volumes: PersistentVolumeClaims, whose they are and who uses them. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from ....notebook.settings import byte_count
from .kinds import OWNER_UID, Object, annotations_of, pod_spec

View = dict[str, Any]


def claim_names(volumes: Iterable[Object]) -> list[str]:
    """The claims of a pod's volumes."""
    found = (one.get("persistentVolumeClaim") or {} for one in volumes)
    return [one["claimName"] for one in found if one.get("claimName")]


def managed_claim(notebook: Object, volume: Object) -> str:
    """The claim of a volume that the controller makes or mounts."""
    given = volume.get("existingClaim") or (volume.get("claim") or {}).get("name")
    return given or f"{notebook['metadata']['name']}-{volume['name']}"


def claims_of(notebook: Object) -> set[str]:
    """The claims that a Notebook uses."""
    above = (notebook.get("spec") or {}).get("volumes") or ()
    named = {managed_claim(notebook, one) for one in above}
    return named | set(claim_names(pod_spec(notebook).get("volumes") or ()))


def users(
    claim: str, notebooks: Iterable[Object], pods: Iterable[Object], without: str = ""
) -> list[str]:
    """Who uses a claim: servers by name, and pods that are no server's.

    `without` is the server that does not count.
    """
    servers = {one["metadata"]["name"] for one in notebooks if claim in claims_of(one)}
    others = {
        f"pod {one['metadata']['name']}"
        for one in pods
        if claim in claim_names((one.get("spec") or {}).get("volumes") or ())
        and (one.get("status") or {}).get("phase") not in ("Succeeded", "Failed")
        and "notebook-name" not in (one["metadata"].get("labels") or {})
    }
    return sorted(servers - {without}) + sorted(others)


def made_for(notebook: Object, claims: Iterable[Object]) -> list[Object]:
    """The claims that were made for a Notebook."""
    uid = notebook["metadata"]["uid"]
    return [one for one in claims if annotations_of(one).get(OWNER_UID) == uid]


def size_of(claim: Object) -> str | None:
    """What it has, or will have."""
    status, spec = claim.get("status") or {}, claim.get("spec") or {}
    has = (status.get("capacity") or {}).get("storage")
    wanted = ((spec.get("resources") or {}).get("requests") or {}).get("storage")
    found = has or wanted
    return str(found) if found else None


def wanted_size(claim: Object) -> str:
    return str(claim["spec"]["resources"]["requests"]["storage"])


def larger(one: str, other: str) -> bool:
    """Whether a size is larger than another; False where that cannot be told."""
    try:
        return byte_count(one) > byte_count(other)
    except ValueError:
        return False


def volume_view(
    claim: Object, target: str, used_by: Collection[str], events: Iterable[Object] = ()
) -> View:
    state, message = _state(claim)
    if state == "WAITING" and message is None:
        told = [one for one in events if one["involvedObject"].get("uid") == _uid(claim)]
        message = told[-1].get("message") if told else None
    metadata, spec = claim["metadata"], claim["spec"]
    return {
        "name": metadata["name"],
        "target": target,
        "size": size_of(claim),
        "used_bytes": None,
        "state": state,
        "message": message,
        "storage_class": spec.get("storageClassName"),
        "access_mode": (spec.get("accessModes") or ["ReadWriteOnce"])[0],
        "used_by": list(used_by),
        "created_at": metadata["creationTimestamp"],
        "path": None,
    }


def _uid(body: Object) -> Any:
    return body["metadata"].get("uid")


def _state(claim: Object) -> tuple[str, str | None]:
    if "deletionTimestamp" in claim["metadata"]:
        return "TERMINATING", "It goes when no server uses it any more."
    status = claim.get("status") or {}
    phase = status.get("phase", "Pending")
    if phase == "Lost":
        return "LOST", "What it was kept on is gone."
    if phase != "Bound":
        return "WAITING", None
    conditions: Mapping[str, Object] = {
        one["type"]: one for one in status.get("conditions") or () if one["status"] == "True"
    }
    if "FileSystemResizePending" in conditions:
        return "RESIZING", "It grows when a server that uses it starts."
    has = size_of(claim)
    if "Resizing" in conditions or (has and larger(wanted_size(claim), has)):
        return "RESIZING", f"It grows to {wanted_size(claim)}."
    return "BOUND", None
