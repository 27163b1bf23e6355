"""Steps found among the nodes of a workflow that have names, and no ids of their own."""

from __future__ import annotations

from typing import Any

from labwright.targets.kubeflow.models import Run
from labwright.targets.kubeflow.nodes import Seen, fnv32, run_state, seen_steps
from labwright.targets.local.ir import read_pipeline
from labwright.targets.local.steps import plan_steps

FLOW = "flow-abcde"
Json = dict[str, Any]


def task(component: str, **more: Any) -> Json:
    return {"componentRef": {"name": component}, **more}


def pipeline(tasks: Json, **components: Any) -> Any:
    leaf = {"executorLabel": "exec"}
    return read_pipeline(
        {
            "schemaVersion": "2.1.0",
            "pipelineInfo": {"name": "flow"},
            "components": {"leaf": leaf, **components},
            "deploymentSpec": {"executors": {"exec": {"container": {"image": "x"}}}},
            "root": {"dag": {"tasks": tasks}},
        }
    )


def node(display: str, *children: str, state: str = "SUCCEEDED", when: str = "01") -> Json:
    """`children` are places."""
    return {
        "display_name": display,
        "state": state,
        "start_time": f"2026-01-01T00:00:{when}Z",
        "end_time": f"2026-01-01T00:00:{when}Z",
        "child_tasks": [{"pod_name": f"{FLOW}-{fnv32(f'{FLOW}.root.{one}')}"} for one in children],
    }


def seen(pipe: Any, nodes: list[Json], state: str = "RUNNING", **more: Any) -> list[Seen]:
    root = node("root", "first")
    run = Run.of(
        {"run_id": "r", "state": state, "run_details": {"task_details": [root, *nodes]}, **more}
    )
    return seen_steps(pipe, plan_steps(pipe), run)


def states(found: list[Seen]) -> list[tuple[str, str, str]]:
    return [(one.step.name, one.turn, one.state) for one in found]


def test_the_hash_is_argos() -> None:
    # The published test vectors of FNV-1a, 32 bits.
    assert (fnv32(""), fnv32("a"), fnv32("foobar")) == (0x811C9DC5, 0xE40C292C, 0xBF9CF968)


def test_pods_are_those_of_the_steps_place() -> None:
    [one] = seen(pipeline({"a": task("leaf")}), [node("a", "a.executor")])
    place = f"{FLOW}.root.a"
    assert one.pods == (f"{FLOW}-system-container-impl-{fnv32(f'{place}.executor')}",)
    assert one.driver == f"{FLOW}-system-container-driver-{fnv32(f'{place}-driver')}"


def test_steps_of_the_same_name_in_different_graphs() -> None:
    inner = {"dag": {"tasks": {"a": task("leaf")}}}
    pipe = pipeline({"a": task("leaf"), "b": task("inner")}, inner=inner)
    nodes = [node("a", "b.a.executor", state="FAILED"), node("a", "a.executor")]
    assert states(seen(pipe, nodes)) == [("a", "", "SUCCEEDED"), ("a", "", "FAILED")]


def test_turns_of_loops_in_loops() -> None:
    def loop(component: str) -> Json:
        items = {"items": {"raw": "[1, 2]"}, "itemInput": "i"}
        return task(component, parameterIterator=items)

    middle = {"dag": {"tasks": {"in": loop("leaf")}}}
    pipe = pipeline({"out": loop("middle")}, middle=middle)
    nodes = []
    for outer in (0, 1):
        item = f"out.iteration-iterations({outer}:{outer})"
        nodes.append(node("iteration-iterations", item))
        inner = f"{item}.iteration-item.in.iteration-iterations(0:0)"
        nodes.append(node("iteration-iterations", inner))
        state = "FAILED" if outer else "SUCCEEDED"
        nodes.append(node("iteration-item", f"{inner}.iteration-item.executor", state=state))
    assert states(seen(pipe, nodes)) == [("in", "0.0", "SUCCEEDED"), ("in", "1.0", "FAILED")]


def test_a_loop_is_shown_by_its_turns() -> None:
    items = {"items": {"raw": "[1]"}, "itemInput": "i"}
    pipe = pipeline({"a": task("leaf"), "b": task("leaf", parameterIterator=items)})
    begun = [node("a", "a.executor")]
    assert states(seen(pipe, begun)) == [("a", "", "SUCCEEDED")]
    assert states(seen(pipe, begun, "FAILED"))[1] == ("b", "", "SKIPPED")


def test_tries_are_counted() -> None:
    pipe = pipeline({"a": task("leaf", retryPolicy={"maxRetryCount": 2})})
    nodes = [node("a", "a.executor"), node("executor", "a.executor(0)", "a.executor(1)")]
    [one] = seen(pipe, nodes)
    assert one.retries == 1
    assert one.pods[-1].startswith(f"{FLOW}-retry-system-container-impl-")
    assert one.pods[-1].endswith(str(fnv32(f"{FLOW}.root.a.executor(1)")))


def test_what_runs_at_the_end_hangs_on_what_it_waits_for() -> None:
    last = task("leaf", dependentTasks=["a"])
    last["triggerPolicy"] = {"strategy": "ALL_UPSTREAM_TASKS_COMPLETED"}
    pipe = pipeline({"a": task("leaf"), "last": last})
    nodes = [node("a", "a.executor", state="FAILED"), node("last", "a.onExit.last.executor")]
    assert states(seen(pipe, nodes, "FAILED")) == [("a", "", "FAILED"), ("last", "", "SUCCEEDED")]


def test_a_step_left_out_that_others_wait_for() -> None:
    after = task("leaf", dependentTasks=["a"])
    pipe = pipeline({"a": task("leaf"), "b": after})
    nodes = [node("a-driver", "a"), node("a", "b-driver", state="SKIPPED"), node("b-driver", "b")]
    assert states(seen(pipe, nodes)) == [("a", "", "SKIPPED"), ("b", "", "PENDING")]


def test_of_two_steps_one_came_from_the_cache() -> None:
    pipe = pipeline({"a": task("leaf"), "b": task("leaf")})
    nodes = [
        node("a", "a.executor", when="01"),
        node("b", "b.executor", when="05"),
        node("executor", when="01"),
        node("executor", when="05", state="SKIPPED"),
    ]
    assert [one.cached for one in seen(pipe, nodes)] == [False, True]


def test_nothing_is_known_yet() -> None:
    pipe = pipeline({"a": task("leaf")})
    run = Run.of({"run_id": "r"})
    assert states(seen_steps(pipe, plan_steps(pipe), run)) == [("a", "", "PENDING")]


def test_what_was_canceled_has_not_failed() -> None:
    history = [
        {"state": "RUNNING", "update_time": "2026-01-01T00:00:00Z"},
        {"state": "CANCELING", "update_time": "2026-01-01T00:00:03Z"},
        {"state": "FAILED", "update_time": "2026-01-01T00:00:05Z"},
    ]
    pipe = pipeline({"a": task("leaf"), "b": task("leaf"), "c": task("leaf")})
    nodes = [
        node("a", "a.executor", state="FAILED", when="01"),
        node("b", "b.executor", state="FAILED", when="04"),
    ]
    found = seen(pipe, nodes, "FAILED", state_history=history)
    assert [state for *_, state in states(found)] == ["FAILED", "CANCELED", "SKIPPED"]
    assert run_state(Run.of({"state": "FAILED", "state_history": history})) == "CANCELED"
    retried = [*history, {"state": "RUNNING"}, {"state": "FAILED"}]
    assert run_state(Run.of({"state": "FAILED", "state_history": retried})) == "FAILED"
