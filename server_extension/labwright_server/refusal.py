"""A request that is not answered as asked: a status, and the API's one shape of failure."""

from __future__ import annotations

from pydantic import JsonValue

from labwright.errors import LabwrightError

from .models import Error

CODES = {
    400: "bad-request",
    403: "forbidden",
    404: "not-found",
    405: "method-not-allowed",
    409: "conflict",
    413: "too-large",
    500: "internal",
    503: "unavailable",
}


class Refusal(Exception):
    """Raised by operations; the handler turns it into an `Error` with its status."""

    def __init__(
        self, status: int, message: str, *, code: str = "", detail: JsonValue = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.error = Error(code=code or CODES.get(status, "error"), message=message, detail=detail)


def not_found(message: str) -> Refusal:
    return Refusal(404, message)


def from_labwright(error: LabwrightError) -> Error:
    """The library's error: what and what to do in the message, where it is in the detail."""
    message = f"{error.what} ({error.hint})" if error.hint else error.what
    detail: dict[str, JsonValue] = {"what": error.what, "where": error.where, "hint": error.hint}
    return Error(code=CODES[400], message=message, detail=detail)
