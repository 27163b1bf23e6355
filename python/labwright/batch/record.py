"""What papermill writes into a notebook while it executes it, written the same way.

Tools that read papermill's metadata (its status, times and error markers) find it here too.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any

MARKER = "papermill-error-cell-tag"
_STYLE = (
    'style="color:red; font-family:Helvetica Neue, Helvetica, Arial, sans-serif; font-size:2em;"'
)
LANGUAGE_INFO = {
    "codemirror_mode": {"name": "ipython", "version": 3},
    "file_extension": ".py",
    "mimetype": "text/x-python",
    "name": "python",
    "nbconvert_exporter": "python",
    "pygments_lexer": "ipython3",
}


def now() -> datetime:
    return datetime.now(timezone.utc)


def timing(started: datetime, ended: datetime) -> dict[str, str]:
    """The times a kernel's client would have noted for a cell."""
    begin, end = (f"{at:%Y-%m-%dT%H:%M:%S.%f}Z" for at in (started, ended))
    return {
        "iopub.execute_input": begin,
        "iopub.status.busy": begin,
        "iopub.status.idle": end,
        "shell.execute_reply": end,
    }


class Record:
    """The papermill metadata of one document, kept in step with its execution."""

    def __init__(
        self, document: dict[str, Any], *, input_path: str, output_path: str, version: str
    ) -> None:
        self.document = document
        self._started = now()
        cells = document["cells"]
        cells[:] = [c for c in cells if MARKER not in c.get("metadata", {}).get("tags", ())]
        self.notebook = document.setdefault("metadata", {}).setdefault(
            "papermill",
            {
                "default_parameters": {},
                "environment_variables": {},
                "parameters": {},
                "version": version,
            },
        )
        self.notebook.update(
            input_path=input_path,
            output_path=output_path,
            start_time=self._started.isoformat(),
            end_time=None,
            duration=None,
            exception=None,
        )
        for cell in cells:
            metadata = cell.setdefault("metadata", {})
            metadata.setdefault("tags", [])
            metadata["papermill"] = {
                "duration": None,
                "end_time": None,
                "exception": None,
                "start_time": None,
                "status": "pending",
            }
            if cell["cell_type"] == "code":
                cell["outputs"] = []
                cell["execution_count"] = None

    def cell_started(self, cell: dict[str, Any]) -> datetime:
        started = now()
        cell["metadata"]["papermill"].update(
            start_time=started.isoformat(), status="running", exception=False
        )
        return started

    def cell_finished(
        self, cell: dict[str, Any], started: datetime, *, executed: bool, failed: bool
    ) -> None:
        ended = now()
        metadata = cell["metadata"]
        if executed:
            metadata["execution"] = timing(started, ended)
        metadata["papermill"].update(
            end_time=ended.isoformat(),
            duration=(ended - started).total_seconds(),
            status="failed" if failed else "completed",
            exception=failed,
        )
        if failed:
            self.notebook["exception"] = True

    def finish(self, failed: Mapping[str, Any] | None) -> float:
        """Close the record; mark the cell that failed. The seconds all of it took."""
        ended = now()
        duration = (ended - self._started).total_seconds()
        self.notebook.update(end_time=ended.isoformat(), duration=duration)
        for cell in self.document["cells"]:
            status = cell["metadata"]["papermill"]
            if status["status"] == "failed":
                break
            if status["status"] == "pending":
                status["status"] = "completed"
        if failed is not None:
            self._mark(failed)
        return duration

    def _mark(self, failed: Mapping[str, Any]) -> None:
        """A red note at the top that links to one before the cell that failed."""
        cells = self.document["cells"]
        index = next(i for i, cell in enumerate(cells) if cell is failed)
        count = failed["execution_count"]
        cells.insert(
            index,
            _note(
                f'<span id="papermill-error-cell" {_STYLE}>Execution using papermill encountered'
                " an exception here and stopped:</span>"
            ),
        )
        cells.insert(
            0,
            _note(
                f"<span {_STYLE}>An Exception was encountered at"
                f" '<a href=\"#papermill-error-cell\">In [{count}]</a>'.</span>"
            ),
        )


def _note(text: str) -> dict[str, Any]:
    return {
        "cell_type": "markdown",
        "id": os.urandom(4).hex(),
        "metadata": {"tags": [MARKER]},
        "source": text,
    }
