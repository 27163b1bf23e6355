"""The saver: when it writes, and what it does when it cannot."""

import threading
import time

import pytest

from labwright.batch import saver as module
from labwright.batch.saver import Saver
from labwright.errors import LabwrightError


def test_the_first_and_the_last_state_are_written():
    written = []
    document = {"n": 0}
    with Saver(document, lambda nb: written.append(dict(nb))):
        document["n"] = 1
    assert written == [{"n": 0}, {"n": 1}]


def test_slow_writes_are_made_seldom():
    written = []

    def write(document):
        time.sleep(0.02)
        written.append(time.monotonic())

    with Saver({}, write) as saver:
        for _ in range(50):
            saver.save_if_cheap()
    assert len(written) == 2


def test_a_long_cell_is_saved_meanwhile(monkeypatch):
    monkeypatch.setattr(module, "_PERIOD", 0.05)
    seen = threading.Event()
    document = {"n": 0}

    def write(nb):
        if nb["n"]:
            seen.set()

    with Saver(document, write) as saver:
        with saver.changing():
            document["n"] = 1
        assert seen.wait(5)


def test_a_failing_save_in_between_stops_nothing_but_the_last_one_tells():
    full = False

    def write(document):
        if full:
            raise LabwrightError("disk full")

    saver = Saver({}, write)
    saver.__enter__()
    full = True
    saver.save_if_cheap()
    with pytest.raises(LabwrightError, match="disk full"):
        saver.__exit__()
