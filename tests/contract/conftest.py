"""Every target, one after the other, for the same tests."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Awaitable, Iterator
from pathlib import Path
from typing import Any

import pytest

from contract.notebooks import Books
from labwright.targets.local.agent.address import Place
from labwright.targets.local.home import home
from labwright.targets.local.rundir import read_json
from labwright.targets.local.target import LocalTarget
from labwright.targets.protocols import PipelineTarget


@pytest.fixture(params=["local", "kubeflow"])
def target(request: pytest.FixtureRequest, _own_home: None) -> Iterator[PipelineTarget]:
    """A target with nothing in it. Kubeflow's is asked of the double of its API server."""
    if request.param == "local":
        yield LocalTarget()
        _end_agent()
        return
    module = pytest.importorskip("labwright.targets.kubeflow.target")
    from labwright.targets.config import KnownTarget

    double = request.getfixturevalue("kfp_double")
    yield module.KubeflowTarget(KnownTarget("double", endpoint=double.endpoint), None)


@pytest.fixture
def books(tmp_path: Path) -> Books:
    return Books(tmp_path)


def wait(work: Awaitable[Any], seconds: float = 120) -> Any:
    """What a target gives."""

    async def limited() -> Any:
        return await asyncio.wait_for(work, seconds)

    return asyncio.run(limited())


def _end_agent() -> None:
    found = read_json(Place(home()).address)
    if found:
        try:
            os.kill(int(found["pid"]), signal.SIGTERM)
        except ProcessLookupError:
            return
