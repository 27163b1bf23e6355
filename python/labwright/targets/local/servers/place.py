"""A server's folder: what lies where in it. The files of its user are in volumes."""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from ..home import servers_folder
from ..locks import is_locked


@dataclass(frozen=True)
class ServerDir:
    """`<home>/servers/<name>`."""

    path: Path

    @classmethod
    def of(cls, root: Path, name: str) -> ServerDir:
        return cls(servers_folder(root) / name)

    @property
    def lock(self) -> Path:
        """Held by the server's process for as long as it lives."""
        return self.path / ".lock"

    @property
    def pid(self) -> Path:
        """Written by the process itself before it becomes the server."""
        return self.path / "pid"

    @property
    def token_file(self) -> Path:
        return self.path / "token"

    @property
    def log(self) -> Path:
        """Of the present start; the log of the one before is kept beside it."""
        return self.path / "log.txt"

    @property
    def links(self) -> Path:
        """Which links to volumes were made in the workspace."""
        return self.path / "links.json"

    @property
    def alive(self) -> bool:
        return is_locked(self.lock)

    def make(self) -> None:
        self.path.mkdir(parents=True, exist_ok=True, mode=0o700)

    def token(self) -> str:
        """What opens the server. Made once, for its user's eyes only."""
        try:
            return self.token_file.read_text(encoding="ascii").strip()
        except FileNotFoundError:
            pass
        token = secrets.token_hex(24)
        descriptor = os.open(self.token_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(token)
        return token

    def process_id(self) -> int | None:
        try:
            return int(self.pid.read_text(encoding="ascii"))
        except (OSError, ValueError):
            return None

    def last_words(self) -> str:
        """The last line of its log."""
        try:
            lines = self.log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        except OSError:
            return ""
        return lines[-1].strip() if lines else ""

    def begin_log(self) -> None:
        if self.log.exists():
            os.replace(self.log, self.path / "log.previous.txt")
