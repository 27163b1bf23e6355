"""What we compile, run by kfp.local's subprocess runner: the same outputs as the notebook's."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from labwright.pipeline import compile as compile_module
from labwright.pipeline.compile import CompiledPipeline, compile_pipeline
from labwright.pipeline.load import load_pipeline
from oracle import Oracle, oracle_python
from pipeline.notebooks import Cell, compiled

CELLS: tuple[Cell, ...] = (
    ("parameters", "lr = 1.0\nn = 3\ngrid = [1.0, 2.0]\nflag = True\nopts = {'a': 1, 'b': 2.0}"),
    ("imports", "import math"),
    ("functions", "def scale(values):\n    return [v * lr for v in values]"),
    ("step:load", "data = [1, 2, 3]\nitems = [1, 2.0, 'a', None]\nprint(lr, n, grid, opts)"),
    ("step:train", "model = scale(data)\naccuracy = 0.9\nword = 'rf'\nprint(model)"),
    ("step:deploy", "place = len(model)\nprint('deployed', place)", {"when": "accuracy > 0.85"}),
    ("step:tell", "print('told', place)"),
    ("step:never", "print('never', model)", {"when": "accuracy < 0.5 or not flag"}),
    ("step:both", "print('both')", {"when": "n == 3 and word in ('svm', 'rf')"}),
    ("step:soft", "data = data + [4]", {"when": "word == 'svm'"}),
    ("step:after", "print(data)"),
    ("step:listed", "score = [item, len(data)]\nprint(repr(item))", {"foreach": "item in items"}),
    ("step:ranged", "square = k * k\nprint(repr(k))", {"foreach": "k in range(3)"}),
    ("step:given", "doubled = g * 2\nprint(repr(g))", {"foreach": "g in grid"}),
    ("step:all", "print(score, square, doubled)"),
    ("step:end", "print(pipeline_status['state'], n)", {"finally": True}),
)


def shown(run: str) -> dict[str, str]:
    """What the cells of each step printed, by the step's folder."""
    texts = {}
    for path in Path(run).rglob("labwright_notebook"):
        cells: list[dict[str, Any]] = json.loads(path.read_text())["cells"]
        outputs = [out for cell in cells for out in cell.get("outputs", [])]
        step = "/".join(path.relative_to(run).parts[:-1])
        texts[step] = "".join("".join(out["text"]) for out in outputs)
    return texts


def run_in_kfp(
    oracle: Oracle,
    folder: Path,
    pipeline: CompiledPipeline,
    arguments: dict[str, Any],
    python: str | None = None,
) -> str:
    path = folder / "pipeline.yaml"
    path.write_text(pipeline.to_yaml(), encoding="utf-8")
    made = oracle.ask(
        "run",
        path=str(path),
        root=str(folder / "root"),
        arguments=arguments,
        python=python or str(oracle_python()),
        workdir=str(folder),
    )
    assert isinstance(made, str)
    return made


def run(oracle: Oracle, tmp_path: Path, **arguments: Any) -> dict[str, str]:
    return shown(run_in_kfp(oracle, tmp_path, compiled(*CELLS), arguments))


@pytest.mark.parametrize("limit", [compile_module.INLINE_LIMIT, 1000], ids=["inline", "carried"])
def test_same_outputs(
    oracle: Oracle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: int
) -> None:
    monkeypatch.setattr(compile_module, "INLINE_LIMIT", limit)
    assert run(oracle, tmp_path) == {
        "load": "1.0 3 [1.0, 2.0] {'a': 1, 'b': 2.0}\n",
        "train": "[1.0, 2.0, 3.0]\n",
        "deploy": "deployed 3\n",
        "tell": "told 3\n",
        "both": "both\n",
        "soft": "",
        "after": "[1, 2, 3]\n",
        "for-loop-1-iteration-0/listed": "1\n",
        "for-loop-1-iteration-1/listed": "2.0\n",
        "for-loop-1-iteration-2/listed": "'a'\n",
        "for-loop-1-iteration-3/listed": "None\n",
        "for-loop-2-iteration-0/ranged": "0\n",
        "for-loop-2-iteration-1/ranged": "1\n",
        "for-loop-2-iteration-2/ranged": "2\n",
        "for-loop-3-iteration-0/given": "1.0\n",
        "for-loop-3-iteration-1/given": "2.0\n",
        "all": "[[1, 3], [2.0, 3], ['a', 3], [None, 3]] [0, 1, 4] [2.0, 4.0]\n",
        "end": "SUCCEEDED 3\n",
    }


def test_other_parameters(oracle: Oracle, tmp_path: Path) -> None:
    texts = run(oracle, tmp_path, lr=2.0, n=4, grid=[5], flag=False)
    assert texts["load"] == "2.0 4 [5.0] {'a': 1, 'b': 2.0}\n"
    assert texts["train"] == "[2.0, 4.0, 6.0]\n"
    assert texts["never"] == "never [2.0, 4.0, 6.0]\n"
    assert "both" not in texts
    assert texts["for-loop-3-iteration-0/given"] == "5.0\n"


COMMAND_LINE = "import sys; from labwright.cli.main import main; sys.exit(main())"
EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*.ipynb"))
# kfp.local starts a Python for each turn of a loop, one after another: two turns say as much.
ARGUMENTS: dict[str, dict[str, Any]] = {"sweep.ipynb": {"depths": [1, 3]}}


def texts(notebook: Path) -> dict[str, list[str]]:
    """The text outputs of each cell, by id."""
    found = {}
    for cell in json.loads(notebook.read_text())["cells"]:
        if cell["cell_type"] == "code":
            found[cell["id"]] = [
                "".join(output.get("text") or output.get("data", {}).get("text/plain", ""))
                for output in cell["outputs"]
            ]
    return found


def labwright(folder: Path, *words: str) -> str:
    """What `labwright WORDS` prints, run in `folder`."""
    command = [sys.executable, "-c", COMMAND_LINE, *words]
    return subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.name)
def test_examples_give_the_same_outputs(oracle: Oracle, tmp_path: Path, example: Path) -> None:
    """Those of the notebook run straight; a loop runs once there, so then those of our engine."""
    here, steps = tmp_path / "here", tmp_path / "steps"
    here.mkdir()
    steps.mkdir()
    pipeline = load_pipeline(example)[2]
    wanted: dict[str, list[list[str]]] = {}
    arguments = ARGUMENTS.get(example.name, {})
    if any(step.foreach for step in pipeline.steps):
        shutil.copy(example, here)
        given = [f"-p{name}={json.dumps(value)}" for name, value in arguments.items()]
        told = labwright(here, "run", example.name, "--json", *given)
        run = json.loads(told.splitlines()[-1])
        executed = [Path(step["notebook"]) for step in run["steps"]]
    else:
        labwright(here, "exec", str(example), "out.ipynb")
        executed = [here / "out.ipynb"]
    for notebook in executed:
        for cell, shown_there in texts(notebook).items():
            wanted.setdefault(cell, []).append(shown_there)
    made = run_in_kfp(oracle, steps, compile_pipeline(pipeline), arguments, sys.executable)
    seen: dict[str, list[list[str]]] = {}
    for notebook in Path(made).rglob("labwright_notebook"):
        for cell, given in texts(notebook).items():
            seen.setdefault(cell, []).append(given)
    own = {cell for cell in seen if cell in wanted and cell != "labwright-parameters"}
    assert len(own) >= 3
    assert {c: sorted(seen[c]) for c in own} == {c: sorted(wanted[c]) for c in own}
