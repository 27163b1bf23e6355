"""What people would have asked for to get a Notebook: the way back. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ....errors import LabwrightError
from ....notebook.settings import cpu_cores
from ....servers.presets import PRESETS
from ....servers.spec import ServerSpec
from ....servers.words import seconds
from .building import factors, is_device, is_toleration, quantities
from .claims import claim_names, managed_claim, size_of, wanted_size
from .kinds import (
    OWNER_UID,
    PRESET,
    RECLAIM,
    Object,
    annotations_of,
    container,
    labels_of,
    pod_spec,
)

Claims = Mapping[str, Object]
PodDefaults = Mapping[str, Mapping[str, str]]
"""The labels that each selects."""


def spec_of(notebook: Object, claims: Claims, pod_defaults: PodDefaults) -> ServerSpec:
    """The server that a Notebook is. What others wrote that no server of ours says is left out."""
    name = notebook["metadata"]["name"]
    asked = resources(notebook)
    data: dict[str, Any] = {"name": name}
    said = {
        "image": image(notebook),
        **{key: asked[key] for key in ("cpu", "memory", "gpu", "limit_factor")},
        "env": {one["name"]: one["value"] for one in container(notebook).get("env") or ()
                if "value" in one},
        "idle_after": idle_after(notebook),
        "configurations": configurations(notebook, pod_defaults),
        "tolerations": tolerations(notebook),
        "node_selector": node_selector(notebook),
        "preset": preset(notebook),
    }  # fmt: skip
    for key, value in said.items():
        if _fits({key: value}):
            data[key] = value
    keys = ("name", "path", "read_only", "reclaim")
    data["volumes"] = [
        one
        for mount in mounts(notebook, claims)
        if _fits({"volumes": [one := _asked(mount, keys)]})
    ]
    return ServerSpec.from_json(data, where=name)


def _asked(mount: Mapping[str, Any], keys: tuple[str, ...]) -> dict[str, Any]:
    found = {key: mount[key] for key in keys}
    if mount["existing"]:
        return {**found, "existing": mount["claim"], "reclaim": "Retain"}
    return {**found, "size": mount["size"], "storage_class": mount["storage_class"]}


def _fits(data: dict[str, Any]) -> bool:
    try:
        ServerSpec.from_json({"name": "x", **data})
    except LabwrightError:
        return False
    return True


def image(notebook: Object) -> str | None:
    """The name in the catalogue, or the image."""
    return (notebook.get("spec") or {}).get("image") or container(notebook).get("image")


def preset(notebook: Object) -> str | None:
    found = annotations_of(notebook).get(PRESET)
    return found if found in PRESETS else None


def idle_after(notebook: Object) -> int | None:
    """Seconds; None where the cluster decides."""
    text = ((notebook.get("spec") or {}).get("culling") or {}).get("idleAfter")
    try:
        return seconds(text) if text else None
    except LabwrightError:
        return None


def pod_defaults_of(objects: Iterable[Object]) -> PodDefaults:
    """The labels that each PodDefault selects; without those that labels alone do not choose."""
    found = {}
    for one in objects:
        selector = (one.get("spec") or {}).get("selector") or {}
        labels = selector.get("matchLabels") or {}
        if labels and not selector.get("matchExpressions"):
            found[one["metadata"]["name"]] = labels
    return found


def configurations(notebook: Object, pod_defaults: PodDefaults) -> list[str]:
    """The PodDefaults that select its pods, by name."""
    labels = labels_of(notebook).items()
    return sorted(name for name, selected in pod_defaults.items() if selected.items() <= labels)


def tolerations(notebook: Object) -> list[dict[str, Any]]:
    """Those that a server of ours can have."""
    found = [one for one in pod_spec(notebook).get("tolerations") or () if is_toleration(one)]
    read: list[dict[str, Any]] = ServerSpec.from_json(
        {"name": "x", "tolerations": found}
    ).to_json()["tolerations"]
    return read


def node_selector(notebook: Object) -> dict[str, str]:
    return dict(pod_spec(notebook).get("nodeSelector") or {})


def resources(notebook: Object) -> dict[str, Any]:
    """`cpu`, `memory`, `gpu` and `limit_factor`."""
    requests, limits = quantities(notebook)
    # Kubernetes takes a limit for a request where none is given.
    asked = {**limits, **requests}
    devices = [key for key in asked if is_device(key) and asked[key].isdecimal()]
    gpu = {"count": int(asked[devices[0]]), "vendor": devices[0]} if devices else None
    return {
        "cpu": asked.get("cpu"),
        "memory": asked.get("memory"),
        "gpu": gpu,
        "limit_factor": _factor(requests, limits),
    }


def _factor(requests: Mapping[str, str], limits: Mapping[str, str]) -> float | None:
    """By how much limits are larger; None where cores and memory do not agree on that."""
    found = factors(requests, limits)
    known = [one for one in found.values() if one is not None]
    if not known or len(known) < len(found):
        return None
    # Memory says it more exactly: limits of cores are whole thousandths.
    factor = found.get("memory") or known[0]
    if "cpu" in found:
        cores = cpu_cores(requests.get("cpu", limits["cpu"]))
        if abs(cores * factor - cpu_cores(limits["cpu"])) > 0.001:
            return None
    return round(factor, 3) if factor >= 1 else None


def mounts(notebook: Object, claims: Claims) -> list[dict[str, Any]]:
    """The volumes of a server: those that the controller makes, then those of the template."""
    uid = notebook["metadata"].get("uid")
    found = []
    for volume in (notebook.get("spec") or {}).get("volumes") or ():
        name = managed_claim(notebook, volume)
        live, wanted = claims.get(name), volume.get("claim") or {}
        # A claim that was there is mounted as it is, whatever size the Notebook asks for.
        existing = not wanted or (live is not None and OWNER_UID not in annotations_of(live))
        found.append(
            {
                "name": volume["name"],
                "path": volume["mountPath"],
                "claim": name,
                "size": _size(live, str(wanted["size"]) if wanted else None),
                "read_only": bool(volume.get("readOnly")),
                "reclaim": "Retain" if existing else volume.get("reclaim", "Retain"),
                "existing": existing,
                "storage_class": wanted.get("storageClassName"),
            }
        )
    where = {one["name"]: one for one in container(notebook).get("volumeMounts") or ()}
    for volume in pod_spec(notebook).get("volumes") or ():
        names = claim_names([volume])
        if not names or volume["name"] not in where:
            continue
        live = claims.get(names[0])
        marks = annotations_of(live) if live else {}
        ours = uid is not None and marks.get(OWNER_UID) == uid
        place = where[volume["name"]]
        found.append(
            {
                "name": volume["name"],
                "path": place["mountPath"],
                "claim": names[0],
                "size": _size(live, None),
                "read_only": bool(place.get("readOnly")),
                "reclaim": marks.get(RECLAIM, "Retain") if ours else "Retain",
                "existing": not ours,
                "storage_class": ((live or {}).get("spec") or {}).get("storageClassName"),
            }
        )
    return found


def _size(claim: Object | None, wanted: str | None) -> str | None:
    if claim is None:
        return wanted
    return wanted_size(claim) if claim.get("spec") else size_of(claim)
