"""Where Labwright keeps what it must remember: runs, artifacts and the store."""

from __future__ import annotations

import os
from pathlib import Path


def home() -> Path:
    """`LABWRIGHT_HOME`, or `labwright` in Jupyter's data folder."""
    chosen = os.environ.get("LABWRIGHT_HOME")
    if chosen:
        return Path(chosen).expanduser().absolute()
    from jupyter_core.paths import jupyter_data_dir

    return Path(jupyter_data_dir()).absolute() / "labwright"


def runs_folder(root: Path) -> Path:
    return root / "runs"


def artifacts_folder(root: Path) -> Path:
    return root / "artifacts"


def volumes_folder(root: Path) -> Path:
    return root / "volumes"


def servers_folder(root: Path) -> Path:
    return root / "servers"


def fetched_folder(root: Path) -> Path:
    """What was fetched of runs elsewhere."""
    return root / "fetched"
