"""Lines of a notebook that drive Labwright itself, and so have no place inside a step.

A notebook that holds `%pipeline run` would otherwise start itself again from within its steps.
"""

from __future__ import annotations

import re

from .ipython import is_python

_OURS = re.compile(r"^([ \t]*)(%(?:(?:re|un)?load_ext[ \t]+labwright|pipeline)\b.*)$", re.MULTILINE)
_IDLE = re.compile(r"\s*(#.*|pass  # %.*)?")


def without_workbench_lines(source: str) -> str:
    """`source` with `%load_ext labwright` and `%pipeline …` turned into comments."""
    # Text that is plain Python has such a line only inside a string, where it must stay.
    if not _OURS.search(source) or is_python(source):
        return source
    return _OURS.sub(r"\1pass  # \2", source)


def is_idle(source: str) -> bool:
    """Whether the text does nothing: blank lines, comments and former workbench lines only."""
    return all(_IDLE.fullmatch(line) for line in source.splitlines())
