"""The one kind of error a user is meant to read.

Every error raised on bad input is a `LabwrightError`: the command line prints it as a single
message and exits 2, never with a traceback.
"""

from __future__ import annotations


class LabwrightError(Exception):
    """Bad input or a thing that cannot work: what is wrong, where, and what to do about it.

    Args:
        what: what is wrong, in one clause.
        where: the place (a file, a cell, a step), or empty.
        hint: what the user can do, or empty.
    """

    def __init__(self, what: str, *, where: str = "", hint: str = "") -> None:
        self.what = what
        self.where = where
        self.hint = hint
        text = f"{where}: {what}" if where else what
        super().__init__(f"{text} ({hint})" if hint else text)
