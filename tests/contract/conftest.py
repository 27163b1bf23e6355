"""Every target, one after the other, for the same tests."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Awaitable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from contract.notebooks import Books
from contract.servers import Place as ServersPlace
from labwright.targets.blocking import Loop
from labwright.targets.blocking_servers import BlockingServers
from labwright.targets.config import KnownTarget
from labwright.targets.kubeflow.target import KubeflowTarget
from labwright.targets.local.agent.address import Place
from labwright.targets.local.home import home
from labwright.targets.local.rundir import read_json
from labwright.targets.local.target import LocalTarget
from labwright.targets.protocols import PipelineTarget
from targets.kubeflow.servers.bench import IMAGE, Bench, bench
from targets.local.servers.helpers import end_servers, fake_environment

__all__ = ["bench"]


@pytest.fixture(params=["local", "kubeflow"])
def target(request: pytest.FixtureRequest, _own_home: None) -> Iterator[PipelineTarget]:
    """A target with nothing in it. Kubeflow's is asked of the double of its API server."""
    made: PipelineTarget
    if request.param == "local":
        made = LocalTarget()
    else:
        double = request.getfixturevalue("kfp_double")
        # It is its own UI server.
        known = KnownTarget("double", endpoint=double.endpoint, ui=double.endpoint)
        made = KubeflowTarget(known, None)
    yield made
    wait(made.close())
    if request.param == "local":
        _end_agent()


@pytest.fixture(params=["local", "kubeflow"])
def servers_at(
    request: pytest.FixtureRequest, _own_home: None, tmp_path: Path
) -> Iterator[ServersPlace]:
    """A target of notebook servers with nothing in it. Kubeflow's is a real control plane, with
    Labwright's controller and pods that only seem to run."""
    if request.param == "kubeflow":
        cluster: Bench = request.getfixturevalue("bench")
        with BlockingServers(cluster.lent(namespace=cluster.spare)) as there:
            yield ServersPlace(there, IMAGE)
        cluster.wipe(cluster.spare)
        return
    image = fake_environment(tmp_path / "environment")
    with BlockingServers(LocalTarget()) as there:
        yield ServersPlace(there, image)
    _end_agent()
    end_servers()


@pytest.fixture
def books(tmp_path: Path) -> Books:
    return Books(tmp_path)


def wait(work: Awaitable[Any], seconds: float = 120) -> Any:
    """What a target gives."""

    async def limited() -> Any:
        return await asyncio.wait_for(work, seconds)

    return _loop().wait(limited())


@cache
def _loop() -> Loop:
    """One for all: a target keeps its connections between calls."""
    return Loop()


def _end_agent() -> None:
    found = read_json(Place(home()).address)
    if found:
        try:
            os.kill(int(found["pid"]), signal.SIGTERM)
        except ProcessLookupError:
            return
