"""Servers and images of a cluster, as every target gives them. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timezone
from typing import Any

from ....servers.words import shown_env
from . import reading
from .kinds import (
    LAST_ACTIVITY,
    NOTEBOOK_LABEL,
    STOP_REASON,
    Object,
    annotations_of,
    belongs,
    container,
    container_status,
    labels_of,
    running,
)
from .spawner import Image
from .state import Around, progress, state_of, stopped_at

View = dict[str, Any]


def server_view(
    notebook: Object,
    around: Around,
    claims: Mapping[str, Object],
    target: str,
    titles: Mapping[str, str] | None = None,
    pod_defaults: reading.PodDefaults | None = None,
) -> View:
    """`titles`: what images are called, by name."""
    status = notebook.get("status") or {}
    spec = notebook.get("spec") or {}
    state, message = state_of(notebook, around)
    image = reading.image(notebook)
    asked = reading.resources(notebook)
    up = running(notebook)
    return {
        "name": notebook["metadata"]["name"],
        "target": target,
        "state": state,
        "message": message,
        "progress": progress(notebook, around),
        "image": image,
        "image_name": (titles or {}).get(image or "") or image,
        "cpu": asked["cpu"],
        "memory": asked["memory"],
        "gpu": asked["gpu"],
        "limit_factor": asked["limit_factor"],
        "volumes": [
            {key: value for key, value in one.items() if key != "storage_class"}
            for one in reading.mounts(notebook, claims)
        ],
        "env": shown_env(
            {
                one["name"]: one["value"]
                for one in container(notebook).get("env") or ()
                if "value" in one
            }
        ),
        "configurations": reading.configurations(notebook, pod_defaults or {}),
        "tolerations": reading.tolerations(notebook),
        "node_selector": reading.node_selector(notebook),
        "created_at": notebook["metadata"]["creationTimestamp"],
        "started_at": _started_at(notebook, around.pod) if up else None,
        "last_activity": _time(
            status.get("lastActivity") or annotations_of(notebook).get(LAST_ACTIVITY)
        ),
        "idle_after": reading.idle_after(notebook),
        "stop_at": status.get("stopAt") if up else None,
        "stopped_at": None if up else _time(stopped_at(notebook)),
        "stop_reason": None if up else annotations_of(notebook).get(STOP_REASON),
        "pending_restart": up and bool(status.get("pendingRestart")),
        "preset": reading.preset(notebook),
        "owner_kind": "labwright" if "state" in status or _ours(spec) else "kubeflow",
    }


def around(notebook: Object, pods: Iterable[Object], events: Iterable[Object]) -> Around:
    """What there is around a Notebook, of all that there is."""
    pod = pod_of(notebook, pods)
    name = notebook["metadata"]["name"]
    own = pod["metadata"]["name"] if pod else ""
    born = notebook["metadata"]["creationTimestamp"]

    def about(event: Object) -> bool:
        what = event.get("involvedObject") or {}
        kind, other = what.get("kind"), what.get("name", "")
        if kind == "Pod":
            return bool(own) and other == own
        return kind == "StatefulSet" and belongs(name, other)

    told = sorted((one for one in events if about(one)), key=happened)
    return Around(pod, [one for one in told if (happened(one) or born) >= born])


def pod_of(notebook: Object, pods: Iterable[Object]) -> Object | None:
    """The server's pod; one that ends counts only if there is no other."""
    name = notebook["metadata"]["name"]
    found = [one for one in pods if belongs(name, labels_of(one).get(NOTEBOOK_LABEL, ""))]
    found.sort(key=lambda one: "deletionTimestamp" in one["metadata"])
    return found[0] if found else None


def happened(event: Object) -> str:
    """When an event was told last."""
    found = event.get("lastTimestamp") or event.get("eventTime") or event.get("firstTimestamp")
    return str(found or event["metadata"].get("creationTimestamp") or "")


def image_view(image: Image, target: str, used: Sequence[str | None]) -> View:
    """`used`: the image of each server that there is."""
    return {
        "name": image.name,
        "target": target,
        "display_name": image.title,
        "description": image.description,
        "reference": image.reference,
        "packages": list(image.packages),
        "gpu_vendor": image.gpu_vendor,
        "deprecated": image.deprecated,
        "message": image.message,
        "redirect": image.redirect,
        "hidden": image.hidden,
        "used_by": used.count(image.name),
    }


def titles(images: Collection[Image]) -> dict[str, str]:
    return {one.name: one.title for one in images}


def _ours(spec: Object) -> bool:
    return not {"image", "volumes", "resources", "culling"}.isdisjoint(spec)


def _started_at(notebook: Object, pod: Object | None) -> str | None:
    state = container_status(pod, notebook["metadata"]["name"]).get("state") if pod else None
    found: str | None = ((state or {}).get("running") or {}).get("startedAt")
    return found


def _time(text: str | None) -> str | None:
    """A time in UTC; None for what is none."""
    try:
        found = datetime.fromisoformat((text or "").replace("Z", "+00:00"))
    except ValueError:
        return None
    if found.tzinfo is None:
        return None
    return found.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
