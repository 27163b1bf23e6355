"""What several commands say and write on the way from a notebook to a result."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from ..diagnostics import Diagnostic
from ..errors import LabwrightError
from ..launch import analyse_notebook, pipeline_of, sentence
from .console import err, out

if TYPE_CHECKING:
    from ..launch import Analysed
    from ..pipeline.model import Pipeline


def load(path: str) -> tuple[Analysed, Pipeline]:
    """A notebook and its pipeline. Errors refuse it, warnings are said on stderr."""
    analysed = analyse_notebook(path)
    pipeline = pipeline_of(analysed)
    say_warnings(analysed.diagnostics)
    return analysed, pipeline


def say_warnings(diagnostics: Iterable[Diagnostic]) -> None:
    for diagnostic in diagnostics:
        if diagnostic.severity == "warning":
            err(f"warning: {sentence(diagnostic)}")


def write_text(output: str, text: str) -> None:
    """Write a result to a file, or to stdout for `-`."""
    if output == "-":
        out(text.rstrip("\n"))
        return
    try:
        Path(output).write_text(text, encoding="utf-8")
    except OSError as error:
        raise LabwrightError(f"cannot write: {error.strerror}", where=output) from None
