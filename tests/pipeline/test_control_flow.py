"""Conditions, loops and the finally step: what is nested where, and how values get there."""

from __future__ import annotations

import json

import pytest

from labwright.errors import LabwrightError
from labwright.pipeline.compile import compile_pipeline
from labwright.pipeline.model import (
    Component,
    Environment,
    Operand,
    Pipeline,
    Source,
    Step,
    ValueOutput,
    When,
)
from labwright.pipeline.program import decode
from pipeline.notebooks import compiled, dag, pipeline


def test_a_condition_is_a_group_of_the_steps_that_share_it() -> None:
    spec = compiled(
        ("step:load", "data = [1]"),
        ("step:train", "model = sum(data)\naccuracy = 0.9"),
        ("step:deploy", "place = str(model)", {"when": "accuracy > 0.85"}),
        ("step:tell", "print(place, data)"),
    ).spec
    assert sorted(dag(spec)) == ["condition-1", "load", "train"]
    assert sorted(dag(spec, "condition-1")) == ["deploy", "tell"]
    group = dag(spec)["condition-1"]
    assert group["dependentTasks"] == ["load", "train"]
    assert group["triggerPolicy"]["condition"] == (
        "inputs.parameter_values['pipelinechannel--train--accuracy__value'] > 0.85"
    )
    assert group["inputs"]["parameters"]["pipelinechannel--train--accuracy__value"] == {
        "taskOutputParameter": {"producerTask": "train", "outputParameterKey": "accuracy__value"}
    }
    assert group["inputs"]["artifacts"]["pipelinechannel--train-model"] == {
        "taskOutputArtifact": {"producerTask": "train", "outputArtifactKey": "model"}
    }
    assert dag(spec, "condition-1")["deploy"]["inputs"]["artifacts"]["model"] == {
        "componentInputArtifact": "pipelinechannel--train-model"
    }
    assert spec["components"]["comp-train"]["outputDefinitions"]["parameters"] == {
        "accuracy__value": {"parameterType": "NUMBER_DOUBLE"}
    }


def test_a_condition_within_a_condition() -> None:
    spec = compiled(
        ("step:a", "x = 1\ngo = True"),
        ("step:b", "y = x + 1", {"when": "go"}),
        ("step:c", "print(y)", {"when": "y > 1"}),
    ).spec
    assert sorted(dag(spec)) == ["a", "condition-1"]
    assert sorted(dag(spec, "condition-1")) == ["b", "condition-2"]
    inner = dag(spec, "condition-1")["condition-2"]
    assert inner["dependentTasks"] == ["b"]
    assert inner["inputs"]["parameters"]["pipelinechannel--b--y__value"] == {
        "taskOutputParameter": {"producerTask": "b", "outputParameterKey": "y__value"}
    }


def test_a_loop_collects_its_results() -> None:
    spec = compiled(
        ("step:load", "data = [1]\ndepths = [1, 2]"),
        ("step:fit", "score = depth * len(data)", {"foreach": "depth in depths"}),
        ("step:best", "print(max(score))"),
    ).spec
    loop = dag(spec)["for-loop-1"]
    assert loop["parameterIterator"] == {
        "itemInput": "pipelinechannel--load-Output-loop-item",
        "items": {"inputParameter": "pipelinechannel--load-Output"},
    }
    component = spec["components"]["comp-for-loop-1"]
    declared = component["outputDefinitions"]["artifacts"]["pipelinechannel--fit-score"]
    assert declared["isArtifactList"] is True
    assert component["dag"]["outputs"]["artifacts"]["pipelinechannel--fit-score"] == {
        "artifactSelectors": [{"producerSubtask": "fit", "outputArtifactKey": "score"}]
    }
    best = dag(spec)["best"]
    assert best["inputs"]["artifacts"]["score"] == {
        "taskOutputArtifact": {
            "producerTask": "for-loop-1",
            "outputArtifactKey": "pipelinechannel--fit-score",
        }
    }
    inputs = spec["components"]["comp-best"]["inputDefinitions"]["artifacts"]
    assert inputs["score"]["isArtifactList"] is True
    args = spec["deploymentSpec"]["executors"]["exec-best"]["container"]["args"]
    assert decode(args[1])["collected"] == ["score"]


def test_items_travel_as_json_text() -> None:
    spec = compiled(("step:a", "print(v)", {"foreach": "v in [1, 1.0, '1', None, [2]]"})).spec
    (loop,) = dag(spec).values()
    raw = json.loads(loop["parameterIterator"]["items"]["raw"])
    assert [json.loads(text) for text in raw] == [1, 1.0, "1", None, [2]]
    assert [type(json.loads(text)) for text in raw[:3]] == [int, float, str]
    spec = compiled(("step:a", "print(v)", {"foreach": "v in range(2, 8, 3)"})).spec
    (loop,) = dag(spec).values()
    assert json.loads(loop["parameterIterator"]["items"]["raw"]) == ["2", "5"]


