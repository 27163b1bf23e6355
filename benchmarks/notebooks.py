"""The notebooks that are measured, written on the spot."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


def write(path: Path, cells: list[tuple[str, list[str]]], **metadata: Any) -> Path:
    """A notebook of code cells, each given by its source and its tags."""
    document = {
        "cells": [
            {
                "cell_type": "code",
                "execution_count": None,
                "id": f"c{index}",
                "metadata": {"tags": tags},
                "outputs": [],
                "source": source,
            }
            for index, (source, tags) in enumerate(cells)
        ],
        "metadata": {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
            **metadata,
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    path.write_text(json.dumps(document))
    return path


def chain(path: Path, steps: int) -> Path:
    """Steps that each need what the one before gives, in tags that Kale reads too."""
    cells = [("import math", ["imports"]), ("rate = 3", ["pipeline-parameters"])]
    for index in range(steps):
        before = f"v{index - 1}" if index else "rate"
        tags = [f"step:s{index}"] + ([f"prev:s{index - 1}"] if index else [])
        cells.append((f"v{index} = math.sqrt({before} + {index})\nprint(v{index})", tags))
    kale = {"experiment_name": "bench", "pipeline_name": "bench", "pipeline_description": "bench"}
    return write(path, cells, kubeflow_notebook=kale)


GROUP = """\
frame{g} = pd.DataFrame({{"a": range({g} + 3), "b": 1.0}})
%%
def scale{g}(table, by={g}):
    return table["a"] * by + total{p}
%%
total{g} = scale{g}(frame{g}).sum() + total{p}
frame{p}["c"] = total{g}
%%
parts{g} = [part * total{p} for part in range(3)]
for part in parts{p}:
    parts{g}.append(part)
%%
model{g} = {{"weights": parts{g}, "size": len(parts{p})}}
print(f"{{model{g}}} {{total{g}:.2f}}")
"""
START = 'frame0 = pd.DataFrame({"a": [1]})\ntotal0 = 0.0\nparts0 = []'


def of_cells(path: Path, count: int) -> Path:
    """Cells as people write them: frames, functions, loops, each using and changing earlier ones.

    Five cells make a step; each step needs the one before.
    """
    cells = [("import pandas as pd", ["imports"]), (START, ["step:s0"])]
    for group in range(1, (count - 2) // 5 + 1):
        sources = GROUP.format(g=group, p=group - 1).split("%%\n")
        for index, source in enumerate(sources):
            cells.append((source.rstrip(), [f"step:s{group}"] if index == 0 else []))
    return write(path, cells)
