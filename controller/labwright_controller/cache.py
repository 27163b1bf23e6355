"""What the watches have seen: everything the controller reads lies here, cut to what it needs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from labwright_controller import claims, events
from labwright_controller.kinds import NOTEBOOK_LABEL, STATEFULSET_LABEL, Key, Object
from labwright_controller.names import safe

_DROPPED_METADATA = ("managedFields", "selfLink", "generateName")
_LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
REMEMBERED_GONE = 5000
_POD_STATUS = ("phase", "conditions", "containerStatuses")


class Cache:
    """Objects by kind and key; a Notebook and its StatefulSet and Service have the same key."""

    def __init__(self) -> None:
        self._objects: dict[str, dict[Key, Object]] = defaultdict(dict)
        self._events: dict[Key, dict[str, Object]] = defaultdict(dict)
        # What was deleted last: an answer to a write may come after the watch told of the end.
        self._gone: dict[str, None] = {}
        self._claim_users: dict[Key, set[Key]] = defaultdict(set)
        self.image_users: dict[str, set[Key]] = defaultdict(set)
        self.told: dict[Key, int] = {}
        """How often each event is said to have happened, by those of our own making."""

    def get(self, kind: str, key: Key) -> Object | None:
        """The object of this kind; a Pod's key is its Notebook's."""
        return self._objects[kind].get(key)

    def all(self, kind: str) -> dict[Key, Object]:
        """All objects of a kind."""
        return self._objects[kind]

    def put(self, kind: str, body: Object) -> bool:
        """Remember an object; False if it is known already, or a newer one, or not needed."""
        if kind == "Event":
            return self._put_event(body)
        key = key_in_cache(kind, body)
        if key is None or body["metadata"]["uid"] in self._gone:
            return False
        known = self._objects[kind].get(key)
        if known is not None and _version(known) >= _version(body):
            return False
        if kind == "Notebook":
            self._forget_uses(key, known)
            for claim in claims.notebook_claims(body):
                self._claim_users[key[0], claim].add(key)
            if body.get("spec", {}).get("image"):
                self.image_users[body["spec"]["image"]].add(key)
        self._objects[kind][key] = _trim(kind, body)
        return True

    def drop(self, kind: str, body: Object) -> None:
        """Forget an object that is gone."""
        if kind == "Event":
            self._drop_event(body)
            return
        self._gone[body["metadata"]["uid"]] = None
        if len(self._gone) > REMEMBERED_GONE:
            del self._gone[next(iter(self._gone))]
        key = key_in_cache(kind, body)
        known = self._objects[kind].get(key) if key else None
        # Another of the same name may be there already.
        if key is None or known is None or known["metadata"]["uid"] != body["metadata"]["uid"]:
            return
        del self._objects[kind][key]
        if kind == "Notebook":
            self._forget_uses(key, known)

    def missing(self, kind: str, namespace: str, uids: set[str], version: int) -> list[Object]:
        """What is known in a namespace, or in all, and was not there when it had this version."""
        if kind == "Event":
            known = [event for events in self._events.values() for event in events.values()]
        else:
            known = list(self._objects[kind].values())
        return [
            body
            for body in known
            if (not namespace or body["metadata"].get("namespace") == namespace)
            and body["metadata"]["uid"] not in uids
            and _version(body) <= version
        ]

    def claims_of(self, key: Key) -> list[Object]:
        """The claims that were made for a Notebook."""
        return [
            claim
            for claim in self._objects["PersistentVolumeClaim"].values()
            if claim["metadata"]["namespace"] == key[0]
            and key in related("PersistentVolumeClaim", claim)
        ]

    def claim_users(self, namespace: str, name: str) -> set[Key]:
        """The Notebooks that use a claim."""
        return self._claim_users.get((namespace, name), set())

    def events_of(self, key: Key) -> list[Object]:
        """The events of a Notebook's StatefulSet and pod, oldest first."""
        return sorted(self._events.get(key, {}).values(), key=events.happened_at)

    def event(self, key: Key, uid: str) -> Object | None:
        """One of the events of a Notebook."""
        return self._events.get(key, {}).get(uid)

    def in_namespace(self, kind: str, namespace: str) -> list[Object]:
        """All objects of a kind in a namespace."""
        return [body for key, body in self._objects[kind].items() if key[0] == namespace]

    def _put_event(self, body: Object) -> bool:
        key = events.key_of(body)
        if key is None:
            return False
        known = self._events[key].get(body["metadata"]["uid"])
        if known is not None and _version(known) >= _version(body):
            return False
        self._events[key][body["metadata"]["uid"]] = events.trim(body)
        return True

    def _drop_event(self, body: Object) -> None:
        self.told.pop(events.told_of(body), None)
        key = events.key_of(body)
        if key is not None and key in self._events:
            self._events[key].pop(body["metadata"]["uid"], None)
            if not self._events[key]:
                del self._events[key]

    def _forget_uses(self, key: Key, known: Object | None) -> None:
        if known is None:
            return
        for claim in claims.notebook_claims(known):
            self._claim_users[key[0], claim].discard(key)
        image = known.get("spec", {}).get("image")
        if image:
            self.image_users[image].discard(key)


def key_in_cache(kind: str, body: Object) -> Key | None:
    """Where an object lies; None if it is none that the controller needs."""
    metadata = body["metadata"]
    namespace, name = metadata.get("namespace", ""), metadata["name"]
    if kind == "Notebook":
        return namespace, safe(name)
    if kind == "Pod":
        server = metadata.get("labels", {}).get(STATEFULSET_LABEL)
        return (namespace, server) if server and name == f"{server}-0" else None
    return namespace, name


def related(kind: str, body: Object) -> Iterable[Key]:
    """The Notebooks that may have to be looked at when an object changes."""
    metadata = body["metadata"]
    namespace = metadata.get("namespace", "")
    if kind == "Event":
        key = events.key_of(body)
        return [key] if key else []
    if kind in ("VirtualService", "HTTPRoute"):
        owners = metadata.get("ownerReferences") or ()
        return [(namespace, safe(o["name"])) for o in owners if o["kind"] == "Notebook"]
    if kind == "PersistentVolumeClaim":
        # The label has the name where it fits, else the safe name.
        label = metadata.get("labels", {}).get(NOTEBOOK_LABEL)
        return {(namespace, label), (namespace, safe(label))} if label else []
    key = key_in_cache(kind, body)
    return [key] if key else []


def _version(body: Object) -> int:
    version = body["metadata"].get("resourceVersion", "")
    return int(version) if version.isdecimal() else 0


def _trim(kind: str, body: Object) -> Object:
    metadata = {k: v for k, v in body["metadata"].items() if k not in _DROPPED_METADATA}
    if _LAST_APPLIED in metadata.get("annotations", {}):
        kept = {k: v for k, v in metadata["annotations"].items() if k != _LAST_APPLIED}
        metadata["annotations"] = kept
    trimmed = {**body, "metadata": metadata}
    if kind == "Pod":
        del trimmed["spec"]
        status = body.get("status", {})
        trimmed["status"] = {k: status[k] for k in _POD_STATUS if k in status}
    return trimmed