@pytest.mark.parametrize(
    ("default", "kind", "like"),
    [
        ("[0, 2]", "NUMBER_INTEGER", 0),
        ("[0.0, 2.0]", "NUMBER_DOUBLE", 0.0),
        ("[1, 2.5]", "NUMBER_DOUBLE", None),
        ("['a']", "STRING", "a"),
        ("[{'a': 1}]", "STRUCT", {"a": 1}),
        ("[True]", "BOOLEAN", True),
    ],
)
def test_a_loop_over_a_parameter(default: str, kind: str, like: object) -> None:
    spec = compiled(
        ("parameters", f"grid = {default}"), ("step:a", "print(v)", {"foreach": "v in grid"})
    ).spec
    parameters = spec["components"]["comp-for-loop-1"]["inputDefinitions"]["parameters"]
    assert parameters["pipelinechannel--grid-loop-item"] == {"parameterType": kind}
    assert parameters["pipelinechannel--grid"] == {"parameterType": "LIST"}
    args = spec["deploymentSpec"]["executors"]["exec-a"]["container"]["args"]
    program = decode(args[1])
    assert program["loop_item"] == "value"
    assert program.get("loop_like") == like
    assert type(program.get("loop_like")) is type(like)


@pytest.mark.parametrize("default", ["[]", "[1, 'a']", "5"])
def test_a_loop_over_a_parameter_without_one_type_is_refused(default: str) -> None:
    with pytest.raises(LabwrightError, match="foreach over parameter `grid`"):
        compiled(
            ("parameters", f"grid = {default}"), ("step:a", "print(v)", {"foreach": "v in grid"})
        )


@pytest.mark.parametrize("items", ["[(1, 2)]", "{1, 2}", "[1j]", "[float('inf')]", "sorted([1])"])
def test_items_that_cannot_travel_are_refused(items: str) -> None:
    with pytest.raises(LabwrightError, match=r"step `a`: foreach over"):
        compiled(("step:a", "print(v)", {"foreach": f"v in {items}"}))


def test_a_finally_step_runs_after_all() -> None:
    spec = compiled(
        ("parameters", "n = 1"),
        ("step:a", "x = n"),
        ("step:b", "print(x)"),
        ("step:end", "print(pipeline_status, n)", {"finally": True}),
    ).spec
    assert sorted(dag(spec)) == ["end", "exit-handler-1"]
    assert sorted(dag(spec, "exit-handler-1")) == ["a", "b"]
    end = dag(spec)["end"]
    assert end["dependentTasks"] == ["exit-handler-1"]
    assert end["triggerPolicy"] == {"strategy": "ALL_UPSTREAM_TASKS_COMPLETED"}
    assert end["inputs"]["parameters"]["pipeline_status"] == {
        "taskFinalStatus": {"producerTask": "exit-handler-1"}
    }
    declared = spec["components"]["comp-end"]["inputDefinitions"]["parameters"]
    assert declared["pipeline_status"] == {
        "parameterType": "TASK_FINAL_STATUS",
        "isOptional": True,
    }


def test_several_finally_steps_are_one_exit_task() -> None:
    spec = compiled(
        ("step:a", "x = 1"),
        ("step:one", "print(pipeline_status)", {"finally": True}),
        ("step:two", "print(pipeline_status)", {"finally": True}),
    ).spec
    assert sorted(dag(spec)) == ["exit-handler-1", "finally"]
    inner = dag(spec, "finally")
    assert sorted(inner) == ["one", "two"]
    assert inner["two"]["inputs"]["parameters"]["pipeline_status"] == {
        "componentInputParameter": "pipeline_status"
    }


def test_a_finally_step_cannot_read_what_may_not_be_there() -> None:
    with pytest.raises(LabwrightError, match="it reads `x` of step `a`"):
        pipeline(("step:a", "x = 1"), ("step:end", "print(x)", {"finally": True}))


def test_only_finally_steps_is_refused() -> None:
    with pytest.raises(LabwrightError, match="every step is a finally step"):
        compiled(("step:end", "print(1)", {"finally": True}))


def test_a_condition_decided_inside_the_step_is_no_group() -> None:
    spec = compiled(
        ("step:a", "x = 1\ngo = True"),
        ("step:b", "x = 2", {"when": "go"}),
        ("step:c", "print(x)"),
    ).spec
    assert sorted(dag(spec)) == ["a", "b", "c"]
    args = spec["deploymentSpec"]["executors"]["exec-b"]["container"]["args"]
    given = decode(args[1])
    assert given["soft_when"] == "go"
    assert given["soft_inputs"] == ["go"]
    assert given["inputs"] == {"go": "go", "x": "x"}


def test_what_waits_for_a_conditional_step_is_not_skipped_with_it() -> None:
    """On a cluster a task that depends on a skipped one never runs; a group's inside may be."""
    spec = compiled(
        ("step:a", "go = True"),
        ("step:b", "print(1)", {"when": "go"}),
        ("step:c", "print(2)", {"after": ["b"]}),
    ).spec
    assert sorted(dag(spec)) == ["a", "c", "group-1"]
    assert dag(spec)["c"]["dependentTasks"] == ["group-1"]
    assert list(dag(spec, "group-1")) == ["condition-1"]
    assert dag(spec)["group-1"]["dependentTasks"] == ["a"]
    assert dag(spec)["group-1"]["inputs"]["parameters"] == {
        "pipelinechannel--a--go__value": {
            "taskOutputParameter": {"producerTask": "a", "outputParameterKey": "go__value"}
        }
    }


