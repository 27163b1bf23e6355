"""A fresh process that runs cells for another: what a kernel is to papermill, without its weight.

Parent and child speak JSON lines over two pipes of their own, so that stdin, stdout and stderr
belong to the notebook.
"""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from typing import Any, BinaryIO, NamedTuple

from ..runtime.cells import CellError

_PERIOD = 2.0  # seconds between looks at what a running cell has shown so far


class Died(Exception):
    """The process ended in the middle of a cell. `status` is its exit status."""

    def __init__(self, status: int) -> None:
        self.status = status
        died = f"by signal {-status}" if status < 0 else f"with status {status}"
        super().__init__(f"the process that ran the cells ended {died}")


class Reply(NamedTuple):
    """A cell's result, as `CellRunner` gives it."""

    outputs: list[dict[str, Any]]
    error: CellError | None
    execution_count: int
    exit: bool


class CellProcess:
    """Runs cells one after another in a process of its own; a context manager."""

    def __init__(self, *, cwd: str | None = None, python: str = sys.executable) -> None:
        request_end, self._requests = _pipe()
        self._replies, reply_end = _pipe()
        code = "import sys; from labwright.batch.child import serve; serve(*map(int, sys.argv[1:]))"
        command = [python, "-c", code, str(request_end.fileno()), str(reply_end.fileno())]
        self._process = subprocess.Popen(
            command,
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            pass_fds=(request_end.fileno(), reply_end.fileno()),
        )
        request_end.close()
        reply_end.close()
        self._buffer = b""
        self._poll = select.poll()
        self._poll.register(self._replies, select.POLLIN)

    def __enter__(self) -> CellProcess:
        return self

    def __exit__(self, *_: object) -> None:
        self._requests.close()
        self._replies.close()
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()

    def run(
        self,
        source: str,
        *,
        timeout: float | None = None,
        on_partial: Callable[[list[dict[str, Any]]], None] = lambda outputs: None,
    ) -> Reply:
        """Run one cell. `on_partial` hears, now and then, what a long one has shown so far."""
        self._send({"source": source})
        while True:
            message = self._receive(timeout)
            if "partial" in message:
                on_partial(message["partial"])
                continue
            error = message["error"]
            return Reply(
                message["outputs"],
                CellError(*error) if error else None,
                message["execution_count"],
                message["exit"],
            )

    def finish(self) -> tuple[dict[int, list[dict[str, Any]]], dict[str, Any]]:
        """Outputs that changed after their cell was over, by its number; and the metadata."""
        self._send({"finish": True})
        message = self._receive(None)
        changed = {int(index): outputs for index, outputs in message["changed"].items()}
        return changed, message["metadata"]

    def _send(self, message: dict[str, Any]) -> None:
        try:
            self._requests.write(json.dumps(message).encode() + b"\n")
            self._requests.flush()
        except BrokenPipeError:
            raise Died(self._process.wait()) from None

    def _receive(self, timeout: float | None) -> dict[str, Any]:
        """The next message. The time between two messages may not exceed the timeout."""
        while b"\n" not in self._buffer:
            if not self._poll.poll(None if timeout is None else timeout * 1000):
                raise TimeoutError
            data = os.read(self._replies.fileno(), 1 << 20)
            if not data:
                raise Died(self._process.wait())
            self._buffer += data
        line, _, self._buffer = self._buffer.partition(b"\n")
        message: dict[str, Any] = json.loads(line)
        return message


def _pipe() -> tuple[BinaryIO, BinaryIO]:
    read, write = os.pipe()
    return os.fdopen(read, "rb", buffering=0), os.fdopen(write, "wb")


def serve(request_fd: int, reply_fd: int) -> None:
    """The child's side: run what is asked until the parent closes the pipe."""
    from ..runtime.cells import CellRunner
    from .execute import become_notebook, finish_metadata

    for fd in (request_fd, reply_fd):
        os.set_inheritable(fd, False)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    become_notebook()
    runner = CellRunner(tee=False)
    replies = _Replies(reply_fd)
    shown: list[tuple[list[dict[str, Any]], str]] = []
    with os.fdopen(request_fd, "rb") as requests:
        for line in requests:
            request = json.loads(line)
            if "finish" in request:
                document: dict[str, Any] = {"metadata": {}}
                finish_metadata(document)
                changed = {i: o for i, (o, text) in enumerate(shown) if json.dumps(o) != text}
                replies.send({"changed": changed, "metadata": document["metadata"]})
                continue
            with replies.partial(lambda: runner.outputs):
                result = runner.run(request["source"])
            shown.append((result.outputs, json.dumps(result.outputs)))
            replies.send(
                {
                    "outputs": result.outputs,
                    "error": result.error,
                    "execution_count": result.execution_count,
                    "exit": result.exit,
                }
            )


class _Replies:
    """The way back to the parent; while a cell runs, a thread sends what it has shown so far."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._lock = threading.Lock()

    def send(self, message: dict[str, Any]) -> None:
        data = memoryview(json.dumps(message).encode() + b"\n")
        with self._lock:
            while data:
                data = data[os.write(self._fd, data) :]

    def partial(self, outputs: Callable[[], list[dict[str, Any]]]) -> _Watch:
        return _Watch(self, outputs)


class _Watch:
    """Sends partial outputs while it is entered."""

    def __init__(self, replies: _Replies, outputs: Callable[[], list[dict[str, Any]]]) -> None:
        self._replies = replies
        self._outputs = outputs
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        sent = "[]"
        while not self._over.wait(_PERIOD):
            text = json.dumps(self._outputs())
            if text != sent:
                sent = text
                self._replies.send({"partial": json.loads(text)})
