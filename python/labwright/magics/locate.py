"""Which notebook file a magic is called from."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..errors import LabwrightError

_HINT = "save the notebook and name it, as in %pipeline run my-notebook.ipynb"


def notebook_path(namespace: Mapping[str, Any], given: str | None = None) -> Path:
    """The notebook named, or the one this kernel was started for.

    VS Code leaves the path in the namespace, Jupyter Server in the environment.
    """
    for place in (given, namespace.get("__vsc_ipynb_file__"), os.environ.get("JPY_SESSION_NAME")):
        if not place:
            continue
        path = Path(place).expanduser()
        if path.is_file():
            return path
        if given:
            raise LabwrightError("no such file", where=given, hint="check the path")
        raise LabwrightError(
            "the notebook this kernel was started for is not there (renamed, or never saved)",
            where=str(path),
            hint=_HINT,
        )
    raise LabwrightError("it is not known which notebook this is", hint=_HINT)


def is_stale(path: Path, cell: str) -> bool:
    """Whether the file lacks the very cell that is running: it is older than the cell."""
    from ..notebook.read import read_notebook

    wanted = cell.strip()
    return all(found.source.strip() != wanted for found in read_notebook(path).cells)
