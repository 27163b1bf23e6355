"""The controller as a whole: watches, queues and workers, until it is stopped."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

import kopf

from labwright_controller import events, watches
from labwright_controller.api import Api, ApiError, reference
from labwright_controller.cache import Cache
from labwright_controller.culler import Culler
from labwright_controller.kinds import IMAGES_GROUP, IMAGES_VERSION, Key, Object
from labwright_controller.reconcile import Reconciler
from labwright_controller.settings import Settings
from labwright_controller.workqueue import WorkQueue

log = logging.getLogger(__name__)


class Operator:
    """One controller; `run` returns when it was told to stop."""

    def __init__(
        self, settings: Settings, api: Api, login: Callable[[], kopf.ConnectionInfo]
    ) -> None:
        self._settings = settings
        self._api = api
        self._login = login
        self.cache = Cache()
        self.stop_at: dict[Key, str] = {}
        self.ready = asyncio.Event()
        self.notebooks = WorkQueue(self._reconcile, settings.workers)
        # Telling events again never holds up the making of servers.
        self.retellings: WorkQueue[tuple[Key, str]] = WorkQueue(self._retell, 2)
        self.images: WorkQueue[str] = WorkQueue(self._count_uses, 1)
        self._reconciler = Reconciler(
            self.cache, api, settings, self.notebooks.add_later, self.stop_at
        )
        self.culler = Culler(self.cache, api, settings, self.stop_at, self.notebooks.add)

    async def run(self) -> None:
        """Work until a signal, or until something that cannot be mended."""
        resources = watches.watched(self._settings)
        namespaces = self._settings.watch_namespaces
        workers = [
            asyncio.create_task(queue.run())
            for queue in (self.notebooks, self.retellings, self.images, self.culler)
        ]
        try:
            await kopf.operator(
                registry=watches.make_registry(resources, self.cache, self._changed, self._login),
                settings=watches.operator_settings(resources),
                standalone=True,
                clusterwide=not namespaces,
                namespaces=namespaces,
                ready_flag=self.ready,
            )
        finally:
            for worker in workers:
                worker.cancel()
            await asyncio.gather(*workers, return_exceptions=True)

    def _changed(self, kind: str, body: Object, gone: bool) -> None:
        if kind == "Event":
            key = events.key_of(body)
            if key is not None and not gone and key in self.cache.all("Notebook"):
                self.retellings.add((key, body["metadata"]["uid"]))
                # A warning may be the reason why there is no server.
                if body.get("type") == "Warning":
                    self.notebooks.add(key)
            return
        if kind == "Notebook" and body.get("spec", {}).get("image"):
            self.images.add(body["spec"]["image"])
        if kind == "NotebookImage" and not gone:
            self.images.add(body["metadata"]["name"])
        for key in watches.keys_to_look_at(kind, body, self.cache):
            self.notebooks.add(key)

    async def _reconcile(self, key: Key) -> None:
        await self._reconciler.reconcile(key)

    async def _retell(self, what: tuple[Key, str]) -> None:
        key, uid = what
        notebook, event = self.cache.get("Notebook", key), self.cache.event(key, uid)
        if notebook is None or event is None:
            return
        if events.happened_at(event)[:19] < notebook["metadata"]["creationTimestamp"][:19]:
            return
        body = events.reissued(notebook, event)
        name = (body["metadata"]["namespace"], body["metadata"]["name"])
        told = self.cache.told.get(name)
        if told is not None and told >= body["count"]:
            return
        try:
            if told is None:
                await self._api.create(body)
            else:
                changes = {field: body[field] for field in ("count", "lastTimestamp", "message")}
                await self._api.patch(body, changes)
        except ApiError as error:
            # There already, or not any more: its own event says which.
            if error.status not in (404, 409) and not error.is_final:
                raise
        self.cache.told[name] = body["count"]

    async def _count_uses(self, name: str) -> None:
        image = self.cache.get("NotebookImage", ("", name))
        count = len(self.cache.image_users.get(name, ()))
        if image is None or image.get("status", {}).get("notebooks", 0) == count:
            return
        where = reference("NotebookImage", f"{IMAGES_GROUP}/{IMAGES_VERSION}", "", name)
        changed = await self._api.patch(where, {"status": {"notebooks": count}}, "/status")
        self.cache.put("NotebookImage", changed)
