"""A server's log as it grows, for whoever looks on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from os import stat_result
from typing import Any

from ...errors import NotFound
from ..logs import piece, whole_text
from .place import ServerDir
from .rows import AT_REST, ServerRow

LOOK = 0.2
"""Seconds between looks at the file: each is one system call, while somebody looks on."""
PIECE = 1 << 18


async def follow_log(
    place: ServerDir, row_of: Callable[[], Awaitable[ServerRow]], offset: int, log: str
) -> AsyncGenerator[dict[str, Any], None]:
    """What was printed since `offset` of a `log`, then what is printed, until the server stops.

    `row_of` asks the store for the server; it is only asked where the file alone does not say how
    things stand.

    Raises:
        NotFound: there is no such server.
    """
    told, file = False, -1
    while True:
        about = await asyncio.to_thread(_about, place)
        inode = about.st_ino if about else 0
        over = False
        if inode != file or not await asyncio.to_thread(lambda: place.alive):
            try:
                row = await row_of()
            except NotFound:
                if not told:
                    raise
                yield {"text": "", "offset": offset, "next": offset, "end": True, "log": log}
                return
            over = row.state in AT_REST
            if inode != file:
                # Numbers of files are given again, moments are not.
                file, known = inode, f"{row.status.began or ''}.{inode}"
                offset, log = (offset if known == log else 0), known
                about = await asyncio.to_thread(_about, place)
        if about is not None and about.st_size < offset:
            offset = 0
        data, begin, last = b"", offset, True
        if about is not None and about.st_size > offset:
            data, begin, last = await asyncio.to_thread(piece, place.log, offset, PIECE)
        end = over and last
        text, used = whole_text(data, final=end)
        if text or end or not told:
            offset = begin + used
            yield {"text": text, "offset": begin, "next": offset, "end": end, "log": log}
            told = True
            if end:
                return
        if last:
            await asyncio.sleep(LOOK)


def _about(place: ServerDir) -> stat_result | None:
    try:
        return place.log.stat()
    except OSError:
        return None
