"""Events of a server's StatefulSet and pod, told again on its Notebook. Pure."""

from __future__ import annotations

import hashlib

from labwright_controller.kinds import GROUP, MANAGER, VERSION, Key, Object

_FIELDS = ("type", "reason", "message", "count", "firstTimestamp", "lastTimestamp", "eventTime")
ABOUT = "involvedObject.kind"
_METADATA = ("namespace", "name", "uid", "resourceVersion")


def key_of(event: Object) -> Key | None:
    """The Notebook an event may belong to: that of a StatefulSet, or of its only pod."""
    about = event.get("involvedObject", {})
    name = about.get("name", "")
    if about.get("kind") == "Pod" and name.endswith("-0"):
        return event["metadata"]["namespace"], name[:-2]
    if about.get("kind") == "StatefulSet":
        return event["metadata"]["namespace"], name
    return None


def trim(event: Object) -> Object:
    """What is kept of an event."""
    about = event["involvedObject"]
    return {
        **{field: event[field] for field in _FIELDS if event.get(field) is not None},
        "reason": event.get("reason", ""),
        "message": event.get("message", ""),
        "metadata": {key: event["metadata"].get(key, "") for key in _METADATA},
        "involvedObject": {"kind": about["kind"], "name": about["name"]},
    }


def happened_at(event: Object) -> str:
    """When it happened last."""
    return event.get("lastTimestamp") or event.get("eventTime") or event.get("firstTimestamp") or ""


def told_of(event: Object) -> Key:
    """What stands for an event among those that were told: the end of their names is a digest."""
    digest = hashlib.sha256(event["metadata"]["uid"].encode()).hexdigest()[:16]
    return event["metadata"]["namespace"], digest


def told_by(event: Object) -> tuple[Key, int]:
    """What an event of our own making tells of, and how often it says that happened."""
    metadata = event["metadata"]
    return (metadata["namespace"], metadata["name"].rpartition(".")[2]), event.get("count") or 1


def reissued(notebook: Object, event: Object) -> Object:
    """The event about the Notebook that tells of an event about its StatefulSet or pod."""
    about = event["involvedObject"]
    source = f"{about['kind'].lower()}/{about['name']}"
    when = happened_at(event)[:19].rstrip("Z") + "Z"
    return event_about(
        notebook,
        # The same for the same event, so that none is told twice, whoever restarts.
        f"{notebook['metadata']['name'][:200].rstrip('.-')}.{told_of(event)[1]}",
        event.get("type") or "Normal",
        event["reason"],
        f"Reissued from {source}: {event['message']}",
        when,
        count=event.get("count") or 1,
    )


def event_about(
    notebook: Object, name: str, kind: str, reason: str, message: str, when: str, count: int = 1
) -> Object:
    """An event about a Notebook."""
    metadata = notebook["metadata"]
    return {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": name, "namespace": metadata["namespace"]},
        "involvedObject": {
            "apiVersion": f"{GROUP}/{VERSION}",
            "kind": "Notebook",
            "name": metadata["name"],
            "namespace": metadata["namespace"],
            "uid": metadata["uid"],
        },
        "type": kind,
        "reason": reason,
        "message": message[:1024],
        "firstTimestamp": when,
        "lastTimestamp": when,
        "count": count,
        "source": {"component": MANAGER},
        "reportingComponent": MANAGER,
    }
