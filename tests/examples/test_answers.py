"""Every example notebook: the pipeline answers as the notebook, and does what its text says."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from labwright.launch import analyse_notebook, run_analysed
from labwright.verify import verify

EXAMPLES = sorted((Path(__file__).resolve().parents[2] / "examples").glob("*.ipynb"))


@pytest.fixture
def example(tmp_path: Path, repository: Path, request: pytest.FixtureRequest) -> Path:
    """A copy of the example in a folder of its own."""
    return Path(shutil.copy(repository / "examples" / f"{request.param}.ipynb", tmp_path))


@pytest.mark.parametrize("example", [path.stem for path in EXAMPLES], indirect=True)
def test_verify_says_equal(example: Path) -> None:
    verdict = verify(analyse_notebook(str(example)), {})
    assert verdict.equal, [cell for cell in verdict.cells if not cell["equal"]]
    assert verdict.record.state == "SUCCEEDED"
    assert not [d for d in verdict.diagnostics if d.severity != "info"]


@pytest.mark.parametrize("example", ["digits"], indirect=True)
def test_digits_trains_two_models_side_by_side_and_writes_a_card(example: Path) -> None:
    analysed = analyse_notebook(str(example))
    steps = {step.name: step for step in analysed.flow.steps}
    assert {item.source for item in steps["forest"].inputs} == {"split", None}
    assert {item.source for item in steps["nearest"].inputs} == {"split", None}
    good = run_analysed(analysed, {})
    assert good.metrics["accuracy"] > 0.95
    assert "Digit reader" in (example.parent / "model_card.md").read_text()
    better = run_analysed(analysed, {"wanted_accuracy": "0.999"})
    states = {step.name: (step.state, step.cached) for step in better.steps}
    assert states["choose"] == ("SUCCEEDED", True)
    assert states["card"][0] == "SKIPPED"


@pytest.mark.parametrize("example", ["workflow"], indirect=True)
def test_workflow_deploys_only_what_is_accurate_enough(example: Path) -> None:
    analysed = analyse_notebook(str(example))
    poor = run_analysed(analysed, {"epochs": "1", "learning_rate": "1000"})
    assert poor.state == "SUCCEEDED"
    assert poor.metrics["accuracy"] <= 0.85
    assert not (example.parent / "models").exists()
    good = run_analysed(analysed, {"model_name": "reader"})
    assert good.metrics["accuracy"] > 0.85
    assert (example.parent / "models" / "reader" / "model.joblib").exists()


@pytest.mark.parametrize("example", ["sweep"], indirect=True)
def test_sweep_runs_once_for_each_depth(example: Path) -> None:
    record = run_analysed(analyse_notebook(str(example)), {"depths": "[2, 1]"})
    turns = [step for step in record.steps if step.name == "fit"]
    assert len(turns) == 2
    assert record.metrics["best_depth"] in (1, 2)
