"""The status of a Notebook: Kubeflow's test cases, and the state in plain words."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from controller.objects import Object, notebook
from labwright_controller.events import key_of, reissued
from labwright_controller.quotas import needed_limits
from labwright_controller.sentences import refusal
from labwright_controller.status import (
    Seen,
    container_state,
    notebook_status,
    parse_time,
    restart_due,
)

T1, T2 = "2026-01-01T10:00:00Z", "2026-01-01T11:00:00Z"


def pod(
    state: Object | None = None, conditions: tuple[Object, ...] = (), **metadata: Any
) -> Object:
    containers = [{"name": "nb", "state": state}] if state else []
    return {
        "metadata": {"name": "nb-0", "creationTimestamp": T1, **metadata},
        "status": {"conditions": list(conditions), "containerStatuses": containers},
    }


def condition(kind: str, status: str, **more: str) -> Object:
    return {"type": kind, "status": status, "lastTransitionTime": T1, **more}


READY = condition("Ready", "True")
RUNNING = {"running": {"startedAt": T1}}


def status(seen: Seen | None = None, **annotations: str) -> Object:
    body = notebook()
    body["metadata"]["annotations"] = annotations
    return notebook_status(body, seen or Seen())


def warning(reason: str, message: str) -> Object:
    return {"type": "Warning", "reason": reason, "message": message}


def test_from_nothing() -> None:
    made = status()
    assert (made["conditions"], made["containerState"], made["readyReplicas"]) == ([], {}, 0)
    assert made["state"] == "Waiting"


def test_ready_replicas_are_mirrored() -> None:
    assert status(Seen({"status": {"readyReplicas": 1}}))["readyReplicas"] == 1


def test_the_running_containers_state_is_mirrored() -> None:
    made = status(Seen(pod=pod(RUNNING, (READY,))))
    assert made["containerState"] == RUNNING
    assert made["state"] == "Running"


def test_two_conditions_are_mirrored_with_their_times() -> None:
    scheduled = condition("PodScheduled", "True", lastProbeTime=T2)
    made = status(Seen(pod=pod(RUNNING, (READY, scheduled))))
    assert made["conditions"] == [
        {**READY, "lastProbeTime": T1},
        scheduled,
    ]


def test_a_probe_time_of_null_falls_back_to_the_transition() -> None:
    made = status(Seen(pod=pod(RUNNING, ({**READY, "lastProbeTime": None},))))
    assert made["conditions"][0]["lastProbeTime"] == T1


def test_unschedulable_keeps_its_message() -> None:
    message = "0/3 nodes are available: 3 Insufficient nvidia.com/gpu."
    unscheduled = condition("PodScheduled", "False", reason="Unschedulable", message=message)
    made = status(Seen(pod=pod(conditions=(unscheduled,))))
    assert made["conditions"][0]["message"] == message
    assert made["conditions"][0]["reason"] == "Unschedulable"
    assert made["state"] == "Waiting"
    assert made["message"].startswith("No node has enough nvidia.com/gpu left")


def test_the_same_again_is_the_same() -> None:
    seen = Seen(pod=pod(RUNNING, (READY,)))
    assert status(seen) == status(copy.deepcopy(seen))


def test_the_state_is_that_of_the_container_called_like_the_notebook() -> None:
    made = pod(RUNNING)
    made["status"]["containerStatuses"].insert(0, {"name": "istio-proxy", "state": {}})
    assert container_state(notebook(), made) == RUNNING


def test_a_server_called_otherwise_is_found_too() -> None:
    body = notebook()
    body["spec"]["template"]["spec"]["containers"][0]["name"] = "main"
    made = pod(RUNNING)
    made["status"]["containerStatuses"][0]["name"] = "main"
    assert container_state(body, made) == RUNNING


@pytest.mark.parametrize(
    ("state", "expected", "message"),
    [
        ({"waiting": {"reason": "ContainerCreating"}}, "Starting", "is being pulled"),
        (
            {"waiting": {"reason": "ImagePullBackOff", "message": "no such tag"}},
            "Failed",
            "no such",
        ),
        ({"waiting": {"reason": "CrashLoopBackOff"}}, "Failed", "its log says why"),
        ({"terminated": {"reason": "OOMKilled", "exitCode": 137}}, "Failed", "more memory"),
        ({"terminated": {"exitCode": 3}}, "Failed", "exit code 3"),
        (RUNNING, "Starting", "does not answer yet"),
        (None, "Starting", "A node has been found"),
    ],
)
def test_complaints_10_and_12_the_state_is_the_containers(
    state: Object | None, expected: str, message: str
) -> None:
    made = status(Seen(pod=pod(state, (condition("Ready", "False"),))))
    assert made["state"] == expected
    assert message in made["message"]


def test_complaint_11_binding_a_volume_is_no_error() -> None:
    message = "0/1 nodes are available: pod has unbound immediate PersistentVolumeClaims."
    unscheduled = condition("PodScheduled", "False", message=message)
    made = status(Seen(pod=pod(conditions=(unscheduled,))))
    assert (made["state"], made["message"]) == ("Waiting", "Its volume is being provided.")


def test_complaint_9_why_there_is_no_pod() -> None:
    message = (
        'create Pod nb-0 in StatefulSet nb failed error: pods "nb-0" is forbidden: exceeded quota:'
        " small, requested: limits.cpu=4, used: limits.cpu=3, limited: limits.cpu=4"
    )
    made = status(Seen(warnings=[warning("FailedCreate", message)]))
    assert made["state"] == "Failed"
    assert made["message"] == (
        "The quota small of this namespace is used up: limits.cpu=4 more is wanted,"
        " limits.cpu=3 is used, limits.cpu=4 is allowed."
    )


def test_a_volume_that_cannot_be_attached_is_said() -> None:
    seen = Seen(
        pod=pod({"waiting": {"reason": "ContainerCreating"}}),
        warnings=[warning("FailedMount", "MountVolume.SetUp failed")],
    )
    assert status(seen)["message"] == "MountVolume.SetUp failed."


def test_the_api_servers_words_become_sentences() -> None:
    assert "wants to know limits.cpu for: nb" in refusal(
        "forbidden: failed quota: q: must specify limits.cpu for: nb"
    )
    assert refusal('error looking up service account: serviceaccount "x" not found') == (
        "There is no service account x in this namespace."
    )
    assert "privileged" in refusal('violates PodSecurity "restricted:latest": privileged (…)')


@pytest.mark.parametrize("value", [T1, "true", ""])
def test_stopping_and_stopped(value: str) -> None:
    stop = {"kubeflow-resource-stopped": value}
    assert status(Seen(pod=pod(RUNNING, (READY,))), **stop)["state"] == "Stopping"
    made = status(**stop, **{"notebooks.labwright.dev/stop-reason": "It was idle."})
    assert (made["state"], made["stopReason"]) == ("Stopped", "It was idle.")
    assert made.get("stoppedAt") == (T1 if value == T1 else None)


def test_a_pod_that_goes_is_no_running_server() -> None:
    going = pod(RUNNING, (READY,), deletionTimestamp=T2)
    assert status(Seen(pod=going))["state"] == "Starting"


def test_problems_come_first() -> None:
    assert status(Seen(problems=["No."]))["state"] == "Failed"
    made = status(Seen(pod=pod(RUNNING, (READY,)), problems=["No."]))
    assert (made["state"], made["message"]) == ("Running", "No.")


def test_a_restart_is_due_once() -> None:
    body = notebook()
    body["metadata"]["annotations"] = {"notebooks.labwright.dev/restarted-at": T2}
    assert restart_due(body, pod())
    assert not restart_due(body, pod(creationTimestamp="2026-01-01T12:00:00Z"))
    assert not restart_due(body, pod(deletionTimestamp=T2))
    assert not restart_due(body, None)


@pytest.mark.parametrize("text", ["", "now", "2026-01-01", "2026-01-01T10:00:00", None, 5])
def test_what_is_no_time(text: Any) -> None:
    assert parse_time(text) is None


def test_events_name_their_notebook() -> None:
    def event(kind: str, name: str) -> Object:
        about = {"kind": kind, "name": name}
        return {"metadata": {"namespace": "ada", "uid": "u"}, "involvedObject": about}

    assert key_of(event("Pod", "nb-0")) == ("ada", "nb")
    assert key_of(event("StatefulSet", "nb")) == ("ada", "nb")
    assert key_of(event("Pod", "nb-1")) is None
    assert key_of(event("Node", "nb-0")) is None


def test_an_event_is_told_again_by_the_same_name() -> None:
    event = {
        "metadata": {"namespace": "ada", "uid": "u"},
        "involvedObject": {"kind": "Pod", "name": "nb-0"},
        "type": "Warning",
        "reason": "BackOff",
        "message": "failing",
        "eventTime": "2026-01-01T10:00:00.123456Z",
    }
    made = reissued(notebook(), event)
    assert made["message"] == "Reissued from pod/nb-0: failing"
    assert made["lastTimestamp"] == T1
    assert made["metadata"]["name"] == reissued(notebook(), event)["metadata"]["name"]


def test_only_a_quota_without_defaults_needs_limits() -> None:
    quota = {"spec": {"hard": {"limits.cpu": "4", "limits.memory": "8Gi", "pods": "3"}}}
    defaults = {"spec": {"limits": [{"type": "Container", "default": {"memory": "1Gi"}}]}}
    assert needed_limits([quota], [defaults]) == ["cpu"]
    assert needed_limits([], [defaults]) == []
