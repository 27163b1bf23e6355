"""What an API server says in a watch, and what is made of it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from labwright.targets.errors import Forbidden, Refused, ServerFailed
from labwright.targets.kubeflow.servers.kinds import PODS
from labwright.targets.kubeflow.servers.kube import Expired, Kube
from labwright.targets.kubeflow.transport import Transport


class Told:
    """A transport whose answers are these lines."""

    def __init__(self, *lines: str, error: Exception | None = None) -> None:
        self.lines, self.error = lines, error
        self.asked: dict[str, Any] = {}

    @asynccontextmanager
    async def stream(self, method: str, path: str, what: str, **more: Any) -> AsyncIterator[Any]:
        self.asked = {"path": path, **more}
        if self.error is not None:
            raise self.error
        yield self

    async def aiter_lines(self) -> AsyncIterator[str]:
        for line in self.lines:
            yield line


def pod(name: str) -> str:
    return json.dumps({"type": "ADDED", "object": {"metadata": {"name": name}}})


def trouble(code: int) -> str:
    status = {"kind": "Status", "code": code, "message": "too old resource version"}
    return json.dumps({"type": "ERROR", "object": status})


def watch(told: Told) -> list[str]:
    transport: Transport = told  # type: ignore[assignment]

    async def see() -> list[str]:
        kube = Kube(transport, "kf", "team")
        changes = kube.watch(PODS, "7", labelSelector="a=b")
        return [body["metadata"]["name"] async for _, body in changes]

    return asyncio.run(see())


def test_a_watch_gives_changes_until_it_ends() -> None:
    told = Told(pod("a"), pod("b"))
    assert watch(told) == ["a", "b"]
    assert told.asked["path"] == "/api/v1/namespaces/team/pods"
    wanted = {"watch": "1", "resourceVersion": "7", "labelSelector": "a=b"}
    assert wanted.items() <= told.asked["params"].items()


def test_a_connection_that_breaks_within_a_line_ends_the_watch() -> None:
    assert watch(Told(pod("a"), pod("b")[:20])) == ["a"]


@pytest.mark.parametrize(
    ("told", "error"),
    [
        (Told(trouble(410)), Expired),
        (Told(error=Refused("gone", status=410)), Expired),
        (Told(trouble(500)), ServerFailed),
        (Told(error=Forbidden("no", status=403)), Forbidden),
    ],
)
def test_what_ends_a_watch_is_told_apart(told: Told, error: type[Exception]) -> None:
    with pytest.raises(error):
        watch(told)
