"""The GPUs of this machine, and which step has which: a lock file each, so that engines share."""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import subprocess
from functools import cache
from pathlib import Path


@cache
def inventory() -> tuple[str, ...]:
    """The ids of the GPUs that steps may have, as `CUDA_VISIBLE_DEVICES` takes them."""
    program = shutil.which("nvidia-smi")
    if program is None:
        return ()
    try:
        done = subprocess.run([program, "-L"], capture_output=True, text=True, timeout=30)
    except (OSError, subprocess.SubprocessError):
        return ()
    if done.returncode != 0:
        return ()
    found = re.findall(r"^GPU (\d+):.*?\(UUID: (\S+?)\)", done.stdout, re.M)
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    if visible is None:
        return tuple(index for index, _ in found)
    allowed = [one.strip() for one in visible.split(",")]
    return tuple(
        one for one in allowed if any(one == index or uuid.startswith(one) for index, uuid in found)
        if one
    )  # fmt: skip


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
            descriptor = os.open(self.folder / f"gpu-{gpu}.lock", os.O_RDWR | os.O_CREAT, 0o600)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                os.close(descriptor)
                continue
            taken[gpu] = descriptor
        if len(taken) == count:
            return taken
        self.free(taken)
        return None

    def free(self, taken: dict[str, int]) -> None:
        for descriptor in taken.values():
            os.close(descriptor)
