"""Notebook servers and volumes of one namespace of a cluster: a `ServersTarget`."""

from __future__ import annotations

import asyncio
import re
import uuid
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import aclosing
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

from ....servers.words import size_bytes
from ...config import KnownTarget
from ...errors import BadRequest, Conflict, Forbidden, NotFound, NotOffered
from ...local.logs import whole_text
from ..transport import Transport
from . import offering, reading
from .access import connect, namespace_of, not_offered, why_not
from .building import claim as claim_of
from .claims import users, volume_view
from .following import container_of, follow_log
from .kinds import (
    CLAIMS,
    DEFAULTS,
    EVENTS,
    IMAGES,
    NOTEBOOK_LABEL,
    PODS,
    REQUEST,
    RESTARTED,
    STOP_REASON,
    STOPPED,
    Kind,
    Object,
    running,
)
from .kube import Cluster, Kube
from .making import Maker, has_size
from .spawner import catalogue
from .views import around, happened, image_view, pod_of, server_view, titles
from .watching import Watching

if TYPE_CHECKING:
    from ....servers.spec import ServerChange, ServerSpec, VolumeSpec

View = dict[str, Any]
# What is no name leads elsewhere in the API: `..`, or nothing at all.
_NAME = re.compile(r"[a-z0-9]([-a-z0-9.]*[a-z0-9])?")


