"""The status of a Notebook: what Kubeflow's has, and the state in plain words. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from labwright_controller import sentences
from labwright_controller.kinds import (
    LAST_ACTIVITY,
    RESTARTED,
    REVISION_LABEL,
    STOP_REASON,
    STOPPED,
    Object,
)
from labwright_controller.names import safe_container

_CONDITION_FIELDS = ("type", "status", "reason", "message", "lastProbeTime", "lastTransitionTime")
_STATE_FIELDS = {
    "running": ("startedAt",),
    "waiting": ("reason", "message"),
    "terminated": (
        "exitCode", "signal", "reason", "message", "startedAt", "finishedAt", "containerID",
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Seen:
    """What the cluster says about a Notebook."""

    stateful_set: Object | None = None
    pod: Object | None = None
    warnings: Sequence[Object] = ()
    """Warning events of the StatefulSet and its pod, oldest first."""
    image: str | None = None
    problems: Sequence[str] = ()
    """What the controller could not do, in sentences."""
    notes: Sequence[str] = ()
    """What its user should know although the server works."""
    stop_at: str | None = None


@dataclass(frozen=True)
class _State:
    state: str
    message: str = ""
    extra: dict[str, Any] = field(default_factory=dict)


def notebook_status(notebook: Object, seen: Seen) -> Object:
    """The whole status that a Notebook should have."""
    pod, stateful_set = seen.pod, seen.stateful_set
    state = _state(notebook, seen)
    status: Object = {
        "conditions": [_condition(c) for c in _pod_conditions(pod)],
        "containerState": container_state(notebook, pod),
        "readyReplicas": (stateful_set or {}).get("status", {}).get("readyReplicas", 0),
        "observedGeneration": notebook["metadata"].get("generation", 0),
        "state": state.state,
        "pendingRestart": pending_restart(stateful_set, pod),
        **state.extra,
    }
    activity = notebook["metadata"].get("annotations", {}).get(LAST_ACTIVITY)
    optional = {
        "message": state.message,
        "image": seen.image,
        "stopAt": seen.stop_at,
        "lastActivity": activity if is_time(activity) else None,
    }
    return {**status, **{key: value for key, value in optional.items() if value}}


def is_time(text: Any) -> bool:
    """Whether it is an RFC 3339 time, which the API server accepts in a status."""
    return parse_time(text) is not None


def parse_time(text: Any) -> datetime | None:
    """An RFC 3339 time with its zone, or None."""
    if not isinstance(text, str) or "T" not in text:
        return None
    try:
        found = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        return None
    return found if found.tzinfo else None


def container_state(notebook: Object, pod: Object | None) -> Object:
    """The state of the server's container: the one called like the Notebook, else the first."""
    statuses = (pod or {}).get("status", {}).get("containerStatuses") or []
    spec = notebook.get("spec", {}).get("template", {}).get("spec", {})
    first = (spec.get("containers") or [{}])[0].get("name")
    for name in (notebook["metadata"]["name"], first):
        for status in statuses:
            if name and status["name"] == safe_container(name):
                return _trimmed_state(status.get("state", {}))
    return _trimmed_state(statuses[0].get("state", {})) if len(statuses) == 1 else {}


def pending_restart(stateful_set: Object | None, pod: Object | None) -> bool:
    """Whether the server runs from an older template than it would be started with."""
    if stateful_set is None or pod is None or "deletionTimestamp" in pod["metadata"]:
        return False
    wanted = stateful_set.get("status", {}).get("updateRevision")
    has = pod["metadata"].get("labels", {}).get(REVISION_LABEL)
    return bool(wanted and has and wanted != has)


def restart_due(notebook: Object, pod: Object | None) -> bool:
    """Whether its user asked for a restart after the pod was made."""
    asked = parse_time(notebook["metadata"].get("annotations", {}).get(RESTARTED))
    if asked is None or pod is None or "deletionTimestamp" in pod["metadata"]:
        return False
    made = parse_time(pod["metadata"]["creationTimestamp"])
    return made is not None and made < asked


def _pod_conditions(pod: Object | None) -> list[Object]:
    return (pod or {}).get("status", {}).get("conditions") or []


def _condition(condition: Object) -> Object:
    found = {key: condition[key] for key in _CONDITION_FIELDS if condition.get(key)}
    # Kubernetes leaves the time of the probe empty. Kubeflow filled in "now", and so wrote the
    # status for ever.
    if "lastProbeTime" not in found and "lastTransitionTime" in found:
        found["lastProbeTime"] = found["lastTransitionTime"]
    return found


def _trimmed_state(state: Object) -> Object:
    return {
        kind: {key: state[kind][key] for key in fields if key in state[kind]}
        for kind, fields in _STATE_FIELDS.items()
        if kind in state
    }


def _state(notebook: Object, seen: Seen) -> _State:
    metadata = notebook["metadata"]
    annotations = metadata.get("annotations", {})
    if "deletionTimestamp" in metadata:
        return _State("Terminating")
    if STOPPED in annotations:
        return _stopped(annotations, seen)
    ready = any(c["type"] == "Ready" and c["status"] == "True" for c in _pod_conditions(seen.pod))
    if seen.problems:
        message = " ".join(seen.problems)
        return _State("Running" if ready else "Failed", message)
    if seen.pod is None:
        return _no_pod(seen)
    if "deletionTimestamp" in seen.pod["metadata"]:
        return _State("Starting", "The server restarts.")
    if ready:
        return _State("Running", " ".join(_running_notes(seen)))
    return _not_ready(notebook, seen)


def _stopped(annotations: dict[str, str], seen: Seen) -> _State:
    since = annotations[STOPPED]
    reason = annotations.get(STOP_REASON, "")
    extra = {"stopReason": reason} if reason else {}
    if is_time(since):
        extra["stoppedAt"] = since
    if seen.pod is not None:
        return _State("Stopping", reason, extra)
    return _State("Stopped", " ".join([reason, *seen.problems]).strip(), extra)


def _running_notes(seen: Seen) -> list[str]:
    notes = list(seen.notes)
    if pending_restart(seen.stateful_set, seen.pod):
        notes.insert(0, "Changes wait for its restart.")
    if seen.stop_at:
        notes.insert(0, f"It is idle and will be stopped at {seen.stop_at}.")
    return notes


def _no_pod(seen: Seen) -> _State:
    for event in reversed(seen.warnings):
        if event["reason"] == "FailedCreate":
            return _State("Failed", sentences.refusal(event["message"]))
    return _State("Waiting", "The server is being made.")


def _not_ready(notebook: Object, seen: Seen) -> _State:
    for condition in _pod_conditions(seen.pod):
        if condition["type"] == "PodScheduled" and condition["status"] == "False":
            return _State("Waiting", sentences.unschedulable(condition.get("message", "")))
    state = container_state(notebook, seen.pod)
    if "terminated" in state:
        ended = state["terminated"]
        return _State(
            "Failed", sentences.container_ended(ended.get("reason", ""), ended["exitCode"])
        )
    if "waiting" in state:
        reason = state["waiting"].get("reason", "")
        message = sentences.container_waits(reason, state["waiting"].get("message", ""))
        if sentences.is_failure(reason):
            return _State("Failed", message)
        trouble = [e for e in seen.warnings if e["reason"].startswith("Failed")]
        if trouble:
            message = sentences.refusal(trouble[-1]["message"])
        return _State("Starting", message)
    if "running" in state:
        return _State("Starting", "The server runs, but does not answer yet.")
    return _State("Starting", "A node has been found.")
