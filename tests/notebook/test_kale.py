from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from labwright.notebook.kale import pipeline_metadata, translate
from labwright.notebook.model import Notebook
from labwright.notebook.plan import read_plan
from labwright.notebook.settings import Gpu, Resources, Secret

Make = Callable[..., Notebook]


@pytest.mark.parametrize(
    ("tag", "tags", "settings"),
    [
        ("step:load", ["step:load"], {}),
        ("block:load", ["step:load"], {}),
        ("block:", [], {}),
        ("step:", [], {}),
        ("skip", ["skip"], {}),
        ("imports", ["imports"], {}),
        ("functions", ["functions"], {}),
        ("pipeline-parameters", ["parameters"], {}),
        ("pipeline-metrics", ["metrics"], {}),
        ("prev:load", [], {"after": ["load"]}),
        ("annotation:a.b/c:x:y", [], {"annotations": {"a.b/c": "x:y"}}),
        ("label:team:x", [], {"labels": {"team": "x"}}),
        ("limit:cpu:500m", [], {"resources": {"cpu": "500m"}}),
        ("limit:memory:4Gi", [], {"resources": {"memory": "4Gi"}}),
        ("limit:nvidia.com/gpu:2", [], {"resources": {"gpu": {"count": 2, "vendor": "nvidia"}}}),
        ("limit:x.com/npu:1", [], {"resources": {"gpu": {"count": 1, "vendor": "x.com/npu"}}}),
        ("secret:db:pw:DB_PW", [], {"secrets": [{"name": "db", "key": "pw", "env": "DB_PW"}]}),
        ("image:python:3.11-slim", [], {"image": "python:3.11-slim"}),
        ("cache:enabled", [], {"cache": True}),
        ("cache:disabled", [], {"cache": False}),
        ("report:enabled", [], {}),
        ("report:disabled", [], {}),
        ("my-own", ["my-own"], {}),
        ("todo:later", ["todo:later"], {}),
        ("remove-input", ["remove-input"], {}),
    ],
)
def test_each_tag(tag: str, tags: list[str], settings: dict[str, Any]) -> None:
    said = translate([tag])
    assert (said.tags, said.settings, said.remarks) == (tags, settings, [])


@pytest.mark.parametrize(
    "tag",
    [
        "prev:",
        "annotation:x",
        "label::x",
        "limit:gpu",
        "limit:ephemeral-storage:1Gi",
        "limit:nvidia.com/gpu:two",
        "secret:a:b",
        "image:",
        "cache:maybe",
        "report:x",
    ],
)
def test_tags_without_a_meaning_break_nothing(tag: str) -> None:
    said = translate(["step:a", tag])
    assert said.tags == ["step:a"]
    assert not any(said.settings.values())
    assert said.remarks == [("tag-ignored", f"the tag {tag!r} has no meaning here")]


def test_tags_add_up() -> None:
    said = translate(["prev:a", "prev:b", "prev:a", "limit:cpu:1", "limit:memory:1Gi"])
    assert said.settings == {"after": ["a", "b"], "resources": {"cpu": "1", "memory": "1Gi"}}


def test_a_kale_notebook_gives_the_plan_kale_makes(notebook: Make) -> None:
    plan = read_plan(
        notebook(
            ("import random", "imports"),
            ("def f(x): return x", "functions"),
            ("candies = 20", "pipeline-parameters"),
            "kids = 3",
            ("show()", "skip"),
            ("left = candies", "block:sack"),
            ("a = f(left)", "block:kid_1 prev:sack limit:nvidia.com/gpu:1 image:img:1"),
            "b = a",
            (
                "c = a",
                "step:kid2 prev:sack prev:kid_1 limit:cpu:2 limit:memory:1Gi secret:s:k:E"
                " cache:disabled annotation:n:v label:l:w report:disabled own-tag",
            ),
            ("print(c)", "pipeline-metrics"),
            "print(b)",
            kubeflow_notebook={
                "pipeline_name": "candies",
                "pipeline_description": "share",
                "experiment_name": "kids",
                "volumes": [],
            },
        )
    )
    assert (plan.name, plan.settings.description, plan.settings.experiment) == (
        "candies",
        "share",
        "kids",
    )
    assert [(p.name, p.default) for p in plan.parameters] == [("candies", 20), ("kids", 3)]
    assert [(block.kind, block.step) for block in plan.blocks] == [
        ("imports", None),
        ("functions", None),
        ("parameters", None),
        ("parameters", None),
        ("skip", None),
        ("step", "sack"),
        ("step", "kid_1"),
        ("step", "kid_1"),
        ("step", "kid2"),
        ("step", "kid2"),
        ("step", "kid2"),
    ]
    assert [block.metrics for block in plan.blocks[-3:]] == [False, True, True]
    sack, kid1, kid2 = plan.steps
    assert sack.settings.after == []
    assert kid1.settings.after == ["sack"]
    assert kid1.settings.image == "img:1"
    assert kid1.settings.resources == Resources(gpu=Gpu(1, "nvidia"))
    assert kid2.settings.after == ["sack", "kid_1"]
    assert kid2.settings.resources == Resources("2", "1Gi")
    assert kid2.settings.secrets == [Secret("s", "k", "E")]
    assert kid2.settings.cache is False
    assert (kid2.settings.annotations, kid2.settings.labels) == ({"n": "v"}, {"l": "w"})
    assert plan.diagnostics == ()


def test_previous_on_a_continued_step_counts(notebook: Make) -> None:
    plan = read_plan(
        notebook(("1", "step:a"), ("2", "step:b"), ("3", "step:c prev:a"), ("4", "step:c prev:b"))
    )
    assert plan.steps[2].settings.after == ["a", "b"]


def test_another_notebook_is_not_run_and_that_is_said(notebook: Make) -> None:
    plan = read_plan(notebook(("x = 1", "step:a"), ("# reference", "notebook:other")))
    [remark] = plan.diagnostics
    assert (remark.cell, remark.code) == (1, "notebook-reference")


def test_step_tags_on_a_prelude_cell_are_told(notebook: Make) -> None:
    plan = read_plan(notebook(("import os", "imports limit:cpu:1"), ("x = 1", "step:a")))
    [remark] = plan.diagnostics
    assert (remark.cell, remark.code) == (0, "tag-ignored")


def test_metadata() -> None:
    kale = {
        "pipeline_name": "p",
        "pipeline_description": "",
        "experiment_name": "",
        "experiment": {"id": "x", "name": "e"},
        "docker_image": "img",
        "steps_defaults": ["label:a:b", "limit:cpu:1", "prev:x", 3],
        "volumes": [{"name": "v", "mount_point": "/v"}],
        "katib_run": True,
    }
    settings, remarks = pipeline_metadata({"kubeflow_notebook": kale})
    assert settings == {
        "name": "p",
        "experiment": "e",
        "defaults": {"labels": {"a": "b"}, "resources": {"cpu": "1"}, "image": "img"},
    }
    assert [code for code, _ in remarks] == ["kale-volumes"]
    assert pipeline_metadata({"kubeflow_notebook": []}) == ({}, [])


def test_own_metadata_comes_before_kales(notebook: Make) -> None:
    plan = read_plan(
        notebook(
            ("x = 1", "step:a"),
            kubeflow_notebook={"pipeline_name": "theirs", "experiment_name": "e"},
            labwright={"pipeline": {"name": "ours"}},
        )
    )
    assert (plan.name, plan.settings.experiment) == ("ours", "e")
