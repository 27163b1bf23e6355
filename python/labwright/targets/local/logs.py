"""Pieces of what a step printed, for whoever reads on from where it was."""

from __future__ import annotations

import codecs
from pathlib import Path
from typing import Any

from .record import FINAL, StepRecord
from .rundir import StepDir


def log_piece(step: StepRecord, offset: int, limit: int) -> dict[str, Any]:
    """`{"text", "offset", "next", "end"}`; `end`: the step is over, and this is all of it."""
    over = step.state in FINAL
    data, begin, last = b"", offset, True
    if step.dir is not None and StepDir(step.dir).log.is_file():
        data, begin, last = piece(StepDir(step.dir).log, offset, limit)
    text, used = whole_text(data, final=over and last)
    return {"text": text, "offset": begin, "next": begin + used, "end": over and last}


def whole_text(data: bytes, *, final: bool) -> tuple[str, int]:
    """The text of a piece of UTF-8, and how many of its bytes that took.

    A character that the piece cuts off is left for the next one.
    """
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    text = decoder.decode(data, final)
    return text, len(data) - len(decoder.getstate()[0])


def piece(log: Path, offset: int, limit: int) -> tuple[bytes, int, bool]:
    """Bytes of a log, where they begin, and whether they reach its end."""
    with log.open("rb") as file:
        size = file.seek(0, 2)
        # A step that is tried again begins its log anew.
        begin = file.seek(min(offset, size))
        data = file.read(limit)
        return data, begin, begin + len(data) >= size
