"""A real Jupyter server from its start to its end: its kernels, its terminals, its files."""

from __future__ import annotations

import json
import sys
import urllib.error
import urllib.request
from typing import Any
from urllib.parse import parse_qs, urlsplit

import psutil
import pytest

from labwright.servers.spec import ServerChange, VolumeSpec
from labwright.targets.blocking_servers import BlockingServers
from labwright.targets.local.home import home
from labwright.targets.local.servers.place import ServerDir

from ..agent.helpers import kill_agent
from .helpers import spec, until, wait_for, watched_to_its_stop, workspace


class Server:
    """A server as a browser reaches it."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self.base = f"{parts.scheme}://{parts.netloc}{parts.path}"
        (self.token,) = parse_qs(parts.query)["token"]

    def ask(self, method: str, path: str, body: Any = None, token: str | None = None) -> Any:
        request = urllib.request.Request(
            f"{self.base}{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"token {token or self.token}"},
        )
        with urllib.request.urlopen(request, timeout=60) as answer:
            data = answer.read()
        return json.loads(data) if data else None


@pytest.fixture
def server(there: BlockingServers) -> Server:
    there.ask(lambda one: one.create_volume(VolumeSpec("data", "1Mi")))
    mounts = [{"name": "data", "path": "/data", "existing": "data"}]
    asked = spec(sys.executable, volumes=mounts, idle_after="never")
    there.ask(lambda one: one.create_server(asked))
    until(there, "one", "RUNNING", seconds=120)
    return Server(there.ask(lambda one: one.server_address("one"))["url"])


def test_a_real_server(there: BlockingServers, server: Server) -> None:
    place = ServerDir.of(home(), "one")
    with pytest.raises(urllib.error.HTTPError, match="403"):
        server.ask("GET", "api/contents", token="wrong")
    assert server.token not in place.log.read_text()

    # Files are in volumes, by the server's API too.
    text = {"type": "file", "format": "text", "content": "kept"}
    server.ask("PUT", "api/contents/mine.txt", text)
    server.ask("PUT", "api/contents/data/shared.txt", text)
    assert (workspace() / "mine.txt").read_text() == "kept"
    assert (home() / "volumes" / "data" / "shared.txt").read_text() == "kept"

    # Whatever runs in it ends with it.
    kernel = server.ask("POST", "api/kernels", {"name": "python3"})
    terminal = server.ask("POST", "api/terminals", {})
    assert kernel["id"]
    assert terminal["name"]
    process = psutil.Process(place.process_id())
    family = wait_for(lambda: len(found := process.children(recursive=True)) >= 2 and found)
    # A kernel that nobody has connected to is still starting, and a terminal is in use now.
    kill_agent()
    assert until(there, "one", "RUNNING")["state"] == "RUNNING"
    there.ask(lambda one: one.stop_server("one"))
    until(there, "one", "STOPPED")
    assert not [one for one in family if one.is_running() and one.status() != "zombie"]

    # It is stopped when it is idle: none of our own questions counts as use.
    there.ask(lambda one: one.change_server("one", ServerChange({"idle_after": 6})))
    there.ask(lambda one: one.start_server("one"))
    until(there, "one", "RUNNING", seconds=120)
    again = Server(there.ask(lambda one: one.server_address("one"))["url"])
    assert again.token == server.token
    assert again.ask("GET", "api/contents/mine.txt")["content"] == "kept"
    told, view = watched_to_its_stop(there, "one")
    assert told
    assert view["stop_reason"] == "It was not used for 6s."

    there.ask(lambda one: one.delete_server("one", volumes=True))
    wait_for(lambda: there.ask(lambda one: one.servers()) == [])
    assert not workspace().exists()
    assert (home() / "volumes" / "data" / "shared.txt").read_text() == "kept"
