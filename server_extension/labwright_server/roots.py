"""Which files a request may name: those under one folder, links followed, hidden ones perhaps."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from .refusal import Refusal, not_found


@dataclass(frozen=True)
class Root:
    """A folder; what a path leads to must lie in it, or in one of `stores`, wherever links go."""

    folder: Path
    allow_hidden: bool = False
    stores: tuple[Path, ...] = ()

    def place(self, path: str) -> Path:
        """The file a relative path with `/` names; it need not exist."""
        parts = _parts(path)
        if not self.allow_hidden and any(part.startswith(".") for part in parts):
            raise not_found(f"{path!r}: hidden files are not shown")
        place = self.folder.joinpath(*parts)
        real = _real(place, path)
        homes = (self.folder, *self.stores)
        inside = next((home for home in homes if real.is_relative_to(home.resolve())), None)
        if inside is None:
            raise not_found(f"{path!r} leads out of its folder")
        # A link may give a hidden file a plain name.
        below = real.relative_to(inside.resolve()).parts
        if not self.allow_hidden and any(part.startswith(".") for part in below):
            raise not_found(f"{path!r}: hidden files are not shown")
        return place

    def file(self, path: str) -> Path:
        """As `place`, and there is such a file."""
        place = self.place(path)
        if not place.is_file():
            what = "is a folder" if place.is_dir() else "no such file"
            raise not_found(f"{path!r}: {what}")
        return place

    def name(self, place: Path | str | None) -> str | None:
        """The path under this folder with `/`; None for a file elsewhere."""
        if place is None:
            return None
        for one, folder in (
            (Path(place), self.folder),
            (Path(place).resolve(), self.folder.resolve()),
        ):
            if one.is_relative_to(folder):
                return one.relative_to(folder).as_posix()
        return None


def _parts(path: str) -> tuple[str, ...]:
    parts = tuple(part for part in PurePosixPath(path.strip("/")).parts if part != ".")
    if not parts or ".." in parts:
        raise not_found(f"{path!r} is not a path under the folder")
    return parts


def _real(place: Path, path: str) -> Path:
    try:
        place.lstat()
    except FileNotFoundError:
        pass
    except (OSError, ValueError):  # too long, under a file, a null byte
        raise Refusal(400, f"{path!r} is not a possible path") from None
    try:
        return place.resolve()
    except (OSError, RuntimeError):  # a loop of links
        raise Refusal(400, f"{path!r} is not a possible path") from None
