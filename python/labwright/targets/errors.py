"""What can go wrong between a person and a target, as a tree that callers can tell apart.

`status` is the HTTP status where there was an answer, `words` what the server itself said.
"""

from __future__ import annotations

from ..errors import LabwrightError


class TargetError(LabwrightError):
    """A target refused, failed, or was not there."""

    def __init__(
        self,
        what: str,
        *,
        where: str = "",
        hint: str = "",
        status: int | None = None,
        words: str = "",
    ) -> None:
        super().__init__(what, where=where, hint=hint)
        self.status = status
        self.words = words


class TargetUnreachable(TargetError):
    """No answer: nothing listens there, the name is not known, or the connection was lost."""


class TargetTimeout(TargetUnreachable):
    """No answer within the time that was given."""


class UntrustedServer(TargetUnreachable):
    """The server's certificate, or ours, was not accepted."""


class Refused(TargetError):
    """The server understood, and said no (4xx)."""


class BadRequest(Refused):
    """What was asked is not valid (400)."""


class NotLoggedIn(Refused):
    """Who asks is not known, or is no longer (401, or a login page)."""


class Forbidden(Refused):
    """Who asks may not (403)."""


class NotFound(Refused):
    """There is no such thing (404)."""


class Conflict(Refused):
    """It is not in a state for that, or there is one already (409)."""


class TooManyRequests(Refused):
    """Asked too often (429), also after waiting as the server wished."""


class ServerFailed(TargetError):
    """The server itself failed (5xx), also when asked again."""


class Unexpected(TargetError):
    """An answer that is not what this API gives: most likely another program listens there."""


class NotOffered(TargetError):
    """This kind of target cannot do that at all; its `capabilities` say so beforehand."""


class Unsuitable(TargetError):
    """The pipeline asks for what this target does not have, found before anything was sent."""
