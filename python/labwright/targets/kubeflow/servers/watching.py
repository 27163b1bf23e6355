"""One watch of each kind in a namespace, for all who look on."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Mapping
from typing import Any

from ...errors import Forbidden, NotFound, TargetError, TargetUnreachable
from .claims import users, volume_view
from .kinds import CLAIMS, DEFAULTS, EVENTS, IMAGES, NOTEBOOK_LABEL, PODS, Kind, Object
from .kube import Cluster, Expired, Kube
from .reading import pod_defaults_of
from .spawner import catalogue
from .views import around, happened, server_view, titles

View = dict[str, Any]
FIRST, LONGEST = 0.5, 30.0
REFUSED = 60.0
"""Seconds until it is asked again for what may not be read."""
GATHER = 0.05
"""Seconds within which changes are told together: one start changes many objects at once."""
_ABOUT = frozenset({"Pod", "StatefulSet", "PersistentVolumeClaim"})


class Mirror:
    """The objects of a kind, as they are. `needless`: others do without it if need be."""

    def __init__(
        self,
        kube: Kube,
        kind: Kind,
        changed: Callable[[], None],
        *,
        needless: bool = True,
        namespace: str | None = None,
        **query: str,
    ) -> None:
        self.objects: dict[str, Object] = {}
        self.error: TargetError | None = None
        self.synced = asyncio.Event()
        self._kube = kube
        self._kind = kind
        self._changed = changed
        self._needless = needless
        self._namespace = namespace
        self._query = query

    async def run(self) -> None:
        wait = FIRST
        while True:
            try:
                found, version = await self._kube.snapshot(
                    self._kind, self._namespace, **self._query
                )
                self._fill(found)
                wait = FIRST
                await self._follow(version)
            except Expired:
                continue
            except TargetError as error:
                refused = isinstance(error, (Forbidden, NotFound))
                if refused and self._needless:
                    self._fill([])
                elif not self.synced.is_set():
                    self.error = error
                    self.synced.set()
                await asyncio.sleep(REFUSED if refused else wait)
                wait = min(LONGEST, wait * 2)

    async def _follow(self, version: str) -> None:
        """Follow from a version on, whatever becomes of the connection."""
        wait = FIRST
        while True:
            began = time.monotonic()
            try:
                async for what, body in self._kube.watch(
                    self._kind, version, self._namespace, **self._query
                ):
                    version, wait = body["metadata"]["resourceVersion"], FIRST
                    self._take(what, body)
            except TargetUnreachable:
                pass
            # A watch that ends well takes its time; else whoever is asked is to have some.
            if time.monotonic() - began < 1:
                await asyncio.sleep(wait)
                wait = min(LONGEST, wait * 2)

    def _fill(self, found: list[Object]) -> None:
        self.objects = {one["metadata"]["uid"]: one for one in found if self._wanted(one)}
        self.error = None
        self.synced.set()
        self._changed()

    def _take(self, what: str, body: Object) -> None:
        if what == "BOOKMARK" or not self._wanted(body):
            return
        if what == "DELETED":
            self.objects.pop(body["metadata"]["uid"], None)
        else:
            self.objects[body["metadata"]["uid"]] = body
        self._changed()

    def _wanted(self, body: Object) -> bool:
        if self._kind is not EVENTS:
            return True
        return (body.get("involvedObject") or {}).get("kind") in _ABOUT


class Watching:
    """The servers and volumes of a namespace, told to any number of people."""

    def __init__(self, kube: Kube, target: str) -> None:
        self._kube = kube
        self._target = target
        self._mirrors: dict[str, Mirror] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self._people = 0
        self._state = 0
        self._news = asyncio.Event()
        self._seen: tuple[int, Mapping[tuple[str, str], View]] = (-1, {})

    async def follow(self) -> AsyncGenerator[View, None]:
        """How things stand, then what changes.

        Raises:
            TargetError: servers may not be read, or the cluster does not answer at first.
        """
        cluster = await self._kube.cluster()
        self._people += 1
        try:
            if not self._tasks:
                self._begin(cluster)
            mirrors = self._mirrors
            await asyncio.gather(*(one.synced.wait() for one in mirrors.values()))
            failed = next((one.error for one in mirrors.values() if one.error), None)
            if failed is not None:
                raise failed
            told: Mapping[tuple[str, str], View] = {}
            while True:
                at, views = self._views()
                for (kind, name), view in views.items():
                    if told.get((kind, name)) != view:
                        yield {"type": kind, kind: view}
                for kind, name in told.keys() - views.keys():
                    yield {"type": f"{kind}-deleted", "name": name}
                told = views
                while self._state == at:
                    await self._news.wait()
                await asyncio.sleep(GATHER)
        finally:
            self._people -= 1
            if not self._people:
                await self.close()

    async def close(self) -> None:
        tasks, self._tasks, self._mirrors = self._tasks, [], {}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _begin(self, cluster: Cluster) -> None:
        def mirror(kind: Kind, **more: Any) -> Mirror:
            return Mirror(self._kube, kind, self._changed, **more)

        self._mirrors = {
            "notebooks": mirror(cluster.notebooks, needless=False),
            "pods": mirror(PODS, labelSelector=NOTEBOOK_LABEL),
            "events": mirror(EVENTS),
            "claims": mirror(CLAIMS),
        }
        if cluster.catalogue:
            self._mirrors["images"] = mirror(IMAGES, namespace="")
        if cluster.pod_defaults:
            self._mirrors["configurations"] = mirror(DEFAULTS)
        self._tasks = [asyncio.create_task(one.run()) for one in self._mirrors.values()]

    def _changed(self) -> None:
        self._state += 1
        # Whoever waits, waits for this one; whoever comes later, for the next.
        self._news.set()
        self._news = asyncio.Event()

    def _views(self) -> tuple[int, Mapping[tuple[str, str], View]]:
        """All views, made once for all who look on."""
        if self._seen[0] != self._state:
            self._seen = self._state, self._make_views()
        return self._seen

    def _make_views(self) -> dict[tuple[str, str], View]:
        found = {name: list(one.objects.values()) for name, one in self._mirrors.items()}
        called = titles(catalogue(found.get("images", ())))
        defaults = pod_defaults_of(found.get("configurations", ()))
        claims = {one["metadata"]["name"]: one for one in found["claims"]}
        events = sorted(found["events"], key=happened)
        views: dict[tuple[str, str], View] = {}
        for body in found["notebooks"]:
            near = around(body, found["pods"], events)
            name = body["metadata"]["name"]
            views["server", name] = server_view(body, near, claims, self._target, called, defaults)
        for name, body in claims.items():
            used = users(name, found["notebooks"], ())
            views["volume", name] = volume_view(body, self._target, used, events)
        return views
