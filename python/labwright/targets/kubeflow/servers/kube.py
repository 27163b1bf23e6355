"""The Kubernetes API: objects as plain dicts, refusals in the API server's own words."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from ...errors import Conflict, Forbidden, NotFound, ServerFailed, TargetError, Unexpected
from ..transport import Transport
from .kinds import DEFAULTS, IMAGES, PODS, Kind, Object, notebooks

CHUNK = 500
WATCHED = 60
"""Seconds of one watch. A connection that died without a word is noticed a little later."""
SILENT = 300
"""Seconds in which a log may say nothing; then its connection is taken for dead."""
_MERGE = {"Content-Type": "application/merge-patch+json"}
OPTIONAL = ("image", "resources", "volumes", "culling")
"""What a Notebook of Labwright's controller may say beside its template."""


class Expired(Exception):
    """The version to watch from is too old (410): list anew."""


@dataclass(frozen=True)
class Cluster:
    """What the cluster knows. `fields`: which optional fields its Notebook has."""

    version: str
    fields: frozenset[str]
    catalogue: bool
    pod_defaults: bool

    @property
    def notebooks(self) -> Kind:
        return notebooks(self.version)

    @property
    def managed(self) -> bool:
        """Whether its controller makes volumes, and waits with changes for a restart."""
        return "volumes" in self.fields


