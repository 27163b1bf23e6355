"""kopf's part: it watches the cluster, fills the cache, and says which Notebooks to look at.

Only kopf's indexing and plain events are used: they write nothing to the objects they watch, while
its higher handlers would put annotations and finalizers on every Notebook. No event is handled
before everything has been listed once, so a restart never takes a missing object for an absent one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import kopf

from labwright_controller import kinds
from labwright_controller.cache import Cache, related
from labwright_controller.kinds import NOTEBOOK_LABEL, Key, Object
from labwright_controller.settings import Settings


@dataclass(frozen=True)
class Watched:
    """A kind of object, where it is, and which of its objects matter."""

    kind: str
    group: str
    version: str
    plural: str
    ours_only: bool = False


def watched(settings: Settings) -> list[Watched]:
    """What these settings need to be watched: no more, so that RBAC can be as small."""
    found = [
        Watched("Notebook", kinds.GROUP, kinds.VERSION, kinds.NOTEBOOKS),
        Watched("NotebookImage", kinds.IMAGES_GROUP, kinds.IMAGES_VERSION, kinds.IMAGES),
        Watched("StatefulSet", "apps", "v1", "statefulsets", ours_only=True),
        Watched("Service", "", "v1", "services", ours_only=True),
        Watched("Pod", "", "v1", "pods", ours_only=True),
        Watched("PersistentVolumeClaim", "", "v1", "persistentvolumeclaims", ours_only=True),
        Watched("ResourceQuota", "", "v1", "resourcequotas"),
        Watched("LimitRange", "", "v1", "limitranges"),
        Watched("Event", "", "v1", "events"),
    ]
    if settings.use_istio:
        found.append(
            Watched("VirtualService", "networking.istio.io", "v1alpha3", "virtualservices", True)
        )
    if settings.gateway:
        found.append(Watched("HTTPRoute", "gateway.networking.k8s.io", "v1", "httproutes", True))
    if settings.network_policy:
        found.append(Watched("NetworkPolicy", "networking.k8s.io", "v1", "networkpolicies", True))
    return found


def make_registry(
    resources: list[Watched],
    cache: Cache,
    changed: Callable[[str, Object, bool], None],
    login: Callable[[], kopf.ConnectionInfo],
) -> kopf.OperatorRegistry:
    """The handlers; `changed` gets an object's kind, the object, and whether it is gone."""
    registry = kopf.OperatorRegistry()
    kopf.on.login(registry=registry)(lambda **_: login())
    for resource in resources:
        _register(registry, resource, cache, changed)
    return registry


def _register(
    registry: kopf.OperatorRegistry,
    resource: Watched,
    cache: Cache,
    changed: Callable[[str, Object, bool], None],
) -> None:
    where: dict[str, Any] = {
        "group": resource.group,
        "version": resource.version,
        "plural": resource.plural,
        "registry": registry,
    }

    @kopf.index(id=f"see-{resource.plural}", **where)
    def see(body: kopf.Body, **_: Any) -> None:
        cache.put(resource.kind, dict(body))

    @kopf.on.event(id=f"tell-{resource.plural}", **where)
    def tell(event: kopf.RawEvent, **_: Any) -> None:
        body: Object = dict(event["object"])
        gone = event["type"] == "DELETED"
        if gone:
            cache.drop(resource.kind, body)
        changed(resource.kind, body, gone)


def operator_settings(resources: list[Watched]) -> kopf.OperatorSettings:
    """kopf, told to write nothing and to look only at what matters."""
    settings = kopf.OperatorSettings()
    # Its log is not the Notebooks' events.
    settings.posting.enabled = False
    # New CRDs and namespaces are none of its business, so it needs no right to see them.
    settings.scanning.disabled = True
    settings.watching.chunk_size = 500
    for resource in resources:
        if resource.ours_only:
            settings.watching.label_selectors[resource.group, resource.version, resource.plural] = (
                NOTEBOOK_LABEL
            )
    return settings


def keys_to_look_at(kind: str, body: Object, cache: Cache) -> set[Key]:
    """The Notebooks that a change of an object may concern."""
    if kind in ("ResourceQuota", "LimitRange"):
        namespace = body["metadata"]["namespace"]
        return {key for key in cache.all("Notebook") if key[0] == namespace}
    if kind == "NotebookImage":
        # Redirects lead from any name to any other.
        return set().union(*cache.image_users.values())
    if kind == "PersistentVolumeClaim":
        metadata = body["metadata"]
        users = cache.claim_users(metadata["namespace"], metadata["name"])
        return set(related(kind, body)) | users
    return set(related(kind, body))
