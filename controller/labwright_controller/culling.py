"""Whether a server is idle, and what to do about it. Pure.

A stop needs proof: a probe in this very pass that saw nothing in use. What could not be asked,
or did not answer, is in use.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from labwright_controller.kinds import LAST_ACTIVITY, STOPPED, Object
from labwright_controller.settings import Settings
from labwright_controller.status import parse_time

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


@dataclass(frozen=True)
class Policy:
    """When a server is stopped."""

    idle_after: timedelta
    warn: timedelta
    keep_while_connected: bool = False
    gpu_idle_after: timedelta | None = None

    @property
    def shortest(self) -> timedelta:
        """The shortest idle time after which it may be stopped."""
        return min(self.idle_after, self.gpu_idle_after or self.idle_after)


@dataclass(frozen=True)
class Activity:
    """What a probe saw."""

    busy: bool = False
    connections: int = 0
    last: datetime | None = None
    gpu_used: datetime | None = None
    """When its GPU was last seen at work; None if that is not known."""


@dataclass(frozen=True)
class Decision:
    """What to do with a server now."""

    last_activity: datetime
    stop: bool = False
    stop_at: datetime | None = None
    """When it will be stopped, once its user is to be told."""
    for_gpu: bool = False
    """Whether that is for its idle GPU."""


def duration(text: str) -> timedelta:
    """A duration as in `spec.culling`, such as 1h30m."""
    return timedelta(seconds=sum(int(n) * _UNITS[u] for n, u in re.findall(r"(\d+)([smhd])", text)))


def policy(notebook: Object, settings: Settings) -> Policy | None:
    """The Notebook's own rule, else the cluster's; None if the server is never stopped."""
    own = notebook.get("spec", {}).get("culling", {})
    idle_after, gpu = own.get("idleAfter"), own.get("gpuIdleAfter")
    if idle_after == "never":
        return None
    never = timedelta.max
    if idle_after is not None:
        limit = duration(idle_after)
    else:
        limit = timedelta(minutes=settings.cull_idle_minutes) if settings.enable_culling else never
    gpu_limit = duration(gpu) if gpu else None
    if limit == never and gpu_limit is None:
        return None
    # A warning takes at most half of the time, so that short times are honoured as well.
    rule = Policy(limit, timedelta(), own.get("keepWhileConnected", False), gpu_limit)
    return replace(rule, warn=min(timedelta(minutes=settings.warn_minutes), rule.shortest / 2))


def is_stopped(notebook: Object) -> bool:
    """Whether it has the stop annotation, whatever its value."""
    return STOPPED in notebook["metadata"].get("annotations", {})


def activity(kernels: list[Any], terminals: list[Any]) -> Activity:
    """What Jupyter's lists of kernels and terminals say.

    A kernel that is not idle is in use however silent it is; so is one that starts.
    """
    times = [parse_time(entry.get("last_activity")) for entry in [*kernels, *terminals]]
    return Activity(
        busy=any(kernel.get("execution_state") != "idle" for kernel in kernels),
        connections=sum(int(kernel.get("connections") or 0) for kernel in kernels),
        last=max((time for time in times if time), default=None),
    )


def decide(
    notebook: Object, started: datetime, seen: Activity, rule: Policy, now: datetime
) -> Decision:
    """What to do with a server that runs since `started` and was probed just now."""
    if seen.busy or (rule.keep_while_connected and seen.connections):
        return Decision(now)
    noted = parse_time(notebook["metadata"].get("annotations", {}).get(LAST_ACTIVITY))
    # A start counts as use, so that a server is not stopped for what was before.
    known = [time for time in (started, noted, seen.last) if time is not None]
    last = min(max(known), now)
    due = last + rule.idle_after if rule.idle_after < timedelta.max else None
    for_gpu = False
    if rule.gpu_idle_after is not None and seen.gpu_used is not None:
        # Its kernels are idle, too: one that computes without the GPU is at work.
        gpu_due = max(last, min(seen.gpu_used, now)) + rule.gpu_idle_after
        for_gpu = due is None or gpu_due < due
        due = gpu_due if for_gpu else due
    if due is None:
        return Decision(last)
    if now >= due:
        return Decision(last, stop=True, stop_at=due, for_gpu=for_gpu)
    return Decision(last, stop_at=due if now >= due - rule.warn else None, for_gpu=for_gpu)


def reason(decision: Decision, rule: Policy, last: str) -> str:
    """Why it was stopped, for its user."""
    if decision.for_gpu:
        return f"Its GPU was idle for {rule.gpu_idle_after}, and it was not used since {last}."
    return f"It was not used since {last}, longer than {rule.idle_after}."


def tell_first(decision: Decision, told: datetime | None, rule: Policy, now: datetime) -> Decision:
    """Put a stop off until its user was told of it: since its last use, and `warn` before.

    Args:
        decision: what would be done.
        told: when the user was last told that it will be stopped, if ever.
        rule: the server's.
        now: when it was probed.
    """
    if not decision.stop:
        return decision
    if told is None or told <= decision.last_activity:
        return replace(decision, stop=False, stop_at=now + rule.warn)
    return replace(decision, stop=now >= told, stop_at=told)
