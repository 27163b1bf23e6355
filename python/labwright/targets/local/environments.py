"""An "image" on this machine: a Python environment, named by its kernelspec or its interpreter."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from ...errors import LabwrightError


@dataclass(frozen=True)
class Environment:
    """`asked` is false when the image is a container's, which the default stands in for."""

    python: str
    asked: bool = True

    def path(self, inherited: str) -> str:
        """A PATH on which `python3` and `pip` are this environment's."""
        return f"{Path(self.python).parent}{os.pathsep}{inherited}"


def environment(image: str, default: str = "") -> Environment:
    """Where a step with this image runs; `default` is an image, too, and stands for none."""
    fallback = _named(default) if default else sys.executable
    if fallback is None:
        raise LabwrightError(
            f"there is no environment {default!r} here",
            hint="give the name of a kernelspec or the path of a Python interpreter",
        )
    if not image:
        return Environment(fallback)
    found = _named(image)
    return Environment(fallback, asked=False) if found is None else Environment(found)


@cache
def _named(image: str) -> str | None:
    """The interpreter an image stands for; None when it can only be a container image."""
    path = Path(image).expanduser()
    if image.startswith(("/", "./", "../", "~")):
        if path.is_dir():
            path = path / "bin" / "python"
        if not os.access(path, os.X_OK):
            raise LabwrightError(f"{image} is no Python interpreter: it is not there or cannot run")
        # Not resolved: the path of a virtual environment's link is what makes it that environment.
        return str(path.absolute())
    return _kernel(image) or (shutil.which(image) if image.startswith("python") else None)


def _kernel(name: str) -> str | None:
    """The interpreter of an installed kernelspec."""
    if "/" in name or ":" in name:
        return None
    from jupyter_core.paths import jupyter_path

    for folder in (*jupyter_path("kernels"), str(Path(sys.prefix, "share", "jupyter", "kernels"))):
        file = Path(folder) / name / "kernel.json"
        if file.is_file():
            return _kernel_python(file, name)
    return None


def _kernel_python(file: Path, name: str) -> str:
    try:
        spec = json.loads(file.read_text(encoding="utf-8"))
        command = str(spec["argv"][0])
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise LabwrightError(
            f"the kernelspec {name!r} cannot be read: {error}", where=str(file)
        ) from error
    if str(spec.get("language", "python")).lower() != "python":
        raise LabwrightError(f"the kernelspec {name!r} is for {spec['language']}, not for Python")
    if command in ("python", "python3"):
        return sys.executable
    return shutil.which(command) or command


_LIST = """
import json
try:
    from importlib import metadata
except ImportError:
    import importlib_metadata as metadata
print(json.dumps({d.metadata["Name"]: d.version for d in metadata.distributions()}))
"""


@cache
def installed(python: str) -> dict[str, str]:
    """The packages of an environment and their versions, names in canonical form."""
    from packaging.utils import canonicalize_name

    if python == sys.executable:
        from importlib import metadata

        found: dict[str, Any] = {d.metadata["Name"]: d.version for d in metadata.distributions()}
    else:
        try:
            done = subprocess.run(
                [python, "-c", _LIST], capture_output=True, text=True, check=True, timeout=60
            )
            found = json.loads(done.stdout)
        except (OSError, subprocess.SubprocessError, ValueError) as error:
            raise LabwrightError(f"cannot ask {python} what is installed: {error}") from error
    return {str(canonicalize_name(name)): str(found[name]) for name in found if name}


def missing(python: str, requirements: Sequence[str], *, where: str = "") -> list[str]:
    """The requirements that this environment does not meet."""
    from packaging.requirements import InvalidRequirement, Requirement
    from packaging.utils import canonicalize_name

    unmet = []
    for text in requirements:
        try:
            wanted = Requirement(text)
        except InvalidRequirement:
            raise LabwrightError(f"{text!r} is no package requirement", where=where) from None
        if wanted.marker is not None and not wanted.marker.evaluate():
            continue
        version = installed(python).get(str(canonicalize_name(wanted.name)))
        if version is None or not wanted.specifier.contains(version, prereleases=True):
            unmet.append(text)
    return unmet
