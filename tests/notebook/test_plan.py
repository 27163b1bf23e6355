from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from labwright.dataflow.model import StepControl
from labwright.errors import LabwrightError
from labwright.notebook.model import Notebook
from labwright.notebook.plan import name_from_file, read_plan, step_controls
from labwright.notebook.read import parse_document
from labwright.notebook.settings import Gpu, StepSettings

Make = Callable[..., Notebook]


def parts(made: Notebook) -> list[tuple[str, str | None]]:
    return [(block.kind, block.step) for block in read_plan(made).blocks]


def refused(made: Notebook) -> str:
    with pytest.raises(LabwrightError) as error:
        read_plan(made)
    return str(error.value)


def test_untagged_cells_join_the_step_above(notebook: Make) -> None:
    made = notebook(
        "md:# Title",
        ("import os", "imports"),
        ("a = 1", "step:load"),
        "b = 2",
        "md:text",
        ("c = 3", "step:train"),
        ("x", "skip"),
        ("def f(): ...", "functions"),
        "d = 4",
        ("e = 5", "step:load other-tag"),
    )
    assert parts(made) == [
        ("imports", None),
        ("step", "load"),
        ("step", "load"),
        ("step", "train"),
        ("skip", None),
        ("functions", None),
        ("step", "train"),
        ("step", "load"),
    ]
    plan = read_plan(made)
    assert [(step.name, step.cells) for step in plan.steps] == [
        ("load", (2, 3, 9)),
        ("train", (5, 8)),
    ]
    assert plan.name == "nb"
    assert plan.diagnostics == ()
    assert [block.id for block in plan.blocks][:2] == ["id1", "id2"]


def test_without_tags_it_is_one_step(notebook: Make) -> None:
    made = notebook(("n = 1", "parameters"), "a = 1", "", ("print(a)", "metrics"))
    assert parts(made) == [("parameters", None), ("step", "nb"), ("step", "nb"), ("step", "nb")]
    plan = read_plan(made)
    assert [block.metrics for block in plan.blocks] == [False, False, False, True]
    assert plan.diagnostics == ()


@pytest.mark.parametrize(
    ("stem", "name"),
    [
        ("digits", "digits"),
        ("My work (1)", "My_work_1"),
        ("01-intro", "step_01-intro"),
        ("été", "t"),
        ("数", "step"),
        ("x" * 80, "x" * 63),
    ],
)
def test_name_from_file(stem: str, name: str) -> None:
    assert name_from_file(Path(f"/work/{stem}.ipynb")) == name


def test_code_before_the_first_step(notebook: Make) -> None:
    made = notebook("", "# note", "a = 1", "b = 2", ("c = 3", "step:x"))
    assert parts(made) == [
        ("skip", None),
        ("skip", None),
        ("step", "setup"),
        ("step", "setup"),
        ("step", "x"),
    ]
    [remark] = read_plan(made).diagnostics
    assert (remark.cell, remark.severity, remark.code) == (2, "info", "leading-code")


def test_leading_code_can_continue_as_setup(notebook: Make) -> None:
    plan = read_plan(notebook("a = 1", ("b = 2", "step:setup"), ("c", "step:x")))
    assert [(step.name, step.cells) for step in plan.steps] == [("setup", (0, 1)), ("x", (2,))]


def test_metrics_belong_to_the_step_above(notebook: Make) -> None:
    plan = read_plan(
        notebook(("a = 1", "step:x"), ("a", "metrics"), "b = 2", ("c", "step:y metrics"))
    )
    assert [(block.step, block.metrics) for block in plan.blocks] == [
        ("x", False),
        ("x", True),
        ("x", False),
        ("y", True),
    ]
    plan = read_plan(notebook(("a = 1", "metrics"), ("b", "step:x")))
    assert [step.name for step in plan.steps] == ["metrics", "x"]


def test_nothing_to_run(notebook: Make) -> None:
    plan = read_plan(notebook("md:# Title", ("import os", "imports"), ""))
    assert plan.steps == ()
    assert [(one.severity, one.code) for one in plan.diagnostics] == [("error", "no-steps")]


def test_step_line_says_what_tags_and_metadata_say(notebook: Make) -> None:
    plan = read_plan(
        notebook(
            '%%step train --gpu 1 --when "n > 1"\nx = 1\n',
            ("y = 2", "step:eval", {"timeout": "1m"}),
            ("%%step eval --no-cache\nz = 3", "step:eval"),
        )
    )
    train, evaluate = plan.steps
    assert plan.blocks[0].source == "x = 1\n"
    assert train.settings.resources.gpu == Gpu(1, "nvidia")
    assert (evaluate.settings.timeout, evaluate.settings.cache) == (60.0, False)


