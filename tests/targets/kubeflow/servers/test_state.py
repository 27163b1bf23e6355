"""What a server's pod and events say, where no controller of ours says it."""

from __future__ import annotations

from typing import Any

import pytest

from labwright.targets.kubeflow.servers.state import Around, progress, state_of
from labwright.targets.kubeflow.servers.views import around

Object = dict[str, Any]
BORN = "2026-01-01T00:00:00Z"


def notebook(status: Object | None = None, **marks: str) -> Object:
    metadata = {"name": "ada", "namespace": "team", "creationTimestamp": BORN, "annotations": marks}
    return {"metadata": metadata, "spec": {}, **({"status": status} if status else {})}


def pod(state: Object | None = None, **conditions: Any) -> Object:
    listed = [
        {"type": kind, "status": "True" if value is True else "False", "lastTransitionTime": BORN}
        | ({"message": value} if isinstance(value, str) else {})
        for kind, value in conditions.items()
    ]
    status: Object = {"conditions": listed}
    if state is not None:
        status["containerStatuses"] = [{"name": "ada", "state": state}]
    labels = {"notebook-name": "ada"}
    metadata = {"name": "ada-0", "creationTimestamp": BORN, "labels": labels}
    return {"metadata": metadata, "spec": {}, "status": status}


def event(reason: str, message: str, kind: str = "Pod", name: str = "ada-0") -> Object:
    about = {"kind": kind, "name": name}
    metadata = {"name": f"{reason}.1"}
    return {"metadata": metadata, "reason": reason, "message": message, "involvedObject": about,
            "lastTimestamp": "2026-01-01T00:00:05Z"}  # fmt: skip


QUOTA = "create Pod ada-0 failed: exceeded quota: gpus"
WAITS = {"waiting": {"reason": "ContainerCreating"}}


@pytest.mark.parametrize(
    ("there", "events", "state", "message"),
    [
        (None, [], "WAITING", "is being made"),
        (None, [event("FailedCreate", QUOTA, "StatefulSet", "ada")], "FAILED", "exceeded quota"),
        (pod(PodScheduled="0/3 nodes: Insufficient cpu"), [], "WAITING", "Insufficient cpu."),
        (pod(WAITS, PodScheduled=True), [], "STARTING", "is being pulled"),
        (
            pod(WAITS, PodScheduled=True),
            [event("FailedMount", "cannot mount work")],
            "STARTING",
            "cannot mount work.",
        ),
        (
            pod({"waiting": {"reason": "ImagePullBackOff", "message": "no x"}}, PodScheduled=True),
            [],
            "FAILED",
            "ImagePullBackOff: no x.",
        ),
        (pod({"running": {}}, PodScheduled=True), [], "STARTING", "does not answer yet"),
        (pod({"running": {}}, PodScheduled=True, Ready=True), [], "RUNNING", None),
        (
            pod({"terminated": {"exitCode": 137, "reason": "OOMKilled"}}, PodScheduled=True),
            [],
            "FAILED",
            "more memory",
        ),
    ],
)
def test_a_stock_servers_state(
    there: Object | None, events: list[Object], state: str, message: str | None
) -> None:
    found = state_of(notebook(), Around(there, events))
    assert found[0] == state
    assert found[1] is None if message is None else message in (found[1] or "")


def test_stop_and_start_are_seen_before_the_controller_says_so() -> None:
    stopped = {"kubeflow-resource-stopped": BORN, "notebooks.labwright.dev/stop-reason": "Idle."}
    assert state_of(notebook(**stopped), Around(pod())) == ("STOPPING", "Idle.")
    assert state_of(notebook(**stopped), Around()) == ("STOPPED", "Idle.")
    assert state_of(notebook({"state": "Running"}, **stopped), Around()) == ("STOPPING", "Idle.")
    assert state_of(notebook({"state": "Stopped"}), Around())[0] == "WAITING"
    again = {"notebooks.labwright.dev/restarted-at": "2026-01-01T00:00:01Z"}
    running = notebook({"state": "Running"}, **again)
    assert state_of(running, Around(pod())) == ("STARTING", "The server restarts.")
    newer = pod()
    newer["metadata"]["creationTimestamp"] = "2026-01-01T00:00:01Z"
    assert state_of(running, Around(newer))[0] == "RUNNING"
    told = notebook({"state": "Failed", "message": "The quota is used up."})
    assert state_of(told, Around(pod())) == ("FAILED", "The quota is used up.")


def stages(there: Object | None, *events: Object) -> dict[str, str]:
    listed = progress(notebook(), Around(there, events))
    return {one["stage"]: one["state"] for one in listed}


def test_complaint_12_how_far_a_start_is() -> None:
    order = ["scheduled", "volumes", "image", "started", "ready"]
    pulling = event("Pulling", 'Pulling image "jupyter:1"')
    pulled = event("Pulled", "done")
    steps = [
        (stages(None), "wwwww"),
        (stages(pod(PodScheduled="no node")), "dwwww"),
        (stages(pod(PodScheduled="unbound immediate PersistentVolumeClaims")), "ddwww"),
        (stages(pod(WAITS, PodScheduled=True)), "Ddwww"),
        (stages(pod(WAITS, PodScheduled=True), pulling), "DDdww"),
        (stages(pod(WAITS, PodScheduled=True), pulling, pulled), "DDDdw"),
        (
            stages(pod({"running": {"startedAt": BORN}}, PodScheduled=True), pulling, pulled),
            "DDDDd",
        ),
        (stages(pod({"running": {}}, PodScheduled=True, Ready=True)), "DDDDD"),
        (stages(pod({"waiting": {"reason": "ErrImagePull"}}, PodScheduled=True), pulling), "DDfww"),
        (
            stages(pod({"waiting": {"reason": "CrashLoopBackOff"}}, PodScheduled=True), pulled),
            "DDDfw",
        ),
        (stages(None, event("FailedCreate", QUOTA, "StatefulSet", "ada")), "fwwww"),
    ]
    letters = {"w": "waiting", "d": "doing", "D": "done", "f": "failed"}
    for found, wanted in steps:
        assert list(found) == order
        assert list(found.values()) == [letters[one] for one in wanted], wanted
    assert progress(notebook(**{"kubeflow-resource-stopped": BORN}), Around(pod())) == []
    refused = notebook({"state": "Failed", "message": "StatefulSet is invalid."})
    first = progress(refused, Around())[0]
    assert (first["state"], first["message"]) == ("failed", "StatefulSet is invalid.")


def test_only_what_is_about_the_server_counts() -> None:
    old = event("FailedCreate", "before", "StatefulSet", "ada")
    old["lastTimestamp"] = "2025-01-01T00:00:00Z"
    ours = event("FailedCreate", "now", "StatefulSet", "ada")
    others = [event("Pulled", "x", name="bob-0"), event("FailedCreate", "x", "ReplicaSet", "ada")]
    leaving = pod()
    leaving["metadata"] |= {"deletionTimestamp": BORN, "name": "ada-0"}
    found = around(notebook(), [leaving], [ours, old, *others])
    assert [one["message"] for one in found.events] == ["now"]
    assert found.pod is leaving
    other = pod()
    other["metadata"]["labels"] = {"notebook-name": "bob"}
    assert around(notebook(), [other], []).pod is None
