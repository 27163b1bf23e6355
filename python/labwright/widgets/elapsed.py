"""How a step of a run is spoken of: its label, how long it took, what is special about it."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any


def label(event: Any) -> str:
    """The step's name, and which turn of it."""
    name: str = event.step if hasattr(event, "step") else event.name
    return name if event.iteration is None else f"{name}[{event.iteration}]"


def seconds(event: Any) -> str:
    """How long the step has taken, or is taking."""
    if event.started_at is None:
        return ""
    ended = moment(event.finished_at) if event.finished_at else datetime.now(timezone.utc)
    return duration((ended - moment(event.started_at)).total_seconds())


def duration(value: float) -> str:
    """`1.24 s`, `3 min 05 s`, `2 h 10 min`."""
    if value < 60:
        return f"{value:.2f} s"
    minutes, rest = divmod(round(value), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02} min" if hours else f"{minutes} min {rest:02} s"


def moment(text: str) -> datetime:
    """The time that ISO text says."""
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def local_time(text: str) -> str:
    """The time that ISO text says, as the clock on the wall showed it."""
    return moment(text).astimezone().strftime("%Y-%m-%d %H:%M:%S")


def remark(event: Any) -> str:
    """What else there is to say about a step: cached, retried."""
    words = ["cached"] if event.cached else []
    if event.retries:
        words.append(f"{event.retries} {'retry' if event.retries == 1 else 'retries'}")
    return ", ".join(words)
