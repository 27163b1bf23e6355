"""What this machine cannot do for a server or a volume, said before anything is made."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import psutil

from ....errors import LabwrightError
from ....notebook.settings import byte_count, cpu_cores
from ....servers.presets import PRESETS
from ....servers.spec import ServerSpec, VolumeSpec, with_preset
from ....servers.words import size_bytes, size_text
from ...errors import BadRequest
from ..gpus import inventory
from ..limits import cpus, in_words

NVIDIA = "nvidia.com/gpu"
_NO_CLUSTER = "this machine is no cluster"
NOT_OFFERED: Mapping[str, str] = {
    "configurations": f"{_NO_CLUSTER}: there are no PodDefaults",
    "tolerations": f"{_NO_CLUSTER}: there are no nodes to choose from",
    "node_selector": f"{_NO_CLUSTER}: there are no nodes to choose from",
    "volumes.storage_class": "volumes here are folders",
    "volumes.read_only": "a folder here is as writable in one server as in another",
    **({} if hasattr(psutil.Process, "cpu_affinity") else {
        "cpu": "this system does not let a process be kept to some CPUs"
    }),
}  # fmt: skip


def check_server(spec: ServerSpec) -> None:
    """See that this machine can do all that a server asks for.

    Raises:
        LabwrightError: it cannot; says why.
    """
    data = spec.to_json()
    for field, why in NOT_OFFERED.items():
        name, _, part = field.partition(".")
        given = [mount[part] for mount in data[name]] if part else [data[name]]
        if any(given):
            raise BadRequest(f"`{field}` is not possible here: {why}", where=spec.name)
    if spec.cpu is not None and cpu_cores(spec.cpu) > cpus():
        raise _too_much(spec, f"{spec.cpu} CPUs", f"{cpus()}")
    memory = psutil.virtual_memory().total
    if spec.memory is not None and byte_count(spec.memory) > memory:
        raise _too_much(spec, f"{spec.memory} of memory", in_words(memory))
    if spec.gpu is not None and spec.gpu.count:
        has = len(inventory())
        if spec.gpu.vendor != NVIDIA and has:
            raise BadRequest(f"there is no {spec.gpu.vendor} here", where=spec.name, hint=NVIDIA)
        if spec.gpu.count > has:
            raise _too_much(spec, f"{spec.gpu.count} GPUs", str(has or "none"))


def filled_in(spec: ServerSpec) -> ServerSpec:
    """The server with what its preset says, or with all there is where that is less."""
    full = with_preset(spec)
    if "cpu" in NOT_OFFERED:
        full = replace(full, cpu=spec.cpu)
    elif spec.cpu is None and full.cpu is not None:
        full = replace(full, cpu=f"{min(cpu_cores(full.cpu), cpus()):g}")
    if spec.memory is None and full.memory is not None:
        most = psutil.virtual_memory().total // 2**20 * 2**20
        full = replace(full, memory=size_text(min(byte_count(full.memory), most)))
    if spec.gpu is None and full.gpu is not None:
        count = min(full.gpu.count, len(inventory()))
        full = replace(full, gpu=replace(full.gpu, count=count))
    return full


def less_than_profile(spec: ServerSpec) -> str | None:
    """That a server was given all there is, and its profile says more; in a sentence."""
    profile = PRESETS.get(spec.preset or "")
    if profile is None:
        return None
    here = filled_in(ServerSpec(spec.name, preset=profile.id))
    less = []
    if spec.cpu and spec.cpu == here.cpu != profile.cpu:
        less.append(f"{spec.cpu} of {profile.cpu} CPUs")
    if spec.memory and spec.memory == here.memory != profile.memory:
        less.append(f"{spec.memory} of {profile.memory}")
    if spec.gpu and spec.gpu == here.gpu and spec.gpu.count != profile.gpu:
        less.append(f"{spec.gpu.count} of {profile.gpu} GPU{'s' * (profile.gpu > 1)}")
    if not less:
        return None
    return f"This machine has less than {profile.display_name.lower()} asks for: {', '.join(less)}."


def check_volume(spec: VolumeSpec, folder: Path) -> None:
    """The same for a volume; there must be room for it, though none is set aside."""
    if spec.storage_class is not None:
        why = NOT_OFFERED["volumes.storage_class"]
        raise BadRequest(f"`storage_class` is not possible here: {why}", where=spec.name)
    if spec.access_mode not in ("ReadWriteOnce", "ReadWriteMany"):
        hint = "ReadWriteOnce or ReadWriteMany"
        raise BadRequest(f"{spec.access_mode} is not possible here", where=spec.name, hint=hint)
    check_room(spec.name, spec.size, folder)


def check_room(name: str, size: str, folder: Path) -> None:
    there = next(one for one in (folder, *folder.parents) if one.exists())
    free = shutil.disk_usage(there).free
    if size_bytes(size) > free:
        raise BadRequest(f"there is no room for {size}", where=name, hint=f"{in_words(free)} free")


def _too_much(spec: ServerSpec, what: str, has: str) -> LabwrightError:
    return BadRequest(f"{what} are more than this machine has ({has})", where=spec.name)
