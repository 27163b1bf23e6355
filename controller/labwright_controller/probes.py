"""Ask a server what it does, each kind in its own way, without that counting as use.

Jupyter servers list their kernels and terminals; code-server (VS Code) tells of its last heartbeat,
which it has while a browser is open; any other may have a page that tells of its last activity.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timezone
from typing import Any

import aiohttp

from labwright_controller import culling
from labwright_controller.builders.network import SERVICE_PORT
from labwright_controller.kinds import ACTIVITY_PATH, REWRITE, SERVER_TYPE, Key, Object
from labwright_controller.settings import Settings
from labwright_controller.status import parse_time

UNTRACKED = {"no_track_activity": "1"}
VS_CODE = ("group-one", "vscode", "code-server")
"""What the annotation server-type says of VS Code; Kubeflow's web app calls it group-one."""


async def probe(
    notebook: Object,
    key: Key,
    settings: Settings,
    session: aiohttp.ClientSession,
    connections_count: bool = False,
) -> culling.Activity:
    """What a server does; raises where it does not say.

    Args:
        notebook: its Notebook.
        key: where it is.
        settings: the cluster's.
        session: to ask with.
        connections_count: whether an open browser is use.
    """
    base = settings.probe_url.format(
        service=key[1], namespace=key[0], domain=settings.cluster_domain, port=SERVICE_PORT
    ).rstrip("/")
    annotations = notebook["metadata"].get("annotations", {})
    prefix = f"{base}/notebook/{key[0]}/{notebook['metadata']['name']}"
    own = annotations.get(ACTIVITY_PATH)
    if own:
        return told(await _ask(session, f"{prefix}/{own.lstrip('/')}"))
    if annotations.get(SERVER_TYPE) in VS_CODE:
        # Gateways rewrite its prefix away, and here there is none in front.
        rewritten = annotations.get(REWRITE)
        where = f"{base}{rewritten.rstrip('/')}" if rewritten else prefix
        return told(await _ask(session, f"{where}/healthz"))
    kernels = _list(await _ask(session, f"{prefix}/api/kernels", UNTRACKED))
    # A server may have its terminals switched off.
    terminals = _list(await _ask(session, f"{prefix}/api/terminals", UNTRACKED, may_lack=True))
    seen = culling.activity(kernels, terminals)
    if not connections_count:
        return seen
    # It has what browsers ask, and what went through jupyter-server-proxy, such as a TensorBoard.
    status = told(await _ask(session, f"{prefix}/api/status", UNTRACKED))
    times = [time for time in (seen.last, status.last) if time is not None]
    return replace(seen, last=max(times, default=None))


def told(answer: Any) -> culling.Activity:
    """What a page tells: `last_activity` in RFC 3339, or `lastHeartbeat` in milliseconds."""
    if not isinstance(answer, Mapping):
        raise ValueError("it tells of no activity")
    last = parse_time(answer.get("last_activity"))
    beat = answer.get("lastHeartbeat")
    if last is None and isinstance(beat, int) and not isinstance(beat, bool):
        last = datetime.fromtimestamp(beat / 1000, timezone.utc)
    if last is None:
        raise ValueError("it tells of no activity")
    return culling.Activity(last=last)


async def _ask(
    session: aiohttp.ClientSession,
    url: str,
    query: Mapping[str, str] | None = None,
    may_lack: bool = False,
) -> Any:
    async with session.get(url, params=query) as answer:
        if may_lack and answer.status == 404:
            return []
        answer.raise_for_status()
        return await answer.json(content_type=None)


def _list(found: Any) -> list[Any]:
    if not isinstance(found, list):
        raise ValueError("it answers with no list")
    return found
