"""The store that steps write into: read by KFP's UI server, or directly where the target says how.

A target's `storage` are options for fsspec. Logins are not among them: those are taken from where
the store's own tools have them (environment, profile, instance).
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import tarfile
import tempfile
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from ...runtime.values import META
from ..config import KnownTarget
from ..errors import (
    NotFound,
    NotOffered,
    Refused,
    ServerFailed,
    TargetError,
    TargetUnreachable,
    Unexpected,
)
from .client import Client

_PROTOCOLS = {"minio": "s3", "s3": "s3", "gs": "gs", "gcs": "gs"}


class ObjectStore:
    """`namespace` is the user's, for the UI server of an installation with many."""

    def __init__(self, client: Client, known: KnownTarget) -> None:
        self._client = client
        self._storage: Mapping[str, Any] = known.storage

    async def read(self, uri: str, namespace: str) -> bytes:
        protocol, path = _split(uri)
        if not self._storage:
            return await self._client.files.object(uri, namespace)
        return await asyncio.to_thread(_read, protocol, path, dict(self._storage), uri)

    async def fetch(self, uri: str, namespace: str, place: Path) -> Path:
        """Copy an object, or a folder of objects, to `place`."""
        protocol, path = _split(uri)
        if self._storage:
            await asyncio.to_thread(_fetch, protocol, path, dict(self._storage), uri, place)
            return place
        place.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=place.parent, prefix=".fetched-") as folder:
            staged = Path(folder, "object")
            try:
                packed = await self._client.files.download(uri, namespace, staged)
            except (NotFound, ServerFailed):  # so older UI servers say that it is a folder
                found = await self._folder(uri, namespace)
                if found is None:
                    raise
                for name, data in found.items():
                    await asyncio.to_thread(_write, place / name, data)
                return place
            if packed:
                await asyncio.to_thread(_unpack, staged, place)
            else:
                os.replace(staged, place)
        return place

    async def _folder(self, uri: str, namespace: str) -> dict[str, bytes] | None:
        """The files of a value that Labwright wrote; None for what else there is.

        Older UI servers list no objects, but such a folder says what is in it.
        """
        try:
            told = await self._client.files.object(f"{uri}/{META}", namespace)
            names = json.loads(told)["files"]
        except (TargetError, ValueError, KeyError, TypeError) as error:
            if isinstance(error, (NotOffered, TargetUnreachable)):
                raise
            return None
        found = {META: told}
        for name in names:
            if not _is_inside(name):
                raise Refused(f"{uri} names a file outside of it: {name!r}")
            found[name] = await self._client.files.object(f"{uri}/{name}", namespace)
        return found


def _unpack(archive: Path, place: Path) -> None:
    """Unpack plain files, and none outside of `place`."""
    place.mkdir(parents=True, exist_ok=True)
    inside = place.resolve()
    try:
        with tarfile.open(archive, "r:gz") as packed:
            for member in packed:
                target = (inside / member.name).resolve()
                source = packed.extractfile(member) if member.isfile() else None
                if source is None or not target.is_relative_to(inside):
                    continue
                target.parent.mkdir(parents=True, exist_ok=True)
                with source, target.open("wb") as writing:
                    shutil.copyfileobj(source, writing)
    except (tarfile.TarError, EOFError, OSError) as error:
        raise Unexpected(f"what came for it is no whole archive: {error}") from None


def _is_inside(name: Any) -> bool:
    """Whether a name that a value tells stays in its own folder."""
    path = PurePosixPath(name) if isinstance(name, str) else PurePosixPath("/")
    return not path.is_absolute() and ".." not in path.parts and "\\" not in str(path)


def _write(place: Path, data: bytes) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(data)


def _split(uri: str) -> tuple[str, str]:
    scheme, separator, path = uri.partition("://")
    protocol = _PROTOCOLS.get(scheme)
    if not separator or protocol is None or not path:
        raise NotOffered(
            f"{uri or 'an empty address'} is not in a store that can be read from here",
            hint="s3://, minio:// and gs:// can",
        )
    return protocol, path


def _filesystem(protocol: str, storage: dict[str, Any]) -> Any:
    import fsspec

    try:
        return fsspec.filesystem(protocol, **storage)
    except ImportError as error:
        raise NotOffered(
            f"reading {protocol}:// needs another package: {error}",
            hint={"s3": "pip install s3fs", "gs": "pip install gcsfs"}.get(protocol, ""),
        ) from None
    except (TypeError, ValueError) as error:
        raise Refused(f"the target's storage options do not fit: {error}") from None


def _read(protocol: str, path: str, storage: dict[str, Any], uri: str) -> bytes:
    files = _filesystem(protocol, storage)
    try:
        found: bytes = files.cat_file(path)
    except FileNotFoundError:
        raise NotFound(f"there is no {uri}") from None
    except OSError as error:
        raise Refused(f"cannot read {uri}: {error}") from None
    return found


def _fetch(protocol: str, path: str, storage: dict[str, Any], uri: str, place: Path) -> None:
    files = _filesystem(protocol, storage)
    place.parent.mkdir(parents=True, exist_ok=True)
    try:
        if files.isdir(path):
            files.get(f"{path.rstrip('/')}/", f"{place}/", recursive=True)
        else:
            files.get_file(path, str(place))
    except FileNotFoundError:
        raise NotFound(f"there is no {uri}") from None
    except OSError as error:
        raise Refused(f"cannot read {uri}: {error}") from None
