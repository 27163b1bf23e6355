"""The corpus: small notebooks in YAML, one entry each, and what the pipeline must look like.

    name-of-the-notebook:
      cells: |
        # %% step:a my-tag {"when": "x > 1"}      tags, then the cell's `labwright` metadata
        x = 1
        # %% [markdown]
        Some text
      files: {name: text}          files that lie beside the notebook
      prints: {step: text}         what the notebook prints in that step's cells
      needs: {step: {name: from}}  inputs the step must have; `from` is null for a parameter
      at_most: {step: [names]}     inputs the step may have, and no others
      gives: {step: [names]}       the step's outputs, exactly
      path: [[a, b]]               b runs after a
      parallel: [[a, b]]           neither waits for the other
      diagnostics: [codes]         remarks the analysis must make
      told: [codes]                the pipeline cannot answer the same, and a run must say so
      verify: false                the notebook cannot run from top to bottom

Steps are named by their tag. `needs` and `path` look through a step that was split in parts
(`load`, `load-2`), since both carry the tag.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

HERE = Path(__file__).parent / "notebooks"
HEADER = re.compile(r"^# %%(?P<rest>.*)$", re.MULTILINE)


@dataclass(frozen=True)
class Example:
    """One entry of the corpus."""

    name: str
    cells: str
    files: dict[str, str] = field(default_factory=dict)
    prints: dict[str, str] = field(default_factory=dict)
    needs: dict[str, dict[str, str | None]] = field(default_factory=dict)
    at_most: dict[str, list[str]] = field(default_factory=dict)
    gives: dict[str, list[str]] = field(default_factory=dict)
    path: list[tuple[str, str]] = field(default_factory=list)
    parallel: list[tuple[str, str]] = field(default_factory=list)
    diagnostics: list[str] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    verify: bool = True

    def write(self, folder: Path) -> Path:
        """Writes the notebook, and the files beside it, into `folder`."""
        for name, text in self.files.items():
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text)
        path = folder / f"{self.name}.ipynb"
        path.write_text(json.dumps(to_notebook(self.cells)))
        return path


def load_corpus(folder: Path = HERE) -> list[Example]:
    """Every entry of every file, in order; a name used twice is an error."""
    examples: list[Example] = []
    for path in sorted(folder.glob("*.yaml")):
        text = path.read_text()
        entries = yaml.safe_load(text)
        written = re.findall(r"^[a-z][\w-]*(?=:$)", text, re.MULTILINE)
        if len(written) != len(entries):
            raise ValueError(f"{path.name}: a name is used twice, or an entry is misread")
        examples += [Example(name, **entry) for name, entry in entries.items()]
    if len({example.name for example in examples}) != len(examples):
        raise ValueError("a name is used in two files")
    return examples


def to_notebook(text: str) -> dict[str, Any]:
    """A notebook from percent-format text; cell ids are `c0`, `c1`, … in order."""
    headers = list(HEADER.finditer(text))
    ends = [match.start() for match in headers[1:]] + [len(text)]
    cells = [
        _cell(f"c{index}", header["rest"].strip(), text[header.end() : end].strip("\n"))
        for index, (header, end) in enumerate(zip(headers, ends, strict=True))
    ]
    return {
        "cells": cells,
        "metadata": {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }


def _cell(cell_id: str, header: str, source: str) -> dict[str, Any]:
    if header.startswith("[markdown]"):
        return {"cell_type": "markdown", "id": cell_id, "metadata": {}, "source": source}
    tags, brace, settings = header.partition("{")
    metadata: dict[str, Any] = {}
    if tags.split():
        metadata["tags"] = tags.split()
    if brace:
        metadata["labwright"] = json.loads(brace + settings)
    return {
        "cell_type": "code",
        "execution_count": None,
        "id": cell_id,
        "metadata": metadata,
        "outputs": [],
        "source": source,
    }
