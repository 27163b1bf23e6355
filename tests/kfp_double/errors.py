"""Refusals in the shapes in which KFP's API server gives them."""

from __future__ import annotations

from typing import Any

# gRPC's code, and the HTTP status that the gateway makes of it.
CODES = {
    "invalid": (3, 400),
    "not_found": (5, 404),
    "exists": (6, 409),
    "forbidden": (7, 403),
    "too_many": (8, 429),
    "aborted": (10, 409),
    "internal": (13, 500),
    "unavailable": (14, 503),
    "unauthenticated": (16, 401),
}


class Refusal(Exception):
    """What the gateway answers with."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.code, self.status = CODES[kind]
        self.message = message

    def body(self) -> dict[str, Any]:
        return {"code": self.code, "message": self.message, "details": []}


class UnreadRefusal(Refusal):
    """What the gateway answers with when it cannot even read what is asked."""

    def body(self) -> dict[str, Any]:
        return {"code": self.code, "message": self.message}


class UploadRefusal(Refusal):
    """What the handlers beside the gateway answer with: uploads, artifacts, logs."""

    def body(self) -> dict[str, Any]:
        return {"error_message": self.message, "error_details": self.message}


def missing(kind: str, key: str) -> Refusal:
    return Refusal("not_found", f"ResourceNotFoundError: {kind} {key} not found.")


def check_fields(body: dict[str, Any], known: set[str], what: str) -> None:
    """The gateway takes no field it does not know."""
    for name in body:
        if name not in known:
            raise UnreadRefusal("invalid", f'proto: (line 1:2): unknown field "{name}" of {what}')
