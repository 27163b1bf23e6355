"""The watches: they fill the cache and say which Notebooks to look at. One a kind and namespace.

Each lists, then follows from there. Where it cannot (410: the API server remembers only so much),
it lists anew, and what is not there any more is gone. kopf's watches would not tell of what went
meanwhile; they took a millisecond for each event, and at the start the square of all objects.
"""

from __future__ import annotations

import asyncio
import json
import logging
import random
from collections.abc import Callable
from dataclasses import dataclass

import aiohttp

from labwright_controller import events, kinds
from labwright_controller.api import Api, ApiError
from labwright_controller.cache import Cache, related
from labwright_controller.kinds import NOTEBOOK_LABEL, Key, Object
from labwright_controller.settings import Settings

log = logging.getLogger(__name__)

FIRST_DELAY = 0.2
LAST_DELAY = 5.0
HTTP_GONE = 410


@dataclass(frozen=True)
class Watched:
    """A kind of object, where it is, and which of its objects matter."""

    kind: str
    group: str
    version: str
    plural: str
    ours_only: bool = False
    namespaced: bool = True
    fields: str = ""
    """A field selector."""

    def namespaces(self, settings: Settings) -> tuple[str, ...]:
        """Where to look for them; an empty name means everywhere."""
        return (self.namespaced and settings.watch_namespaces) or ("",)

    @property
    def labels(self) -> str:
        """A label selector."""
        return NOTEBOOK_LABEL if self.ours_only else ""

    @property
    def api_version(self) -> str:
        """Group and version, as objects have it."""
        return f"{self.group}/{self.version}" if self.group else self.version

    def collection(self, namespace: str = "") -> str:
        """Where these objects are, in a namespace or in all."""
        base = f"/apis/{self.api_version}" if self.group else f"/api/{self.version}"
        where = f"/namespaces/{namespace}" if namespace else ""
        return f"{base}{where}/{self.plural}"


# Most events of Notebooks are those that this controller tells again.
EVENTS = Watched("Event", "", "v1", "events", fields=f"{events.ABOUT}!=Notebook")


def watched(settings: Settings) -> list[Watched]:
    """What these settings need to be watched: no more, so that RBAC can be as small."""
    found = [
        Watched("Notebook", kinds.GROUP, kinds.VERSION, kinds.NOTEBOOKS),
        Watched(
            "NotebookImage",
            kinds.IMAGES_GROUP,
            kinds.IMAGES_VERSION,
            kinds.IMAGES,
            namespaced=False,
        ),
        Watched("StatefulSet", "apps", "v1", "statefulsets", ours_only=True),
        Watched("Service", "", "v1", "services", ours_only=True),
        Watched("Pod", "", "v1", "pods", ours_only=True),
        Watched("PersistentVolumeClaim", "", "v1", "persistentvolumeclaims", ours_only=True),
        Watched("ResourceQuota", "", "v1", "resourcequotas"),
        Watched("LimitRange", "", "v1", "limitranges"),
        EVENTS,
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


class Watch:
    """Follows one kind in one namespace, or in all."""

    def __init__(
        self,
        resource: Watched,
        namespace: str,
        api: Api,
        cache: Cache,
        changed: Callable[[str, Object, bool], None],
    ) -> None:
        self._resource = resource
        self._namespace = namespace
        self._api = api
        self._cache = cache
        self._changed = changed
        self.listed = asyncio.Event()
        self.expired = 0
        """How often it had to list anew."""

    async def run(self) -> None:
        """Watch until cancelled."""
        version, delay = 0, FIRST_DELAY
        while True:
            try:
                if not version:
                    version = await self._list()
                    self.listed.set()
                version = await self._follow(version)
                delay = FIRST_DELAY
                continue
            except ApiError as error:
                if error.status == HTTP_GONE:
                    self.expired += 1
                    version = 0
                else:
                    log.warning("%s cannot be watched: %s", self._resource.plural, error)
            except (aiohttp.ClientError, TimeoutError, ValueError) as error:
                log.info("the watch of %s broke: %s", self._resource.plural, error or type(error))
            await asyncio.sleep(delay)
            delay = min(delay * 2, LAST_DELAY)

    async def _list(self) -> int:
        kind, where = self._resource.kind, self._resource.collection(self._namespace)
        seen: set[str] = set()
        version = 0
        async for page in self._api.pages(where, self._resource.labels, self._resource.fields):
            version = int(page["metadata"]["resourceVersion"])
            for item in page["items"]:
                seen.add(item["metadata"]["uid"])
                # Items of a list do not say what they are.
                self._see({"apiVersion": self._resource.api_version, "kind": kind, **item})
        for body in self._cache.missing(kind, self._namespace, seen, version):
            self._lose(body)
        return version

    async def _follow(self, version: int) -> int:
        """Follow until the API server ends it; gives the version to go on from."""
        query = {
            "watch": "true",
            "allowWatchBookmarks": "true",
            "resourceVersion": str(version),
            "labelSelector": self._resource.labels,
            "fieldSelector": self._resource.fields,
            # Not all at the same time.
            "timeoutSeconds": str(random.randint(300, 600)),
        }
        where = self._resource.collection(self._namespace)
        async for line in self._api.lines(where, query):
            event = json.loads(line)
            body = event["object"]
            if event["type"] == "ERROR":
                raise ApiError(body.get("code", 0), body.get("message", ""))
            version = int(body["metadata"]["resourceVersion"])
            if event["type"] == "DELETED":
                self._lose(body)
            elif event["type"] != "BOOKMARK":
                self._see(body)
        return version

    def _see(self, body: Object) -> None:
        if self._cache.put(self._resource.kind, body):
            self._changed(self._resource.kind, body, False)

    def _lose(self, body: Object) -> None:
        self._cache.drop(self._resource.kind, body)
        self._changed(self._resource.kind, body, True)


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
