"""What a server is started with: its interpreter, its command, its environment variables."""

from __future__ import annotations

import math
import os
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ....errors import LabwrightError
from ....notebook.settings import cpu_cores
from ....servers.spec import ServerSpec
from ..environments import Environment, environment
from ..interpreters import about_interpreter

# What a Jupyter server that started the agent told its own children is not for this one.
_OTHERS = ("JPY_", "JUPYTERHUB_", "JUPYTER_TOKEN", "JUPYTER_SERVER_", "VIRTUAL_ENV", "NB_PREFIX")
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")


def interpreter(image: str | None) -> Environment:
    """The environment that an image names.

    Raises:
        LabwrightError: it is a container's, or no Python here.
    """
    found = environment(image or "")
    if not found.asked:
        raise LabwrightError(
            f"there is no environment {image!r} on this machine",
            hint="`labwright images list` shows them; or give an interpreter's path",
        )
    return found


def installed(python: str) -> dict[str, str]:
    """The packages of an interpreter and their versions; `jupyter_server` for `jupyter-server`."""
    folders = about_interpreter(python, os.path.dirname(python))["packages"]
    found = (re.match(r"(.+?)-(\d[^-]*?)(?:-py.*)?\.[a-z-]+$", one) for one in folders)
    return {re.sub(r"[-_.]+", "_", one[1]).lower(): one[2] for one in found if one}


def program(python: str) -> str | None:
    """The module that is a Jupyter server there: the one that shows the most."""
    there = installed(python)
    if "jupyter_server" not in there:
        return None
    # Older ones than notebook 7 are no part of jupyter_server, and take other options.
    modern = int(there.get("notebook", "0").split(".")[0]) >= 7
    if "jupyterlab" in there:
        return "jupyterlab"
    return "notebook" if modern else "jupyter_server"


def needed_program(image: str | None, python: str) -> str:
    found = program(python)
    if found is None:
        shown = image or "Labwright's own Python"
        raise LabwrightError(
            f"{shown} has no Jupyter server", hint=f"`{python} -m pip install jupyterlab`"
        )
    return found


def command(python: str, module: str, *, port: int, base: str, folder: Path) -> list[str]:
    """The server's command. Its token is in none of the words."""
    options = {
        "ip": "127.0.0.1",
        "port": port,
        "port_retries": 0,
        "base_url": base,
        "root_dir": folder,
        "open_browser": False,
        "allow_remote_access": True,  # a proxy passes on the name that the browser asked for
    }
    if os.geteuid() == 0:  # whoever is root here already started everything else as root, too
        options["allow_root"] = True
    words = [f"--ServerApp.{name}={value}" for name, value in options.items()]
    return [python, "-m", module, *words]


def variables(
    inherited: Mapping[str, str], spec: ServerSpec, found: Environment, **ours: str
) -> dict[str, str]:
    """The environment of a server: that of the agent without what it has of other servers."""
    plain = {name: value for name, value in inherited.items() if not name.startswith(_OTHERS)}
    plain["PATH"] = found.path(plain.get("PATH", os.defpath))
    if spec.cpu is not None:
        plain |= dict.fromkeys(_THREADS, str(cpu_count(spec)))
    return {**plain, **spec.env, **ours}


def cpu_count(spec: ServerSpec) -> int:
    """How many CPUs it may use: what it asks for, times its limit factor, in whole ones."""
    if spec.cpu is None:
        return 0
    return max(1, math.ceil(cpu_cores(spec.cpu) * (spec.limit_factor or 1)))


def kernelspecs() -> dict[str, dict[str, Any]]:
    """The Python kernelspecs of this machine, by name, each with its path and its JSON."""
    import json

    from jupyter_core.paths import jupyter_path

    found: dict[str, dict[str, Any]] = {}
    own = Path(sys.prefix, "share", "jupyter", "kernels")
    for folder in (*map(Path, jupyter_path("kernels")), own):
        for file in sorted(folder.glob("*/kernel.json")):
            try:
                spec = json.loads(file.read_text(encoding="utf-8"))
                language = str(spec.get("language", "python")).lower()
            except (OSError, ValueError, AttributeError):
                continue
            if language == "python":
                found.setdefault(file.parent.name, spec)
    return found
