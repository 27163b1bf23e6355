"""Folders for the runs that `verify` makes, so that the files of one are no news to the next."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..diagnostics import Diagnostic
from ..launch import Analysed

_MOST_FILES = 1000
_MOST_BYTES = 32 * 2**20
_LEFT_OUT = {
    ".git",
    ".venv",
    "venv",
    "node_modules",
    "__pycache__",
    ".ipynb_checkpoints",
}
# A path that leads out of the folder would lead elsewhere from a copy of it.
_OUTSIDE = re.compile(r"\.\.[/\\]")


class Folders:
    """A fresh copy of the notebook's folder for each run, or the folder itself for all."""

    def __init__(self, source: Path, scratch: Path | None) -> None:
        self._source = source
        self._scratch = scratch
        self._given: list[Path] = []

    def next(self) -> Path:
        """The folder for the next run."""
        if self._scratch is None:
            return self._source
        copy = self._scratch / str(len(self._given) + 1)
        shutil.copytree(
            self._source, copy, symlinks=True, ignore=shutil.ignore_patterns(*_LEFT_OUT)
        )
        self._given.append(copy)
        return copy

    @property
    def names(self) -> list[str]:
        """The folders by name, for outputs that mention them."""
        return [str(path) for path in [*self._given, self._source]]

    @property
    def diagnostics(self) -> list[Diagnostic]:
        if self._scratch is not None:
            return []
        return [
            Diagnostic(
                None,
                "info",
                "in-place",
                "all runs shared the notebook's own folder, because it is large or the notebook"
                " reaches out of it; files of one run were there for the next",
            )
        ]


@contextmanager
def working_copies(analysed: Analysed) -> Iterator[Folders]:
    """Folders for the runs; copies go when it is over."""
    source = analysed.path.absolute().parent
    if not _is_small(source) or _reaches_out(analysed):
        yield Folders(source, None)
        return
    with tempfile.TemporaryDirectory(prefix="labwright-verify-") as scratch:
        yield Folders(source, Path(scratch).resolve())


def _reaches_out(analysed: Analysed) -> bool:
    return any(_OUTSIDE.search(block.source) for block in analysed.plan.blocks)


def _is_small(folder: Path) -> bool:
    files = size = 0
    for path, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if name not in _LEFT_OUT]
        files += len(names)
        if files > _MOST_FILES:
            return False
        size += sum(os.lstat(os.path.join(path, name)).st_size for name in names)
        if size > _MOST_BYTES:
            return False
    return True
