"""The controller as a whole: watches, queues and workers, until it is stopped."""

from __future__ import annotations

import asyncio
import logging
import signal

import aiohttp

from labwright_controller import events, watches
from labwright_controller.api import Api, ApiError, reference
from labwright_controller.builders import prepull
from labwright_controller.cache import Cache
from labwright_controller.culler import Culler
from labwright_controller.differences import covers, mark
from labwright_controller.kinds import IMAGES_GROUP, IMAGES_VERSION, MANAGER, Key, Object
from labwright_controller.names import safe
from labwright_controller.reconcile import Reconciler
from labwright_controller.settings import Settings
from labwright_controller.startups import Startups
from labwright_controller.workqueue import WorkQueue

log = logging.getLogger(__name__)


class Operator:
    """One controller; `run` returns when it was told to stop."""

    def __init__(self, settings: Settings, api: Api) -> None:
        self._settings = settings
        self._api = api
        self.cache = Cache()
        self.stop_at: dict[Key, str] = {}
        self.startups = Startups()
        self.ready = asyncio.Event()
        self.notebooks = WorkQueue(self._reconcile, settings.workers)
        # Telling events again never holds up the making of servers.
        self.retellings: WorkQueue[tuple[Key, str]] = WorkQueue(self._retell, 2)
        self.images: WorkQueue[str] = WorkQueue(self._count_uses, 1)
        self.prepulls: WorkQueue[str] = WorkQueue(self._prepull, 1)
        self._reconciler = Reconciler(
            self.cache, api, settings, self.notebooks.add_later, self.stop_at
        )
        self.watches = [
            watches.Watch(resource, namespace, api, self.cache, self._changed)
            for resource in watches.watched(settings)
            for namespace in resource.namespaces(settings)
        ]
        self.culler = Culler(self.cache, api, settings, self.stop_at, self.notebooks.add)

    async def run(self) -> None:
        """Work until a signal, or until something that cannot be mended."""
        stop = asyncio.Event()
        for sign in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(sign, stop.set)
        # A task that fails ends all of them: better started anew than with a part of it dead.
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(self._work()), group.create_task(stop.wait())]
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in tasks:
                task.cancel()

    async def _work(self) -> None:
        async with asyncio.TaskGroup() as group:
            for watch in self.watches:
                group.create_task(watch.run())
            # Nothing is done before everything is known: what is missing might not be absent.
            for watch in self.watches:
                await watch.listed.wait()
            while not await self._learn_what_was_told():
                await asyncio.sleep(1)
            for task in (
                self.notebooks, self.retellings, self.images, self.prepulls, self.culler,
            ):  # fmt: skip
                group.create_task(task.run())
            self.prepulls.add(prepull.NAME)
            self.ready.set()

    async def _learn_what_was_told(self) -> bool:
        try:
            for namespace in watches.EVENTS.namespaces(self._settings):
                where = watches.EVENTS.collection(namespace)
                async for page in self._api.pages(where, fields=f"{events.ABOUT}=Notebook"):
                    for event in page["items"]:
                        if event.get("source", {}).get("component") == MANAGER:
                            key, count = events.told_by(event)
                            self.cache.told[key] = count
        except (aiohttp.ClientError, TimeoutError, ApiError) as error:
            log.warning("events cannot be listed: %s", error)
            return False
        return True

    def _changed(self, kind: str, body: Object, gone: bool) -> None:
        if kind == "Event":
            key = events.key_of(body)
            if key is not None and not gone and key in self.cache.all("Notebook"):
                self.retellings.add((key, body["metadata"]["uid"]))
                # A warning may be the reason why there is no server.
                if body.get("type") == "Warning":
                    self.notebooks.add(key)
            return
        if kind == "Pod":
            for key in watches.keys_to_look_at(kind, body, self.cache):
                self.startups.see(key, body, counts=self.ready.is_set())
        if kind == "Notebook" and gone:
            self.startups.forget((body["metadata"]["namespace"], safe(body["metadata"]["name"])))
        if kind == "Notebook" and body.get("spec", {}).get("image"):
            self.images.add(body["spec"]["image"])
        if kind == "NotebookImage":
            self.prepulls.add(prepull.NAME)
            if not gone:
                self.images.add(body["metadata"]["name"])
        for key in watches.keys_to_look_at(kind, body, self.cache):
            is_new = kind == "Notebook" and self.cache.get("StatefulSet", key) is None
            self.notebooks.add(key, urgent=is_new and not gone)

    async def _reconcile(self, key: Key) -> None:
        await self._reconciler.reconcile(key, hurry=self.notebooks.urgent)

    async def _retell(self, what: tuple[Key, str]) -> None:
        key, uid = what
        while self.notebooks.urgent:
            await asyncio.sleep(0.1)
        notebook, event = self.cache.get("Notebook", key), self.cache.event(key, uid)
        if notebook is None or event is None:
            return
        if events.happened_at(event)[:19] < notebook["metadata"]["creationTimestamp"][:19]:
            return
        body = events.reissued(notebook, event)
        what_it_tells = events.told_of(event)
        told = self.cache.told.get(what_it_tells)
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
        self.cache.told[what_it_tells] = body["count"]

    async def _count_uses(self, name: str) -> None:
        # Who sees some namespaces knows no number for the cluster's catalogue, and two such
        # controllers would correct each other for ever.
        if self._settings.watch_namespaces:
            return
        image = self.cache.get("NotebookImage", ("", name))
        count = len(self.cache.image_users.get(name, ()))
        if image is None or image.get("status", {}).get("notebooks", 0) == count:
            return
        where = reference("NotebookImage", f"{IMAGES_GROUP}/{IMAGES_VERSION}", "", name)
        changed = await self._api.patch(where, {"status": {"notebooks": count}}, "/status")
        self.cache.put("NotebookImage", changed)

    async def _prepull(self, name: str) -> None:
        namespace = self._settings.namespace
        wanted = prepull.prepull(self.cache.all("NotebookImage").values(), namespace)
        live = await self._api.get(reference("DaemonSet", "apps/v1", namespace, name))
        if wanted is None:
            if live is not None:
                await self._api.delete(live)
        elif live is None or not covers(live, mark(wanted)):
            try:
                await self._api.apply(mark(wanted))
            except ApiError as error:
                if not error.is_final:
                    raise
                log.warning("images cannot be pulled ahead: %s", error)
