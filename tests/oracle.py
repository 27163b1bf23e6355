"""The kfp SDK as a second opinion, in a virtual environment of its own (its pins are not ours).

`LABWRIGHT_ORACLE_PYTHON` names its interpreter; otherwise it is looked for in the user's cache.
Make it with `python -m venv DIR && DIR/bin/pip install kfp==2.17.0 kfp-kubernetes==2.17.0`.
"""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

VERSION = "2.17.0"


def oracle_python() -> Path:
    """The interpreter that has the kfp SDK."""
    named = os.environ.get("LABWRIGHT_ORACLE_PYTHON")
    if named:
        return Path(named)
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return cache / "labwright" / f"oracle-kfp-{VERSION}" / "bin" / "python"


class Oracle:
    """A process that has imported the kfp SDK (which takes seconds) and answers questions."""

    def __init__(self, python: Path) -> None:
        self._log = tempfile.TemporaryFile()  # noqa: SIM115
        self._process = subprocess.Popen(
            [str(python), "-u", str(Path(__file__).with_name("oracle_server.py"))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
        )

    def ask(self, question: str, **about: Any) -> Any:
        """The answer to `question`; an AssertionError with kfp's own words where it refuses."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"question": question, **about}) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        assert line, "the kfp oracle ended"
        answer = json.loads(line)
        assert "error" not in answer, answer["error"] + self._said()
        return answer["answer"]

    def _said(self) -> str:
        """The end of what kfp and the steps printed."""
        self._log.seek(0)
        return self._log.read().decode(errors="replace")[-3000:]

    def close(self) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(30)
        self._process.stdout.close()
        self._log.close()


def start_oracle() -> Iterator[Oracle]:
    """For a fixture: an oracle, or a skip that says how to get one (in CI a failure)."""
    python = oracle_python()
    if not python.exists():
        message = f"no kfp {VERSION} at {python} (see tests/oracle.py)"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    oracle = Oracle(python)
    yield oracle
    oracle.close()
