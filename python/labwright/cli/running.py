"""A run under a person's eyes: its progress, Ctrl-C, and the words at its end."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from .console import err, out, out_json
from .main import INTERRUPTED
from .progress import progress, stream_for

if TYPE_CHECKING:
    from ..targets.local.record import RunRecord

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
    """Say which run was left to the agent."""
    if as_json:
        out_json({"run_id": run["run_id"], "state": run["state"]})
    else:
        out(run["run_id"])
        if run["reason"]:
            err(run["reason"])
    return 0
