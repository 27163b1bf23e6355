"""What an interpreter is, as a warm process of it would say, without starting one each time."""

from __future__ import annotations

import json
import os
import subprocess
from functools import lru_cache
from typing import Any

from ...errors import LabwrightError
from .warm_server import packages

_ASK = "import json, sys; print(json.dumps([sys.version.split()[0], sys.path]))"


def about_interpreter(python: str, workdir: str) -> dict[str, Any]:
    """Its version and the packages that are installed for it now."""
    version, path = _asked(python, workdir, os.environ.get("PYTHONPATH", ""))
    places = [os.path.join(workdir, place) for place in path]
    return {"version": version, "packages": packages(places)}


@lru_cache(maxsize=64)
def _asked(python: str, workdir: str, _: str) -> tuple[str, list[str]]:
    try:
        done = subprocess.run(
            [python, "-u", "-c", _ASK],
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
            cwd=workdir,
        )
        version, path = json.loads(done.stdout)
    except (OSError, subprocess.SubprocessError, ValueError) as error:
        raise LabwrightError(f"cannot ask {python} what it is: {error}") from error
    return str(version), list(path)
