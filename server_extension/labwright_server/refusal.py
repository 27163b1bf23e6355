"""A request that is not answered as asked: a status, and the API's one shape of failure."""

from __future__ import annotations

import re

from pydantic import JsonValue

from labwright.errors import LabwrightError
from labwright.targets.errors import (
    BadRequest,
    Conflict,
    Forbidden,
    NotFound,
    NotLoggedIn,
    NotOffered,
    Refused,
    TargetError,
    TargetUnreachable,
    TooManyRequests,
    Unsuitable,
)
from labwright.targets.local.store import StoreError

from .models import Error

CODES = {
    400: "bad-request",
    403: "forbidden",
    404: "not-found",
    405: "method-not-allowed",
    409: "conflict",
    413: "too-large",
    500: "internal",
    502: "target-failed",
    503: "unavailable",
}
# What went wrong with a target. That a cluster does not know who asks is no 401 or 403: these say
# that the Jupyter server does not, and a browser would ask for its password.
_TARGETS: tuple[tuple[type[TargetError], int, str], ...] = (
    (TargetUnreachable, 503, "unavailable"),
    (TooManyRequests, 503, "unavailable"),
    (BadRequest, 400, "bad-request"),
    (NotFound, 404, "not-found"),
    (Conflict, 409, "conflict"),
    (NotOffered, 409, "not-offered"),
    (Unsuitable, 400, "unsuitable"),
    (NotLoggedIn, 502, "target-refused"),
    (Forbidden, 502, "target-refused"),
    (Refused, 502, "target-refused"),
    (TargetError, 502, "target-failed"),
)

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


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


def check_id(text: str, what: str) -> None:
    """An id is a part of a cluster's URLs: what could lead elsewhere there is nothing's id."""
    if not _ID.fullmatch(text):
        raise not_found(f"there is no {what} {text!r}")


def from_labwright(error: LabwrightError) -> Error:
    """The library's error: what and what to do in the message, where it is in the detail."""
    message = f"{error.what} ({error.hint})" if error.hint else error.what
    detail: dict[str, JsonValue] = {"what": error.what, "where": error.where, "hint": error.hint}
    _, code = _kind(error)
    if isinstance(error, TargetError):
        detail |= {"status": error.status, "words": error.words}
    return Error(code=code, message=message, detail=detail)


def status_of(error: LabwrightError) -> int:
    """The HTTP status for one of the library's errors."""
    return _kind(error)[0]


def _kind(error: LabwrightError) -> tuple[int, str]:
    if isinstance(error, StoreError):
        return 500, "store"
    for kind, status, code in _TARGETS:
        if isinstance(error, kind):
            return status, code
    return 400, CODES[400]
