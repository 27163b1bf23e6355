"""What we compile, beside what the kfp SDK makes of it and compiles itself from our export."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from labwright.pipeline import compile as compile_module
from labwright.pipeline.compile import compile_pipeline
from labwright.pipeline.component import compile_component
from labwright.pipeline.export import export_pipeline
from labwright.pipeline.load import load_pipeline
from labwright.pipeline.model import Pipeline
from oracle import Oracle
from pipeline.notebooks import Cell, compiled, pipeline
from pipeline.shape import executors, shape

PARAMETERS: Cell = (
    "parameters",
    "lr = 1.0\nn = 3\nname = 'a'\nflag = True\ngrid = [1.0, 2.0]\nopts = {'a': 1}",
)
PIPELINES: dict[str, tuple[Cell, ...]] = {
    "chain": (
        PARAMETERS,
        ("step:load", "data = [n, 1]"),
        ("step:train", "model = [d * lr for d in data]\nprint(opts, name)"),
        ("step:change", "data.append(4)"),
        ("step:show", "print(model, data)"),
    ),
    "conditions": (
        PARAMETERS,
        ("step:a", "accuracy = 0.9\nword = 'b'\ngo = True\nx = 1"),
        ("step:number", "y = x", {"when": "accuracy > 0.85"}),
        ("step:inner", "print(y)", {"when": "word == 'b'"}),
        ("step:whole", "print(x)", {"when": "n == 3"}),
        ("step:mixed", "print(x)", {"when": "n > 2.5"}),
        ("step:text", "print(x)", {"when": "name != 'z'"}),
        ("step:truth", "print(x)", {"when": "flag"}),
        ("step:variable", "print(x)", {"when": "go"}),
        ("step:two", "print(x)", {"when": "accuracy >= lr"}),
    ),
    "loops": (
        PARAMETERS,
        ("step:a", "items = [1, 2]\nx = 1"),
        ("step:literal", "r = [v, x]", {"foreach": "v in [1, 2.0, 'a']"}),
        ("step:list", "s = v", {"foreach": "v in items"}),
        ("step:parameter", "t = v", {"foreach": "v in grid"}),
        ("step:all", "print(r, s, t)"),
        ("step:later", "print(1)", {"after": ["list"]}),
    ),
    "finally": (
        PARAMETERS,
        ("step:a", "x = [n]\ngo = True"),
        ("step:b", "y = v", {"foreach": "v in x", "when": "go"}),
        ("step:c", "print(y)"),
        ("step:end", "print(pipeline_status, n)", {"finally": True}),
    ),
    "settings": (
        (
            "step:a",
            "x = 1",
            {
                "image": "team/python:1",
                "packages": ["tqdm"],
                "resources": {"cpu": 2, "memory": "2Gi", "gpu": 1},
                "retry": {"count": 2, "backoff": 5, "factor": 3, "max": 60},
                "timeout": 60,
                "env": {"B": "1", "A": "it's"},
                "volumes": [
                    {"name": "data", "mount": "data"},
                    {"name": "models", "mount": "/m", "size": "1Gi"},
                ],
                "secrets": [{"name": "db", "key": "user", "env": "DB_USER"}],
                "node_selector": {"zone": "a"},
                "tolerations": [
                    {"key": "gpu", "value": "x", "effect": "NoSchedule"},
                    {"operator": "Exists", "tolerationSeconds": 5},
                ],
                "labels": {"team": "x"},
                "annotations": {"note": "y"},
            },
        ),
        ("step:b", "print(x)", {"cache": False}),
    ),
}
EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*.ipynb"))
EVERYTHING = [*PIPELINES, *EXAMPLES]


def built(case: str | Path) -> Pipeline:
    return load_pipeline(case)[2] if isinstance(case, Path) else pipeline(*PIPELINES[case])


def name_of(case: str | Path) -> str:
    return case.name if isinstance(case, Path) else case


def parsed(oracle: Oracle, tmp_path: Path, text: str) -> dict[str, Any]:
    path = tmp_path / "compiled.yaml"
    path.write_text(text, encoding="utf-8")
    return oracle.ask("parse", path=str(path))


@pytest.mark.parametrize("case", EVERYTHING, ids=name_of)
def test_kfp_reads_it(oracle: Oracle, tmp_path: Path, case: str | Path) -> None:
    """Strictly into kfp's messages, and with `load_component_from_file`."""
    made = built(case)
    parsed(oracle, tmp_path, compile_pipeline(made).to_yaml())
    loaded = oracle.ask("load", path=str(tmp_path / "compiled.yaml"))
    assert loaded["inputs"] == sorted(p.name for p in made.parameters)


