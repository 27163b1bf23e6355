"""A local target whose servers, and agent, end with the test."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest

from labwright.targets.blocking_servers import BlockingServers
from labwright.targets.local.target import LocalTarget

from ..agent.helpers import kill_agent
from .helpers import end_servers, fake_environment


@pytest.fixture(autouse=True)
def _ended(_own_home: None) -> Iterator[None]:
    yield
    kill_agent(signal.SIGKILL)
    end_servers()


@pytest.fixture
def there() -> Iterator[BlockingServers]:
    with BlockingServers(LocalTarget()) as found:
        yield found


@pytest.fixture(scope="session")
def fake(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The image of a server that starts at once."""
    return fake_environment(tmp_path_factory.mktemp("environment"))
