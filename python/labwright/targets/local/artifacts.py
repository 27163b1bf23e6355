"""Artifacts by the sha256 of their content: each is kept once, written once and never changed.

They live in a local folder. Where `LABWRIGHT_ARTIFACTS` names an fsspec URL the folder is a cache
of what lies there.
"""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import stat
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...errors import LabwrightError
from .home import artifacts_folder

_BLOCK = 1 << 20


@dataclass(frozen=True)
class Stored:
    """`bytes` counts the files' content."""

    digest: str
    bytes: int


class ArtifactStore:
    """Takes files and folders in, and gives them back by digest."""

    def __init__(self, folder: Path, remote: str = "") -> None:
        self.folder = folder
        self.remote = remote.rstrip("/")

    def path(self, digest: str) -> Path:
        """Where the content is, or would be."""
        return self.folder / digest[:2] / digest[2:]

    def fetch(self, digest: str) -> Path | None:
        """Where the content can be read here; None when it is nowhere."""
        path = self.path(digest)
        if path.exists():
            return path
        return path if self.remote and self._download(digest, path) else None

    def take(self, source: Path, *, keep: bool = False) -> Stored:
        """Move the file or folder in and leave a link to it; with `keep`, leave it as it is.

        A source that was already taken is recognised by its link, so taking twice does no harm.
        """
        taken = self._digest_of_link(source)
        if taken is not None:
            return Stored(taken, tree_size(self.path(taken)))
        _follow_links(source)
        digest, size = tree_digest(source)
        target = self.path(digest)
        target.parent.mkdir(parents=True, exist_ok=True)
        if keep or not target.exists():
            self._place(source, target, keep)
        if not keep:
            remove(source)
            self.link(digest, source)
        if self.remote:
            self._upload(digest, target)
        return Stored(digest, size)

    def link(self, digest: str, place: Path) -> None:
        """Put a link to the content at `place`."""
        place.parent.mkdir(parents=True, exist_ok=True)
        remove(place)
        place.symlink_to(os.path.relpath(self.path(digest), place.parent.resolve()))

    def copy(self, digest: str, place: Path) -> None:
        """Put a copy of the content at `place`, for what people open and may edit."""
        source = self.fetch(digest)
        if source is not None:
            place.parent.mkdir(parents=True, exist_ok=True)
            remove(place)
            _copy(source, place)
            _writable(place)

    def _digest_of_link(self, source: Path) -> str | None:
        if not source.is_symlink():
            return None
        target = source.resolve()
        if target.parent.parent != self.folder.resolve() or not target.exists():
            return None
        return target.parent.name + target.name

    def _place(self, source: Path, target: Path, keep: bool) -> None:
        if target.exists():
            return
        if keep or not _same_device(source, target.parent):
            staged = target.parent / f".{uuid.uuid4().hex}"
            try:
                _copy(source, staged)
                _settle(staged)
                _rename(staged, target)
            finally:
                remove(staged)
        else:
            _settle(source)
            _rename(source, target)

    # A marker, written last, says that an upload is whole.

    def _upload(self, digest: str, path: Path) -> None:
        files, url = self._remote(digest)
        if files.exists(f"{url}.done"):
            return
        try:
            if path.is_dir():
                for file in sorted(path.rglob("*")):
                    if file.is_file():
                        files.pipe_file(f"{url}/{file.relative_to(path)}", file.read_bytes())
            else:
                files.put_file(str(path), url)
            files.pipe_file(f"{url}.done", b"folder" if path.is_dir() else b"file")
        except OSError as error:
            raise LabwrightError(f"cannot write to {self.remote}: {error}") from error

    def _download(self, digest: str, path: Path) -> bool:
        files, url = self._remote(digest)
        if not files.exists(f"{url}.done"):
            return False
        path.parent.mkdir(parents=True, exist_ok=True)
        staged = path.parent / f".{uuid.uuid4().hex}"
        try:
            if files.cat_file(f"{url}.done") == b"folder":
                staged.mkdir()
                if files.exists(url):
                    for name in files.find(url):
                        place = staged / name[len(files._strip_protocol(url)) :].lstrip("/")
                        place.parent.mkdir(parents=True, exist_ok=True)
                        files.get_file(name, str(place))
            else:
                files.get_file(url, str(staged))
            _settle(staged)
            _rename(staged, path)
        finally:
            remove(staged)
        return True

    def _remote(self, digest: str) -> tuple[Any, str]:
        files = remote_files(self.remote)
        return files, f"{self.remote}/{digest[:2]}/{digest[2:]}"