def test_settings_of_one_step_come_together(notebook: Make) -> None:
    plan = read_plan(
        notebook(
            ("a", "step:x", {"env": {"A": "1"}, "packages": ["p"], "image": "i"}),
            ("b", "", {"env": {"B": "2"}, "packages": ["p", "q"], "image": "i"}),
        )
    )
    settings = plan.steps[0].settings
    assert settings.env == {"A": "1", "B": "2"}
    assert (settings.packages, settings.image) == (["p", "q"], "i")


def test_defaults_and_volumes_of_the_pipeline(notebook: Make) -> None:
    plan = read_plan(
        notebook(
            ("a", "step:x"),
            ("b", "step:y", {"resources": {"cpu": 2}, "volumes": [{"name": "v", "mount": "own"}]}),
            labwright={
                "pipeline": {
                    "name": "p",
                    "volumes": [{"name": "v", "mount": "data"}, {"name": "w", "mount": "w"}],
                    "defaults": {"resources": {"cpu": 1, "memory": "1Gi"}, "retry": 2},
                }
            },
        )
    )
    x, y = (step.settings for step in plan.steps)
    assert (x.resources.cpu, x.resources.memory) == ("1", "1Gi")
    assert (y.resources.cpu, y.resources.memory) == ("2", "1Gi")
    assert x.retry == y.retry is not None
    assert [(v.name, v.mount) for v in x.volumes] == [("v", "data"), ("w", "w")]
    assert [(v.name, v.mount) for v in y.volumes] == [("w", "w"), ("v", "own")]
    assert plan.name == plan.settings.name == "p"


def test_controls_for_the_analysis(notebook: Make) -> None:
    plan = read_plan(
        notebook(
            ("a", "step:x", {"foreach": "n in [1]"}),
            ("b", "step:y", {"when": "a > 1", "after": ["x"]}),
            ("c", "step:z", {"finally": True}),
        )
    )
    assert step_controls(plan) == (
        StepControl("x", foreach="n in [1]"),
        StepControl("y", when="a > 1", after=("x",)),
        StepControl("z", finally_=True),
    )


def test_lines_that_drive_labwright_are_no_part_of_a_step(notebook: Make) -> None:
    text = "s = '''\n%pipeline run\n'''"
    plan = read_plan(
        notebook(
            "%load_ext labwright",
            ("x = 1\nif x:\n    %pipeline run\n%matplotlib inline", "step:a"),
            text,
            "%pipeline graph",
        )
    )
    assert [(block.kind, block.step) for block in plan.blocks] == [
        ("skip", None),
        ("step", "a"),
        ("step", "a"),
        ("step", "a"),
    ]
    assert plan.blocks[1].source == "x = 1\nif x:\n    pass  # %pipeline run\n%matplotlib inline"
    assert plan.blocks[2].source == text
    assert plan.blocks[3].source == "pass  # %pipeline graph"
    assert plan.diagnostics == ()


def test_a_skipped_cell_may_say_anything(notebook: Make) -> None:
    plan = read_plan(
        notebook(("a", "step:x"), ("%%step 1! --no\nb", "skip step:y step:z", {"imag": "x"}))
    )
    assert [step.name for step in plan.steps] == ["x"]
    assert plan.blocks[1].source == "b"


CELL = "nb.ipynb, cell {} (id id{}): "


@pytest.mark.parametrize("name", ["1x", "-x", "a b", "a.b", "é", "_", "x" * 64, "a/b"])
def test_illegal_names(notebook: Make, name: str) -> None:
    made = parse_document(
        {"cells": [{"cell_type": "code", "source": "x", "metadata": {"tags": [f"step:{name}"]}}]}
    )
    message = refused(made)
    assert f"notebook, cell 0 (id cell-0): illegal step name {name!r}" in message
    assert "letters, digits, _ and -" in message


@pytest.mark.parametrize("name", ["x", "X1", "_x", "a-b_c", "x" * 63])
def test_legal_names(notebook: Make, name: str) -> None:
    assert read_plan(notebook(("x", f"step:{name}"))).steps[0].name == name


