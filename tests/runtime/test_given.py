"""What a step is given: parameters exactly as the notebook had them, the loop's item, a place."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from labwright.runtime import given
from labwright.runtime.given import enter_workdir, given_parameters, like
from labwright.runtime.task import to_parameter


@pytest.mark.parametrize(
    ("value", "default", "wanted"),
    [
        (1, 0.5, 1.0),
        (1.0, 3, 1),
        (1.5, 3, 1.5),
        (True, 0.5, True),
        ([1, 2], [1.0, 2.0], [1.0, 2.0]),
        ([1, 2, 3], [1.0], [1.0, 2.0, 3.0]),
        ([1, 2.0], [1.0, 2], [1.0, 2]),
        ([1], [1.0, "a"], [1]),
        ({"b": 1, "a": 1}, {"a": 1.0, "b": 2}, {"a": 1.0, "b": 1}),
        ({"c": [1]}, {"c": [0.5], "d": 1}, {"c": [1.0]}),
        ("a", 1, "a"),
        (1, None, 1),
        ([], [], []),
    ],
)
def test_like(value: Any, default: Any, wanted: Any) -> None:
    assert repr(like(value, default)) == repr(wanted)


def test_parameters() -> None:
    program = {
        "parameters": {
            "lr": "NUMBER_DOUBLE",
            "n": "NUMBER_INTEGER",
            "grid": "LIST",
            "gone": "STRING",
        },
        "defaults": {"grid": [0.5]},
        "status": True,
    }
    parameters = {"lr": 1, "n": 3.0, "grid": [1], "pipeline_status": {"state": "SUCCEEDED"}}
    assert repr(given_parameters(program, parameters)) == repr(
        {"lr": 1.0, "n": 3, "grid": [1.0], "pipeline_status": {"state": "SUCCEEDED"}}
    )


@pytest.mark.parametrize(
    ("program", "item", "wanted"),
    [
        ({"loop_item": "json"}, "1.0", 1.0),
        ({"loop_item": "json"}, '"1"', "1"),
        ({"loop_item": "value", "loop_like": 0.0}, 2, 2.0),
        ({"loop_item": "value", "loop_like": 0}, 2.0, 2),
        ({"loop_item": "value"}, "a", "a"),
    ],
)
def test_the_item_of_a_loop(program: dict[str, Any], item: Any, wanted: Any) -> None:
    found = given_parameters({**program, "loop_variable": "k"}, {"labwright_item": item})
    assert repr(found) == repr({"k": wanted})


def test_what_decides_is_written_exactly() -> None:
    assert to_parameter([], "TRUTH") is False
    assert to_parameter([0], "TRUTH") is True
    assert to_parameter((1, 1.0, "1", None, {"a": [1]}), "ITEMS") == [
        "1",
        "1.0",
        '"1"',
        "null",
        '{"a": [1]}',
    ]


@pytest.mark.parametrize("item", [(1, 2), {1: 2}, float("nan"), object(), {"a": (1,)}])
def test_an_item_json_would_change_is_refused(item: Any) -> None:
    with pytest.raises(ValueError, match="a loop's items are plain"):
        to_parameter([item], "ITEMS")


def test_the_working_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LABWRIGHT_WORKDIR", raising=False)
    monkeypatch.chdir(tmp_path)
    workspace = tmp_path / "workspace"
    monkeypatch.setattr(given, "WORKSPACE", str(workspace))
    program = {
        "workdir": str(tmp_path / "work"),
        "links": {str(tmp_path / "work/models"): str(workspace / "models")},
    }
    enter_workdir(program)  # a plain machine: nothing of a container is there
    assert Path.cwd() == tmp_path
    assert not (tmp_path / "work").exists()
    workspace.mkdir()
    enter_workdir(program)
    enter_workdir(program)
    assert Path.cwd() == tmp_path / "work"
    Path("models/a").write_text("x")
    assert os.listdir(workspace / "models") == ["a"]


def test_the_engine_has_its_own_working_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LABWRIGHT_WORKDIR", str(tmp_path))
    (tmp_path / "work").mkdir()
    enter_workdir({"workdir": str(tmp_path / "work")})
    assert Path.cwd() == tmp_path
