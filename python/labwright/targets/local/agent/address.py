"""Where the agent of a home folder listens, and what it leaves there about itself."""

from __future__ import annotations

import hashlib
import os
import socket
import tempfile
from dataclasses import dataclass
from pathlib import Path

from ....errors import LabwrightError
from ..journal import ADDRESS
from ..rundir import read_json, write_json

LONGEST = 100
"""Bytes that the path of a socket may have on every system."""
PATIENCE = 15.0
"""Seconds within which an agent that was started has to listen."""
LOG_SIZE = 1 << 20


@dataclass(frozen=True)
class Place:
    """The agent's files in a home folder."""

    root: Path

    @property
    def lock(self) -> Path:
        """Held by the one agent there is."""
        return self.root / "agent.lock"

    @property
    def address(self) -> Path:
        return self.root / ADDRESS

    @property
    def log(self) -> Path:
        return self.root / "agent.log"

    def listening(self) -> Path | None:
        """The socket of the agent that was last heard of."""
        found = read_json(self.address)
        return Path(str(found["socket"])) if isinstance(found, dict) and "socket" in found else None

    def write(self, path: Path, version: str, epoch: str) -> None:
        about = {"socket": str(path), "pid": os.getpid(), "version": version, "epoch": epoch}
        write_json(self.address, about)

    def rotate_log(self) -> None:
        """Keep one old log beside the new one."""
        if self.log.exists() and self.log.stat().st_size > LOG_SIZE:
            os.replace(self.log, self.log.with_suffix(".log.1"))


def socket_path(root: Path) -> Path:
    """The home folder's own socket, in the runtime folder or, were that too long, a short one."""
    from jupyter_core.paths import jupyter_runtime_dir

    digest = hashlib.sha256(os.fsencode(root.resolve())).hexdigest()[:16]
    path = Path(jupyter_runtime_dir()) / f"labwright-{digest}.sock"
    if len(os.fsencode(path)) > LONGEST:
        path = Path(tempfile.gettempdir()) / f"labwright-{os.getuid()}" / path.name
    if len(os.fsencode(path)) > LONGEST:
        path = Path("/tmp") / f"labwright-{os.getuid()}" / path.name
    return path


def make_folder(folder: Path) -> None:
    """Make the socket's folder, and see that nobody else has a say in it."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    about = folder.stat()
    if about.st_uid != os.getuid():
        raise LabwrightError(
            f"the folder {folder} belongs to another user, so that the agent cannot listen there",
            hint="set JUPYTER_RUNTIME_DIR to a folder of your own",
        )
    if about.st_mode & 0o077:
        folder.chmod(0o700)


def find_socket(place: Place) -> Path | None:
    """Where an agent listens; None when none does."""
    path = place.listening()
    if path is None:
        return None
    try:
        with socket.socket(socket.AF_UNIX) as one:
            one.settimeout(5)
            one.connect(str(path))
    except OSError:
        return None
    return path
