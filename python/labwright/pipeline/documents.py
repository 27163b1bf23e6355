"""YAML documents, written without a YAML library: importing one takes longer than compiling.

Only what JSON holds is written, keys sorted, so equal data gives equal bytes. Text that YAML
could take for something else is quoted as JSON quotes it, which YAML reads the same way.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable
from typing import Any

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_./-]*(?: [A-Za-z0-9_./-]+)*", re.ASCII)
# What YAML 1.1 or 1.2 reads as a truth value or as nothing, and merge keys.
_WORDS = frozenset(["y", "yes", "n", "no", "true", "false", "on", "off", "null"])


def to_yaml(documents: Iterable[dict[str, Any]]) -> str:
    """The documents as one YAML text."""
    lines: list[str] = []
    for document in documents:
        if lines:
            lines.append("---")
        _mapping(document, "", lines)
    return "\n".join(lines) + "\n"


def _mapping(value: dict[str, Any], indent: str, lines: list[str]) -> None:
    for key in sorted(value):
        _entry(f"{indent}{_text(key)}:", value[key], indent, lines)


def _entry(head: str, value: Any, indent: str, lines: list[str]) -> None:
    """`head` (a key or a dash) with its value."""
    if value and isinstance(value, dict):
        lines.append(head)
        _mapping(value, indent + "  ", lines)
    elif value and isinstance(value, list | tuple):
        lines.append(head)
        for item in value:
            _item(item, indent, lines)
    else:
        lines.append(f"{head} {_scalar(value)}")


def _item(value: Any, indent: str, lines: list[str]) -> None:
    inner = indent + "  "
    if value and isinstance(value, dict):
        first = len(lines)
        _mapping(value, inner, lines)
        # The first key stands on the dash's own line.
        lines[first] = f"{indent}- {lines[first][len(inner) :]}"
    else:
        _entry(f"{indent}-", value, inner, lines)


def _scalar(value: Any) -> str:
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError(f"{value} has no place in a pipeline")
        number = repr(value)
        # YAML 1.1 takes 1e-05 for text: it wants the point.
        return number.replace("e", ".0e") if "e" in number and "." not in number else number
    if value is None or isinstance(value, bool | int):
        return json.dumps(value)
    return "{}" if isinstance(value, dict) else "[]"


def _text(value: str) -> str:
    if _PLAIN.fullmatch(value) and value.lower() not in _WORDS:
        return value
    quoted = json.dumps(value, ensure_ascii=False)
    # Control characters YAML does not allow as they are, and a lone surrogate no file can hold.
    return re.sub(r"[\x7f-\x9f\u2028\u2029\ufeff\ud800-\udfff]", _escape, quoted)


def _escape(found: re.Match[str]) -> str:
    return f"\\u{ord(found[0]):04x}"
