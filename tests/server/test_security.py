"""Who may ask: nobody unknown, nobody who may not, nobody's page in a user's name."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from jupyter_server.auth import Authorizer
from tornado.httpclient import AsyncHTTPClient, HTTPRequest, HTTPResponse

from labwright_server.models import Error
from labwright_server.operations import OPERATIONS
from labwright_server.routes import BASE, ROUTES

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
UNKNOWN = ("", "/", "/none", "/runs/a/none", "/runs/a/steps", "/runs/a/steps/b/none")
WALK = sorted(
    {(method, re.sub(r"{\w+}", "x", route.path)) for route in ROUTES for method in METHODS}
    | {(method, path) for path in UNKNOWN for method in METHODS}
)


class Nobody(Authorizer):
    """Knows everybody, lets nobody do anything, and remembers what was asked."""

    asked: list[tuple[str, str]] = []  # noqa: RUF012

    def is_authorized(self, handler: Any, user: Any, action: str, resource: str) -> bool:
        self.asked.append((action, resource))
        return False


async def _send(
    base: str, method: str, path: str, headers: dict[str, str] | None = None
) -> HTTPResponse:
    body = "{}" if method in ("POST", "PUT", "PATCH") else None
    request = HTTPRequest(f"{base}{BASE}{path}", method, headers, body, follow_redirects=False)
    return await AsyncHTTPClient().fetch(request, raise_error=False)


def test_the_table_and_the_operations_are_one() -> None:
    assert sorted(OPERATIONS) == sorted(route.operation for route in ROUTES)


async def test_nobody_unknown_gets_an_answer(base: str) -> None:
    for method, path in WALK:
        found = await _send(base, method, path)
        assert found.code in (401, 403), (method, path)
        if method != "HEAD":
            assert Error.model_validate_json(found.body).code == "forbidden"


async def test_a_wrong_token_is_no_token(base: str) -> None:
    for method, path in WALK:
        found = await _send(base, method, path, {"Authorization": "token wrong"})
        assert found.code in (401, 403), (method, path)


async def test_a_page_elsewhere_cannot_write_in_a_users_name(
    base: str, jp_serverapp: Any, jp_base_url: str
) -> None:
    """A browser sends its cookie along; the token against forgery it cannot know."""
    name = jp_serverapp.identity_provider.get_cookie_name
    cookie = await _login(base, jp_serverapp)
    assert name is not None
    seen = await _send(base, "GET", "/status", {"Cookie": cookie})
    assert seen.code == 200
    for method, path in WALK:
        if method not in ("GET", "HEAD"):
            found = await _send(base, method, path, {"Cookie": cookie})
            assert found.code == 403, (method, path)
            assert "_xsrf" in json.loads(found.body)["message"]
    xsrf = re.search(r"_xsrf=([^;]+)", cookie)
    assert xsrf
    allowed = await _send(
        base, "POST", "/notebooks/analyse", {"Cookie": cookie, "X-XSRFToken": xsrf[1]}
    )
    assert allowed.code == 400  # the body has no path, and that is all that is wrong


async def _login(base: str, server: Any) -> str:
    """The cookies of a browser that gave the token once."""
    jar: dict[str, str] = {}
    for path in (f"?token={server.identity_provider.token}", "login", "tree"):
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in jar.items())}
        found = await AsyncHTTPClient().fetch(
            HTTPRequest(f"{base}{path}", "GET", headers, follow_redirects=False),
            raise_error=False,
        )
        for one in found.headers.get_list("Set-Cookie"):
            name, value = one.split(";")[0].split("=", 1)
            jar[name] = value
    return "; ".join(f"{name}={value}" for name, value in jar.items())


class TestWhoMayNot:
    @pytest.fixture
    def jp_server_config(self) -> dict[str, Any]:
        Nobody.asked.clear()
        return {
            "ServerApp": {
                "jpserver_extensions": {"labwright_server": True},
                "authorizer_class": Nobody,
            }
        }

    async def test_every_route_asks_whether_it_may(
        self, base: str, jp_auth_header: dict[str, str]
    ) -> None:
        for route in ROUTES:
            Nobody.asked.clear()
            path = re.sub(r"{\w+}", "x", route.path)
            found = await _send(base, route.method, path, jp_auth_header)
            assert found.code == 403, route
            assert json.loads(found.body)["code"] == "forbidden"
            assert Nobody.asked == [(route.action, "labwright")]


async def test_methods_that_are_not_there(base: str, jp_auth_header: dict[str, str]) -> None:
    known: dict[str, set[str]] = {}
    for route in ROUTES:
        known.setdefault(re.sub(r"{\w+}", "x", route.path), set()).add(route.method)
    for method, path in WALK:
        if method in known.get(path, ()) or method == "HEAD":
            continue
        found = await _send(base, method, path, jp_auth_header)
        error = Error.model_validate_json(found.body)
        if path in known:
            assert (found.code, error.code) == (405, "method-not-allowed"), (method, path)
            assert found.headers["Allow"] == ", ".join(sorted(known[path]))
        else:
            assert (found.code, error.code) == (404, "not-found"), (method, path)
