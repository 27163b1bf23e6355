"""Servers and volumes as every target gives them: plain JSON. docs/servers.md shows it."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ....servers.env import shown_env
from ....servers.presets import PRESETS
from ....servers.schema import Offers, spawn_schema
from ....servers.spec import ServerSpec, needs_restart
from ....servers.words import size_bytes
from ..events import iso
from ..gpus import gpu_states
from ..home import volumes_folder
from ..limits import in_words
from .images import display_name, images
from .rows import AT_REST, ServerRow, VolumeRow, server_rows, volume_rows
from .suit import NOT_OFFERED, NVIDIA, less_than_profile

if TYPE_CHECKING:
    from ..store import Store

View = dict[str, Any]
FRESH = 30.0
"""Seconds for which it is believed how much a volume holds."""
_LOOK = 2.0
"""Seconds that are spent on counting what volumes hold; the next look goes on with the others."""


def server_view(row: ServerRow, volumes: Mapping[str, VolumeRow]) -> View:
    spec, status = row.asked, row.status
    pending = False
    if status.running is not None and row.state in ("STARTING", "RUNNING"):
        pending = needs_restart(ServerSpec.from_json(status.running), spec)
    at_rest = row.state in AT_REST
    return {
        "name": row.name,
        "target": "local",
        "state": row.state,
        "message": status.message or (None if at_rest else less_than_profile(spec)),
        "progress": progress(row),
        "image": spec.image,
        "image_name": display_name(spec.image),
        "cpu": spec.cpu,
        "memory": spec.memory,
        "gpu": {"count": spec.gpu.count, "vendor": spec.gpu.vendor} if spec.gpu else None,
        "limit_factor": spec.limit_factor,
        "volumes": [_mount(spec, one, volumes) for one in range(len(spec.volumes))],
        "env": shown_env(spec.env),
        "configurations": [],
        "tolerations": [],
        "node_selector": {},
        "created_at": row.created_at,
        "started_at": None if at_rest else status.started_at,
        "last_activity": status.last_activity,
        "idle_after": spec.idle_after,
        "stop_at": status.stop_at,
        "stopped_at": status.stopped_at if at_rest else None,
        "stop_reason": status.stop_reason if at_rest else None,
        "pending_restart": pending,
        "preset": spec.preset,
        "owner_kind": "local",
    }


def progress(row: ServerRow) -> list[View]:
    """How far a start is."""
    status = row.status
    begun = status.began is not None
    if row.state == "WAITING":
        states = ("waiting", "waiting")
    elif row.state == "STARTING":
        states = ("done", "doing")
    elif row.state == "RUNNING":
        states = ("done", "done")
    elif row.state == "FAILED":
        states = ("done", "failed") if begun else ("failed", "waiting")
    else:
        return []
    message = status.message if row.state in ("WAITING", "FAILED") else None
    first = message if states[0] != "done" else None
    second = message if states[1] == "failed" else None
    return [
        {"stage": "started", "state": states[0], "message": first, "at": status.began},
        {"stage": "ready", "state": states[1], "message": second, "at": status.started_at},
    ]


def _mount(spec: ServerSpec, index: int, volumes: Mapping[str, VolumeRow]) -> View:
    one = spec.volumes[index]
    claim = one.claim(spec.name)
    row = volumes.get(claim)
    return {
        "name": one.name,
        "path": one.path,
        "claim": claim,
        "size": row.size if row else one.size,
        "read_only": one.read_only,
        "reclaim": one.reclaim,
        "existing": one.existing is not None,
    }


def users_of(claim: str, rows: Iterable[ServerRow]) -> list[str]:
    """The servers that have a volume, by name."""
    return sorted(
        row.name for row in rows if any(one.claim(row.name) == claim for one in row.asked.volumes)
    )


def volume_names(store: Store) -> set[str]:
    """Every volume there is: those that were asked for, and folders that pipelines made."""
    return {*volume_rows(store), *(one.name for one in _folders(store))}


def volume_views(store: Store) -> list[View]:
    """All volumes, the newest first."""
    servers, rows = server_rows(store), volume_rows(store)
    names = {*rows, *(one.name for one in _folders(store))}
    until = time.monotonic() + _LOOK
    found = [volume_view(store, name, rows.get(name), servers, until) for name in sorted(names)]
    return sorted(found, key=lambda one: (one["created_at"], one["name"]), reverse=True)


def volume_view(
    store: Store,
    name: str,
    row: VolumeRow | None,
    servers: Sequence[ServerRow],
    until: float | None = None,
) -> View:
    """`until`: when, on the monotonic clock, to give up counting what it holds."""
    folder = volumes_folder(store.root) / name
    used = folder_bytes(folder, time.monotonic() + _LOOK if until is None else until)
    there = folder.is_dir()
    message = None if there else "Its folder is gone."
    if row is not None and used is not None and used > size_bytes(row.size):
        message = f"It holds {in_words(used)}, which is more than it was to hold."
    return {
        "name": name,
        "target": "local",
        "size": row.size if row else None,
        "used_bytes": used,
        "state": "BOUND" if there else "LOST",
        "message": message,
        "storage_class": None,
        "access_mode": "ReadWriteMany",
        "used_by": users_of(name, servers),
        "created_at": row.created_at if row else _made(folder),
        "path": str(folder),
    }


def options_view(store: Store, idle_after: int) -> View:
    """What can be chosen for a server, and the form of it."""
    servers, volumes = server_rows(store), volume_views(store)
    listed = images([row.asked.image for row in servers])
    gpus = gpus_view(store.root)
    gone = dict(NOT_OFFERED)
    if not gpus:
        gone["gpu"] = "this machine has no GPU"
    defaults = {"idle_after": idle_after}
    offers = Offers(
        images=listed,
        gpus=gpus,
        volumes=[one["name"] for one in volumes],
        defaults=defaults,
        not_offered=gone,
    )
    return {
        "schema": spawn_schema(offers),
        "presets": [one.to_json() for one in PRESETS.values()],
        "images": listed,
        "gpus": gpus,
        "storage_classes": [],
        "volumes": volumes,
        "configurations": [],
        "defaults": defaults,
        "not_offered": gone,
    }


def gpus_view(root: Path) -> list[View]:
    """The GPUs of this machine, counted by what they are called."""
    found: dict[str, View] = {}
    for one in gpu_states(root / "gpus"):
        entry = {"vendor": NVIDIA, "name": one["name"], "total": 0, "free": 0}
        entry = found.setdefault(one["name"], entry)
        entry["total"] += 1
        entry["free"] += one["free"]
    return list(found.values())


_counted: dict[Path, tuple[float, int | None]] = {}
_counting = threading.Lock()


def folder_bytes(folder: Path, until: float) -> int | None:
    """What a folder holds; None where that takes too long to count, or there is none."""
    with _counting:
        moment = time.monotonic()
        known = _counted.get(folder)
        if known is not None and moment - known[0] <= FRESH:
            return known[1]
        if moment > until:  # nothing is known of it yet, so that the next look counts it
            return None
        _counted[folder] = moment, _count(folder, until)
        return _counted[folder][1]


def _count(folder: Path, until: float) -> int | None:
    if not folder.is_dir():
        return None
    total, left = 0, [str(folder)]
    while left:
        if time.monotonic() > until:
            return None
        try:
            with os.scandir(left.pop()) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        left.append(entry.path)
                    else:
                        total += entry.stat(follow_symlinks=False).st_size
        except OSError:  # it went while it was counted, or is not ours to read
            continue
    return total


def _folders(store: Store) -> list[Path]:
    try:
        return [one for one in volumes_folder(store.root).iterdir() if one.is_dir()]
    except OSError:
        return []


def _made(folder: Path) -> str:
    return iso(datetime.fromtimestamp(folder.stat().st_mtime, timezone.utc))
