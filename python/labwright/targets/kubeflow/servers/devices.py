"""GPUs of the nodes, and how many of them are free. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from .building import is_device
from .kinds import Object

View = dict[str, Any]
_MODEL = {"nvidia.com/gpu": "nvidia.com/gpu.product", "amd.com/gpu": "amd.com/gpu.product-name"}
"""Labels by which vendors say which model a node has."""


def gpus(nodes: Iterable[Object], pods: Iterable[Object], names: Mapping[str, str]) -> list[View]:
    """`[{"vendor", "name", "total", "free"}]`, counted by model. `names`: those of vendors."""
    used: dict[tuple[str, str], int] = {}
    for pod in pods:
        node = (pod.get("spec") or {}).get("nodeName")
        if node and (pod.get("status") or {}).get("phase") not in ("Succeeded", "Failed"):
            for resource, count in _asked(pod).items():
                used[node, resource] = used.get((node, resource), 0) + count
    found: dict[tuple[str, str], View] = {}
    for node in nodes:
        if (node.get("spec") or {}).get("unschedulable"):
            continue
        name = node["metadata"]["name"]
        marks = node["metadata"].get("labels") or {}
        for resource, text in ((node.get("status") or {}).get("allocatable") or {}).items():
            total = _count(text)
            if not total or not (is_device(resource) or resource in names):
                continue
            title = marks.get(_MODEL.get(resource, "")) or names.get(resource) or resource
            title = title.replace("-", " ") if resource in _MODEL else title
            entry = found.setdefault(
                (resource, title), {"vendor": resource, "name": title, "total": 0, "free": 0}
            )
            entry["total"] += total
            entry["free"] += max(0, total - used.get((name, resource), 0))
    return [found[key] for key in sorted(found)]


def _asked(pod: Object) -> dict[str, int]:
    """Whole devices that a pod has: those of its containers together, or of one that prepares."""
    spec = pod["spec"]
    found: dict[str, int] = {}
    for one in spec.get("containers") or ():
        for resource, count in _devices(one).items():
            found[resource] = found.get(resource, 0) + count
    for one in spec.get("initContainers") or ():
        for resource, count in _devices(one).items():
            found[resource] = max(found.get(resource, 0), count)
    return found


def _devices(container: Object) -> dict[str, int]:
    limits = (container.get("resources") or {}).get("limits") or {}
    return {key: _count(value) for key, value in limits.items() if "/" in key}


def _count(text: Any) -> int:
    return int(str(text)) if str(text).isdecimal() else 0
