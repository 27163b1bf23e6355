"""A Jupyter server with the extension, on a folder with the examples' digits notebook in it."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

# Not `pytest_plugins`, which would give every other test an event loop too.
from pytest_jupyter.jupyter_server import *  # noqa: F403
from tornado.httpclient import AsyncHTTPClient, HTTPRequest, HTTPResponse

from labwright.targets.config import KnownTargets
from labwright.targets.local.agent.client import connect
from labwright_server.routes import BASE

from .far import FarTarget

Ask = Callable[..., Awaitable[HTTPResponse]]
Events = Callable[[], Awaitable[dict[str, Any]]]


@pytest.fixture
def jp_server_config() -> dict[str, Any]:
    return {"ServerApp": {"jpserver_extensions": {"labwright_server": True}}}


@pytest.fixture(autouse=True)
def _agent(_own_home: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An agent that a test starts ends with the test."""
    monkeypatch.setenv("LABWRIGHT_AGENT_IDLE", "2")
    yield
    client = connect(start=False)
    if client is not None:
        with client:
            client.stop()


@pytest.fixture
def root(jp_root_dir: Path) -> Path:
    return Path(jp_root_dir)


@pytest.fixture
def base(jp_serverapp: Any, http_server_client: Any) -> str:
    """The server's URL, with a slash at its end. (It listens once there is a client.)"""
    return str(jp_serverapp.connection_url)


@pytest.fixture
def ask(base: str, jp_auth_header: dict[str, str]) -> Ask:
    """`await ask("GET", "runs")`: the answer, good or bad; what is no text is sent as JSON.

    The path goes out as it is written, escapes and all.
    """

    async def fetch(
        method: str, path: str, body: Any = None, params: dict[str, str] | None = None
    ) -> HTTPResponse:
        if body is not None and not isinstance(body, str):
            body = json.dumps(body)
        if method == "POST" and body is None:
            body = ""
        query = f"?{urlencode(params)}" if params else ""
        url = f"{base}{BASE}/{path}{query}"
        request = HTTPRequest(url, method, jp_auth_header, body, request_timeout=30)
        return await AsyncHTTPClient().fetch(request, raise_error=False)

    return fetch


@pytest.fixture
def subscribe(jp_ws_fetch: Any) -> Any:
    """Jupyter's own websocket of events, as a browser opens it."""

    @asynccontextmanager
    async def opened() -> AsyncIterator[Events]:
        socket = await jp_ws_fetch("api", "events", "subscribe")

        async def event() -> dict[str, Any]:
            while True:
                text = await asyncio.wait_for(socket.read_message(), 30)
                found: dict[str, Any] = json.loads(text)
                if found["schema_id"].startswith("https://events.labwright.dev/"):
                    return found

        try:
            yield event
        finally:
            socket.close()

    return opened


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Finished:
    """A home with a run in it that went well, one that failed, and one of a loop."""
    from labwright.launch import analyse_document, run_analysed
    from labwright.targets.local.store import Store

    place = tmp_path_factory.mktemp("finished")
    store = Store(place / "home")
    path = str(place / "adding.ipynb")

    def run(document: dict[str, Any], **values: Any) -> str:
        return run_analysed(analyse_document(document, path), values, store=store).run_id

    good, other = run(ADDING), run(ADDING_MORE, n=4)
    bad, loop = run(FAILING), run(LOOPING)
    store.close()
    return Finished(place / "home", good, other, bad, loop)


@pytest.fixture
def runs(finished: Finished) -> Finished:
    """The same in the test's own home."""
    home = Path(os.environ["LABWRIGHT_HOME"])
    shutil.copytree(finished.home, home, symlinks=True, dirs_exist_ok=True)
    return replace(finished, home=home)


@pytest.fixture
def far() -> FarTarget:
    """A target somewhere else that the user knows."""
    return FarTarget()


@pytest.fixture
def opened(far: FarTarget, monkeypatch: pytest.MonkeyPatch) -> list[FarTarget]:
    """The far targets that the server has opened; the first is `far`."""
    made: list[FarTarget] = []

    def opening(_: KnownTargets, name: str) -> FarTarget:
        assert name == "far"
        made.append(FarTarget() if made else far)
        return made[-1]

    monkeypatch.setattr(KnownTargets, "open", opening)
    make_known()
    return made


def make_known(endpoint: str = "http://far.example/") -> None:
    """As `labwright targets add far --endpoint …` does."""
    file = KnownTargets().file
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps({"targets": [{"name": "far", "endpoint": endpoint}]}))


@dataclass(frozen=True)
class Finished:
    """Ids of runs, and the home they are in."""

    home: Path
    good: str
    other: str
    bad: str
    loop: str


async def until(events: Events, fits: Callable[[dict[str, Any]], bool]) -> list[dict[str, Any]]:
    """What comes until, and with, the event that fits."""
    seen = []
    while not seen or not fits(seen[-1]):
        seen.append(await events())
    return seen


def told(response: HTTPResponse) -> Any:
    """The JSON of an answer."""
    assert response.headers["Content-Type"].startswith("application/json")
    return json.loads(response.body)


def notebook(*cells: str | tuple[str, dict[str, Any]]) -> dict[str, Any]:
    """An nbformat document of code cells, some with metadata; `#` begins a markdown cell."""
    return {
        "nbformat": 4,
        "nbformat_minor": 5,
        "metadata": {},
        "cells": [_cell(index, cell) for index, cell in enumerate(cells)],
    }


def step(name: str) -> dict[str, Any]:
    return {"tags": [f"step:{name}"]}


def _cell(index: int, cell: str | tuple[str, dict[str, Any]]) -> dict[str, Any]:
    source, metadata = cell if isinstance(cell, tuple) else (cell, {})
    bare = {"id": f"c{index}", "source": source, "metadata": metadata}
    if source.startswith("# "):
        return {"cell_type": "markdown", **bare}
    return {"cell_type": "code", "outputs": [], "execution_count": None, **bare}


ADDING = notebook(
    ("n = 3", {"tags": ["parameters"]}),
    ("x = list(range(n))\nprint('loaded', n, 'ä')", step("load")),
    ("total = sum(x)", {"tags": ["step:add", "metrics"]}),
)
ADDING_MORE = notebook(
    ("n = 3", {"tags": ["parameters"]}),
    ("x = list(range(n))\nprint('loaded', n, 'ä')", step("load")),
    ("total = sum(x) + 1", {"tags": ["step:add", "metrics"]}),
)
FAILING = notebook(("x = 1", step("load")), ("raise ValueError('too <b>bad</b>')", step("fail")))
LOOPING = notebook(
    ("numbers = [5, 6]", step("list")),
    ("print('turn', n)", {**step("each"), "labwright": {"foreach": "n in numbers"}}),
)