def test_steps_that_would_wait_in_a_circle_do_not_share_a_group() -> None:
    spec = compiled(
        ("step:a", "go = True"),
        ("step:b", "print(1)", {"when": "go"}),
        ("step:c", "print(2)", {"after": ["b"]}),
        ("step:d", "print(3)", {"when": "go", "after": ["c"]}),
    ).spec
    assert sorted(dag(spec)) == ["a", "c", "condition-2", "group-1"]
    assert dag(spec)["condition-2"]["dependentTasks"] == ["a", "c"]


def test_a_step_behind_two_conditions_does_not_hold_up_others() -> None:
    """A group is skipped where a condition it takes from is: only its own kind may be in it."""
    spec = compiled(
        ("step:a", "p = True\nq = True"),
        ("step:b", "x = 1", {"when": "p"}),
        ("step:c", "y = 2", {"when": "q"}),
        ("step:d", "print(x + y)"),
        ("step:e", "print(x)"),
    ).spec
    assert sorted(dag(spec, "condition-1")) == ["b", "e"]
    assert sorted(dag(spec, "condition-2")) == ["c"]
    assert dag(spec)["condition-3"]["dependentTasks"] == ["a", "condition-1", "condition-2"]
    assert dag(spec, "condition-3", "condition-4")["d"]["inputs"]["artifacts"]["x"] == {
        "componentInputArtifact": "pipelinechannel--condition-1-pipelinechannel--b-x"
    }


def test_a_loop_in_a_condition() -> None:
    spec = compiled(
        ("step:a", "go = True\nitems = [1]"),
        ("step:b", "r = v", {"when": "go", "foreach": "v in items"}),
        ("step:c", "print(r)"),
    ).spec
    assert sorted(dag(spec)) == ["a", "condition-1"]
    assert sorted(dag(spec, "condition-1")) == ["c", "for-loop-1"]
    assert list(dag(spec, "condition-1", "for-loop-1")) == ["b"]
    loop = dag(spec, "condition-1")["for-loop-1"]
    assert loop["inputs"]["parameters"]["pipelinechannel--a-Output"] == {
        "componentInputParameter": "pipelinechannel--a-Output"
    }


@pytest.mark.parametrize(
    ("when", "why"),
    [
        ("r > 1", "list of results"),
        ("items and x == 'a' or x > 1", "string"),
        ("nowhere > 1", "no earlier step and no parameter gives"),
    ],
)
def test_conditions_that_cannot_be(when: str, why: str) -> None:
    with pytest.raises(LabwrightError, match=why):
        compiled(
            ("step:a", "items = [1]\nx = 1"),
            ("step:b", "r = v", {"foreach": "v in items"}),
            ("step:c", "print(r)", {"when": when}),
        )


def test_one_name_as_text_and_as_number_is_refused() -> None:
    with pytest.raises(LabwrightError, match="`x` is used once as a number and once as a text"):
        compiled(
            ("step:a", "x = 1"),
            ("step:b", "print(1)", {"when": "x > 1"}),
            ("step:c", "print(2)", {"when": "x == 'a'"}),
        )


def test_truth_and_number_of_one_name_go_together() -> None:
    spec = compiled(
        ("step:a", "x = 1"),
        ("step:b", "print(1)", {"when": "x"}),
        ("step:c", "print(2)", {"when": "x > 1"}),
    ).spec
    conditions = [t["triggerPolicy"]["condition"] for n, t in dag(spec).items() if n != "a"]
    value = "inputs.parameter_values['pipelinechannel--a--x__value']"
    assert conditions == [f"{value} != 0.0", f"{value} > 1.0"]


def test_a_circle_of_steps_is_named() -> None:
    def step(name: str, after: str) -> Step:
        component = Component(name, {"step": name, "version": 1, "cells": []}, Environment("x"))
        return Step(component, after=(after,))

    with pytest.raises(LabwrightError, match="steps `a`, `b` wait for each other"):
        compile_pipeline(Pipeline("p", (step("a", "b"), step("b", "a"))))


def test_a_hand_made_pipeline_compiles() -> None:
    """The model alone is enough: no notebook is needed."""

    def component(name: str, **parts: object) -> Component:
        program = {"version": 1, "step": name, "cells": []}
        return Component(name, program, Environment("x"), **parts)  # type: ignore[arg-type]

    ready = Operand("ready", "BOOLEAN", Source("a", "ready__value"))
    spec = compile_pipeline(
        Pipeline(
            "p",
            (
                Step(component("b"), conditions=(When("ready", (ready,)),)),
                Step(component("a", values=(ValueOutput("ready__value", "ready", "BOOLEAN"),))),
            ),
        )
    ).spec
    assert sorted(dag(spec)) == ["a", "condition-1"]
