"""An answer that is not one of the models."""

from __future__ import annotations

import mimetypes
from dataclasses import dataclass
from pathlib import Path
from typing import IO


@dataclass(frozen=True)
class Reply:
    """Text, bytes, a file's path, or an open file.

    `name`: what it is saved as. `policy`: a content security policy. Without `media` the type of
    a path is guessed from its name.
    """

    content: str | bytes | Path | IO[bytes]
    media: str = ""
    name: str = ""
    policy: str = ""


def media_of(path: Path) -> str:
    """The type of a file, by its name."""
    return mimetypes.guess_type(path.name)[0] or "application/octet-stream"
