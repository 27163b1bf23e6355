"""How a server is, from its Notebook, its pod and what was said about them. Pure.

Labwright's controller says it in the Notebook's status; Kubeflow's does not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from .kinds import (
    RESTARTED,
    STOP_REASON,
    STOPPED,
    Object,
    annotations_of,
    container_status,
    running,
)

View = dict[str, Any]
STAGES = ("scheduled", "volumes", "image", "started", "ready")
_BROKEN = frozenset({
    "ErrImagePull", "ImagePullBackOff", "InvalidImageName", "CreateContainerConfigError",
    "CreateContainerError", "CrashLoopBackOff", "RunContainerError",
})  # fmt: skip
_NO_IMAGE = frozenset({"ErrImagePull", "ImagePullBackOff", "InvalidImageName"})


@dataclass(frozen=True)
class Around:
    """What there is around a Notebook: its pod, and events about it, the oldest first."""

    pod: Object | None = None
    events: Sequence[Object] = ()


def state_of(notebook: Object, around: Around) -> tuple[str, str | None]:
    """The state, and why."""
    status = notebook.get("status") or {}
    state, message = str(status.get("state") or "").upper(), status.get("message") or None
    if "deletionTimestamp" in notebook["metadata"]:
        return "TERMINATING", None
    if not running(notebook):
        reason = annotations_of(notebook).get(STOP_REASON)
        if state == "STOPPED" or (not state and around.pod is None):
            return "STOPPED", message or reason
        return "STOPPING", reason
    if _restarts(notebook, around.pod):
        return "STARTING", "The server restarts."
    # Right after a start the status is still that of before.
    if state and state not in ("STOPPED", "STOPPING", "TERMINATING"):
        return state, message
    return _derived(notebook, around)


def _restarts(notebook: Object, pod: Object | None) -> bool:
    """Whether its pod is one that somebody wanted ended."""
    asked = annotations_of(notebook).get(RESTARTED, "")
    made = (pod or {}).get("metadata", {}).get("creationTimestamp", "")
    return bool(made) and asked.endswith("Z") and made < asked


def _derived(notebook: Object, around: Around) -> tuple[str, str | None]:
    pod = around.pod
    if pod is None:
        failed = _newest(around, "FailedCreate")
        return ("FAILED", failed) if failed else ("WAITING", "The server is being made.")
    if "deletionTimestamp" in pod["metadata"]:
        return "STARTING", "The server restarts."
    conditions = conditions_of(pod)
    if conditions.get("Ready", {}).get("status") == "True":
        return "RUNNING", None
    scheduled = conditions.get("PodScheduled", {})
    if scheduled.get("status") == "False":
        return "WAITING", _sentence(scheduled.get("message") or "No node has been found yet")
    found = container_status(pod, notebook["metadata"]["name"]).get("state") or {}
    if "terminated" in found:
        return "FAILED", _ended(found["terminated"])
    if "waiting" in found and found["waiting"].get("reason") in _BROKEN:
        return "FAILED", _waits(found["waiting"])
    if "running" in found:
        return "STARTING", "The server runs, but does not answer yet."
    mount = _newest(around, "FailedMount", "FailedAttachVolume")
    return "STARTING", mount or "The image is being pulled and volumes are being attached."


def progress(notebook: Object, around: Around) -> list[View]:
    """How far a start is; nothing of a server that is not meant to run."""
    if not running(notebook):
        return []
    found = {stage: _stage(stage) for stage in STAGES}
    for stage, about in _steps(notebook, around).items():
        found[stage] = _stage(stage, *about)
    # A part is over when a later one has begun, though nothing was said of it.
    reached = max((STAGES.index(s) for s, v in found.items() if v["state"] != "waiting"), default=0)
    for stage in STAGES[:reached]:
        if found[stage]["state"] == "waiting":
            found[stage] = _stage(stage, "done")
    states = [found[stage]["state"] for stage in STAGES]
    state, message = state_of(notebook, around)
    if state == "FAILED" and "failed" not in states:
        # Its controller could not even make a pod, say.
        at = next((stage for stage in STAGES if found[stage]["state"] != "done"), STAGES[-1])
        found[at] = _stage(at, "failed", message)
        return list(found.values())
    # What comes next is being done, once there is a pod.
    if around.pod is not None and not {"doing", "failed"} & set(states) and "waiting" in states:
        found[STAGES[states.index("waiting")]]["state"] = "doing"
    return list(found.values())


def _steps(notebook: Object, around: Around) -> dict[str, tuple[str, str | None, str | None]]:
    """What is known of each part: its state, its message and since when."""
    steps: dict[str, tuple[str, str | None, str | None]] = {}
    pod = around.pod
    if pod is None:
        failed = _newest(around, "FailedCreate")
        return {"scheduled": ("failed", failed, None)} if failed else {}
    conditions = conditions_of(pod)
    scheduled = conditions.get("PodScheduled", {})
    if scheduled.get("status") != "True":
        message = scheduled.get("message")
        volume = "persistentvolumeclaim" in (message or "").lower()
        steps["scheduled"] = ("doing", _sentence(message) if message and not volume else None, None)
        if volume and message:
            steps["volumes"] = ("doing", _sentence(message), None)
        return steps
    steps["scheduled"] = ("done", None, scheduled.get("lastTransitionTime"))
    about = container_status(pod, notebook["metadata"]["name"])
    state = about.get("state") or {}
    if conditions.get("PodReadyToStartContainers", {}).get("status") == "True":
        when = conditions["PodReadyToStartContainers"].get("lastTransitionTime")
        steps["volumes"] = ("done", None, when)
    elif mount := _newest(around, "FailedMount", "FailedAttachVolume"):
        steps["volumes"] = ("doing", mount, None)
    for reason, done in (("Pulling", "doing"), ("Pulled", "done")):
        event = _event(around, reason)
        if event is not None:
            message = event.get("message") if done == "doing" else None
            steps["image"] = (done, message, _when(event))
    waiting = state.get("waiting") or {}
    if waiting.get("reason") in _NO_IMAGE:
        steps["image"] = ("failed", _waits(waiting), None)
    elif waiting.get("reason") in _BROKEN:
        steps["started"] = ("failed", _waits(waiting), None)
    elif "terminated" in state:
        steps["started"] = ("failed", _ended(state["terminated"]), None)
    elif "running" in state:
        steps["started"] = ("done", None, state["running"].get("startedAt"))
    ready = conditions.get("Ready", {})
    if ready.get("status") == "True":
        steps["ready"] = ("done", None, ready.get("lastTransitionTime"))
    return steps


def conditions_of(pod: Object) -> dict[str, Object]:
    listed = (pod.get("status") or {}).get("conditions") or ()
    return {one["type"]: one for one in listed}


def stopped_at(notebook: Object) -> str | None:
    """When it was stopped, if that is written as a time."""
    found = annotations_of(notebook).get(STOPPED, "")
    return found if "T" in found else None


def _stage(
    stage: str, state: str = "waiting", message: str | None = None, at: str | None = None
) -> View:
    return {"stage": stage, "state": state, "message": message, "at": at}


def _event(around: Around, *reasons: str) -> Object | None:
    """The newest event of these reasons about what there is now."""
    born = around.pod["metadata"].get("creationTimestamp", "") if around.pod else ""
    for event in reversed(around.events):
        if event.get("reason") in reasons and (_when(event) or born) >= born:
            return event
    return None


def _newest(around: Around, *reasons: str) -> str | None:
    event = _event(around, *reasons)
    return _sentence(event.get("message") or event["reason"]) if event else None


def _when(event: Object) -> str | None:
    found = event.get("lastTimestamp") or event.get("eventTime") or event.get("firstTimestamp")
    return f"{found[:19]}Z" if found else None


def _waits(waiting: Object) -> str:
    reason, message = waiting.get("reason", ""), waiting.get("message", "")
    return _sentence(f"{reason}: {message}" if message else reason)


def _ended(ended: Object) -> str:
    if ended.get("reason") == "OOMKilled":
        return "The server took more memory than it may and was ended."
    return f"The server ended with exit code {ended.get('exitCode')}."


def _sentence(message: str) -> str:
    message = message.strip()
    return message if message.endswith((".", "!", "?")) else f"{message}."
