"""A run's event loop, wherever it is started: an interrupt cancels the run instead of the loop."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

T = TypeVar("T")


def drive(work: Coroutine[Any, Any, T], cancel: threading.Event) -> T:
    """Do the work on a loop: here, or in a thread where this one has a loop (as in Jupyter).

    Ctrl-C sets `cancel`, which the work is to heed.
    """
    if _in_a_loop():
        return _in_a_thread(work, cancel)
    if threading.current_thread() is threading.main_thread():
        with _interrupts(cancel):
            return asyncio.run(work)
    return asyncio.run(work)


def _in_a_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


def _in_a_thread(work: Coroutine[Any, Any, T], cancel: threading.Event) -> T:
    outcome: list[T] = []
    failure: list[BaseException] = []

    def run() -> None:
        try:
            outcome.append(asyncio.run(work))
        except BaseException as error:
            failure.append(error)

    thread = threading.Thread(target=run, name="labwright-engine")
    thread.start()
    while thread.is_alive():
        try:
            thread.join()
        except KeyboardInterrupt:
            cancel.set()
    if failure:
        raise failure[0]
    return outcome[0]


@contextmanager
def _interrupts(cancel: threading.Event) -> Iterator[None]:
    """Ctrl-C and SIGTERM cancel the run, so that its steps end well; a second one is as always."""
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = {number: signal.getsignal(number) for number in numbers}

    def on_signal(number: int, _: Any) -> None:
        cancel.set()
        signal.signal(number, before[signal.Signals(number)])

    for number in numbers:
        signal.signal(number, on_signal)
    try:
        yield
    finally:
        for number in numbers:
            signal.signal(number, before[number])
