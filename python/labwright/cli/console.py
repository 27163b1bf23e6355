"""The two things a command says: results on stdout, everything else on stderr."""

from __future__ import annotations

import json
import re
import sys
from typing import Any

_ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")


def out(text: str) -> None:
    """A result."""
    sys.stdout.write(text + "\n")


def err(text: str) -> None:
    """A message to the person, kept apart from results."""
    sys.stderr.write((text if sys.stderr.isatty() else plain(text)) + "\n")
    sys.stderr.flush()


def out_json(value: Any) -> None:
    """The one JSON object a `--json` command ends with."""
    out(json.dumps(value, ensure_ascii=False, default=str))


def plain(text: str) -> str:
    """The text without terminal colours."""
    return _ANSI.sub("", text)
