"""Standard output and error of a running cell: recorded, and passed on live.

Text that Python prints goes straight to the recorder. What C libraries and child processes write
to file descriptors 1 and 2 comes through a pipe, so it is part of the cell's outputs too.
"""

from __future__ import annotations

import codecs
import io
import os
import sys
import threading
from contextlib import contextmanager
from typing import Dict, Iterator, Optional

from .outputs import Recorder

NAMES = {1: "stdout", 2: "stderr"}


class CellStream(io.TextIOBase):
    """`sys.stdout` or `sys.stderr` while cells run. A forked child writes to the descriptor."""

    def __init__(self, capture: Capture, fd: int) -> None:
        super().__init__()
        self._capture = capture
        self._fd = fd
        self._pid = os.getpid()
        self.name = "<%s>" % NAMES[fd]

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return "UTF-8"

    @property
    def errors(self) -> str:  # type: ignore[override]
        return "strict"

    def fileno(self) -> int:
        return self._fd

    def isatty(self) -> bool:
        return False

    def readable(self) -> bool:
        return False

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        if not isinstance(text, str):
            raise TypeError("write() argument must be str, not %s" % type(text))
        if os.getpid() != self._pid:
            _write_all(self._fd, text.encode("utf-8", "surrogateescape"))
        else:
            self._capture.text(self._fd, text)
        return len(text)

    def flush(self) -> None:
        if os.getpid() == self._pid:
            self._capture.flush(self._fd)

    def close(self) -> None:
        """A notebook's streams outlive any cell that closes them."""


class Capture:
    """Sends a process's output to a recorder while `active()`; `tee` passes it on as well."""

    def __init__(self, recorder: Recorder, tee: bool = True, fds: bool = True) -> None:
        self._recorder = recorder
        self._tee = tee
        self._fds = fds
        self._pipes: Dict[int, _Pipe] = {}
        self._real: Dict[int, Optional[io.TextIOBase]] = {}
        self.streams = {fd: CellStream(self, fd) for fd in NAMES}

    def text(self, fd: int, text: str) -> None:
        pipe = self._pipes.get(fd)
        if pipe is not None:
            pipe.drain()
        self._recorder.stream(NAMES[fd], text)
        if not self._tee:
            return
        if pipe is not None:
            pipe.pass_on(text.encode("utf-8", "surrogateescape"))
        else:
            real = self._real.get(fd) or (sys.__stdout__ if fd == 1 else sys.__stderr__)
            if real is not None and not isinstance(real, CellStream):
                real.write(text)
                real.flush()

    def flush(self, fd: Optional[int] = None) -> None:
        for each in [fd] if fd else list(NAMES):
            pipe = self._pipes.get(each)
            if pipe is not None:
                pipe.drain()
            self._recorder.flush(NAMES[each])

    @contextmanager
    def active(self, tee: bool = True) -> Iterator[None]:
        """Capture what is written meanwhile. `tee=False`: pass none of it on, whatever the rule."""
        rule, self._tee = self._tee, self._tee and tee
        stdout, stderr = sys.stdout, sys.stderr
        for stream in (stdout, stderr):
            if stream is not None:
                stream.flush()
        self._real = {1: stdout, 2: stderr}  # type: ignore[dict-item]
        sys.stdout, sys.stderr = self.streams[1], self.streams[2]
        if self._fds:
            for fd in NAMES:
                if fd not in self._pipes:
                    self._pipes[fd] = _Pipe(fd, self._recorder)
                self._pipes[fd].attach(self._tee)
        try:
            yield
        finally:
            self.flush()
            for pipe in self._pipes.values():
                pipe.detach()
            sys.stdout, sys.stderr = stdout, stderr
            self._tee = rule


class _Pipe:
    """One descriptor led through a pipe; a thread reads it, and `drain` reads it at once."""

    def __init__(self, fd: int, recorder: Recorder) -> None:
        self._fd = fd
        self._recorder = recorder
        self._tee = True
        self._lock = threading.RLock()
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._saved = -1
        self._read, self._write = os.pipe()
        os.set_blocking(self._read, False)
        threading.Thread(target=self._watch, name="cell-" + NAMES[fd], daemon=True).start()

    def attach(self, tee: bool) -> None:
        self._tee = tee
        try:
            self._saved = os.dup(self._fd)
        except OSError:  # the descriptor is closed: there is nowhere to pass text on to
            self._saved = -1
        os.dup2(self._write, self._fd)

    def detach(self) -> None:
        self.drain()
        if self._saved >= 0:
            os.dup2(self._saved, self._fd)
            os.close(self._saved)
        else:
            os.close(self._fd)
        self._saved = -1

    def pass_on(self, data: bytes) -> None:
        if self._saved >= 0:
            _write_all(self._saved, data)

    def drain(self) -> None:
        """Take all that has been written so far."""
        with self._lock:
            while True:
                try:
                    data = os.read(self._read, 65536)
                except BlockingIOError:
                    return
                if not data:
                    return
                self._recorder.stream(NAMES[self._fd], self._decoder.decode(data))
                if self._tee:
                    self.pass_on(data)

    def _watch(self) -> None:
        import select

        poll = select.poll()
        poll.register(self._read, select.POLLIN)
        while True:
            for _, event in poll.poll():
                if not event & select.POLLIN:
                    return
                self.drain()


def _write_all(fd: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        try:
            view = view[os.write(fd, view) :]
        except BlockingIOError:
            import select

            select.select([], [fd], [], 1)
        except OSError:  # whoever read the live output is gone; the record stays whole
            return
