"""The executed notebook of a step: its cells with their ids, and what each of them showed."""

from __future__ import annotations

import json
import time
from typing import Any, Dict, List, Optional

from .outputs import Output
from .paths import write_atomic

TEXT_TYPES = ("application/javascript", "image/svg+xml")


class ExecutedNotebook:
    """Grows as cells run; `write` may be called at any moment, as a kill can come at any."""

    def __init__(self, program: Dict[str, Any], parameters: Dict[str, Any]) -> None:
        self.path: Optional[str] = None
        self._metadata = dict(program.get("kernel") or {})
        self._metadata["labwright"] = {
            "pipeline": program.get("pipeline"),
            "step": program.get("step"),
            "notebook": program.get("notebook"),
        }
        self.cells: List[Dict[str, Any]] = []
        if parameters:
            lines = ["%s = %r" % (name, value) for name, value in parameters.items()]
            cell = _cell("labwright-parameters", "\n".join(lines), ["injected-parameters"])
            self.cells.append(cell)
        self._by_id: Dict[str, Dict[str, Any]] = {}
        for each in program["cells"]:
            text = each.get("written", each["source"])
            cell = _cell(each["id"], text, each.get("tags") or [])
            self.cells.append(cell)
            self._by_id[each["id"]] = cell

    def start(self, cell_id: str, outputs: Optional[List[Output]] = None) -> None:
        cell = self._by_id[cell_id]
        cell["metadata"]["execution"] = {"iopub.execute_input": _now()}
        if outputs is not None:
            cell["outputs"] = outputs

    def finish(self, cell_id: str, outputs: List[Output], count: Optional[int]) -> None:
        cell = self._by_id[cell_id]
        cell["outputs"] = outputs
        cell["execution_count"] = count
        cell["metadata"].setdefault("execution", {})["iopub.status.idle"] = _now()

    def to_json(self) -> Dict[str, Any]:
        return {
            "cells": [_on_disk(cell) for cell in self.cells],
            "metadata": self._metadata,
            "nbformat": 4,
            "nbformat_minor": 5,
        }

    def write(self) -> None:
        if self.path:
            write_atomic(self.path, dumps(self.to_json()))


def dumps(notebook: Dict[str, Any]) -> str:
    """A notebook as Jupyter itself lays it out on disk."""
    return json.dumps(notebook, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def _cell(cell_id: str, source: str, tags: List[str]) -> Dict[str, Any]:
    return {
        "cell_type": "code",
        "id": cell_id,
        "metadata": {"tags": list(tags)} if tags else {},
        "source": source,
        "outputs": [],
        "execution_count": None,
    }


def _on_disk(cell: Dict[str, Any]) -> Dict[str, Any]:
    cell = dict(cell, source=_lines(cell["source"]))
    cell["outputs"] = [_output_on_disk(output) for output in list(cell["outputs"])]
    return cell


def _output_on_disk(output: Output) -> Output:
    output = dict(output)
    if "text" in output:
        output["text"] = _lines(output["text"])
    if "data" in output:
        output["data"] = {
            mime: _lines(value)
            if isinstance(value, str) and (mime.startswith("text/") or mime in TEXT_TYPES)
            else value
            for mime, value in output["data"].items()
        }
    return output


def _lines(text: str) -> List[str]:
    return text.splitlines(keepends=True)


def _now() -> str:
    now = time.time()
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now)) + ".%06dZ" % (now % 1 * 1e6)
