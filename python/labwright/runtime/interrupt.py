"""Being stopped: by SIGTERM, or because the step's time is up."""

from __future__ import annotations

import os
import signal
import threading
from typing import Any, Callable, Optional

# How long a step has to unwind after it was told to stop, before it leaves without.
GRACE = 3.0


class Interrupted(BaseException):
    """The step is told to stop. Not an Exception: a cell's `except Exception` must not stop it."""

    status = 1

    @property
    def ename(self) -> str:
        return type(self).__name__


class Terminated(Interrupted):
    """By SIGTERM."""

    status = 128 + signal.SIGTERM


class TimedOut(Interrupted):
    """By its own time limit."""


class Watch:
    """Turns SIGTERM and the time limit into an exception in the step.

    Where the main thread sits in a C call that never returns to Python, a thread writes what there
    is (`leave`) and ends the process.
    """

    def __init__(self, leave: Callable[[Interrupted], None], timeout: Optional[float]) -> None:
        self._leave = leave
        self._timeout = timeout
        self._read, self._write = os.pipe()
        os.set_blocking(self._write, False)
        self._over = threading.Event()
        self.stopped: Optional[Interrupted] = None

    def start(self) -> None:
        if threading.current_thread() is not threading.main_thread():
            return
        signal.signal(signal.SIGTERM, self._stop)
        signal.set_wakeup_fd(self._write, warn_on_full_buffer=False)
        if self._timeout:
            signal.signal(signal.SIGALRM, self._stop)
            signal.setitimer(signal.ITIMER_REAL, self._timeout)
        threading.Thread(target=self._wait, name="labwright-watch", daemon=True).start()

    def close(self) -> None:
        """The cells are over: what is left is short, and a signal must not cut it off."""
        self._over.set()
        if threading.current_thread() is threading.main_thread():
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGTERM, signal.SIG_IGN)

    def _stop(self, number: int, frame: Any) -> None:
        if self.stopped is None and not self._over.is_set():
            self.stopped = self._reason(number)
            raise self.stopped

    def _reason(self, number: int) -> Interrupted:
        if number == signal.SIGTERM:
            return Terminated("the step was told to stop (SIGTERM)")
        return TimedOut("the step took longer than its limit of %g s" % (self._timeout or 0))

    def _wait(self) -> None:
        while True:
            number = os.read(self._read, 1)
            if number and number[0] in (signal.SIGTERM, signal.SIGALRM):
                break
        if self._over.wait(GRACE):
            return
        stop = self.stopped or self._reason(number[0])
        self._leave(stop)
        os._exit(stop.status)
