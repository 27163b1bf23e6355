"""Whether a server is idle, and what to do about it. Pure.

A stop needs proof: a probe in this very pass that saw nothing in use. What could not be asked, or
did not answer, is in use.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

WARNING = 300
"""Seconds before a stop within which its user is told of it."""


@dataclass(frozen=True)
class Activity:
    """What a probe saw."""

    busy: bool = False
    last: datetime | None = None


@dataclass(frozen=True)
class Decision:
    """`stop_at`: when it will be stopped, once its user is to be told."""

    last_activity: datetime
    stop: bool = False
    stop_at: datetime | None = None


def activity(
    status: Mapping[str, Any], kernels: Iterable[Any], terminals: Iterable[Any]
) -> Activity:
    """What Jupyter's own answers say.

    A kernel that is not idle is in use however silent it is; so is one that starts. The status
    counts what a browser asks for: a page that is looked at asks every few seconds, one that is
    hidden does not.
    """
    listed = list(kernels)
    times = [_time(one.get("last_activity")) for one in (status, *listed, *terminals)]
    return Activity(
        any(one.get("execution_state") != "idle" for one in listed),
        max((time for time in times if time), default=None),
    )


def decide(
    seen: Activity, idle_after: int, started: datetime, known: datetime | None, now: datetime
) -> Decision:
    """What to do with a server that runs since `started` and was probed just now.

    `known` is the last use that earlier probes saw. A start counts as use.
    """
    if seen.busy:
        return Decision(now)
    last = min(max(time for time in (started, known, seen.last) if time), now)
    if not idle_after:
        return Decision(last)
    limit = timedelta(seconds=idle_after)
    stop_at = last + limit
    if now >= stop_at:
        return Decision(last, True, stop_at)
    # A warning takes at most half of the time, so that short times are honoured as well.
    warn = min(timedelta(seconds=WARNING), limit / 2)
    return Decision(last, stop_at=stop_at if now >= stop_at - warn else None)


def pause(idle_after: int) -> float:
    """Seconds between probes: often enough for the time that was asked for."""
    return min(30.0, max(0.5, idle_after / 20)) if idle_after else 30.0


def _time(text: Any) -> datetime | None:
    try:
        found = datetime.fromisoformat(str(text).replace("Z", "+00:00"))
    except ValueError:
        return None
    return found if found.tzinfo else None
