"""What all handlers of the agent's HTTP API share."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

from tornado.web import HTTPError, RequestHandler

from ....errors import LabwrightError
from ...errors import Conflict, NotFound
from .agent import Busy

if TYPE_CHECKING:
    from .server import Life


class Handler(RequestHandler):
    """One shape of errors for all."""

    def initialize(self, life: Life) -> None:
        self.life = life
        self.agent = life.agent
        self.fleet = life.agent.fleet

    def prepare(self) -> None:
        self.agent.used = time.monotonic()

    def row_id(self, run_id: str) -> str:
        """The run's whole id."""
        try:
            return self.agent.store.run_row(run_id).run_id
        except LabwrightError as error:
            raise HTTPError(404, reason="not-found", log_message=str(error)) from None

    def body(self) -> dict[str, Any]:
        try:
            found = json.loads(self.request.body or b"{}")
        except ValueError:
            found = None
        if not isinstance(found, dict):
            raise HTTPError(400, log_message="the body is no JSON object")
        return found

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        error = kwargs.get("exc_info", (None, None, None))[1]
        code = {400: "bad-request", 404: "not-found", 405: "method-not-allowed", 409: "conflict"}
        message = str(error) if error else "something went wrong"
        if isinstance(error, HTTPError):
            message = error.log_message or error.reason or message
        if isinstance(error, LabwrightError):
            status_code = _status(error)
            self.set_status(status_code)
        name = code.get(status_code, "internal-error")
        self.finish({"code": name, "message": message, "detail": None})

    def log_exception(self, typ: Any, value: Any, tb: Any) -> None:
        if not isinstance(value, (LabwrightError, HTTPError)):
            super().log_exception(typ, value, tb)


def _status(error: LabwrightError) -> int:
    if isinstance(error, NotFound):
        return 404
    return 409 if isinstance(error, (Busy, Conflict)) else 400