class Kube:
    """Calls in one namespace, unless another, or none, is given."""

    def __init__(self, transport: Transport, name: str, namespace: str) -> None:
        self._transport = transport
        self._where = f"target {name}"
        self.namespace = namespace
        self._cluster: Cluster | None = None

    async def cluster(self) -> Cluster:
        """What the cluster has; asked once.

        Raises:
            NotFound: it has no Notebooks.
        """
        if self._cluster is None:
            self._cluster = await self._discover()
        return self._cluster

    async def all(self, kind: Kind, namespace: str | None = None, **query: str) -> list[Object]:
        return (await self.snapshot(kind, namespace, **query))[0]

    async def may_list(
        self, kind: Kind, namespace: str | None = None, **query: str
    ) -> tuple[list[Object], str]:
        """What there is, or nothing and why: it may not be read, or the cluster has no such."""
        try:
            return await self.all(kind, namespace, **query), ""
        except (Forbidden, NotFound) as error:
            return [], error.words or error.what

    async def snapshot(
        self, kind: Kind, namespace: str | None = None, **query: str
    ) -> tuple[list[Object], str]:
        """All objects, and the version of the list."""
        path = kind.path(self.namespace if namespace is None else namespace)
        found: list[Object] = []
        more = ""
        while True:
            page = {**query, "limit": str(CHUNK), **({"continue": more} if more else {})}
            try:
                answer = await self._json("GET", path, f"list {kind.title}", params=page)
            except TargetError as error:
                if error.status == 410 and more:  # the list went on too long
                    found, more = [], ""
                    continue
                raise
            found += answer.get("items") or []
            more = answer["metadata"].get("continue") or ""
            if not more:
                return found, str(answer["metadata"].get("resourceVersion") or "")

    async def get(self, kind: Kind, name: str, namespace: str | None = None) -> Object:
        path = kind.path(self.namespace if namespace is None else namespace, name)
        return await self._json("GET", path, f"read {kind.title}: {name}")

    async def create(self, kind: Kind, body: Object) -> Object:
        """Make an object. Asked again after a lost answer, so it must say which request it is."""
        what, path = f"make {body['metadata']['name']}", kind.path(self.namespace)
        return await self._json("POST", path, what, repeatable=True, json=body)

    async def replace(self, kind: Kind, body: Object) -> Object:
        """Write an object back; Conflict where it is another by now."""
        name = body["metadata"]["name"]
        path = kind.path(self.namespace, name)
        return await self._json("PUT", path, f"change {name}", repeatable=True, json=body)

    async def patch(
        self, kind: Kind, name: str, patch: Object, *, only_ask: bool = False
    ) -> Object:
        """Merge into an object. `only_ask`: whether that may be; nothing is changed."""
        return await self._json(
            "PATCH",
            kind.path(self.namespace, name),
            f"change {name}",
            repeatable=True,
            json=patch,
            headers=_MERGE,
            params={"dryRun": "All"} if only_ask else {},
        )

    async def delete(self, kind: Kind, name: str, uid: str = "") -> None:
        """Delete an object; only the very one of this uid, if one is given. Gone is well."""
        body = {"preconditions": {"uid": uid}} if uid else {}
        path = kind.path(self.namespace, name)
        try:
            await self._json("DELETE", path, f"delete {name}", json=body)
        except NotFound:
            return
        except Conflict:  # another has its name by now
            if not uid:
                raise

    async def log(self, name: str, container: str) -> bytes:
        """What a pod's container printed."""
        path, what = PODS.path(self.namespace, name, "log"), f"read the log of {name}"
        with _no_hints():
            answer = await self._transport.send("GET", path, what, params={"container": container})
        return answer.content

    async def follow_log(self, name: str, container: str) -> AsyncGenerator[bytes, None]:
        """The same, and what it prints, until it ends."""
        import httpx

        path, what = PODS.path(self.namespace, name, "log"), f"read the log of {name}"
        query = {"container": container, "follow": "true"}
        timeout = httpx.Timeout(30, read=SILENT)
        async with self._transport.stream(
            "GET", path, what, params=query, timeout=timeout
        ) as answer:
            async for data in answer.aiter_bytes():
                yield data

    async def watch(
        self, kind: Kind, version: str, namespace: str | None = None, **query: str
    ) -> AsyncIterator[tuple[str, Object]]:
        """Changes since a version, each with its type, until the server ends the watch.

        Raises:
            Expired: the version is too old.
        """
        import httpx

        query = {
            **query,
            "watch": "1",
            "allowWatchBookmarks": "true",
            "resourceVersion": version,
            "timeoutSeconds": str(WATCHED),
        }
        timeout = httpx.Timeout(30, read=WATCHED + 15)
        path = kind.path(self.namespace if namespace is None else namespace)
        what = f"watch {kind.title}"
        try:
            async with self._transport.stream(
                "GET", path, what, params=query, timeout=timeout
            ) as answer:
                async for line in answer.aiter_lines():
                    try:
                        change = json.loads(line)
                    except ValueError:  # the connection broke within a line
                        return
                    if change["type"] == "ERROR":
                        status = change["object"]
                        if status.get("code") == 410:
                            raise Expired
                        raise ServerFailed(
                            f"{what}: {status.get('message')}",
                            where=self._where,
                            status=status.get("code"),
                        )
                    yield change["type"], change["object"]
        except TargetError as error:
            if error.status == 410:
                raise Expired from None
            raise

    async def _json(self, method: str, path: str, what: str, **request: Any) -> Object:
        with _no_hints():
            return await self._transport.json(method, path, what, **request)

    async def _discover(self) -> Cluster:
        groups = await self._json("GET", "/apis", "ask what the cluster has")
        known = {one["name"]: [v["version"] for v in one["versions"]] for one in groups["groups"]}
        offered = known.get("kubeflow.org", [])
        for version in ("v1", "v1beta1"):
            if version in offered and await self._serves(notebooks(version)):
                return Cluster(
                    version,
                    await self._fields(version),
                    "v1alpha1" in known.get("labwright.dev", []) and await self._serves(IMAGES),
                    "v1alpha1" in offered and await self._serves(DEFAULTS),
                )
        raise NotFound(
            "the cluster has no notebook servers: it does not know Notebook (kubeflow.org)",
            where=self._where,
            hint="whoever runs it can install a notebook controller, Kubeflow's or Labwright's",
        )

    async def _serves(self, kind: Kind) -> bool:
        found = await self._json("GET", f"/{kind.prefix}", "ask what the cluster has")
        return any(one["name"] == kind.plural for one in found.get("resources", ()))

    async def _fields(self, version: str) -> frozenset[str]:
        """Which of the optional fields the cluster's Notebook has."""
        path = f"/openapi/v3/apis/kubeflow.org/{version}"
        found = await self._json("GET", path, "ask what a Notebook is")
        return fields_of(found)


@contextmanager
def _no_hints() -> Iterator[None]:
    """Without the hints of failures: they are about KFP's server."""
    try:
        yield
    except (ServerFailed, Unexpected) as error:
        raise type(error)(
            error.what, where=error.where, status=error.status, words=error.words
        ) from None


def fields_of(openapi: Object) -> frozenset[str]:
    """Which of the optional fields a Notebook has, by the API server's description of it."""
    for schema in (openapi.get("components") or {}).get("schemas", {}).values():
        kinds = schema.get("x-kubernetes-group-version-kind") or ()
        if any(one.get("kind") == "Notebook" for one in kinds):
            spec = (schema.get("properties") or {}).get("spec") or {}
            return frozenset(OPTIONAL) & frozenset(spec.get("properties") or {})
    return frozenset()
