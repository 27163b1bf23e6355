"""A defect of Labwright's own: one readable line, and the whole story in a file."""

from __future__ import annotations

import os
import platform
import sys
import tempfile
import time
import traceback
from pathlib import Path


def report(error: BaseException) -> str:
    """Write the traceback to a log file; the message that says so."""
    what = traceback.format_exception_only(type(error), error)[-1].strip()
    message = f"labwright: something went wrong inside Labwright: {what}\n"
    path = _write(error)
    if path is None:
        return message + "Set LABWRIGHT_DEBUG=1 to see where."
    return message + f"The details are in {path}; LABWRIGHT_DEBUG=1 shows them at once."


def _write(error: BaseException) -> Path | None:
    from .. import __version__

    lines = [
        f"labwright {__version__}, Python {platform.python_version()}, {platform.platform()}\n",
        f"arguments: {sys.argv[1:]}\n\n",
        *traceback.format_exception(type(error), error, error.__traceback__),
    ]
    name = f"crash-{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}.log"
    for folder in _folders():
        try:
            folder.mkdir(parents=True, exist_ok=True)
            path = folder / name
            path.write_text("".join(lines), encoding="utf-8")
        except OSError:
            continue
        return path
    return None


def _folders() -> list[Path]:
    """Labwright's own folder first; where that cannot be written, the one for temporary files."""
    folders = [Path(tempfile.gettempdir())]
    try:
        from ..targets.local.home import home

        folders.insert(0, home() / "logs")
    except Exception:  # the very thing that is broken may be the home folder
        pass
    return folders
