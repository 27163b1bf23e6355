"""Labwright beside the kfp and kubeflow SDKs, in one environment that pip resolved for all three.

`make test` makes it and names its interpreter in LABWRIGHT_TOGETHER_PYTHON.
"""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PYTHON = os.environ.get("LABWRIGHT_TOGETHER_PYTHON", "")

pytestmark = [
    pytest.mark.skipif(
        not PYTHON and not os.environ.get("CI"),
        reason="no environment with all three is named: `make test` makes one",
    ),
    pytest.mark.xdist_group("together"),
]


def run(*words: str | Path, home: Path) -> str:
    """What the interpreter prints; it must succeed."""
    env = {
        **os.environ,
        # The environment is kept between checkouts, so its Labwright may be another's.
        "PYTHONPATH": str(ROOT / "python"),
        "LABWRIGHT_HOME": str(home / "labwright"),
    }
    done = subprocess.run(
        [PYTHON, *words], cwd=home, env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def labwright(*words: str | Path, home: Path) -> str:
    return run("-c", "from labwright.cli.main import main; main()", *words, home=home)


def test_no_requirement_of_any_is_broken(tmp_path: Path) -> None:
    assert "No broken requirements" in run("-m", "pip", "check", home=tmp_path)


def test_all_three_can_be_imported_in_one_process(tmp_path: Path) -> None:
    told = run(
        "-c",
        "import kfp, labwright, kubernetes, kubeflow.trainer, kubeflow.optimizer\n"
        "import labwright.targets.kubeflow.transport, labwright.targets.kubeflow.kubeconfig\n"
        "print(kubeflow.trainer.CustomTrainer(func=print, num_nodes=2).num_nodes)\n"
        "print(labwright.__file__)",
        home=tmp_path,
    )
    assert told.split() == ["2", str(ROOT / "python/labwright/__init__.py")]


def test_a_notebook_runs_and_the_kfp_sdk_loads_what_is_compiled(tmp_path: Path) -> None:
    cells = [("n = 20", "parameters"), ("m = n + 1", "step:make"), ("print(2 * m)", "step:show")]
    notebook = tmp_path / "small.ipynb"
    notebook.write_text(
        json.dumps(
            {
                "nbformat": 4,
                "nbformat_minor": 5,
                "metadata": {},
                "cells": [
                    {
                        "cell_type": "code",
                        "id": tag.partition(":")[2] or tag,
                        "metadata": {"tags": [tag]},
                        "source": source,
                        "outputs": [],
                        "execution_count": None,
                    }
                    for source, tag in cells
                ],
            }
        )
    )
    ran = json.loads(labwright("run", notebook, "--json", home=tmp_path).splitlines()[-1])
    assert ran["state"] == "SUCCEEDED"
    labwright("compile", notebook, "-o", tmp_path / "small.yaml", home=tmp_path)
    loaded = run(
        "-c",
        "from kfp.components import load_component_from_file\n"
        "print(*load_component_from_file('small.yaml').component_spec.inputs)",
        home=tmp_path,
    )
    assert loaded.split() == ["n"]
