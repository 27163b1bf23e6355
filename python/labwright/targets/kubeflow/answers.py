"""An answer that is an error, as an exception with the server's own words."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from ..errors import (
    BadRequest,
    Conflict,
    Forbidden,
    NotFound,
    NotLoggedIn,
    Refused,
    ServerFailed,
    TargetError,
    TooManyRequests,
    Unexpected,
)

_LONGEST = 2000
_KINDS: Mapping[int, type[TargetError]] = {
    400: BadRequest,
    401: NotLoggedIn,
    403: Forbidden,
    404: NotFound,
    409: Conflict,
    429: TooManyRequests,
}
_HINTS: Mapping[type[TargetError], str] = {
    NotLoggedIn: "a token or cookie that has expired? `labwright targets test` says how it is",
    Forbidden: "ask whoever runs the cluster for the right, or choose another namespace",
    TooManyRequests: "wait a little",
    ServerFailed: "the log of the server (`ml-pipeline`) may say more",
}


def words_of(body: bytes, media: str) -> str:
    """What the server says, of whichever of its shapes.

    Its gateway gives `{code, message, details}`, its other handlers `{error_message,
    error_details}`, a Kubernetes API server a `Status`; proxies give text or a page.
    """
    text = body.decode("utf-8", "replace").strip()
    if text.startswith(("{", '"')):
        try:
            found = json.loads(text)
        except ValueError:
            found = None
        if isinstance(found, str):
            return short(found)
        if isinstance(found, dict):
            for key in ("error_message", "message", "error", "error_details", "detail"):
                if isinstance(found.get(key), str) and found[key].strip():
                    return short(found[key])
    if "html" in media or text[:200].lower().lstrip().startswith(("<!doctype", "<html")):
        title = re.search(r"<title[^>]*>(.*?)</title>", text, re.IGNORECASE | re.DOTALL)
        return short(title[1]) if title else "a page of HTML"
    return short(text)


def short(text: str) -> str:
    """On one line, and not longer than a person reads."""
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"


def error_of(status: int, body: bytes, media: str, what: str, where: str) -> TargetError:
    """The error for an answer that is none. `what` was asked, `where` the target is."""
    words = words_of(body, media)
    if 300 <= status < 400:
        return NotLoggedIn(
            f"{what}: the answer leads to a login page",
            where=where,
            hint="give a session cookie or a token: `labwright targets add --replace …`",
            status=status,
            words=words,
        )
    kind = _KINDS.get(status) or (ServerFailed if status >= 500 else Refused)
    said = f": {words}" if words else ""
    return kind(
        f"{what}: {status}{said}",
        where=where,
        hint=_HINTS.get(kind, ""),
        status=status,
        words=words,
    )


def not_json(status: int, body: bytes, media: str, what: str, where: str) -> TargetError:
    """The error for a good answer that this API does not give."""
    words = words_of(body, media)
    if "html" in media:
        return NotLoggedIn(
            f"{what}: the answer is a page ({words})",
            where=where,
            hint="a login page? Then give a session cookie or a token; or the URL is not KFP's",
            status=status,
            words=words,
        )
    return Unexpected(
        f"{what}: the answer is not what KFP's API gives: {words or 'nothing'}",
        where=where,
        hint="is the URL that of KFP's API, or of the dashboard with /pipeline?",
        status=status,
        words=words,
    )
