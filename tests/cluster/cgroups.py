"""A cgroup for each node: a kubelet ends the pods that it does not know in the one it has."""

from __future__ import annotations

import os
from pathlib import Path

_TREE = Path("/sys/fs/cgroup")
_PREFIX = "labwright-"


def make() -> str:
    """Make this process's cgroup, in every hierarchy; those of the dead go. Gives its name."""
    name = f"{_PREFIX}{os.getpid()}"
    for root in _roots():
        for group in root.glob(f"{_PREFIX}*"):
            if not Path("/proc", group.name.removeprefix(_PREFIX)).exists():
                remove(group.name)
        _hand_down_controllers(root)
        (root / name).mkdir(exist_ok=True)
    return name


def remove(name: str) -> None:
    """Remove a cgroup whose processes have ended."""
    for root in _roots():
        for folder, _, _ in os.walk(root / name, topdown=False):
            try:
                os.rmdir(folder)
            except OSError:
                # Its last process is on its way out; the next node removes it.
                pass


def _roots() -> list[Path]:
    """The one hierarchy of cgroup v2, or each of cgroup v1."""
    if (_TREE / "cgroup.controllers").exists():
        return [_TREE]
    return [folder for folder in _TREE.iterdir() if (folder / "cgroup.procs").exists()]


def _hand_down_controllers(root: Path) -> None:
    try:
        available = (root / "cgroup.controllers").read_text().split()
        (root / "cgroup.subtree_control").write_text(" ".join(f"+{name}" for name in available))
    except OSError:
        # Version 1 has no such files.
        pass
