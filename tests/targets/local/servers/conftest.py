"""A local target whose servers, and agent, end with the test."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator

import pytest

from labwright.targets.blocking_servers import BlockingServers
from labwright.targets.local.home import home, servers_folder
from labwright.targets.local.servers.place import ServerDir
from labwright.targets.local.target import LocalTarget

from ..agent.helpers import kill_agent
from .helpers import fake_environment


@pytest.fixture(autouse=True)
def _ended(_own_home: None) -> Iterator[None]:
    yield
    kill_agent(signal.SIGKILL)
    folder = servers_folder(home())
    for path in folder.iterdir() if folder.is_dir() else ():
        place = ServerDir(path)
        pid = place.process_id()
        if place.alive and pid is not None:
            os.kill(pid, signal.SIGKILL)


@pytest.fixture
def there() -> Iterator[BlockingServers]:
    with BlockingServers(LocalTarget()) as found:
        yield found


@pytest.fixture(scope="session")
def fake(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The image of a server that starts at once."""
    return fake_environment(tmp_path_factory.mktemp("environment"))
