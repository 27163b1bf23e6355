"""What KFP's programs print about a step's values, read back."""

from __future__ import annotations

import json

from labwright.targets.kubeflow.results import (
    failure_of,
    printed,
    read_told,
    shown_inputs,
    shown_outputs,
)

INPUT = {
    "inputs": {
        "parameterValues": {"n": 3, "labwright_workspace": "/w", "labwright_item": 5},
        "artifacts": {
            "x": {"artifacts": [{"uri": "minio://b/x", "type": {"schemaTitle": "system.Artifact"}}]}
        },
    },
    "outputs": {
        "artifacts": {
            "y": {
                "artifacts": [{"uri": "minio://b/y", "type": {"schemaTitle": "system.Artifact"}}]
            },
            "executor-logs": {"artifacts": [{"uri": "minio://b/logs"}]},
            "labwright_metrics": {
                "artifacts": [{"uri": "minio://b/m", "type": {"schemaTitle": "system.Metrics"}}]
            },
        }
    },
}
OUTPUT = {
    "parameterValues": {"y__value": 4, "z": True},
    "artifacts": {
        "y": {"artifacts": [{"metadata": {"type": "int", "preview": "4", "bytes": 1}}]},
        "labwright_metrics": {"artifacts": [{"metadata": {"loss": 0.5, "name": "m", "ok": True}}]},
    },
}
PROGRAM = {
    "inputs": {"the x": "x"},
    "outputs": {"the y": "y"},
    "values": {"the y": ["y__value", "int"]},
    "loop_variable": "one",
}
GLOG = "I1126 11:00:00.123456      12 launcher_v2.go:1230] "
DRIVER = (
    f"{GLOG}Created execution: id:1\n{GLOG}output ExecutorInput:{json.dumps(INPUT, indent=2)}\n\n"
)
MAIN = (
    f"{GLOG}starting\nloaded {{\nä\n{GLOG}ExecutorOutput: {json.dumps(OUTPUT, indent=2)}\n"
    f"{GLOG}publish success.\nafter\n"
)


def test_values_have_the_names_of_the_notebook() -> None:
    told = read_told(DRIVER, MAIN)
    assert told.metrics == {"loss": 0.5}
    assert [
        (one["name"], one["preview"], one["artifact"]) for one in shown_inputs(told, PROGRAM, "s")
    ] == [("n", "3", None), ("one", "5", None), ("the x", None, "s/in/x")]
    shown = [
        (one["name"], one["type"], one["preview"], one["artifact"])
        for one in shown_outputs(told, PROGRAM, "s")
    ]
    assert shown == [("the y", "int", "4", "s/out/y"), ("z", "bool", "true", None)]


def test_the_address_that_the_step_chose_counts() -> None:
    moved = {"artifacts": {"y": {"artifacts": [{"uri": "s3://elsewhere/y"}]}}}
    told = read_told(DRIVER, f"{GLOG}ExecutorOutput: {json.dumps(moved)}\n")
    found = told.artifact("y")
    assert found is not None
    assert found.uri == "s3://elsewhere/y"


def test_nothing_is_where_a_cached_steps_outputs_were_to_be() -> None:
    told = read_told(f"{GLOG}Use cache for task load\n{DRIVER}", "")
    assert told.cached
    assert told.artifacts == ()


def test_the_step_of_a_notebook_cannot_pose_as_the_driver() -> None:
    told = read_told("", f"{DRIVER}Use cache for task load\n")
    assert (told.cached, told.artifacts) == (False, ())


def test_logs_cut_off_or_not_there() -> None:
    assert read_told("", "") == read_told(DRIVER[: len(DRIVER) // 2], "ExecutorOutput: {")


def test_the_launchers_own_lines_are_left_out() -> None:
    assert printed(MAIN, whole=True) == "loaded {\nä\nafter\n"


def test_what_was_given_once_stays() -> None:
    whole = printed(MAIN, whole=True)
    for end in range(len(MAIN)):
        assert whole.startswith(printed(MAIN[:end], whole=False))


def test_why_a_step_ended() -> None:
    trace = "Traceback (most recent call last):\n  File x\n\x1b[31mpkg.MyError\x1b[0m: it\n"
    found = failure_of(f"hello\n{trace}")
    assert found is not None
    assert (found["ename"], found["evalue"]) == ("MyError", "it")
    assert found["traceback"].startswith("Traceback")
    plain = failure_of("hello\nlabwright: ValueError: too bad\n")
    assert plain is not None
    assert (plain["ename"], plain["evalue"]) == ("ValueError", "too bad")
    other = failure_of("segmentation fault\n")
    assert other is not None
    assert (other["ename"], other["evalue"]) == ("StepFailed", "segmentation fault")
    assert failure_of(" \n") is None
