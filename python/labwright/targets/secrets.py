"""Tokens, cookies and the like: in the OS keyring where there is one, else in a file of the user's.

They are asked for when a request is made, and never stand in a target's description, in a spec or
in a log.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

from ..errors import LabwrightError

Place = Literal["keyring", "file"]
SERVICE = "labwright"
KEYRING_VARIABLE = "LABWRIGHT_KEYRING"
"""`off` keeps secrets in the file, for machines whose keyring asks a person."""


class Secrets:
    """The secrets of the targets in one folder."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "secrets.json"
        self._folder = folder

    def keep(self, name: str, secret: str) -> Place:
        """Keep a secret; where it is now."""
        ring = _keyring()
        if ring is not None:
            try:
                ring.set_password(SERVICE, self._entry(name), secret)
            except Exception:  # a keyring that is locked or not whole: the file is there
                pass
            else:
                self._change(lambda all_of_them: all_of_them.pop(name, None))
                return "keyring"
        self._change(lambda all_of_them: all_of_them.update({name: secret}))
        return "file"

    def read(self, name: str, place: Place) -> str:
        """A secret that was kept."""
        found = self._ask_keyring(name) if place == "keyring" else self._load().get(name)
        if not isinstance(found, str):
            raise LabwrightError(
                f"the secret of target {name!r} is gone from the {place}",
                hint=f"add the target again: labwright targets add {name} --replace …",
            )
        return found

    def forget(self, name: str, place: Place) -> None:
        if place == "keyring":
            ring = _keyring()
            try:
                if ring is not None:
                    ring.delete_password(SERVICE, self._entry(name))
            except Exception:  # it is gone already, or will never be found again
                pass
        self._change(lambda all_of_them: all_of_them.pop(name, None))

    def _entry(self, name: str) -> str:
        """Two homes may have targets of the same name."""
        return f"{self._folder.resolve()}:{name}"

    def _ask_keyring(self, name: str) -> str | None:
        ring = _keyring()
        try:
            return None if ring is None else ring.get_password(SERVICE, self._entry(name))
        except Exception as error:
            raise LabwrightError(
                f"the keyring does not give the secret of target {name!r}: {error}",
                hint="unlock it, or keep the secret in a file: LABWRIGHT_KEYRING=off",
            ) from None

    def _load(self) -> dict[str, Any]:
        try:
            about = self.file.stat()
            if about.st_mode & 0o077:
                self.file.chmod(0o600)
            found = json.loads(self.file.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        except (OSError, ValueError) as error:
            raise LabwrightError(f"cannot read it: {error}", where=str(self.file)) from None
        return found if isinstance(found, dict) else {}

    def _change(self, change: Callable[[dict[str, Any]], object]) -> None:
        before = self._load()
        after = dict(before)
        change(after)
        if after != before:
            write_private(self.file, after)


def write_private(path: Path, data: Any) -> None:
    """Write JSON whole, into a file that only its user may read from its first moment on."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    staged = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        staged.unlink(missing_ok=True)
        handle = os.open(staged, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with open(handle, "w", encoding="utf-8") as file:
            json.dump(data, file, indent=1)
            file.write("\n")
        os.replace(staged, path)
    except OSError as error:
        raise LabwrightError(f"cannot write: {error.strerror}", where=str(path)) from None


def _keyring() -> Any:
    """The `keyring` package, where it is installed and has a keyring of the system's."""
    if os.environ.get(KEYRING_VARIABLE, "").lower() in ("off", "0", "no"):
        return None
    try:
        import keyring
        from keyring.backends.fail import Keyring as NoKeyring
    except ImportError:
        return None
    return None if isinstance(keyring.get_keyring(), NoKeyring) else keyring
