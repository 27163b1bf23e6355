"""A run's folder: what lies where in it, so that people and programs find the same."""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from .locks import is_locked


@dataclass(frozen=True)
class RunDir:
    """`<home>/runs/<run id>`, with a folder for each step in it."""

    path: Path

    @property
    def lock(self) -> Path:
        """Held by the engine and by what starts its steps: while it is, the run is going on."""
        return self.path / ".lock"

    @property
    def cancel(self) -> Path:
        """Made by whoever wants the run to stop."""
        return self.path / ".cancel"

    @property
    def pipeline(self) -> Path:
        """The compiled pipeline, from which a run is taken up again."""
        return self.path / "pipeline.json"

    @property
    def source(self) -> Path:
        """The notebook as it was when the run was asked for."""
        return self.path / "source.ipynb"

    @property
    def graph(self) -> Path:
        """The notebook's graph, to draw the run on."""
        return self.path / "graph.json"

    @property
    def journal(self) -> Path:
        """A line for each change of the run or of a step; only ever grows."""
        return self.path / "events.jsonl"

    @property
    def engine_log(self) -> Path:
        """What an engine in the background has to say for itself."""
        return self.path / "engine.log"

    @property
    def workspace(self) -> Path:
        """The run's own volume."""
        return self.path / "workspace"

    @property
    def running(self) -> bool:
        return is_locked(self.lock)

    def step(self, folder: str) -> StepDir:
        return StepDir(self.path / folder)


@dataclass(frozen=True)
class StepDir:
    """The folder of a step, or of one of its turns."""

    path: Path

    @property
    def log(self) -> Path:
        return self.path / "log.txt"

    @property
    def output(self) -> Path:
        return self.path / "executor_output.json"

    @property
    def report(self) -> Path:
        return self.path / "labwright_report.json"

    @property
    def exit(self) -> Path:
        """How the process ended, written by what started it before anyone is told."""
        return self.path / ".exit"

    def parameter(self, name: str) -> Path:
        return self.path / ".parameters" / name

    def artifact(self, key: str, step: str) -> Path:
        """Where an output is written; what people open has a name that says what it is."""
        if key == "labwright_notebook":
            return self.path / f"{file_name(step)}.ipynb"
        if key == "labwright_html":
            return self.path / f"{file_name(step)}.html"
        return self.path / key

    def begin(self, attempt: int) -> None:
        """Make the folder empty; what an earlier try left moves to a folder of its own."""
        if self.path.exists():
            left = [one for one in self.path.iterdir() if not one.name.startswith("attempt-")]
            if attempt > 1 and left:
                old = self.path / f"attempt-{attempt - 1}"
                old.mkdir(exist_ok=True)
                for one in left:
                    one.rename(old / one.name)
            else:
                shutil.rmtree(self.path)
        (self.path / ".parameters").mkdir(parents=True)


def read_json(path: Path) -> Any:
    """The JSON in a file; None when it is not there or not whole."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def write_json(path: Path, data: Any) -> None:
    """Write a file at once and whole."""
    staged = path.with_name(f"{path.name}.{os.getpid()}.new")
    staged.write_text(json.dumps(data), encoding="utf-8")
    os.replace(staged, path)


def new_run_id(name: str) -> str:
    """A name that sorts by time, such as `digits-20261123-223344-ab12`."""
    stem = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:60] or "run"
    return f"{stem}-{datetime.now():%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"


def file_name(step: str) -> str:
    """A name of whatever kind as that of one file."""
    return re.sub(r"[^\w.+-]+", "-", step).strip(".") or "step"
