"""The way to servers of this machine through the Jupyter server."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import pytest
from tornado import web, websocket
from tornado.httpclient import AsyncHTTPClient, HTTPRequest, HTTPResponse
from tornado.httpserver import HTTPServer
from tornado.testing import bind_unused_port

from labwright.targets.errors import Conflict, NotFound
from labwright.targets.local.target import LocalTarget
from labwright_server.models import ServerAddress

from .conftest import Ask, told

TOKEN = "the-child's"


class _Echo(web.RequestHandler):
    """Says what it was asked, and tries to leave a cookie."""

    def prepare(self) -> None:
        self.set_header("Set-Cookie", "_xsrf=another; Path=/")
        self.finish(
            {
                "method": self.request.method,
                "uri": self.request.uri,
                "headers": dict(self.request.headers),
            }
        )


class _Root(web.RequestHandler):
    """Leads on, as Jupyter servers do."""

    def get(self) -> None:
        self.redirect(f"{self.request.path}lab?{self.request.query}")


class _Socket(websocket.WebSocketHandler):
    def open(self, *args: str) -> None:
        self.write_message(dict(self.request.headers))

    def on_message(self, message: str | bytes) -> None:
        self.write_message(message)


@pytest.fixture
def child(
    base: str, jp_base_url: str, jp_asyncio_loop: Any, monkeypatch: pytest.MonkeyPatch
) -> Iterator[dict[str, Any]]:
    """A server of this machine, `work`, with the path that it has here."""
    inside = f"{jp_base_url}labwright/servers/work/"
    server = HTTPServer(
        web.Application([(inside, _Root), (f"{inside}socket", _Socket), (".*", _Echo)])
    )
    socket, port = bind_unused_port()

    async def listen() -> None:
        server.add_socket(socket)

    jp_asyncio_loop.run_until_complete(listen())
    asked: dict[str, Any] = {"times": 0, "port": port, "inside": inside, "runs": True}

    async def server_address(_: LocalTarget, name: str) -> dict[str, Any]:
        asked["times"] += 1
        if name != "work":
            raise NotFound(f"there is no server {name!r}", where="local", status=404)
        if not asked["runs"]:
            raise Conflict("it does not run", where="local", status=409)
        return {
            "url": f"http://127.0.0.1:{port}{asked['inside']}lab?token={TOKEN}",
            "proxied": True,
        }

    monkeypatch.setattr(LocalTarget, "server_address", server_address, raising=False)
    monkeypatch.setattr(
        LocalTarget, "capabilities", replace(LocalTarget.capabilities, servers=True)
    )
    yield asked
    server.stop()


async def _get(base: str, path: str, headers: Any = None, **more: Any) -> HTTPResponse:
    request = HTTPRequest(f"{base}{path}", headers=headers, follow_redirects=False, **more)
    return await AsyncHTTPClient().fetch(request, raise_error=False)


async def test_a_server_is_opened_by_a_path_of_this_one_without_its_token(
    ask: Ask, child: dict[str, Any], jp_base_url: str
) -> None:
    found = ServerAddress.model_validate(told(await ask("GET", "servers/work/address")))
    assert (found.url, found.proxied) == (f"{jp_base_url}labwright/servers/work/lab", True)


async def test_one_that_another_jupyter_server_started_keeps_its_own_address(
    ask: Ask, child: dict[str, Any]
) -> None:
    child["inside"] = "/other/labwright/servers/work/"
    found = ServerAddress.model_validate(told(await ask("GET", "servers/work/address")))
    assert (urlsplit(found.url).port, found.proxied) == (child["port"], False)
    assert TOKEN in found.url


async def test_what_is_asked_goes_on_as_it_is_but_for_who_asks(
    base: str, child: dict[str, Any], jp_auth_header: dict[str, str]
) -> None:
    headers = {**jp_auth_header, "Cookie": "a=b", "Origin": base.rstrip("/"), "X-Own": "1"}
    ours = jp_auth_header["Authorization"].split()[1]
    path = f"labwright/servers/work/api/contents/a%20b?x=1%262&token={ours}"
    found = await _get(base, path, headers)
    assert found.code == 200
    seen = json.loads(found.body)
    assert seen["uri"] == f"{child['inside']}api/contents/a%20b?x=1%262"
    assert seen["headers"]["Authorization"] == f"token {TOKEN}"
    assert seen["headers"]["Host"] == f"127.0.0.1:{child['port']}"
    assert seen["headers"]["X-Own"] == "1"
    assert not {"Cookie", "Origin"} & set(seen["headers"])
    # Its cookies would be taken for ours.
    assert "another" not in "".join(found.headers.get_list("Set-Cookie"))
    for method in ("POST", "PUT", "PATCH"):
        found = await _get(base, path, headers, method=method, body="{}")
        assert json.loads(found.body)["method"] == method
    await _get(base, path, headers)
    assert child["times"] == 1  # who knows the way does not ask for it


async def test_each_jupyterlab_has_a_workspace_of_its_own(
    base: str, child: dict[str, Any], jp_auth_header: dict[str, str]
) -> None:
    """On one origin, two windows of one workspace would be taken for copies."""
    found = await _get(base, "labwright/servers/work/?reset=1", jp_auth_header)
    assert found.headers["Location"] == f"{child['inside']}lab/workspaces/work?reset=1"


async def test_websockets_go_through(
    base: str, child: dict[str, Any], jp_auth_header: dict[str, str]
) -> None:
    url = base.replace("http://", "ws://") + "labwright/servers/work/socket"
    socket = await websocket.websocket_connect(HTTPRequest(url, headers=jp_auth_header))
    headers = json.loads(str(await socket.read_message()))
    assert headers["Authorization"] == f"token {TOKEN}"
    await socket.write_message("hello")
    assert await socket.read_message() == "hello"
    socket.close()


async def test_nobody_unknown_gets_in(base: str, child: dict[str, Any]) -> None:
    for headers in ({}, {"Authorization": "token wrong"}):
        page = await _get(base, "labwright/servers/work/lab", headers)
        assert (page.code, "login" in page.headers["Location"]) == (302, True)
        found = await _get(base, "labwright/servers/work/api", headers, method="POST", body="{}")
        assert found.code in (302, 403)
        socket = {"Upgrade": "websocket", "Connection": "Upgrade", **headers}
        assert (await _get(base, "labwright/servers/work/socket", socket)).code == 403
    assert child["times"] == 0


async def test_a_page_elsewhere_cannot_write_in_a_users_name(
    base: str, child: dict[str, Any], jp_serverapp: Any
) -> None:
    """The child lets in all that comes from here, so that is looked at here."""
    from .test_security import _login

    cookie = {"Cookie": await _login(base, jp_serverapp)}
    assert (await _get(base, "labwright/servers/work/lab", cookie)).code == 200
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        body = None if method == "DELETE" else "{}"
        found = await _get(base, "labwright/servers/work/api/x", cookie, method=method, body=body)
        assert found.code == 403, method
    evil = {**cookie, "Origin": "https://evil.example"}
    evil |= {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13"}
    evil["Sec-WebSocket-Key"] = "x" * 22 + "=="
    assert (await _get(base, "labwright/servers/work/socket", evil)).code == 403


async def test_what_is_not_there_or_does_not_run_is_said(
    base: str, child: dict[str, Any], jp_auth_header: dict[str, str]
) -> None:
    child["runs"] = False
    assert (await _get(base, "labwright/servers/work/lab", jp_auth_header)).code == 409
    assert (await _get(base, "labwright/servers/none/lab", jp_auth_header)).code == 404
    assert (await _get(base, "labwright/servers/-/lab", jp_auth_header)).code == 404


class TestWhoMayNot:
    @pytest.fixture
    def jp_server_config(self) -> dict[str, Any]:
        from .test_security import Nobody

        return {
            "ServerApp": {
                "jpserver_extensions": {"labwright_server": True},
                "authorizer_class": Nobody,
            }
        }

    async def test_who_may_not_start_servers_may_not_enter_one(
        self, base: str, child: dict[str, Any], jp_auth_header: dict[str, str]
    ) -> None:
        found = await _get(base, "labwright/servers/work/lab", jp_auth_header)
        assert (found.code, child["times"]) == (403, 0)
