"""The torch notebooks, in a Python with torch: `LABWRIGHT_TORCH_PYTHON`, this one, or Debian's."""

from __future__ import annotations

import functools
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from corpus.notebooks import Example, load_corpus
from corpus.test_corpus import reachable
from labwright.launch import analyse_notebook, run_analysed

CORPUS = load_corpus(Path(__file__).parent / "torch")
EDGE = "== end of cell =="


@functools.cache
def torch_python() -> str | None:
    for python in (os.environ.get("LABWRIGHT_TORCH_PYTHON"), sys.executable, "/usr/bin/python3"):
        if python and Path(python).exists():
            asked = subprocess.run([python, "-c", "import numpy, torch"], capture_output=True)
            if asked.returncode == 0:
                return python
    return None


@pytest.fixture
def python() -> str:
    found = torch_python()
    if found is None:
        assert "CI" not in os.environ, "CI installs python3-torch"
        pytest.skip("no Python with torch here (Debian: python3-torch)")
    return found


def write(example: Example, folder: Path, python: str) -> Path:
    path = example.write(folder)
    document = json.loads(path.read_text())
    document["metadata"]["labwright"] = {"pipeline": {"defaults": {"image": python}}}
    path.write_text(json.dumps(document))
    return path


def straight(path: Path, python: str) -> list[str]:
    """What each cell prints when Python runs them one after another."""
    cells = [cell["source"] for cell in json.loads(path.read_text())["cells"]]
    script = f"\nprint({EDGE!r})\n".join(cells)
    done = subprocess.run([python, "-c", script], capture_output=True, text=True, check=True)
    return [text.strip("\n") for text in done.stdout.split(EDGE)]


@pytest.mark.parametrize("example", CORPUS, ids=[e.name for e in CORPUS])
def test_pipeline_prints_what_the_notebook_prints(
    example: Example, tmp_path: Path, python: str
) -> None:
    path = write(example, tmp_path, python)
    analysed = analyse_notebook(str(path))
    record = run_analysed(analysed, {})
    assert record.state == "SUCCEEDED", [step.error for step in record.steps if step.error]
    assert [d.message for d in record.diagnostics if d.severity != "info"] == []
    expected = straight(path, python)
    for step in record.steps:
        assert step.notebook is not None
        for cell in json.loads(step.notebook.read_text())["cells"]:
            if cell["id"][0] == "c" and cell["id"][1:].isdigit():
                outputs = [o["text"] for o in cell["outputs"] if o.get("name") == "stdout"]
                text = "".join("".join(each) for each in outputs)
                assert text.strip("\n") == expected[int(cell["id"][1:])]
    closure = reachable(analysed.flow)
    for first, second in example.parallel:
        assert not {(first, second), (second, first)} & closure, f"{first}, {second} are chained"


def test_backward_across_a_step_says_what_to_do(tmp_path: Path, python: str) -> None:
    cells = (
        "# %% imports\nimport torch\n# %% step:a\nw = torch.ones(3, requires_grad=True)\n"
        "loss = (w * 2).sum()\n# %% step:b\nloss.backward()"
    )
    analysed = analyse_notebook(str(write(Example("backward", cells), tmp_path, python)))
    record = run_analysed(analysed, {})
    assert record.state == "FAILED"
    error = record.steps[1].error
    assert error is not None
    assert "call backward() in the step that computes it" in error.evalue
