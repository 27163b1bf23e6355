"""What the analysis or a run has to tell about a cell; the shape every room and contract shares."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

Severity = Literal["error", "warning", "info"]


@dataclass(frozen=True)
class Diagnostic:
    """One remark. `cell` is the cell's index in the notebook, or None when it is about the whole.

    An `error` stops a run before it starts; a `warning` is shown and the run goes on.
    """

    cell: int | None
    severity: Severity
    code: str
    message: str

    def to_json(self) -> dict[str, Any]:
        return {
            "cell": self.cell,
            "severity": self.severity,
            "code": self.code,
            "message": self.message,
        }