class KubeflowServers:
    """Asks nothing of the cluster before it is asked itself."""

    def __init__(self, known: KnownTarget, secret: Callable[[], str] | None = None) -> None:
        self.known = known
        self.name = known.name
        self._transport = Transport(lambda: connect(known, secret), known.name, known.timeout)
        self._ready: tuple[Kube, Maker, Watching] | None = None

    async def server_options(self) -> View:
        return await offering.options(self._kube, self.known, self.name)

    async def servers(self) -> list[View]:
        cluster = await self._kube.cluster()
        notebooks = await self._kube.all(cluster.notebooks)
        look = await self._look(cluster)
        found = [look.view(one) for one in notebooks]
        return sorted(found, key=lambda one: (one["created_at"], one["name"]), reverse=True)

    async def server(self, name: str) -> View:
        return await self._view(await self._notebook(name))

    async def create_server(self, spec: ServerSpec) -> View:
        return await self._view(await self._maker.create(spec))

    async def change_server(self, name: str, change: ServerChange) -> View:
        await self._notebook(name)
        notebook, restart = await self._maker.change(name, change)
        view = await self._view(notebook)
        # The status says so a moment later.
        if restart and view["state"] in ("STARTING", "RUNNING", "FAILED"):
            view["pending_restart"] = True
        return view

    async def start_server(self, name: str) -> View:
        notebook = await self._notebook(name)
        if not running(notebook):
            notebook = await self._annotate(name, {STOPPED: None, STOP_REASON: None})
        return await self._view(notebook)

    async def stop_server(self, name: str) -> View:
        notebook = await self._notebook(name)
        if running(notebook):
            notebook = await self._annotate(
                name, {STOPPED: _time(datetime.now(timezone.utc)), STOP_REASON: None}
            )
        return await self._view(notebook)

    async def restart_server(self, name: str) -> View:
        notebook = await self._notebook(name)
        if not running(notebook):
            return await self.start_server(name)
        cluster = await self._kube.cluster()
        pod = pod_of(notebook, await self._pods())
        if pod is None:  # it starts anyhow
            return await self._view(notebook)
        if cluster.managed:
            # Pods that are older are ended. By the API server's clock, not by ours; it knows whole
            # seconds only, and the new pod must not be older as well.
            made = datetime.fromisoformat(pod["metadata"]["creationTimestamp"].rstrip("Z"))
            since = made.replace(tzinfo=timezone.utc) + timedelta(seconds=1)
            if datetime.now(timezone.utc) < since:
                await asyncio.sleep(1)
            return await self._view(await self._annotate(name, {RESTARTED: _time(since)}))
        await self._kube.delete(PODS, pod["metadata"]["name"], pod["metadata"]["uid"])
        return await self._view(notebook)

    async def delete_server(self, name: str, *, volumes: bool = False) -> None:
        await self._maker.delete(await self._notebook(name), volumes=volumes)

    async def server_address(self, name: str) -> View:
        view = await self.server(name)
        if view["state"] != "RUNNING":
            raise Conflict(
                f"server {name!r} does not run: it is {view['state']}", hint="start it", status=409
            )
        path = f"/notebook/{self._kube.namespace}/{name}/"
        gateway = gateway_of(self.known)
        if gateway is None:
            raise NotOffered(
                f"the address of the cluster's gateway is not known; behind it this is {path}",
                where=f"target {self.name}",
                hint="add the target again with --ui, the URL of Kubeflow's dashboard; or"
                f" `kubectl -n {self._kube.namespace} port-forward service/{name} 8888:80` and open"
                f" http://localhost:8888{path}",
            )
        return {"url": f"{gateway}{path}", "proxied": False}

    async def server_log(self, name: str, *, offset: int = 0, limit: int = 1 << 20) -> View:
        notebook = await self._notebook(name)
        pod = pod_of(notebook, await self._pods())
        over = pod is None
        data = b"" if pod is None else await self._log(pod, name)
        begin = min(offset, len(data))
        piece = data[begin : begin + limit]
        last = begin + len(piece) >= len(data)
        text, used = whole_text(piece, final=over and last)
        return {"text": text, "offset": begin, "next": begin + used, "end": over and last}

    async def follow_server_log(
        self, name: str, *, offset: int = 0, log: str = ""
    ) -> AsyncIterator[View]:
        async def look() -> tuple[Object, Object | None]:
            notebook = await self._notebook(name)
            return notebook, pod_of(notebook, await self._pods())

        pieces = follow_log(self._kube, self._watching, look, name, offset, log)
        async with aclosing(pieces):
            async for piece in pieces:
                yield piece

    async def watch_servers(self) -> AsyncIterator[View]:
        async with aclosing(self._watching.follow()) as changes:
            async for change in changes:
                yield change

    async def volumes(self) -> list[View]:
        claims, notebooks, events = await asyncio.gather(
            self._kube.all(CLAIMS), self._notebooks(), self._events()
        )
        found = [
            volume_view(one, self.name, users(one["metadata"]["name"], notebooks, ()), events)
            for one in claims
        ]
        return sorted(found, key=lambda one: (one["created_at"], one["name"]), reverse=True)

    async def create_volume(self, spec: VolumeSpec) -> View:
        request = uuid.uuid4().hex
        body = claim_of(
            spec.name,
            self._kube.namespace,
            spec.size,
            spec.storage_class,
            spec.access_mode,
            annotations={REQUEST: request},
        )
        made = await self._maker.made_once(CLAIMS, body, request, "volume")
        return volume_view(made, self.name, ())

    async def resize_volume(self, name: str, size: str) -> View:
        claim = await self._claim(name)
        notebooks = await self._notebooks()
        has = has_size(claim)
        if size_bytes(size, where=name) < size_bytes(has, where=name):
            raise BadRequest(f"a volume cannot shrink from {has} to {size}", where=name, status=400)
        await self._maker.grow(claim, size, only_ask=True)
        for notebook in notebooks:
            await self._maker.say_size(notebook, name, size)
        claim = await self._maker.grow(claim, size)
        return volume_view(claim, self.name, users(name, notebooks, ()))

    async def delete_volume(self, name: str) -> None:
        claim, notebooks, pods = await asyncio.gather(
            self._claim(name), self._notebooks(), self._kube.all(PODS)
        )
        used = users(name, notebooks, pods)
        if used:
            raise Conflict(
                f"volume {name!r} is used by {', '.join(used)}",
                where=f"target {self.name}",
                hint="take it out of them, or delete them first",
                status=409,
            )
        await self._kube.delete(CLAIMS, name, claim["metadata"]["uid"])

    async def images(self) -> list[View]:
        found, notebooks = await asyncio.gather(
            offering.look(self._kube, self.known), self._notebooks()
        )
        if not found.images and "images" in found.unknown:
            raise Forbidden(
                f"list notebook images: {found.unknown['images']}",
                where=f"target {self.name}",
                hint="ask whoever runs the cluster for the right",
                status=403,
            )
        used = [reading.image(one) for one in notebooks]
        return [image_view(one, self.name, used) for one in found.images]

    async def close_servers(self) -> None:
        """Let go of connections and watches."""
        if self._ready is not None:
            await self._ready[2].close()
        await self._transport.close()

    @property
    def _kube(self) -> Kube:
        return self._parts[0]

    @property
    def _maker(self) -> Maker:
        return self._parts[1]

    @property
    def _watching(self) -> Watching:
        return self._parts[2]

    @property
    def _parts(self) -> tuple[Kube, Maker, Watching]:
        if self._ready is None:
            if why_not(self.known):
                raise not_offered(self.known)
            kube = Kube(self._transport, self.name, namespace_of(self.known))
            self._ready = kube, Maker(kube, self.known), Watching(kube, self.name)
        return self._ready

    async def _notebook(self, name: str) -> Object:
        cluster = await self._kube.cluster()
        return await self._named(cluster.notebooks, name, "server")

    async def _claim(self, name: str) -> Object:
        return await self._named(CLAIMS, name, "volume")

    async def _named(self, kind: Kind, name: str, what: str) -> Object:
        words = ""
        if _NAME.fullmatch(name):
            try:
                return await self._kube.get(kind, name)
            except NotFound as error:
                words = error.words
        raise NotFound(
            f"target {self.name} has no {what} {name!r}",
            hint=f"see `labwright {what}s list --target {self.name}`",
            status=404,
            words=words,
        )

    async def _annotate(self, name: str, marks: Mapping[str, str | None]) -> Object:
        cluster = await self._kube.cluster()
        patch = {"metadata": {"annotations": dict(marks)}}
        return await self._kube.patch(cluster.notebooks, name, patch)

    async def _view(self, notebook: Object) -> View:
        return (await self._look(await self._kube.cluster())).view(notebook)

    async def _look(self, cluster: Cluster) -> _Look:
        pods, events, claims, images, defaults = await asyncio.gather(
            self._pods(),
            self._events(),
            self._kube.may_list(CLAIMS),
            self._kube.may_list(IMAGES, "") if cluster.catalogue else _nothing(),
            self._kube.may_list(DEFAULTS) if cluster.pod_defaults else _nothing(),
        )
        return _Look(self.name, pods, events, claims[0], images[0], defaults[0])

    async def _notebooks(self) -> list[Object]:
        return await self._kube.all((await self._kube.cluster()).notebooks)

    async def _pods(self) -> list[Object]:
        return (await self._kube.may_list(PODS, labelSelector=NOTEBOOK_LABEL))[0]

    async def _events(self) -> list[Object]:
        return sorted((await self._kube.may_list(EVENTS))[0], key=happened)

    async def _log(self, pod: Object, name: str) -> bytes:
        try:
            return await self._kube.log(pod["metadata"]["name"], container_of(pod, name))
        except NotFound:  # it has just gone
            return b""
        except BadRequest as error:
            # Its container has not begun.
            if "is waiting to start" in error.words or "ContainerCreating" in error.words:
                return b""
            raise


class _Look:
    """What there is in a namespace, to make views of."""

    def __init__(
        self,
        target: str,
        pods: list[Object],
        events: list[Object],
        claims: list[Object],
        images: list[Object],
        defaults: list[Object],
    ) -> None:
        self._target = target
        self._pods = pods
        self._events = events
        self._claims = {one["metadata"]["name"]: one for one in claims}
        self._titles = titles(catalogue(images))
        self._defaults = reading.pod_defaults_of(defaults)

    def view(self, notebook: Object) -> View:
        near = around(notebook, self._pods, self._events)
        return server_view(notebook, near, self._claims, self._target, self._titles, self._defaults)


def gateway_of(known: KnownTarget) -> str | None:
    """Where a browser finds the cluster; empty for where it found this very process."""
    if known.ui:
        return known.ui.rstrip("/").removesuffix("/pipeline")
    return "" if known.in_cluster else None


def _time(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


async def _nothing() -> tuple[list[Object], str]:
    return [], ""
