"""The runtime packed for travel: what the host puts into each step's command."""

from __future__ import annotations

import base64
import functools
import importlib.util
import io
import json
import lzma
import pkgutil
import tokenize
from pathlib import Path
from typing import Dict

from .carried import CARRIED
from .loader import PACKAGE

# Needed on the host only.
NOT_CARRIED = ("bundle", "loader")


@functools.lru_cache(maxsize=1)
def runtime_bundle() -> str:
    """The runtime's modules as text for `--runtime`: {module name: source}, packed, base64."""
    data = json.dumps(runtime_sources(), sort_keys=True).encode("utf-8")
    packed = lzma.compress(data, preset=9 | lzma.PRESET_EXTREME)
    return base64.b64encode(packed).decode("ascii")


def runtime_sources() -> Dict[str, str]:
    """The source of every module a step carries, by its name there, without comments."""
    here = Path(__file__).parent
    sources = {PACKAGE: ""}
    for module in pkgutil.iter_modules([str(here)]):
        if module.name not in NOT_CARRIED:
            text = (here / (module.name + ".py")).read_text(encoding="utf-8")
            sources["%s.%s" % (PACKAGE, module.name)] = strip(text)
    found = importlib.util.find_spec("cloudpickle.cloudpickle")
    assert found is not None and found.origin is not None
    carried = Path(found.origin).read_text(encoding="utf-8")
    sources["%s.%s" % (PACKAGE, CARRIED)] = strip(carried)
    return sources


def strip(source: str) -> str:
    """Drop comments, docstrings and blank lines; the code, and its line order, stay as they are."""
    kept = []
    fresh = True  # at the start of a statement: a string here is a docstring
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            continue
        text = token.string
        if token.type == tokenize.STRING and fresh:
            text = '""'
        if token.type in (tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT):
            fresh = True
        elif token.type not in (tokenize.NL, tokenize.ENCODING):
            fresh = False
        kept.append((token.type, text, token.start, token.end, token.line))
    lines = _lay_out(kept).splitlines()
    return "\n".join(line.rstrip() for line in lines if line.strip()) + "\n"


def _lay_out(tokens: list) -> str:  # type: ignore[type-arg]
    """Tokens back to text, each on its own line and column as far as that matters."""
    parts = []
    row, column = 1, 0
    for _, text, (start_row, start_column), end, _ in tokens:
        if start_row > row:
            parts.append("\n" * (start_row - row))
            row, column = start_row, 0
        if start_column > column:
            parts.append(" " * (start_column - column))
        parts.append(text if text != "\n" else "")
        row, column = end
        if text == "\n":
            parts.append("\n")
            row, column = row + 1, 0
    return "".join(parts)
