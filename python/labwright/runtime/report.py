"""What a step tells about itself beside its results: `labwright_report.json`."""

from __future__ import annotations

import re
import sys
from typing import Any, Dict, List, Optional

from .paths import write_json

NAME = "labwright_report.json"
ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")


class Report:
    """Collected while the step runs; written last, so that whoever finds it finds all the rest."""

    def __init__(self) -> None:
        self.state = "FAILED"
        self.error: Optional[Dict[str, Any]] = None
        self.diagnostics: List[Dict[str, Any]] = []
        self.metrics: Dict[str, Any] = {}
        self.files: Dict[str, Any] = {"read": {}, "written": {}}
        self.modules: Dict[str, str] = {}

    def fail(
        self, ename: str, evalue: str, traceback: str = "", cell: Optional[str] = None
    ) -> None:
        """Note the first error; a later one is only its consequence."""
        if self.error is None:
            self.error = {
                "cell": cell,
                "ename": ename,
                "evalue": evalue,
                "traceback": plain(traceback),
            }

    def diagnose(self, severity: str, code: str, message: str, cell: Optional[str] = None) -> None:
        self.diagnostics.append(
            {"cell": cell, "severity": severity, "code": code, "message": message}
        )
        print("labwright: %s: %s" % (severity, message), file=sys.stderr, flush=True)

    def write(self, path: str) -> None:
        write_json(
            path,
            {
                "state": self.state,
                "error": self.error,
                "diagnostics": self.diagnostics,
                "metrics": self.metrics,
                "files": self.files,
                "modules": self.modules,
            },
        )


def plain(text: str) -> str:
    """Text without terminal colours."""
    return ANSI.sub("", text)
