"""Durations and quantities: what people write, the numbers they mean, and back. And what is shown
of secrets."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ..errors import LabwrightError
from ..notebook.records import Unfit, not_allowed
from ..notebook.settings import byte_count, duration, read_size

NEVER = "never"
HIDDEN = "(hidden)"
"""What is shown instead of a value that may be a secret."""
_SECRET = re.compile(r"token|secret|passw|credential|api_?key|private", re.IGNORECASE)
_ALLOWED = "seconds, text such as 90m, 8h or 1h30m, or never"
_duration = duration(0, _ALLOWED)
_UNITS = (("d", 86400), ("h", 3600), ("m", 60), ("s", 1))
_SIZES = (("Pi", 2**50), ("Ti", 2**40), ("Gi", 2**30), ("Mi", 2**20), ("Ki", 2**10))


def read_idle(value: Any) -> int:
    """Reads seconds, or text such as `8h`; `never` is 0. A reader, as in `notebook.records`."""
    if value == NEVER:
        return 0
    seconds = float(_duration(value))
    if seconds and seconds < 1:
        raise not_allowed(value, _ALLOWED)
    return round(seconds)


def seconds(text: str, *, where: str = "") -> int:
    """The seconds that `8h` means; `never` is 0."""
    try:
        return read_idle(text)
    except Unfit as error:
        raise LabwrightError(f"{text!r} is no duration", where=where, hint=error.hint) from None


def duration_text(value: int) -> str:
    """Seconds as `1h30m`, which `seconds` reads back; 0 is `never`."""
    if value <= 0:
        return NEVER
    parts = []
    for unit, size in _UNITS:
        count, value = divmod(value, size)
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts)


def size_bytes(text: str, *, where: str = "") -> int:
    """The bytes that `20Gi` means."""
    try:
        return byte_count(read_size(text))
    except Unfit as error:
        raise LabwrightError(f"{text!r} is no size", where=where, hint=error.hint) from None


def size_text(value: float) -> str:
    """Bytes as a quantity: `20Gi`, `1536Mi`; the largest unit that says it exactly."""
    for unit, size in _SIZES:
        if value >= size and value % size == 0:
            return f"{int(value) // size}{unit}"
    return str(int(value))


def shown_env(env: Mapping[str, str]) -> dict[str, str]:
    """Environment variables without the values of those that are called like secrets."""
    return {name: HIDDEN if _SECRET.search(name) else value for name, value in env.items()}
