"""What a cell shows, recorded as the output list a notebook file keeps.

It records what an IPython kernel and a notebook client would have: standard output and error are
gathered apart and joined at each display, at each explicit flush, and where text waited longer
than the kernel's own interval, so a quick cell's outputs come in the same order as in Jupyter.
"""

from __future__ import annotations

import base64
import datetime
import numbers
import threading
import time
from typing import Any, Dict, List, Optional

FLUSH_INTERVAL = 0.2

Output = Dict[str, Any]


class Recorder:
    """Collects outputs; `begin` starts a new cell. Safe to write to from any thread."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self.outputs: List[Output] = []
        self._pending: Dict[str, List[str]] = {}
        self._since: Dict[str, float] = {}
        self._shown: Dict[str, List[Output]] = {}
        self._clear_next = False

    def begin(self) -> List[Output]:
        """Start a cell and return the list its outputs will be added to."""
        with self._lock:
            self.flush()
            self._clear_next = False
            self.outputs = []
            return self.outputs

    def stream(self, name: str, text: str) -> None:
        if not text:
            return
        with self._lock:
            now = time.monotonic()
            for waiting in [n for n, at in self._since.items() if now - at > FLUSH_INTERVAL]:
                self.flush(waiting)
            self._since.setdefault(name, now)
            self._pending.setdefault(name, []).append(text)

    def flush(self, name: Optional[str] = None) -> None:
        """Move waiting text of one stream, or of stdout and then stderr, to the outputs."""
        with self._lock:
            for stream in [name] if name else ["stdout", "stderr"]:
                self._since.pop(stream, None)
                text = "".join(self._pending.pop(stream, ()))
                if text:
                    self._add_text(stream, text)

    def _add_text(self, name: str, text: str) -> None:
        self._clear_if_due()
        last = self.outputs[-1] if self.outputs else None
        if last is not None and last["output_type"] == "stream" and last["name"] == name:
            last["text"] += text
        else:
            self.outputs.append({"output_type": "stream", "name": name, "text": text})

    def display(
        self,
        data: Dict[str, Any],
        metadata: Optional[Dict[str, Any]] = None,
        display_id: Optional[str] = None,
        update: bool = False,
    ) -> None:
        """Show data, or replace what was shown under the same `display_id` in any cell."""
        with self._lock:
            self.flush()
            data, metadata = json_clean(data), json_clean(metadata or {})
            for shown in self._shown.get(display_id, ()) if display_id else ():
                shown["data"], shown["metadata"] = data, metadata
            if not update:
                self._append(
                    {"output_type": "display_data", "data": data, "metadata": metadata}, display_id
                )

    def result(self, count: int, data: Dict[str, Any], metadata: Optional[Dict[str, Any]]) -> None:
        with self._lock:
            self.flush()
            self._append(
                {
                    "output_type": "execute_result",
                    "execution_count": count,
                    "data": json_clean(data),
                    "metadata": json_clean(metadata or {}),
                }
            )

    def error(self, ename: str, evalue: str, traceback: List[str]) -> None:
        with self._lock:
            self.flush()
            self._append(
                {
                    "output_type": "error",
                    "ename": ename,
                    "evalue": evalue,
                    "traceback": list(traceback),
                }
            )

    def _append(self, output: Output, display_id: Optional[str] = None) -> None:
        self._clear_if_due()
        self.outputs.append(output)
        if display_id:
            self._shown.setdefault(display_id, []).append(output)

    def clear(self, wait: bool = False) -> None:
        with self._lock:
            self.flush()
            if wait:
                self._clear_next = True
            else:
                del self.outputs[:]

    def _clear_if_due(self) -> None:
        if self._clear_next:
            self._clear_next = False
            del self.outputs[:]


def json_clean(value: Any) -> Any:
    """The value as JSON can hold it, the way Jupyter's messages do (bytes become base64)."""
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, dict):
        return {str(key): json_clean(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [json_clean(item) for item in value]
    if isinstance(value, numbers.Integral):
        return int(value)
    if isinstance(value, numbers.Real):
        return float(value)
    if isinstance(value, (bytes, bytearray, memoryview)):
        return base64.b64encode(bytes(value)).decode("ascii")
    if isinstance(value, (datetime.datetime, datetime.date)):
        return value.isoformat()
    if hasattr(value, "__iter__"):
        return [json_clean(item) for item in value]
    return repr(value)
