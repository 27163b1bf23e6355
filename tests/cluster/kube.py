"""The little of the Kubernetes API that tests need, on httpx."""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable
from types import TracebackType
from typing import Any

import httpx

Object = dict[str, Any]


class Kube:
    """Objects as plain dicts; a refusal raises httpx.HTTPStatusError with the server's words."""

    def __init__(self, server: str, ca: str, token: str) -> None:
        self.http = httpx.Client(
            base_url=server,
            verify=ssl.create_default_context(cafile=ca),
            headers={"Authorization": f"Bearer {token}"},
            timeout=30,
        )
        self._plurals: dict[str, dict[str, tuple[str, bool]]] = {}

    def __enter__(self) -> Kube:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.http.close()

    def get(self, path: str, **parameters: Any) -> Object:
        """Read an object or a list."""
        return _answer(self.http.get(path, params=parameters)).json()  # type: ignore[no-any-return]

    def text(self, path: str, **parameters: Any) -> str:
        """Read what is not JSON, such as a log."""
        return _answer(self.http.get(path, params=parameters)).text

    def post(self, path: str, body: Object) -> Object:
        """Post to a path, such as a subresource's."""
        return _answer(self.http.post(path, json=body)).json()  # type: ignore[no-any-return]

    def patch(self, path: str, body: Object) -> Object:
        """Merge into an object, or into its status."""
        headers = {"Content-Type": "application/merge-patch+json"}
        answer = self.http.patch(path, json=body, headers=headers)
        return _answer(answer).json()  # type: ignore[no-any-return]

    def delete(self, path: str) -> None:
        """Delete an object, without a time of grace."""
        _answer(self.http.delete(path, params={"gracePeriodSeconds": 0}))

    def create(self, body: Object) -> Object:
        """Create an object where its kind, namespace and name say."""
        return self.post(self.path(body, collection=True), body)

    def apply(self, body: Object) -> Object:
        """Create an object or change it (server-side apply)."""
        answer = self.http.patch(
            self.path(body),
            json=body,
            params={"fieldManager": "labwright-tests", "force": True},
            headers={"Content-Type": "application/apply-patch+yaml"},
        )
        return _answer(answer).json()  # type: ignore[no-any-return]

    def wait(self, path: str, ready: Callable[[Object], bool], seconds: float = 30) -> Object:
        """Read an object until it is there and ready."""
        deadline = time.monotonic() + seconds
        while True:
            answer = self.http.get(path)
            found: Object = {} if answer.status_code == 404 else _answer(answer).json()
            if found and ready(found):
                return found
            if time.monotonic() > deadline:
                raise TimeoutError(f"{path} is not ready after {seconds:g} s: {found or 'absent'}")
            time.sleep(0.1)

    def path(self, body: Object, collection: bool = False) -> str:
        """Where an object is, or the collection of such objects."""
        version: str = body["apiVersion"]
        base = f"/apis/{version}" if "/" in version else f"/api/{version}"
        if body["kind"] not in self._plurals.get(base, {}):
            self._plurals[base] = {
                resource["kind"]: (resource["name"], resource["namespaced"])
                for resource in self.get(base)["resources"]
                if "/" not in resource["name"]
            }
        plural, namespaced = self._plurals[base][body["kind"]]
        metadata = body["metadata"]
        if namespaced:
            base += f"/namespaces/{metadata.get('namespace', 'default')}"
        return f"{base}/{plural}" if collection else f"{base}/{plural}/{metadata['name']}"


def _answer(answer: httpx.Response) -> httpx.Response:
    if answer.is_error:
        what = f"{answer.request.method} {answer.request.url.path}: {answer.status_code}"
        raise httpx.HTTPStatusError(
            f"{what} {answer.text}", request=answer.request, response=answer
        )
    return answer


def established(crd: Object) -> bool:
    """Whether the API server serves the kind of a CustomResourceDefinition."""
    conditions = crd.get("status", {}).get("conditions") or ()
    return any(c["type"] == "Established" and c["status"] == "True" for c in conditions)
