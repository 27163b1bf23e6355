"""A run under a person's eyes: its progress, Ctrl-C, and the words at its end."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..errors import LabwrightError
from .console import err, out, out_json
from .main import INTERRUPTED
from .progress import progress, stream_for

if TYPE_CHECKING:
    from ..targets.local.record import RunRecord
    from .asking import Asked

Work = Callable[[Callable[[Any], None], threading.Event], "RunRecord"]


class Cancel(threading.Event):
    """The flag that stops a run. The engine sets it at Ctrl-C; the person is told so."""

    def set(self) -> None:
        if not self.is_set():
            err("canceling the run; Ctrl-C once more to leave at once")
        super().set()


def watched(work: Work, *, as_json: bool, logs: bool) -> RunRecord:
    """Do the work (given a listener and a cancel flag) and show how it goes."""
    with progress(stream_for(as_json), logs=logs) as show:
        return work(show, Cancel())


def conclude(record: RunRecord, as_json: bool) -> int:
    """Say how the run ended; the exit status that goes with it."""
    from ..widgets.lines import closing

    if as_json:
        out_json(record.to_json())
    else:
        out(closing(record))
    if record.state == "SUCCEEDED":
        return 0
    return INTERRUPTED if record.state == "CANCELED" else 1


def left(run: dict[str, Any], as_json: bool) -> int:
    """Say which run was left to the agent, or to another target."""
    if as_json:
        out_json({name: run[name] for name in ("run_id", "state", "target")})
    else:
        out(run["run_id"])
        if run["reason"]:
            err(run["reason"])
    return 0


def run_there(
    asked: Asked, target: str, *, name: str = "", detach: bool, logs: bool, as_json: bool
) -> int:
    """Run on another target, or leave the run to it."""
    from ..launch.elsewhere import run_elsewhere
    from ..targets.config import open_target
    from .asking import sent
    from .places import opened

    if detach:
        with opened(target) as there:
            return left(sent(there, asked.submission(there.capabilities), name or None), as_json)
    place = open_target(target)
    if logs:
        can_show_logs(place)
    submission = asked.submission(place.capabilities)
    record = watched(
        lambda listen, cancel: run_elsewhere(
            place, submission, name=name or None, logs=logs, on_event=listen, cancel=cancel
        ),
        as_json=as_json,
        logs=logs,
    )
    return conclude(record, as_json)


def can_show_logs(target: Any) -> None:
    """LabwrightError where a target gives logs only once a step is over."""
    if not target.capabilities.live_logs:
        raise LabwrightError(
            f"target {target.name} does not show logs while a run goes on",
            hint="`labwright runs logs` shows them after it",
        )
