"""A run under a person's eyes: its progress, Ctrl-C, and the words at its end."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from .console import err, out, out_json
from .main import INTERRUPTED
from .progress import progress, stream_for

if TYPE_CHECKING:
    from ..targets.local.record import RunRecord

Work = Callable[[Callable[[Any], None], threading.Event], "RunRecord"]


def watched(work: Work, *, as_json: bool, logs: bool) -> RunRecord:
    """Do the work (given a listener and a cancel flag) and show how it goes."""
    cancel = threading.Event()
    with canceling(cancel), progress(stream_for(as_json), logs=logs) as show:
        return work(show, cancel)


@contextmanager
def canceling(cancel: threading.Event) -> Iterator[None]:
    """Ctrl-C (and a polite kill) asks the run to stop; a second time it is not asked."""

    def ask(number: int, frame: object) -> None:
        if cancel.is_set():
            raise KeyboardInterrupt
        cancel.set()
        err("canceling the run; once more to leave at once")

    saved = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in saved.items():
            signal.signal(number, handler)


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
