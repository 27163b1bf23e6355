from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from labwright.notebook.model import Notebook
from labwright.notebook.plan import read_plan
from labwright.notebook.read import parse_document
from labwright.notebook.suggest import apply_suggestions, headings, slug, suggest_steps

Make = Callable[..., Notebook]


def tags(made: Notebook) -> dict[int, str]:
    return {one.cell: one.tag for one in suggest_steps(made)}


def test_splits_at_headings(notebook: Make) -> None:
    made = notebook(
        "md:# Digits\nA notebook.",
        "import os\n%matplotlib inline",
        "def f(x):\n    return x",
        "n = 3\nlr = 0.1",
        "md:## 1. Load the data",
        "# nothing yet",
        "data = f(n)",
        "data",
        "md:### Detail",
        "more = 1",
        "md:## 2. Train",
        "import math\nmodel = 1",
        "md:## Empty",
        "md:## Train",
        "model = 2",
    )
    assert tags(made) == {
        1: "imports",
        2: "functions",
        3: "parameters",
        6: "step:load_the_data",
        11: "step:train",
        14: "step:train_2",
    }


def test_what_is_suggested_makes_a_plan(document: Callable[..., dict[str, Any]]) -> None:
    plain = document("md:# A", "x = f()", "md:# B", ("y = x", "mine"))
    made = parse_document(plain, Path("nb.ipynb"))
    tagged = apply_suggestions(plain, suggest_steps(made))
    assert "tags" not in plain["cells"][1]["metadata"]
    assert tagged["cells"][3]["metadata"]["tags"] == ["mine", "step:b"]
    plan = read_plan(parse_document(tagged))
    assert [(step.name, step.cells) for step in plan.steps] == [("a", (1,)), ("b", (3,))]
    assert apply_suggestions(tagged, suggest_steps(made)) == tagged
    assert suggest_steps(parse_document(tagged)) == ()


@pytest.mark.parametrize(
    "cells",
    [
        ["x = 1", "y = 2"],
        ["md:text", "x = 1"],
        ["md:# One", "x = f()"],
        [("x = 1", "step:a"), "md:# One", "y = 1", "md:# Two", "z = 1"],
        ["md:# One", "%%step a\nx = 1", "md:# Two", "z = 1"],
    ],
)
def test_nothing_to_suggest(notebook: Make, cells: list[Any]) -> None:
    assert suggest_steps(notebook(*cells)) == ()


def test_tagged_cells_keep_their_tags(notebook: Make) -> None:
    made = notebook(
        ("n = 1", "parameters"), "md:# A", ("x", "skip"), "y = f()", "md:# B", "z = g()"
    )
    assert tags(made) == {3: "step:a", 5: "step:b"}


def test_code_above_the_first_heading(notebook: Make) -> None:
    made = notebook("x = load()", "md:# A", "y = x", "md:# B", "z = y")
    assert tags(made) == {0: "step:setup", 2: "step:a", 4: "step:b"}


def test_prelude_is_only_what_it_surely_is(notebook: Make) -> None:
    made = notebook(
        *("a = 1\nb = a * 2", "md:# A", "x = 1\ny = z", "def f(): ..."),
        *("md:# B", "import os\ndef g(): ...", "x =", "import sys"),
    )
    assert tags(made) == {0: "step:setup", 2: "step:a", 5: "functions", 6: "step:b"}


def test_a_section_may_only_prepare(notebook: Make) -> None:
    made = notebook(
        *("md:# Install", "!pip install x", "md:# Imports", "import x", "md:# Settings", "n = 1"),
        *("md:# Train", "n = 1", "x.train(n)"),
    )
    assert tags(made) == {1: "step:install", 3: "imports", 5: "parameters", 7: "step:train"}


def test_lines_that_drive_labwright_start_no_step(notebook: Make) -> None:
    made = notebook("md:# A", "%load_ext labwright", "x = f()", "md:# B", "y = x")
    assert tags(made) == {2: "step:a", 4: "step:b"}


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("Load data", "load_data"),
        ("2. Train & évaluate", "train_evaluate"),
        ("1.2 Plot", "plot"),
        ("Step 3: Split", "split"),
        ("IV. Results", "results"),
        ("X features", "x_features"),
        ("[Kale](http://x/y) `code` <b>don't</b>", "kale_code_dont"),
        ("3d plots", "step_3d_plots"),
        ("数据", ""),
        (
            "a very long heading that goes on and on and never ends",
            "a_very_long_heading_that_goes_on_and_on",
        ),
        ("x" * 80, "x" * 40),
    ],
)
def test_slug(title: str, name: str) -> None:
    assert slug(title) == name


def test_headings() -> None:
    text = (
        "# One\ntext\n## Two ##\n```\n# no\n```\nThree\n-----\nFour\n====\n\n---\n#hash\n- a\n---"
    )
    assert headings(text) == [(1, "One"), (2, "Two"), (2, "Three"), (1, "Four")]


def test_unnamable_headings_are_counted(notebook: Make) -> None:
    made = notebook("md:# 数据", "x = f()", "md:# 训练", "y = x")
    assert tags(made) == {1: "step:setup", 3: "step:step_2"}
