"""Installed distributions, copied to where an image of the machine's own Python has them."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from importlib.metadata import distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

# What uv leaves out of this checkout's environments, too: pyproject.toml says why.
LEFT_OUT = {"rfc3987-syntax"}


def with_requirements(name: str) -> set[str]:
    """The names of a distribution and of all that it needs."""
    found: set[str] = set()
    seen: set[tuple[str, str]] = set()
    waiting = [Requirement(name)]
    while waiting:
        wanted = waiting.pop()
        name = canonicalize_name(wanted.name)
        if name in LEFT_OUT:
            continue
        for extra in {"", *wanted.extras} - {extra for of, extra in seen if of == name}:
            seen.add((name, extra))
            found.add(name)
            for requirement in map(Requirement, distribution(name).requires or ()):
                if requirement.marker is None or requirement.marker.evaluate({"extra": extra}):
                    waiting.append(requirement)
    return found


def copy_distribution(name: str, to: Path, data: Path | None = None) -> None:
    """Copy its modules, and the files that it has in `etc` and `share` to `data`."""
    prefix = Path(sys.prefix).resolve()
    for file in distribution(name).files or ():
        # Nobody needs the libraries' own tests.
        if {"tests", "__pycache__"} & set(file.parts):
            continue
        source = Path(str(file.locate())).resolve()
        if ".." not in file.parts:
            target = to / file
        elif data and (place := source.relative_to(prefix)).parts[0] in ("etc", "share"):
            target = data / place
        else:
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, target)


def linked(folder: Path) -> set[Path]:
    """The machine's shared libraries that those in the folder link."""
    files = [str(file) for file in folder.rglob("*.so*")]
    listed = subprocess.run(["ldd", *files], capture_output=True, text=True, check=False).stdout
    found = {Path(path) for path in re.findall(r"=> (/\S+) \(0x", listed)}
    return {path for path in found if folder not in path.parents}
