"""Runs steps the way a launcher does: a command, an `executor_input`, a folder."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from labwright.runtime.bundle import runtime_bundle
from labwright.runtime.loader import LOADER
from labwright.runtime.main import encode_program

from .forker import run_forked

STANDARD = ("labwright_notebook", "labwright_html", "labwright_metrics")


@dataclass
class Done:
    """What a finished step left."""

    folder: Path
    status: int
    stdout: str
    stderr: str

    def artifact(self, name: str) -> Path:
        return self.folder / "artifacts" / name

    @property
    def report(self) -> dict[str, Any]:
        return json.loads((self.folder / "labwright_report.json").read_text())

    @property
    def results(self) -> dict[str, Any]:
        return json.loads((self.folder / "executor_output.json").read_text())

    @property
    def notebook(self) -> dict[str, Any]:
        return json.loads(self.artifact("labwright_notebook").read_text())

    @property
    def page(self) -> str:
        return self.artifact("labwright_html").read_text()

    def text(self, cell: int = -1) -> str:
        """The plain text a cell showed."""
        shown = []
        for output in self.notebook["cells"][cell]["outputs"]:
            shown.extend(output.get("text") or output.get("data", {}).get("text/plain", []))
        return "".join(shown)


def cells(*sources: str) -> list[dict[str, Any]]:
    return [{"id": f"c{spot}", "source": source} for spot, source in enumerate(sources)]


def command(
    folder: Path,
    program: dict[str, Any],
    parameters: dict[str, Any] | None = None,
    inputs: dict[str, Path | list[Path]] | None = None,
    python: str = sys.executable,
) -> list[str]:
    program = {
        "version": 1,
        "pipeline": "p",
        "step": "step",
        "notebook": "n.ipynb",
        "kernel": {},
        "inputs": {name: name for name in inputs or {}},
        "outputs": {},
        **program,
    }
    listed = {
        name: {"artifacts": [{"name": name, "uri": str(path)} for path in _listed(paths)]}
        for name, paths in (inputs or {}).items()
    }
    outputs = {
        name: {"artifacts": [{"name": name, "uri": str(folder / "artifacts" / name)}]}
        for name in [*program["outputs"].values(), *STANDARD]
    }
    values = {
        name: {"outputFile": str(folder / "values" / name)}
        for name, _ in program.get("values", {}).values()
    }
    executor_input = {
        "inputs": {"parameterValues": parameters or {}, "artifacts": listed},
        "outputs": {
            "parameters": values,
            "artifacts": outputs,
            "outputFile": str(folder / "executor_output.json"),
        },
    }
    words = ["--program", encode_program(program), "--runtime", runtime_bundle()]
    words += ["--executor_input", json.dumps(executor_input)]
    return [python, "-u", "-c", LOADER, *words]


def run(
    folder: Path,
    program: dict[str, Any],
    parameters: dict[str, Any] | None = None,
    inputs: dict[str, Path | list[Path]] | None = None,
    python: str | None = None,
    cwd: Path | None = None,
) -> Done:
    """Run a step to its end: in a fork of a warm process, or by the `python` given."""
    folder.mkdir(parents=True, exist_ok=True)
    words = command(folder, program, parameters, inputs, python or sys.executable)
    if python is None:
        return Done(folder, *run_forked(words, cwd or folder))
    done = subprocess.run(
        words, capture_output=True, text=True, cwd=cwd or folder, timeout=120, check=False
    )
    return Done(folder, done.returncode, done.stdout, done.stderr)


def _listed(paths: Path | list[Path]) -> list[Path]:
    return paths if isinstance(paths, list) else [paths]
