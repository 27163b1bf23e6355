"""Tornado handlers made from the route table: who may ask, what was asked, how it is answered."""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Callable, Iterable
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import quote

from jupyter_server.auth.decorator import authorized
from jupyter_server.base.handlers import APIHandler
from pydantic import ValidationError
from tornado import web
from tornado.iostream import StreamClosedError

from labwright.errors import LabwrightError

from .lines import Lines
from .models import Error, Model
from .operations import OPERATIONS, Reply
from .refusal import CODES, Refusal, from_labwright, status_of
from .reply import media_of
from .routes import BASE, LINES, RESOURCE, ROUTES, Route
from .workbench import Workbench

_METHODS = ("GET", "HEAD", "POST", "DELETE", "PATCH", "PUT")
_BLOCK = 1 << 18
# What Jupyter's own clients add to a query: a token, a token against forgery, and the time (a bare
# number) so that no cache answers.
_NOT_OURS = re.compile(r"token|_xsrf|no_track_activity|\d+")


class Handler(APIHandler):
    """One path. Its methods are made by `handler_for`."""

    auth_resource = RESOURCE
    routes: ClassVar[dict[str, Route]] = {}
    _gone: asyncio.Future[None] | None = None
    """Done when nobody reads any more what is held open."""

    def initialize(self, workbench: Workbench) -> None:
        self.workbench = workbench

    async def answer(self, path: dict[str, str]) -> None:
        route = self.routes.get(self.request.method or "")
        if route is None:
            status = 405 if self.routes else 404
            raise Refusal(status, f"there is no {self.request.method} {self.request.path}")
        asked: dict[str, Any] = dict(path)
        if any("\x00" in value for value in path.values()):
            raise Refusal(404, "a path has no null bytes")
        query = self._query(route.query)
        if query is not None:
            asked["query"] = query
        if route.body is not None:
            asked["body"] = _validated(route.body.model_validate_json, self.request.body, "body")
        result = await OPERATIONS[route.operation](self.workbench, **asked)
        self.set_status(route.status)
        if isinstance(result, Lines):
            await self._hold(result)
        elif isinstance(result, Reply):
            await self._reply(result)
        elif result is None:
            await self.finish(set_content_type="text/plain")
        else:
            await self.finish(result.model_dump_json(by_alias=True))

    def _query(self, model: type[Model] | None) -> Model | None:
        found: dict[str, str] = {}
        for name, values in self.request.query_arguments.items():
            if _NOT_OURS.fullmatch(name):
                continue
            if len(values) > 1:
                raise Refusal(400, f"query: {name} is there twice")
            found[name] = self.decode_argument(values[0], name)
        if model is None:
            if found:
                raise Refusal(400, f"query: {', '.join(found)} is unknown; there is none here")
            return None
        return _validated(model.model_validate_strings, found, "query")

    async def _reply(self, reply: Reply) -> None:
        """Bytes of a run. They are the user's program's, so a browser must not trust them."""
        self.set_header("Content-Security-Policy", f"{super().content_security_policy}; sandbox")
        if reply.policy:
            self.set_header("Content-Security-Policy", reply.policy)
        self.set_header("X-Content-Type-Options", "nosniff")
        self.set_header("Cross-Origin-Resource-Policy", "same-origin")
        self.set_header("Cache-Control", "private, no-cache")
        if reply.name:
            self.set_header(
                "Content-Disposition", f"attachment; filename*=UTF-8''{quote(reply.name)}"
            )
        if isinstance(reply.content, (str, bytes)):
            await self.finish(reply.content, set_content_type=reply.media)
            return
        media = reply.media
        if isinstance(reply.content, Path):
            media = media or media_of(reply.content)
        with reply.content.open("rb") if isinstance(reply.content, Path) else reply.content as file:
            self.set_header("Content-Type", media)
            self.set_header("Content-Length", str(file.seek(0, os.SEEK_END)))
            file.seek(0)
            try:
                while block := await self.workbench.work(partial(file.read, _BLOCK)):
                    self.write(block)
                    await self.flush()
            except StreamClosedError:
                return
        await self.finish(set_content_type=media)

    async def _hold(self, lines: Lines) -> None:
        """Give lines as they come, for as long as somebody reads them."""
        self.set_header("Content-Type", LINES)
        self.set_header("Cache-Control", "no-store")
        self.set_header("X-Accel-Buffering", "no")  # nginx would keep them to itself

        async def write(line: str) -> None:
            self.write(line)
            await self.flush()

        self._gone = asyncio.get_running_loop().create_future()
        self.workbench.held.add(self._gone)
        try:
            await lines.send(write, self._gone)
            await self.finish(set_content_type=LINES)
        except StreamClosedError:
            return
        except LabwrightError as error:  # whoever reads asks again, and is told why
            self.log.debug("labwright: %s: %s", self.request.path, error)
        finally:
            self.workbench.held.discard(self._gone)

    def on_connection_close(self) -> None:
        super().on_connection_close()
        if self._gone is not None and not self._gone.done():
            self._gone.set_result(None)

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Every failure, ours, Jupyter's and tornado's, in the one shape."""
        failure = (kwargs.get("exc_info") or (None, None, None))[1]
        status, error = _failure(status_code, failure)
        self.set_status(status)
        if status == 405:
            self.set_header("Allow", ", ".join(sorted(self.routes)))
        if status >= 500:
            self.log.warning("labwright: %s %s: %s", status, self.request.path, error.message)
        self.finish(error.model_dump_json())

    def log_exception(self, typ: Any, value: Any, tb: Any) -> None:
        """What a request did wrong is told to who asked; only our own faults are logged."""
        if not isinstance(value, (Refusal, LabwrightError)):
            super().log_exception(typ, value, tb)


def _failure(status: int, failure: BaseException | None) -> tuple[int, Error]:
    if isinstance(failure, Refusal):
        return failure.status, failure.error
    if isinstance(failure, LabwrightError):
        return status_of(failure), from_labwright(failure)
    code = CODES.get(status, "error")
    if isinstance(failure, web.HTTPError):
        return status, Error(code=code, message=failure.log_message or failure.reason or code)
    what = f"{type(failure).__name__}: {failure}" if failure else "something went wrong"
    return status, Error(code=code, message=f"{what} (the server's log says more)")


def _validated(read: Callable[[Any], Model], given: Any, where: str) -> Model:
    try:
        return read(given)
    except ValidationError as error:
        details = error.errors(include_url=False, include_context=False, include_input=False)
        first = details[0]
        place = ".".join(str(part) for part in (where, *first["loc"]))
        raise Refusal(
            400,
            f"{place}: {first['msg']}",
            code="invalid",
            detail=[
                {"loc": list(one["loc"]), "type": one["type"], "msg": one["msg"]} for one in details
            ],
        ) from None


def _method() -> Any:
    async def method(self: Handler, **path: str) -> None:
        route = self.routes.get(self.request.method or "")
        allowed: Any = authorized(route.action if route else "read", RESOURCE)
        await allowed(Handler.answer)(self, path)

    checked: Any = web.authenticated(method)
    return checked


def handler_for(routes: Iterable[Route]) -> type[Handler]:
    """The handler of one path. Every method asks who it is before it says that it is not there."""
    methods: dict[str, Any] = {name.lower(): _method() for name in _METHODS}
    methods["routes"] = {route.method: route for route in routes}
    return type("LabwrightHandler", (Handler,), methods)


def handlers(workbench: Workbench) -> list[tuple[str, type[Handler], Any]]:
    """What tornado is given: each path of the table, then all that is under none of them."""
    given = {"workbench": workbench}
    found = [
        (f"/{BASE}{_pattern(path)}", handler_for(routes), given)
        for path, routes in groupby(ROUTES, key=lambda route: route.path)
    ]
    return [*found, (f"/{BASE}(?:/.*)?", handler_for(()), given)]


def _pattern(path: str) -> str:
    """`{artifact}` takes the rest, slashes and all; the others one part."""
    escaped = re.sub(r"[.]", r"\\.", path)
    return re.sub(
        r"{(\w+)}",
        lambda one: f"(?P<{one[1]}>{'.+' if one[1] == 'artifact' else '[^/]+'})",
        escaped,
    )
