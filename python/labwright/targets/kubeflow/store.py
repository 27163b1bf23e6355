"""The store that steps write into: read by KFP's UI server, or directly where the target says how.

A target's `storage` are options for fsspec. Logins are not among them: those are taken from where
the store's own tools have them (environment, profile, instance).
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..config import KnownTarget
from ..errors import NotFound, NotOffered, Refused, TargetError
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
        try:
            data = await self._client.files.object(uri, namespace)
        except (NotFound, TargetError) as error:
            if isinstance(error, NotOffered):
                raise
            raise type(error)(
                error.what,
                where=error.where,
                hint="a value of several files is read only with the target's --storage",
                status=error.status,
                words=error.words,
            ) from None
        place.parent.mkdir(parents=True, exist_ok=True)
        await asyncio.to_thread(place.write_bytes, data)
        return place


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
