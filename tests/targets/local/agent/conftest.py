"""An agent of the test's own, ended with it."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest

from labwright.targets.local.agent.client import AgentClient, connect
from labwright.targets.local.store import Store

from .helpers import kill_agent, wait_for


@pytest.fixture(autouse=True)
def _ended(_own_home: None) -> Iterator[None]:
    """No agent outlives its test, nor a run of it."""
    yield
    store = Store()
    for run in store.runs():
        if store.dir(run.run_id).running:
            store.dir(run.run_id).cancel.touch()
    kill_agent(signal.SIGTERM)
    wait_for(lambda: not any(store.dir(run.run_id).running for run in store.runs()))


@pytest.fixture
def agent() -> Iterator[AgentClient]:
    client = connect()
    assert client is not None
    with client:
        yield client