def artifact_store(home: Path) -> ArtifactStore:
    """The store that `LABWRIGHT_ARTIFACTS` names, or the one in Labwright's home."""
    place = os.environ.get("LABWRIGHT_ARTIFACTS", "")
    if place.startswith("file://"):
        place = place.removeprefix("file://")
    if "://" in place:
        remote_files(place)
        return ArtifactStore(artifacts_folder(home), place)
    return ArtifactStore(Path(place).expanduser().absolute() if place else artifacts_folder(home))


def remote_files(url: str) -> Any:
    """The fsspec file system of a URL; a LabwrightError when it cannot be had."""
    import fsspec

    protocol = url.partition("://")[0]
    try:
        return fsspec.filesystem(protocol)
    except (ImportError, ValueError) as error:
        raise LabwrightError(f"{url}: {error}", hint="install what fsspec needs for it") from error


def tree_digest(path: Path) -> tuple[str, int]:
    """The digest and size of a file, or of a folder with all that is in it."""
    return _digest(path, {})


def _digest(path: Path, known: dict[tuple[int, int], str]) -> tuple[str, int]:
    """`known`: digests by inode, so that content linked more than once is read once."""
    status = path.lstat()
    if stat.S_ISLNK(status.st_mode):
        return hashlib.sha256(b"link\0" + os.fsencode(os.readlink(path))).hexdigest(), 0
    if stat.S_ISREG(status.st_mode):
        key = (status.st_dev, status.st_ino)
        if key not in known:
            known[key] = _file_digest(path)
        return known[key], status.st_size
    if not stat.S_ISDIR(status.st_mode):
        raise LabwrightError(f"{path} is neither a file nor a folder, so it cannot be kept")
    total, listing = 0, hashlib.sha256(b"folder\0")
    for entry in sorted(os.listdir(path)):
        digest, size = _digest(path / entry, known)
        total += size
        listing.update(os.fsencode(entry) + b"\0" + digest.encode() + b"\0")
    return listing.hexdigest(), total


def _file_digest(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb", buffering=0) as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()


def tree_size(path: Path) -> int:
    """The bytes of a file, or of all files in a folder."""
    if not path.is_dir():
        return path.stat().st_size
    return sum(file.lstat().st_size for file in path.rglob("*") if file.is_file())


def _follow_links(path: Path) -> None:
    """Put in the place of links that lead out of the artifact what they lead to."""
    links = [path] if path.is_symlink() else path.rglob("*") if path.is_dir() else ()
    for link in [file for file in links if file.is_symlink()]:
        target = link.resolve()
        if link == path or path.resolve() not in target.parents:
            link.unlink()
            _copy(target, link)


def _settle(path: Path) -> None:
    """Bring content to the disk and protect it, before its name says that it is whole."""
    for file in [path] if not path.is_dir() else path.rglob("*"):
        if file.is_symlink() or not file.is_file():
            continue
        descriptor = os.open(file, os.O_RDONLY)
        try:
            os.fchmod(descriptor, 0o444)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _rename(source: Path, target: Path) -> None:
    try:
        source.rename(target)
    except OSError as error:
        # Someone else has just put the same content there.
        if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
            raise


def _same_device(source: Path, folder: Path) -> bool:
    return source.lstat().st_dev == folder.stat().st_dev


def _copy(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target, symlinks=True)
    else:
        shutil.copyfile(source, target)


def _writable(path: Path) -> None:
    for file in [path] if not path.is_dir() else path.rglob("*"):
        if not file.is_symlink():
            file.chmod(file.stat().st_mode | stat.S_IWUSR)


def remove(path: Path) -> None:
    """Remove a file, a link or a folder, where there is one."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
