"""Make, change and delete servers, so that nothing is made twice, and nothing is left half made."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from ....servers.spec import (
    ServerChange,
    ServerSpec,
    check_limits,
    needs_restart,
    with_preset,
)
from ...config import KnownTarget
from ...errors import Conflict, Forbidden, NotFound, TargetError, TargetUnreachable
from . import offering
from .building import changed, new_claims, new_notebook, owner_patch
from .claims import larger, made_for, managed_claim, size_of, users, wanted_size
from .kinds import CLAIMS, PODS, RECLAIM, REQUEST, Kind, Object, annotations_of, running
from .kube import Kube
from .reading import spec_of
from .spawner import default_image

TRIES = 5
"""How often a change is made again on top of somebody else's."""


class Maker:
    """Writes to one namespace."""

    def __init__(self, kube: Kube, known: KnownTarget) -> None:
        self._kube = kube
        self._known = known
        self._where = f"target {known.name}"

    async def create(self, spec: ServerSpec) -> Object:
        found = await offering.look(self._kube, self._known)
        spec = offering.filled_in(spec, found)
        check_limits(spec)
        offering.check(spec, found, self._kube.namespace)
        choice = await offering.choice(self._kube, spec, found)
        request = uuid.uuid4().hex
        kind = found.cluster.notebooks
        claims: list[Object] = []
        if not found.cluster.managed:
            await self._must_be_free(kind, spec.name)
            claims = new_claims(spec, spec.volumes, self._kube.namespace, request)
        body = new_notebook(spec, choice, found.cluster.version, request)
        return await self._make(kind, body, claims, request)

    async def change(self, name: str, change: ServerChange) -> tuple[Object, bool]:
        """The Notebook as it is then, and whether its server must be started again for it."""
        for _ in range(TRIES):
            try:
                return await self._change(name, change)
            except _Outdated:
                continue
        raise self._too_busy(name)

    async def delete(self, notebook: Object, *, volumes: bool) -> None:
        """Delete a server, and the volumes that go with it."""
        cluster = await self._kube.cluster()
        name = notebook["metadata"]["name"]
        going: list[Object] = []
        # What says `Delete` goes with its server; where its controller does not see to that, we do.
        if volumes or not cluster.managed:
            claims = await self._kube.all(CLAIMS) if volumes else await self._readable(CLAIMS)
            going = [
                one
                for one in made_for(notebook, claims)
                if volumes or annotations_of(one).get(RECLAIM) == "Delete"
            ]
        if going:
            notebooks, pods = await asyncio.gather(
                self._kube.all(cluster.notebooks), self._kube.all(PODS)
            )
            going = [
                one
                for one in going
                if not users(one["metadata"]["name"], notebooks, pods, without=name)
            ]
        await self._kube.delete(cluster.notebooks, name, notebook["metadata"]["uid"])
        for one in going:
            await self._kube.delete(CLAIMS, one["metadata"]["name"], one["metadata"]["uid"])

    async def grow(self, claim: Object, size: str, *, only_ask: bool = False) -> Object:
        """Have more room in a volume. `only_ask`: whether that can be."""
        name = claim["metadata"]["name"]
        if (claim.get("status") or {}).get("phase") != "Bound":
            raise Conflict(
                f"volume {name!r} cannot grow before it has been provided",
                where=self._where,
                hint="wait for it, or start a server that uses it",
                status=409,
            )
        patch = {"spec": {"resources": {"requests": {"storage": size}}}}
        return await self._kube.patch(CLAIMS, name, patch, only_ask=only_ask)

    async def say_size(self, notebook: Object, claim: str, size: str) -> None:
        """Let a Notebook whose controller makes a volume ask for as much as that has."""
        kind = (await self._kube.cluster()).notebooks
        for _ in range(TRIES):
            volumes = (notebook.get("spec") or {}).get("volumes") or ()
            asks = [
                one for one in volumes if "claim" in one and managed_claim(notebook, one) == claim
            ]
            if not asks:
                return
            for one in asks:
                one["claim"]["size"] = size
            try:
                await self._kube.replace(kind, notebook)
                return
            except Conflict:
                notebook = await self._kube.get(kind, notebook["metadata"]["name"])
        raise self._too_busy(notebook["metadata"]["name"])

    async def made_once(self, kind: Kind, body: Object, request: str, what: str) -> Object:
        """Make an object, once, though the answer be lost."""
        name = body["metadata"]["name"]
        try:
            return await self._kube.create(kind, body)
        except (Conflict, TargetUnreachable) as error:
            try:
                there = await self._kube.get(kind, name)
            except NotFound:
                raise error from None
            if annotations_of(there).get(REQUEST) == request:
                return there
            raise Conflict(
                f"there is a {what} {name!r} already",
                where=self._where,
                hint="choose another name",
                status=409,
            ) from None

    async def _make(
        self, kind: Kind, body: Object, claims: Sequence[Object], request: str
    ) -> Object:
        made: list[Object] = []
        try:
            for one in claims:
                made.append(await self.made_once(CLAIMS, one, request, "volume"))
            notebook = await self.made_once(kind, body, request, "server")
        except BaseException:
            await asyncio.shield(self._take_back(kind, body, claims, request))
            raise
        await self._mark(notebook, made)
        return notebook

    async def _take_back(
        self, kind: Kind, body: Object, claims: Sequence[Object], request: str
    ) -> None:
        """Delete the claims of a server that was not made; none where it was made after all."""
        if not claims:
            return
        try:
            there = await self._kube.get(kind, body["metadata"]["name"])
            if annotations_of(there).get(REQUEST) == request:
                return
        except NotFound:
            pass
        except TargetError:  # not known: to leave a claim behind is better than to lose one
            return
        await self._drop(claims, request)

    async def _drop(self, claims: Sequence[Object], request: str) -> None:
        """Delete the claims that a request made."""
        for one in claims:
            try:
                there = await self._kube.get(CLAIMS, one["metadata"]["name"])
                if annotations_of(there).get(REQUEST) == request:
                    uid = there["metadata"]["uid"]
                    await self._kube.delete(CLAIMS, one["metadata"]["name"], uid)
            except TargetError:
                continue

    async def _mark(self, notebook: Object, claims: Sequence[Object]) -> None:
        """Write on claims for which Notebook they were made. One without that is never deleted."""
        for one in claims:
            await self._kube.patch(CLAIMS, one["metadata"]["name"], owner_patch(notebook))

    async def _change(self, name: str, change: ServerChange) -> tuple[Object, bool]:
        cluster = await self._kube.cluster()
        notebook, found = await asyncio.gather(
            self._kube.get(cluster.notebooks, name), offering.look(self._kube, self._known)
        )
        before = spec_of(notebook, found.claims, found.pod_defaults)
        after = _filled(_complete(change, before).apply(before), change, found)
        given = set(change.given)
        if change.given.get("preset"):
            given |= {"cpu", "memory", "gpu"}
        offering.check_fixed(after, given, found)
        if "limit_factor" in given:
            check_limits(after)
        offering.check(after, found, self._kube.namespace, before)
        restart = needs_restart(before, after)
        if restart and running(notebook) and not cluster.managed:
            raise Conflict(
                f"server {name!r} would be restarted at once: the cluster's notebook controller"
                " does not wait with changes",
                where=self._where,
                hint="stop it, change it, and start it again",
                status=409,
            )
        choice = await offering.choice(self._kube, after, found)
        body = changed(notebook, after, given, choice)
        # Asked first, since a class whose volumes cannot grow refuses it; done last, since until
        # its Notebook says so, too, a controller takes it for a mistake.
        await self._grow_all(before, after, found, only_ask=True)
        request = uuid.uuid4().hex
        had = {one.name for one in before.volumes}
        new = [one for one in after.volumes if one.name not in had]
        claims = [] if cluster.managed else new_claims(after, new, self._kube.namespace, request)
        made: list[Object] = []
        try:
            for one in claims:
                made.append(await self.made_once(CLAIMS, one, request, "volume"))
            if body != notebook:
                try:
                    notebook = await self._kube.replace(cluster.notebooks, body)
                except Conflict as error:
                    raise _Outdated from error
        except BaseException:
            await asyncio.shield(self._drop(claims, request))
            raise
        await self._mark(notebook, made)
        await self._grow_all(before, after, found)
        if not cluster.managed:
            await self._reclaim(after, found)
        return notebook, restart

    async def _grow_all(
        self,
        before: ServerSpec,
        after: ServerSpec,
        found: offering.Known,
        *,
        only_ask: bool = False,
    ) -> None:
        old = {one.name: one for one in before.volumes}
        for mount in after.volumes:
            live = found.claims.get(mount.claim(after.name))
            if mount.size is None or mount.name not in old or live is None:
                continue
            if larger(mount.size, wanted_size(live)):
                await self.grow(live, mount.size, only_ask=only_ask)

    async def _reclaim(self, spec: ServerSpec, found: offering.Known) -> None:
        for mount in spec.volumes:
            live = found.claims.get(mount.claim(spec.name))
            if mount.existing or live is None or annotations_of(live).get(RECLAIM) == mount.reclaim:
                continue
            patch = {"metadata": {"annotations": {RECLAIM: mount.reclaim}}}
            await self._kube.patch(CLAIMS, live["metadata"]["name"], patch)

    async def _must_be_free(self, kind: Kind, name: str) -> None:
        try:
            await self._kube.get(kind, name)
        except (NotFound, Forbidden):
            return
        raise Conflict(
            f"there is a server {name!r} already",
            where=self._where,
            hint="choose another name",
            status=409,
        )

    def _too_busy(self, name: str) -> Conflict:
        return Conflict(
            f"others change server {name!r} all the time",
            where=self._where,
            hint="try again",
            status=409,
        )

    async def _readable(self, kind: Kind) -> list[Object]:
        return (await self._kube.may_list(kind))[0]


class _Outdated(Exception):
    """Somebody else changed it meanwhile."""


def _complete(change: ServerChange, before: ServerSpec) -> ServerChange:
    """The change with the storage class of volumes that stay, which nobody need repeat."""
    if not change.given.get("volumes"):
        return change
    classes = {one.name: one.storage_class for one in before.volumes if one.existing is None}
    volumes: list[dict[str, Any]] = [
        {**one, "storage_class": one.get("storage_class") or classes.get(one.get("name"))}
        for one in change.given["volumes"]
    ]
    return replace(change, given={**change.given, "volumes": volumes})


def _filled(after: ServerSpec, change: ServerChange, found: offering.Known) -> ServerSpec:
    """The server with its preset, and an image where it names none any more."""
    if change.given.get("preset"):
        after = with_preset(after, found.vendor)
    if after.image is None:
        image = default_image(found.offer, found.images)
        after = replace(after, image=image)
    return after


def has_size(claim: Object) -> str:
    """What a volume has, or was asked to have: it never gets less."""
    found, wanted = size_of(claim), wanted_size(claim)
    return found if found and larger(found, wanted) else wanted
