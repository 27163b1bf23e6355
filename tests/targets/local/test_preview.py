"""What a run would do, said before it: and that it then does so."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from labwright.errors import LabwrightError
from labwright.launch import analyse_document, preview, run_analysed
from labwright.targets.local.store import Store

CELLS = [
    ("parameters", "lr = 0.1\nitems = [1, 2]"),
    ("functions", "def add(x):\n    return x + 1"),
    ("step:load", "data = open('data.csv').read()"),
    ("step:split", "rows = add(len(data))"),
    ("step:each", "square = n * n"),
    ("step:train", "model = rows * lr"),
    ("step:big", "print(model)"),
]
SETTINGS: dict[str, dict[str, Any]] = {
    "step:each": {"foreach": "n in items"},
    "step:big": {"when": "model > 100"},
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "data.csv").write_text("1,2,3")
    return tmp_path


def document(changes: dict[str, str] | None = None, **settings: dict[str, Any]) -> dict[str, Any]:
    cells = []
    for index, (tag, source) in enumerate(CELLS):
        own = {**SETTINGS.get(tag, {}), **settings.get(tag.removeprefix("step:"), {})}
        metadata: dict[str, Any] = {"tags": [tag], **({"labwright": own} if own else {})}
        source = (changes or {}).get(tag, source)
        cells.append({"cell_type": "code", "id": f"c{index}", "metadata": metadata,
                      "source": source, "outputs": [], "execution_count": None})  # fmt: skip
    return {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}


def look(folder: Path, document: dict[str, Any], **values: Any) -> dict[str, tuple[str, str]]:
    analysed = analyse_document(document, folder / "nb.ipynb")
    return {one["name"]: (one["state"], one["why"]) for one in preview(analysed, values, Store())}


def run(folder: Path, document: dict[str, Any], **options: Any) -> dict[str, tuple[str, bool]]:
    record = run_analysed(analyse_document(document, folder / "nb.ipynb"), {}, **options)
    return {step.name: (step.state, step.cached) for step in record.steps}


def test_before_and_after_the_first_run(folder: Path) -> None:
    assert {state for state, _ in look(folder, document()).values()} == {"new"}
    run(folder, document())
    after = look(folder, document())
    assert {state for state, _ in after.values()} == {"cached"}
    assert after["big"][1] == "its condition is not met"
    assert all(cached for name, (_, cached) in run(folder, document()).items() if name != "big")


@pytest.mark.parametrize(
    ("changes", "step", "why"),
    [
        ({"step:split": "rows = add(len(data)) + 1"}, "split", "its code changed"),
        (
            {"functions": "def add(x):\n    return x + 2"},
            "split",
            "an import or a definition that it uses changed",
        ),
    ],
)
def test_an_edit_makes_a_step_stale(
    folder: Path, changes: dict[str, str], step: str, why: str
) -> None:
    run(folder, document())
    found = look(folder, document(changes))
    assert found[step] == ("stale", why)
    assert found["load"] == ("cached", None)
    assert found["each"] == ("cached", None)
    assert found["train"] == ("waiting", f"input rows changes, because {step} runs")
    done = run(folder, document(changes))
    assert done["load"][1]
    assert not done["split"][1]


def test_a_parameter_a_file_and_a_setting(folder: Path) -> None:
    run(folder, document())
    found = look(folder, document(), lr="0.5")
    assert found["train"] == ("stale", "parameter lr changed: 0.1 -> 0.5")
    assert found["split"] == ("cached", None)
    assert look(folder, document(), items="[1, 2, 3]")["each"][0] == "stale"
    off = look(folder, document(split={"cache": False}))
    assert off["split"] == ("stale", "caching is off")
    (folder / "data.csv").write_text("1,2,3,4")
    assert look(folder, document())["load"] == ("stale", "file data.csv changed")


def test_looking_makes_nothing(folder: Path) -> None:
    data = document(load={"volumes": [{"name": "kept", "mount": "kept", "size": "1Gi"}]})
    look(folder, data)
    assert sorted(one.name for one in folder.iterdir()) == ["data.csv"]
    assert Store().runs() == []


def test_run_from_a_step(folder: Path) -> None:
    run(folder, document())
    done = run(folder, document(), from_step="split")
    assert done["load"][1]
    assert done["each"][1]
    assert not done["split"][1]
    assert not done["train"][1]


def test_run_up_to_a_step(folder: Path) -> None:
    done = run(folder, document(), until_step="split")
    assert list(done) == ["load", "split"]
    assert run(folder, document())["split"][1]
    graph = Store().dir(Store().runs()[-1].run_id).graph
    assert '"train"' not in graph.read_text().partition('"cells"')[0]


def test_steps_that_are_not_there(folder: Path) -> None:
    with pytest.raises(LabwrightError, match=r"no step 'spilt'.*did you mean 'split'"):
        run(folder, document(), from_step="spilt")
    with pytest.raises(LabwrightError, match=r"no step 'nothing'.*it has load"):
        run(folder, document(), until_step="nothing")
    with pytest.raises(LabwrightError, match="does not need step 'train'"):
        run(folder, document(), from_step="train", until_step="split")