@pytest.mark.parametrize(
    ("cells", "cell", "message"),
    [
        ([("a", "step:x step:y")], 0, "the cell has 2 step names: x, y (a cell belongs to one"),
        ([("%%step y\na", "step:x")], 0, "the cell has 2 step names: x, y"),
        ([("a", "step:x imports")], 0, "the cell is tagged 'imports' and belongs to step 'x'"),
        ([("%%step x\na", "parameters")], 0, "tagged 'parameters' and belongs to step 'x'"),
        ([("a", "parameters imports")], 0, "has the tags 'parameters' and 'imports' (keep one)"),
        ([("a", "functions metrics")], 0, "has the tags 'functions' and 'metrics' (keep one)"),
        (
            [("a", "step:Train"), ("b", "step:train")],
            1,
            "'Train' (cell 0) and 'train' are too much",
        ),
        ([("a", "step:a_b"), ("b", "step:a-b")], 1, "the step names 'a_b' (cell 0) and 'a-b'"),
        ([("a", "step:x", {"imag": "y"})], 0, "setting `imag` is unknown (did you mean 'image'?"),
        ([("a", "step:x", [])], 0, "cell metadata `labwright` must be an object"),
        ([("a", "step:x"), ("b", "", {"cache": 3})], 1, "setting `cache` is 3 (allowed: true or"),
        ([("a", "imports", {"image": "y"}), ("b", "step:x")], 0, "settings on a cell tagged 'imp"),
        ([("", "", {"image": "y"}), ("b", "step:x")], 0, "settings on a cell that belongs to no"),
        (
            [("%%step x --image b\na", "", {"image": "c"})],
            0,
            "setting `image` is both 'c' and 'b' (keep one)",
        ),
        (
            [("a", "step:x", {"resources": {"cpu": 1}}), ("b", "", {"resources": {"cpu": 2}})],
            1,
            "setting `resources.cpu` of step 'x' is 2 here and 1 in a cell above (set it once, on",
        ),
        (
            [
                ("a", "step:x", {"volumes": [{"name": "v", "mount": "m"}]}),
                ("b", "", {"volumes": [{"name": "v", "mount": "n"}]}),
            ],
            0,
            "setting `volumes[1]` is a second volume called 'v'",
        ),
        ([("%%step\na", "")], 0, "%%step: the step has no name"),
        ([("%%step x --gpus 1\na", "")], 0, "%%step: unknown flag --gpus (did you mean '--gpu'?"),
        ([("%%step x --gpu many\na", "")], 0, "setting `resources.gpu.count` is 'many' (allowed"),
        (
            [("a", "step:load"), ("b", "step:x", {"after": ["laod"]})],
            1,
            "step 'x' is to run after 'laod', and there is no such step (did you mean 'load'?)",
        ),
        ([("a", "step:a prev:zzzzz")], 0, "there is no such step (steps: a)"),
        ([("a", "step:a prev:a")], 0, "steps wait for each other: a after a (take one of them"),
        (
            [("a", "step:a prev:c"), ("b", "step:b prev:a"), ("c", "step:c prev:b")],
            0,
            "steps wait for each other: a after c after b after a",
        ),
        ([("a", "step:a prev:b"), ("b", "step:b")], 0, "after 'b', which stands below it"),
        (
            [("a", "step:a", {"finally": True}), ("b", "step:b prev:a")],
            1,
            "step 'b' is to run after 'a', which runs last",
        ),
        (
            [("a", "step:a", {"finally": True, "when": "x"})],
            0,
            "setting `finally` is not possible together with `when`",
        ),
    ],
)
def test_bad_cells(notebook: Make, cells: list[Any], cell: int, message: str) -> None:
    said = refused(notebook(*cells))
    assert said.startswith(CELL.format(cell, cell))
    assert message in said
    assert "\n" not in said


@pytest.mark.parametrize(
    ("metadata", "message"),
    [
        (
            {"kernelspec": {"name": "ir", "language": "R"}},
            "nb.ipynb: the notebook's language is r;",
        ),
        ({"labwright": 3}, "notebook metadata `labwright`: must be an object"),
        (
            {"labwright": {"name": "x"}},
            "unknown key `name` (allowed: pipeline, with settings in it",
        ),
        ({"labwright": {"pipeline": 3}}, "`pipeline` must be an object"),
        (
            {"labwright": {"pipeline": {"experimnt": "x"}}},
            "notebook metadata `labwright.pipeline`: setting `experimnt` is unknown (did you mean"
            " 'experiment'?",
        ),
        (
            {"labwright": {"pipeline": {"defaults": {"after": ["x"]}}}},
            "setting `defaults.after` cannot be a default",
        ),
    ],
)
def test_bad_notebook_metadata(notebook: Make, metadata: dict[str, Any], message: str) -> None:
    assert message in refused(notebook(("x", "step:a"), **metadata))


def test_parameters_and_remarks_on_them(notebook: Make) -> None:
    plan = read_plan(notebook(("n = 1\nm = n * 2", "parameters"), ("x", "step:a")))
    assert [(p.name, p.type, p.cell) for p in plan.parameters] == [("n", "int", 0)]
    assert [(one.cell, one.code) for one in plan.diagnostics] == [(0, "not-a-parameter")]


def test_a_plan_of_twenty_steps_takes_less_than_ten_milliseconds(notebook: Make) -> None:
    made = notebook(
        ("n = 1\nlr = 0.1", "parameters"),
        *((f"x{i} = {i}\nprint(x{i})", f"step:s{i}") for i in range(20)),
    )
    assert read_plan(made).steps[0].settings == StepSettings()
    times = []
    for _ in range(5):
        start = time.perf_counter()
        read_plan(made)
        times.append(time.perf_counter() - start)
    assert min(times) < 0.010
