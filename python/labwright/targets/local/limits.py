"""Quantities as Kubernetes writes them, and the memory that a step uses."""

from __future__ import annotations

import os
import re
import sys

from ...errors import LabwrightError

_UNITS = {
    "": 1, "m": 1e-3, "k": 1e3, "K": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15, "E": 1e18,
    "Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40, "Pi": 2**50, "Ei": 2**60,
}  # fmt: skip
_QUANTITY = re.compile(r"\s*(\d+(?:\.\d*)?|\.\d+)\s*([EPTGMKk]i|[EPTGMKkm]?)\s*")


def quantity(text: str, *, where: str = "") -> float:
    """`512Mi`, `1.5G`, `500m` or a plain number."""
    match = _QUANTITY.fullmatch(text)
    if match is None:
        raise LabwrightError(f"{text!r} is no quantity", where=where, hint="such as 512Mi or 2G")
    return float(match[1]) * _UNITS[match[2]]


def in_words(size: float) -> str:
    """A number of bytes for people."""
    for unit in ("B", "KiB", "MiB", "GiB"):
        if size < 1024 or unit == "GiB":
            break
        size /= 1024
    return f"{size:.0f} {unit}" if size >= 10 or unit == "B" else f"{size:.1f} {unit}"


def memory_of(pid: int) -> int:
    """The memory that a process and its descendants hold for themselves, in bytes.

    Files mapped into memory do not count: the kernel drops those when memory is short.
    """
    import psutil

    try:
        process = psutil.Process(pid)
        family = [process, *process.children(recursive=True)]
    except psutil.Error:
        return 0
    return sum(own_memory(one.pid) for one in family)


def own_memory(pid: int) -> int:
    """The memory that one process holds for itself, in bytes."""
    if sys.platform == "linux":
        try:
            with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as file:
                text = file.read()
        except OSError:
            return 0
        return 1024 * sum(map(int, re.findall(r"^Rss(?:Anon|Shmem):\s+(\d+) kB", text, re.M)))
    import psutil

    try:
        return int(psutil.Process(pid).memory_info().rss)
    except psutil.Error:
        return 0


def cpus() -> int:
    """The CPUs that this process may use."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1
