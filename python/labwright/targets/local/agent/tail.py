"""A log file as it grows, in pieces that are whole UTF-8."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PIECE = 16 << 10
"""The most bytes that one piece has."""
BURST = 256 << 10
"""The most that is told at a time. A step that prints more leaves gaps, which can be asked for."""


@dataclass
class Tail:
    """What of a log was told already. A log that begins anew (a retry) is told from its start."""

    path: Path
    offset: int = 0
    file: int = 0

    @classmethod
    def from_end(cls, path: Path) -> Tail:
        try:
            about = path.stat()
        except OSError:
            return cls(path)
        return cls(path, about.st_size, about.st_ino)

    def read(self, *, over: bool = False) -> list[tuple[int, str]]:
        """The new pieces, each with the byte it starts at. `over`: nothing more will come."""
        try:
            about = self.path.stat()
            if about.st_ino != self.file or about.st_size < self.offset:
                self.offset, self.file = 0, about.st_ino
            if about.st_size == self.offset:
                return []
            if about.st_size - self.offset > 4 * BURST:
                self.offset = about.st_size - BURST
            with self.path.open("rb") as file:
                file.seek(self.offset)
                data = file.read(BURST)
        except OSError:
            return []
        start = self.offset
        found = []
        for piece in pieces(data, over=over):
            found.append((start, piece.decode("utf-8", "replace")))
            start += len(piece)
        self.offset = start
        return found


def pieces(data: bytes, *, over: bool = False, size: int = PIECE) -> Iterator[bytes]:
    """Cut bytes into pieces that split no character; the rest of one is left unless it is over."""
    while data:
        end = whole(data[:size]) if len(data) > size or not over else len(data)
        if end == 0:
            return
        yield data[:end]
        data = data[end:]


def whole(data: bytes) -> int:
    """How many bytes there are up to the last whole character."""
    for back in range(1, min(4, len(data)) + 1):
        byte = data[-back]
        if byte < 0x80:
            return len(data)
        if byte >= 0xC0:
            length = 2 if byte < 0xE0 else 3 if byte < 0xF0 else 4
            return len(data) if back >= length else len(data) - back
    return len(data)
