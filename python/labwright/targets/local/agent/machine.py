"""What this machine has."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from ..gpus import gpu_states
from ..limits import cpus
from ..needs import Needs


def capacity() -> Needs:
    """All there is."""
    from ..gpus import inventory

    return Needs(cpus(), memory(), len(inventory()))


def memory() -> int:
    """Bytes of memory."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def default_places() -> int:
    """How many runs go on at a time unless somebody says."""
    return max(2, cpus())


def machine(root: Path) -> dict[str, Any]:
    """The same for people: CPUs, memory and each GPU."""
    return {"cpus": cpus(), "memory_bytes": memory(), "gpus": gpu_states(root / "gpus")}
