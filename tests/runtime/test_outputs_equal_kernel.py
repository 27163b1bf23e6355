"""Cell by cell, the in-process runner must record what a real kernel and its client record."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

from .notebooks import NOTEBOOKS

OWN = """
import json, os, sys
from labwright.runtime.cells import CellRunner, prepare
notebooks = json.load(sys.stdin)
prepare()
results = {}
for name, cells in notebooks.items():
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        runner, shown = CellRunner(tee=False), []
        for source in cells:
            result = runner.run(source)
            shown.append([result.outputs, result.execution_count])
            if result.error:
                break
        with os.fdopen(write, "w") as file:
            json.dump(shown, file)
        os._exit(0)
    os.close(write)
    with os.fdopen(read) as file:
        results[name] = json.load(file)
    os.waitpid(child, 0)
json.dump(results, sys.stdout)
"""
# What two runs of the very same cell differ in.
VARIES = [
    (re.compile(r"(/tmp/)?(ipykernel_\d+|labwright)/\d+\.py"), "CELL"),
    (re.compile(r"\(\d+\.py, line"), "(CELL, line"),
    (re.compile(r"0x[0-9a-f]+"), "0xADDRESS"),
    (re.compile(r"T_[0-9a-f]{5}"), "T_STYLE"),
    (re.compile(r"[\d.]+(?:e[+-]\d+)? (ns|\\u[0-9a-f]{4}s|ms|s)\b"), "TIME"),
]
# The frames below `input()` are those of whoever refuses it.
OWN_FRAMES = {"stdin", "getpass"}
# A kernel reads what child processes print in a thread: it may cut it anywhere, and may tell of
# the rest after the cell's result.
KERNEL_RACES = {"children"}


def test_outputs_equal_those_of_a_kernel(tmp_path: Path) -> None:
    for folder in ("kernel", "own"):
        (tmp_path / folder).mkdir()
    kernel = _run_in_kernel(tmp_path / "kernel")
    own = _run_in_process(tmp_path / "own")
    different = []
    compared = 0
    for name, cells in NOTEBOOKS.items():
        for spot, (outputs, count) in enumerate(own[name]):
            compared += 1
            expected, expected_count = kernel[name][spot]
            one = _comparable(outputs, name)
            other = _comparable(expected, name)
            if one != other:
                different.append((name, spot, cells[spot], {"kernel": other, "own": one}))
            assert count == expected_count, (name, spot)
    assert not different, json.dumps(different, indent=1, ensure_ascii=False)
    assert len(NOTEBOOKS) >= 40
    print(f"{len(NOTEBOOKS)} notebooks, {compared} cells equal")


def _comparable(outputs: list[dict[str, Any]], name: str) -> Any:
    merged: list[dict[str, Any]] = []
    if name in KERNEL_RACES:
        outputs = sorted(outputs, key=lambda output: output["output_type"] != "stream")
    for output in outputs:
        last = merged[-1] if merged else {}
        both_streams = output["output_type"] == "stream" == last.get("output_type")
        if both_streams and output["name"] == last["name"]:
            last["text"] += output["text"]
        else:
            merged.append(dict(output))
    if name in OWN_FRAMES:
        for output in merged:
            output.pop("traceback", None)
    text = json.dumps(merged, sort_keys=True)
    for pattern, word in VARIES:
        text = pattern.sub(word, text)
    return json.loads(text)


def _run_in_process(folder: Path) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-c", OWN],
        input=json.dumps(NOTEBOOKS),
        capture_output=True,
        text=True,
        cwd=folder,
        env=_environment(),
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


RESET = "get_ipython().reset(new_session=True)"


def _run_in_kernel(folder: Path) -> dict[str, Any]:
    """All notebooks as one, emptied between them: a kernel start each would take a minute."""
    import nbformat
    from nbclient import NotebookClient

    made = {
        name: [nbformat.v4.new_code_cell(source) for source in [*cells, RESET]]
        for name, cells in NOTEBOOKS.items()
    }
    notebook = nbformat.v4.new_notebook(cells=[cell for cells in made.values() for cell in cells])
    client = NotebookClient(notebook, kernel_name="python3", timeout=60, allow_errors=True)
    client.execute(cwd=str(folder), env=_environment(), stderr=subprocess.DEVNULL)
    for cells in made.values():
        assert all(output.output_type != "error" for output in cells[-1].outputs)
    shown = {}
    done = 0  # the kernel's own counter goes on where the shell's starts again
    for name, cells in made.items():
        counts = [cell.execution_count and cell.execution_count - done for cell in cells]
        shown[name] = list(zip((cell.outputs for cell in cells), counts, strict=True))
        done = cells[-1].execution_count
    return shown


def _environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}
    return {name: value for name, value in kept.items() if name != "MPLBACKEND"}
