"""YAML documents, written without a YAML library: importing one takes longer than compiling.

Only what JSON holds is written, keys sorted, so equal data gives equal bytes. Text that YAML
could take for something else is quoted as JSON quotes it, which YAML reads the same way.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_./-]*(?: [A-Za-z0-9_./-]+)*", re.ASCII)
# What YAML 1.1 or 1.2 reads as a truth value or as nothing, and merge keys.
_WORDS = frozenset(["y", "yes", "n", "no", "true", "false", "on", "off", "null"])


def to_yaml(documents: Iterable[Mapping[str, Any]]) -> str:
    """The documents as one YAML text."""
    return "---\n".join("".join(_mapping(document, "")) for document in documents)


def _mapping(value: Mapping[str, Any], indent: str) -> Iterator[str]:
    for key in sorted(value):
        yield from _entry(f"{indent}{_text(key)}:", value[key], indent)


def _entry(head: str, value: Any, indent: str) -> Iterator[str]:
    """`head` (a key or a dash) with its value."""
    if isinstance(value, Mapping) and value:
        yield head + "\n"
        yield from _mapping(value, indent + "  ")
    elif isinstance(value, list | tuple) and value:
        yield head + "\n"
        for item in value:
            yield from _item(item, indent)
    else:
        yield f"{head} {_scalar(value)}\n"


def _item(value: Any, indent: str) -> Iterator[str]:
    if isinstance(value, Mapping) and value:
        # The first key stands on the dash's own line.
        lines = _mapping(value, indent + "  ")
        yield f"{indent}- {next(lines)[len(indent) + 2 :]}"
        yield from lines
    else:
        yield from _entry(f"{indent}-", value, indent + "  ")


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
    return "{}" if isinstance(value, Mapping) else "[]"


def _text(value: str) -> str:
    if _PLAIN.fullmatch(value) and value.lower() not in _WORDS:
        return value
    quoted = json.dumps(value, ensure_ascii=False)
    # Control characters YAML does not allow as they are, and a lone surrogate no file can hold.
    return re.sub(r"[\x7f-\x9f\u2028\u2029\ufeff\ud800-\udfff]", _escape, quoted)


def _escape(found: re.Match[str]) -> str:
    return f"\\u{ord(found[0]):04x}"
