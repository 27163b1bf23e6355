"""The GPUs of this machine, and which step has which: a lock file each, so that engines share."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from .locks import is_locked, try_lock


@dataclass(frozen=True)
class Gpu:
    """A GPU of this machine. `index` is its number, which `CUDA_VISIBLE_DEVICES` takes."""

    index: str
    uuid: str
    name: str
    memory_bytes: int | None = None

    def is_called(self, name: str) -> bool:
        """Whether `CUDA_VISIBLE_DEVICES` may call it so: by its number, or the start of its id."""
        return name == self.index or self.uuid.startswith(name)


@cache
def devices() -> tuple[Gpu, ...]:
    """The GPUs of this machine. Where the driver is absent, nothing is imported or started."""
    found = _by_nvml() if os.path.exists("/dev/nvidiactl") else None
    return _by_program() if found is None else found


def _by_nvml() -> tuple[Gpu, ...] | None:
    """What the driver's library says; None where it cannot be asked."""
    try:
        import pynvml

        pynvml.nvmlInit()
    except Exception:  # not installed, or the library of another driver
        return None
    try:
        handles = map(pynvml.nvmlDeviceGetHandleByIndex, range(pynvml.nvmlDeviceGetCount()))
        return tuple(
            Gpu(
                str(index),
                _text(pynvml.nvmlDeviceGetUUID(handle)),
                _text(pynvml.nvmlDeviceGetName(handle)),
                int(pynvml.nvmlDeviceGetMemoryInfo(handle).total),
            )
            for index, handle in enumerate(handles)
        )
    except pynvml.NVMLError:
        return None
    finally:
        pynvml.nvmlShutdown()


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value


def _by_program() -> tuple[Gpu, ...]:
    """What `nvidia-smi` says."""
    program = shutil.which("nvidia-smi")
    if program is None:
        return ()
    try:
        done = subprocess.run([program, "-L"], capture_output=True, text=True, timeout=30)
    except (OSError, subprocess.SubprocessError):
        return ()
    if done.returncode != 0:
        return ()
    found = re.findall(r"^GPU (\d+): *(.*?) *\(UUID: (\S+?)\)", done.stdout, re.M)
    return tuple(Gpu(index, uuid, name) for index, name, uuid in found)


@cache
def inventory() -> tuple[str, ...]:
    """The ids of the GPUs that steps may have, as `CUDA_VISIBLE_DEVICES` takes them."""
    found = devices()
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    if visible is None:
        return tuple(gpu.index for gpu in found)
    allowed = [one.strip() for one in visible.split(",")]
    return tuple(one for one in allowed if one and any(gpu.is_called(one) for gpu in found))


def gpu_states(folder: Path) -> list[dict[str, Any]]:
    """The GPUs that steps may have, and whether each is free now."""
    return [
        {
            "id": one,
            "name": gpu.name,
            "memory_bytes": gpu.memory_bytes,
            "free": not is_locked(folder / f"gpu-{one}.lock"),
        }
        for one in inventory()
        for gpu in devices()
        if gpu.is_called(one)
    ]


class GpuLedger:
    """Hands out GPUs. A GPU is taken while its file is locked, so a dead engine frees its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def take(self, count: int) -> dict[str, int] | None:
        """Take GPUs, by id with the descriptor that holds each; None when too few are free."""
        self.folder.mkdir(parents=True, exist_ok=True)
        taken: dict[str, int] = {}
        for gpu in inventory():
            if len(taken) == count:
                break
            descriptor = try_lock(self.folder / f"gpu-{gpu}.lock")
            if descriptor is not None:
                taken[gpu] = descriptor
        if len(taken) == count:
            return taken
        self.free(taken)
        return None

    def free(self, taken: dict[str, int]) -> None:
        for descriptor in taken.values():
            os.close(descriptor)
