"""The few calls the controller makes, on aiohttp, with the credentials kopf found.

The official client would cost 100 MB of generated models for five verbs on plain dicts.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Mapping
from types import TracebackType
from typing import Any

import aiohttp
import kopf

from labwright_controller.kinds import MANAGER, Object

_PLURALS = {
    "DaemonSet": "daemonsets",
    "Event": "events",
    "HTTPRoute": "httproutes",
    "Lease": "leases",
    "MutatingWebhookConfiguration": "mutatingwebhookconfigurations",
    "NetworkPolicy": "networkpolicies",
    "Notebook": "notebooks",
    "NotebookImage": "notebookimages",
    "PersistentVolumeClaim": "persistentvolumeclaims",
    "Pod": "pods",
    "Secret": "secrets",
    "Service": "services",
    "StatefulSet": "statefulsets",
    "ValidatingWebhookConfiguration": "validatingwebhookconfigurations",
    "VirtualService": "virtualservices",
}
_CLUSTER_SCOPED = {
    "MutatingWebhookConfiguration",
    "NotebookImage",
    "ValidatingWebhookConfiguration",
}
_MERGE = "application/merge-patch+json"
_APPLY = "application/apply-patch+yaml"
CHUNK = 500
_TIMEOUT = aiohttp.ClientTimeout(total=30)
# Something comes every minute or so, be it a bookmark.
_STREAM_TIMEOUT = aiohttp.ClientTimeout(total=None, sock_connect=30, sock_read=150)


class ApiError(Exception):
    """What the API server refused, in its own words."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status

    @property
    def is_final(self) -> bool:
        """Whether asking again at once cannot help: the object or its author must change."""
        return 400 <= self.status < 500 and self.status not in (401, 408, 409, 429)


class Api:
    """A connection to the API server; `login` is asked again when credentials were refused."""

    def __init__(self, login: Callable[[], kopf.ConnectionInfo]) -> None:
        self._login = login
        self._info = login()
        self._session: aiohttp.ClientSession | None = None
        self.calls: dict[str, int] = {}
        """How many calls were made, by verb."""

    async def __aenter__(self) -> Api:
        # No limit: each watch keeps a connection, and the others are as many as the workers.
        connector = aiohttp.TCPConnector(limit=0, ssl=self._info.as_ssl_context())
        self._session = aiohttp.ClientSession(
            self._info.server.rstrip("/"), connector=connector, timeout=_TIMEOUT
        )
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._session is not None:
            await self._session.close()

    async def apply(self, body: Object) -> Object:
        """Create an object, or make its fields ours (server-side apply)."""
        query = {"fieldManager": MANAGER, "force": "true"}
        return await self._call("PATCH", path(body), body, _APPLY, query)

    async def patch(self, body: Object, patch: Object, subresource: str = "") -> Object:
        """Merge into an object."""
        query = {"fieldManager": MANAGER}
        return await self._call("PATCH", path(body) + subresource, patch, _MERGE, query)

    async def create(self, body: Object) -> Object:
        """Create an object; one that is there already is an ApiError of status 409."""
        return await self._call("POST", path(body).rpartition("/")[0], body)

    async def replace(self, body: Object) -> Object:
        """Write an object if nobody has since it was read."""
        return await self._call("PUT", path(body), body)

    async def get(self, body: Object) -> Object | None:
        """Read the object that has this kind, namespace and name; None if there is none."""
        try:
            return await self._call("GET", path(body))
        except ApiError as error:
            if error.status == 404:
                return None
            raise

    async def list(self, body: Object) -> list[Object]:
        """All objects of this kind in this namespace."""
        answer = await self._call("GET", path(body).rpartition("/")[0])
        found: list[Object] = answer["items"]
        return found

    async def pages(self, where: str, labels: str = "", fields: str = "") -> AsyncIterator[Object]:
        """A collection, some objects at a time."""
        query = {"limit": str(CHUNK), "labelSelector": labels, "fieldSelector": fields}
        while True:
            page = await self._call("GET", where, query=query)
            yield page
            query["continue"] = page["metadata"].get("continue", "")
            if not query["continue"]:
                return

    async def lines(self, where: str, query: Mapping[str, str]) -> AsyncIterator[bytes]:
        """The lines of an answer that goes on, such as a watch's."""
        if self._session is None:
            raise RuntimeError("the connection is not open")
        self.calls["WATCH"] = self.calls.get("WATCH", 0) + 1
        headers = self._info.as_http_headers()
        async with self._session.get(
            where, params=query, headers=headers, timeout=_STREAM_TIMEOUT
        ) as answer:
            if answer.status == 401:
                self._info = self._login()
            if answer.status >= 400:
                raise ApiError(answer.status, _message(await answer.text()))
            rest = b""
            # Not by aiohttp's lines: those have a limit of 128 kB, and objects have not.
            async for part in answer.content.iter_any():
                *lines, rest = (rest + part).split(b"\n")
                for line in lines:
                    yield line

    async def delete(self, body: Object) -> None:
        """Delete this very object: not one of the same name that came after it."""
        options = {"preconditions": {"uid": body["metadata"]["uid"]}}
        try:
            await self._call("DELETE", path(body), options)
        except ApiError as error:
            if error.status not in (404, 409):
                raise

    async def _call(
        self,
        verb: str,
        where: str,
        body: Any = None,
        content: str = "application/json",
        query: Mapping[str, str] | None = None,
        again: bool = True,
    ) -> Object:
        if self._session is None:
            raise RuntimeError("the connection is not open")
        self.calls[verb] = self.calls.get(verb, 0) + 1
        headers = {**self._info.as_http_headers(), "Content-Type": content}
        data = None if body is None else json.dumps(body)
        async with self._session.request(
            verb, where, data=data, headers=headers, params=query
        ) as answer:
            text = await answer.text()
        if answer.status == 401 and again:
            # Tokens of service accounts are renewed in their file within the hour.
            self._info = self._login()
            return await self._call(verb, where, body, content, query, again=False)
        if answer.status >= 400:
            raise ApiError(answer.status, _message(text))
        found: Object = json.loads(text)
        return found


def path(body: Object) -> str:
    """Where an object is."""
    version, metadata = body["apiVersion"], body["metadata"]
    base = f"/apis/{version}" if "/" in version else f"/api/{version}"
    if body["kind"] not in _CLUSTER_SCOPED:
        base += f"/namespaces/{metadata['namespace']}"
    return f"{base}/{_PLURALS[body['kind']]}/{metadata.get('name', '')}"


def reference(kind: str, version: str, namespace: str, name: str) -> Object:
    """An object as far as it takes to find it."""
    metadata = {"namespace": namespace, "name": name}
    return {"apiVersion": version, "kind": kind, "metadata": metadata}


def _message(text: str) -> str:
    try:
        return str(json.loads(text)["message"])
    except (ValueError, KeyError, TypeError):
        return text.strip() or "no answer"
