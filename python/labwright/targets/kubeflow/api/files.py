"""What steps printed and wrote, as far as KFP's servers hand it out."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from ...errors import NotFound, Unexpected
from ..answers import short
from .base import Resource, segment

if TYPE_CHECKING:
    import httpx

_WHERE_UI = "KFP's UI server reads it: does the target's --ui lead there, or its --storage?"


class Files(Resource):
    async def artifact(self, run_id: str, node_id: str, name: str) -> bytes:
        """An artifact of a workflow's node, as Argo keeps it; `main-logs` is what it printed."""
        node, what = segment(node_id, "node"), f"read artifact {name!r} of run {run_id}"
        path = f"/runs/{segment(run_id, 'run')}/nodes/{node}/artifacts/{segment(name, 'artifact')}"
        found = await self._json("GET", f"{path}:read", what)
        try:
            return base64.b64decode(found.get("data", ""), validate=True)
        except (ValueError, TypeError):
            raise Unexpected(f"{what}: what came is no base64") from None

    async def node_log(self, run_id: str, pod: str) -> bytes:
        """What a pod of a run printed, from the pod or from where it was archived."""
        what = f"read the log of {pod}"
        run, node = segment(run_id, "run"), segment(pod, "pod")
        path = f"/apis/v1alpha1/runs/{run}/nodes/{node}/log"
        answer = await self._transport.send("GET", path, what)
        # Its status is sent before the pod is looked for, so a refusal comes as a log.
        refused = _refusal(answer.content)
        if refused:
            raise NotFound(f"{what}: {short(refused)}", words=refused)
        return answer.content

    async def pod_log(self, pod: str, namespace: str, created: str = "") -> bytes:
        """The same by KFP's UI server, which also looks into its own archive."""
        query = {"podname": pod, "podnamespace": namespace}
        query |= {"createdat": created[:10]} if created else {}
        what = f"read the log of {pod}"
        answer = await self._transport.send(
            "GET", "/k8s/pod/logs", what, base=await self._ui(), params=query
        )
        return answer.content

    async def object(self, uri: str, namespace: str = "") -> bytes:
        """An object of the store that steps write into, read by KFP's UI server."""
        found = bytearray()
        async with self._reading(uri, namespace) as answer:
            async for piece in answer.aiter_bytes():
                found += piece
        return bytes(found)

    async def download(self, uri: str, namespace: str, file: Path) -> bool:
        """Write an object into a file; whether it is the archive (.tar.gz) of a folder of objects.

        Older servers give no folders, and say that they failed.
        """
        async with self._reading(uri, namespace) as answer:
            with file.open("wb") as writing:
                async for piece in answer.aiter_bytes():
                    await asyncio.to_thread(writing.write, piece)
            # The key of a single object may end so, too; only a folder's is said to be attached.
            attached = answer.headers.get("content-disposition", "")
            return "gzip" in answer.headers.get("content-type", "") and ".tar.gz" in attached

    @asynccontextmanager
    async def _reading(self, uri: str, namespace: str) -> AsyncIterator[httpx.Response]:
        source, _, rest = uri.partition("://")
        bucket, _, key = rest.partition("/")
        source = {"gs": "gcs"}.get(source, source)
        query = {"source": source, "bucket": bucket, "key": key, "namespace": namespace}
        if not namespace:
            del query["namespace"]
        ui, what = await self._ui(), f"read {uri}"
        try:
            async with self._transport.stream(
                "GET", "/artifacts/get", what, base=ui, params=query
            ) as answer:
                if "html" in answer.headers.get("content-type", "") and not key.endswith("html"):
                    raise NotFound(f"{what}: {ui} gives a page for it", hint=_WHERE_UI)
                yield answer
        except NotFound as error:
            raise NotFound(
                error.what, where=error.where, hint=_WHERE_UI, status=404, words=error.words
            ) from None

    async def _ui(self) -> str:
        return (await self._transport.connection()).ui


def _refusal(body: bytes) -> str:
    """The server's words where a log is none."""
    if not body.rstrip().endswith(b"}"):
        return ""
    start = body.rfind(b'{"error_')
    try:
        found = json.loads(body[start:]) if start >= 0 else None
    except ValueError:
        return ""
    if not isinstance(found, dict) or set(found) - {"error_message", "error_details"}:
        return ""
    return str(found.get("error_message") or found.get("error_details") or "")
