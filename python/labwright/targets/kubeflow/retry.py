"""Whether to ask again, and when: pure decisions.

A request may be sent a second time only when the first cannot have had an effect, or when the
same twice is the same as once.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Literal

Failure = Literal["unsent", "lost", "status"]
"""unsent: no byte reached the server. lost: it may have, and there is no answer."""

TRIES = 5
FIRST, LONGEST = 0.25, 8.0
_NOT_DONE = frozenset({429})
"""Answers that say nothing was done."""
_TRANSIENT = frozenset({429, 500, 502, 503, 504})


@dataclass(frozen=True)
class Tried:
    """One try that failed. `wait` is what the server asked for, in seconds."""

    failure: Failure
    status: int = 0
    wait: float | None = None


def may_repeat(tried: Tried, *, repeatable: bool) -> bool:
    """Whether the same request may be sent again. `repeatable`: twice is the same as once."""
    if tried.failure == "unsent":
        return True
    if tried.failure == "lost":
        return repeatable
    return tried.status in (_TRANSIENT if repeatable else _NOT_DONE)


def pause(tried: Tried, attempt: int, chance: float | None = None) -> float:
    """Seconds to wait after try number `attempt` (from 1): the server's wish, or ever longer.

    Up to half of it is left to chance, so that many clients do not come back all at once.
    """
    if tried.wait is not None:
        return tried.wait
    full = min(LONGEST, FIRST * 2.0 ** (attempt - 1))
    return full * (1 - 0.5 * (random.random() if chance is None else chance))


def retry_after(header: str | None, now: float) -> float | None:
    """The seconds a `Retry-After` header asks for; None where there is none to be understood."""
    if not header:
        return None
    try:
        return max(0.0, float(header))
    except ValueError:
        pass
    try:
        return max(0.0, parsedate_to_datetime(header).timestamp() - now)
    except (TypeError, ValueError):
        return None
