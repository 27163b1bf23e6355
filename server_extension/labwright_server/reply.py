"""An answer that is not one of the models."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Reply:
    """Text, bytes or a file. `name`: what it is saved as; `policy`: a content security policy.

    Without `media` a file's type is guessed from its name.
    """

    content: str | bytes | Path
    media: str = ""
    name: str = ""
    policy: str = ""