@pytest.mark.parametrize("case", EVERYTHING, ids=name_of)
def test_kfp_compiles_the_export_to_the_same(
    oracle: Oracle, tmp_path: Path, case: str | Path
) -> None:
    made = built(case)
    ours = parsed(oracle, tmp_path, compile_pipeline(made).to_yaml())
    source = tmp_path / "pipeline.py"
    source.write_text(export_pipeline(made), encoding="utf-8")
    theirs = oracle.ask("compile", path=str(source), target=str(tmp_path / "theirs.yaml"))
    assert shape(ours["spec"]) == shape(theirs["spec"])
    assert executors(ours["spec"]) == executors(theirs["spec"])
    assert ours["spec"]["root"].get("inputDefinitions") == theirs["spec"]["root"].get(
        "inputDefinitions"
    )
    assert ours["platform"] == theirs["platform"]


def test_what_kfp_has_no_condition_for_is_decided_by_a_component(
    oracle: Oracle, tmp_path: Path
) -> None:
    made = pipeline(
        PARAMETERS,
        ("step:a", 'x = 0.5\nword = "it\'s"'),
        ("step:b", "print(1)", {"when": "x > 0.4 or not flag and word in ('a', 'b')"}),
        ("step:c", "print(2)", {"when": "x > 0.4 and n == 3"}),
    )
    source = tmp_path / "pipeline.py"
    source.write_text(export_pipeline(made), encoding="utf-8")
    theirs = oracle.ask("compile", path=str(source), target=str(tmp_path / "theirs.yaml"))
    tasks = shape(theirs["spec"])
    assert tasks["decide-1"]["inputs"] == {
        "x": "a.x__value",
        "word": "a.word__value",
        "flag": "parameter flag",
    }
    assert tasks["condition(b)"]["condition"] == "<decide-1.yes> == true"
    assert tasks["condition(condition(c))"]["condition"] == "<a.x__value> > 0.4"


@pytest.mark.parametrize("case", ["chain", "loops", "finally", "settings"])
def test_each_step_is_a_component_of_its_own(oracle: Oracle, tmp_path: Path, case: str) -> None:
    made = built(case)
    for step in made.steps:
        path = tmp_path / "component.yaml"
        result = compile_component(made, step.name)
        parsed(oracle, tmp_path, result.to_yaml())
        path.write_text(result.to_yaml(), encoding="utf-8")
        loaded = oracle.ask("load", path=str(path))
        assert set(loaded["outputs"]) == {
            *step.component.outputs,
            *(value.key for value in step.component.values),
        }
        assert {i.key for i in step.component.inputs} <= set(loaded["inputs"])


def test_a_component_is_used_in_another_pipeline(oracle: Oracle, tmp_path: Path) -> None:
    path = tmp_path / "component.yaml"
    path.write_text(compile_component(built("chain"), "train").to_yaml(), encoding="utf-8")
    used = oracle.ask("use", path=str(path), target=str(tmp_path / "uses.yaml"))
    assert "train" in used["spec"]["root"]["dag"]["tasks"]


def test_a_large_pipeline_is_read_too(
    oracle: Oracle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compile_module, "INLINE_LIMIT", 1000)
    spec = parsed(oracle, tmp_path, compiled(*PIPELINES["finally"]).to_yaml())["spec"]
    assert list(spec["root"]["dag"]["tasks"]) == ["pipeline"]
