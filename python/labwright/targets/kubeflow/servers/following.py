"""A server's log as its pod prints it, for whoever looks on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from typing import Any

from ...errors import BadRequest, NotFound, TargetUnreachable
from ...local.logs import whole_text
from .kinds import Object, belongs, container_status, running
from .kube import Kube
from .watching import Watching

Look = Callable[[], Awaitable[tuple[Object, Object | None]]]
FIRST, LONGEST = 0.5, 30.0
"""Seconds until a log whose connection was lost is asked for again."""


async def follow_log(
    kube: Kube, watching: Watching, look: Look, name: str, offset: int, log: str
) -> AsyncGenerator[dict[str, Any], None]:
    """What was printed since `offset` of a `log`, then what is printed, until the server stops.

    `look` gives the Notebook and its pod. Where there is nothing to read, the next change of the
    server is waited for, by the watch that all share.

    Raises:
        NotFound: there is no such server.
    """
    told, read_out, wait = False, "", FIRST

    def piece(text: str, used: int = 0, *, end: bool = False) -> dict[str, Any]:
        return {"text": text, "offset": offset, "next": offset + used, "end": end, "log": log}

    async with aclosing(watching.follow()) as changes:
        while True:
            try:
                notebook, pod = await look()
            except NotFound:
                if not told:
                    raise
                yield piece("", end=True)
                return
            except TargetUnreachable:
                if not told:
                    raise
                await asyncio.sleep(wait)
                wait = min(LONGEST, wait * 2)
                continue
            over = pod is None and not running(notebook)
            here, printing = log_of(pod, name)
            if here and here != log:
                offset, log = 0, here
            if over or not told:
                told = True
                yield piece("", end=over)
            if over:
                return
            if pod is None or not here or here == read_out:
                await _change(changes, name)
                continue
            try:
                async with aclosing(_printed(kube, pod, name, offset)) as pieces:
                    async for begin, text, used in pieces:
                        offset, wait = begin, FIRST
                        yield piece(text, used)
                        offset += used
                if not printing:
                    read_out = here
                    continue
            except (BadRequest, NotFound):  # it has not begun, or has just gone
                await _change(changes, name)
                continue
            except TargetUnreachable:
                wait = min(LONGEST, wait * 2)
            # Its end is written down a moment later; or else the connection was lost.
            await asyncio.sleep(wait)


def container_of(pod: Object, name: str) -> str:
    """The server's own container, by its name in the pod."""
    containers: list[str] = [one["name"] for one in pod["spec"]["containers"]]
    return next((one for one in containers if belongs(name, one)), containers[0])


def log_of(pod: Object | None, name: str) -> tuple[str, bool]:
    """What names the log of a pod's container, empty where it has none, and whether it prints."""
    status = container_status(pod, name) if pod is not None else {}
    container = status.get("containerID") or ""
    if pod is None or not container:
        return "", False
    return f"{pod['metadata']['uid']}/{container}", "running" in (status.get("state") or {})


async def _change(changes: AsyncIterator[dict[str, Any]], name: str) -> None:
    """Until the server is otherwise than it was."""
    async for change in changes:
        if (change.get("server") or {}).get("name") == name:
            return
        if change["type"] == "server-deleted" and change["name"] == name:
            return


async def _printed(
    kube: Kube, pod: Object, name: str, offset: int
) -> AsyncGenerator[tuple[int, str, int], None]:
    """Texts, each with where it begins and how many bytes it takes.

    A log that is shorter than `offset` was begun anew by its node, and is given from its start.
    """
    which = pod["metadata"]["name"], container_of(pod, name)
    # The API knows no offset: what is known is read over.
    if offset and len(await kube.log(*which)) < offset:
        offset = 0
    left, rest = offset, b""
    async with aclosing(kube.follow_log(*which)) as chunks:
        async for chunk in chunks:
            skipped = min(left, len(chunk))
            left -= skipped
            data = rest + chunk[skipped:]
            text, used = whole_text(data, final=False)
            rest = data[used:]
            if text:
                yield offset, text, used
                offset += used
