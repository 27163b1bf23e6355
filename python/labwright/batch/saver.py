"""Writes the output notebook as it grows, and never lets the writing cost more than the work."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from ..errors import LabwrightError

_SHARE = 0.02  # of the time may go into saving
_PERIOD = 5.0  # seconds between saves while one cell runs


class Saver:
    """Saves a document between cells, and every few seconds within a long one.

    `write` does the writing. The document is changed only within `changing()`, so that the saving
    thread never sees half a change.
    """

    def __init__(self, document: dict[str, Any], write: Callable[[dict[str, Any]], None]) -> None:
        self._document = document
        self._write = write
        self._lock = threading.RLock()
        self._over = threading.Event()
        self._last_end = 0.0
        self._last_cost = 0.0
        self._thread = threading.Thread(target=self._watch, name="save-notebook", daemon=True)

    def __enter__(self) -> Saver:
        self.save()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self.save()

    @contextmanager
    def changing(self) -> Iterator[None]:
        with self._lock:
            yield

    def save(self) -> None:
        with self._lock:
            begin = time.monotonic()
            self._write(self._document)
            self._last_end = time.monotonic()
            self._last_cost = self._last_end - begin

    def save_if_cheap(self) -> None:
        """Save, unless the last save was so recent that the notebook would only be slowed down.

        A save that fails here is no reason to stop the notebook: the last one will say so.
        """
        if time.monotonic() - self._last_end < self._last_cost / _SHARE:
            return
        try:
            self.save()
        except LabwrightError:
            self._last_end = time.monotonic()

    def _watch(self) -> None:
        while not self._over.wait(_PERIOD):
            self.save_if_cheap()
