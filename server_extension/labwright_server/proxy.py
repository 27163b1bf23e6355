"""Requests to this machine's servers, passed on by jupyter-server-proxy."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, urlencode

from jupyter_server.base.handlers import JupyterHandler
from jupyter_server.utils import ensure_async
from jupyter_server_proxy.handlers import NamedLocalProxyHandler
from tornado import web

from labwright.errors import LabwrightError

from .doors import PLACE, Doors
from .refusal import Refusal, check_id, status_of
from .routes import RESOURCE

# A browser's own credentials are for this Jupyter server. Without an origin the other one need not
# judge where the page is from: that was done here.
_KEPT_HERE = ("Authorization", "Cookie", "Origin", "X-XSRFToken")


def _fit_for_here(response: Any, request: Any) -> None:
    """What a server answers, as one of several on one origin.

    Its cookies would be taken for ours: they have the same names. JupyterLabs on one origin tell
    their windows apart by the workspace, so each server is opened in one of its own.
    """
    if "Set-Cookie" in response.headers:
        del response.headers["Set-Cookie"]
    place, _, query = response.headers.get("Location", "").partition("?")
    if place == f"{request.path}lab":
        name = request.path.rstrip("/").rpartition("/")[2]
        response.headers["Location"] = f"{place}/workspaces/{name}{query and '?'}{query}"


class DoorHandler(NamedLocalProxyHandler):  # type: ignore[misc]
    """One server's whole site. Who may not start servers may not enter one."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        # The server has the same path as here, so nothing is to be rewritten.
        super().__init__(*args, absolute_url=True, rewrite_response=_fit_for_here, **kwargs)

    def initialize(self, doors: Doors) -> None:
        self._doors = doors

    async def prepare(self) -> None:
        await super().prepare()
        if self._finished:  # sent to log in
            return
        user = self.current_user
        if not await ensure_async(self.authorizer.is_authorized(self, user, "execute", RESOURCE)):
            raise web.HTTPError(403)
        name = self.path_args[0].split("/")[0]
        try:
            check_id(name, "server")
            door = await self._doors.door(name)
        except Refusal as refusal:
            raise web.HTTPError(refusal.status, str(refusal)) from None
        except LabwrightError as error:
            raise web.HTTPError(status_of(error), str(error)) from None
        self.port = door.port
        self._token = door.token

    def check_xsrf_cookie(self) -> None:
        """The server trusts whoever has its token, so pages elsewhere are kept out here."""
        if self.request.method not in ("GET", "HEAD", "OPTIONS"):
            JupyterHandler.check_xsrf_cookie(self)

    def get_client_uri(self, protocol: str, host: str, port: int, proxied_path: str) -> str:
        query = [pair for pair in parse_qsl(self.request.query, True) if pair[0] != "token"]
        asked = f"?{urlencode(query)}" if query else ""
        return f"{protocol}://127.0.0.1:{self.port}{self.request.path}{asked}"

    def proxy_request_headers(self) -> Any:
        headers = super().proxy_request_headers()
        for name in _KEPT_HERE:
            headers.pop(name, None)
        headers["Host"] = f"127.0.0.1:{self.port}"
        headers["Authorization"] = f"token {self._token}"
        return headers


def door_handlers(doors: Doors) -> list[tuple[str, type[DoorHandler], Any]]:
    """What tornado is given."""
    return [(f"/{PLACE}/([^/]+/.*)", DoorHandler, {"doors": doors})]
