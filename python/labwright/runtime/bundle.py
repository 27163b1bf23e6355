"""The runtime packed for travel: what the host puts into each step's command."""

from __future__ import annotations

import base64
import functools
import hashlib
import importlib.util
import io
import json
import os
import sys
import zlib
from pathlib import Path
from typing import Dict, List, Tuple

from .loader import CARRIED, PACKAGE
from .paths import write_atomic

# Needed on the host only.
NOT_CARRIED = ("bundle", "loader")


@functools.lru_cache(maxsize=1)
def runtime_bundle() -> str:
    """The runtime's modules as text for `--runtime`: {module name: source}, packed, base64.

    Packing costs more than a whole compile, so the result is kept until a source file changes.
    """
    kept = _kept_file()
    try:
        return kept.read_text(encoding="ascii")
    except OSError:
        pass
    data = json.dumps(runtime_sources(), sort_keys=True).encode("utf-8")
    text = base64.b64encode(zlib.compress(data, 9)).decode("ascii")
    try:
        write_atomic(str(kept), text)
    except OSError:  # a read-only home: it is packed again next time
        pass
    return text


def _kept_file() -> Path:
    """Where the packed runtime is kept; the name tells which sources it was made from."""
    digest = hashlib.blake2b(digest_size=8)
    for path in _sources().values():
        status = path.stat()
        digest.update(repr((str(path), status.st_size, status.st_mtime_ns)).encode())
    return _home() / "cache" / ("runtime-%s.txt" % digest.hexdigest())


def _home() -> Path:
    """Labwright's data folder by Jupyter's rules, without the cost of importing Jupyter."""
    chosen = os.environ.get("LABWRIGHT_HOME")
    if chosen:
        return Path(chosen)
    data = os.environ.get("JUPYTER_DATA_DIR")
    if data:
        return Path(data) / "labwright"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Jupyter" / "labwright"
    share = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(share) / "jupyter" / "labwright"


def _sources() -> Dict[str, Path]:
    """The files a step carries, by the module names they have there."""
    here = Path(__file__).parent
    names = sorted(path.stem for path in here.glob("*.py"))
    found = {
        "%s.%s" % (PACKAGE, name): here / (name + ".py")
        for name in names
        if name != "__init__" and name not in NOT_CARRIED
    }
    spec = importlib.util.find_spec("cloudpickle")
    assert spec is not None
    assert spec.origin is not None
    found["%s.%s" % (PACKAGE, CARRIED)] = Path(spec.origin).with_name("cloudpickle.py")
    return found


def runtime_sources() -> Dict[str, str]:
    """The source of every module a step carries, by its name there, without comments."""
    sources = {name: strip(path.read_text(encoding="utf-8")) for name, path in _sources().items()}
    return {PACKAGE: "", **sources}


def strip(source: str) -> str:
    """Drop comments, docstrings and blank lines; the code, and its line order, stay as they are."""
    import tokenize

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
        kept.append((token.type, text, token.start, token.end))
    lines = _lay_out(kept).splitlines()
    return "\n".join(line.rstrip() for line in lines if line.strip()) + "\n"


def _lay_out(tokens: List[Tuple[int, str, Tuple[int, int], Tuple[int, int]]]) -> str:
    """Tokens back to text, each on its own line and column as far as that matters."""
    parts = []
    row, column = 1, 0
    for _, text, (start_row, start_column), end in tokens:
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
