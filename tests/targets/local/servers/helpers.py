"""What the tests of local servers share."""

from __future__ import annotations

import json
import os
import signal
import sys
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from labwright.servers.spec import ServerSpec
from labwright.targets.blocking_servers import BlockingServers
from labwright.targets.local.home import home, servers_folder
from labwright.targets.local.servers.place import ServerDir

FAKE = Path(__file__).with_name("fake")
View = dict[str, Any]


def fake_environment(folder: Path) -> str:
    """An interpreter whose JupyterLab is the fake one; its path, which is an image."""
    for name in ("jupyterlab-9.0", "jupyter_server-9.0"):
        (folder / "packages" / f"{name}.dist-info").mkdir(parents=True)
    python = folder / "bin" / "python"
    python.parent.mkdir()
    path = f"{FAKE}:{folder / 'packages'}"
    python.write_text(f'#!/bin/sh\nPYTHONPATH={path} exec {sys.executable} -S "$@"\n')
    python.chmod(0o755)
    return str(python)


def spec(image: str, name: str = "one", **more: Any) -> ServerSpec:
    return ServerSpec.from_json({"name": name, "image": image, **more})


def until(there: BlockingServers, name: str, *states: str, seconds: float = 60) -> View:
    """The server once it is in one of these states."""

    def found() -> View | None:
        view = there.ask(lambda one: one.server(name))
        return view if view["state"] in states else None

    return wait_for(found, seconds)


def wait_for(true: Callable[[], Any], seconds: float = 60) -> Any:
    deadline = time.monotonic() + seconds
    while not (found := true()):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return found


def watched_to_its_stop(there: BlockingServers, name: str) -> tuple[list[str], View]:
    """The times of its stop that were told on the way, and the server once it has stopped."""
    told: list[str] = []
    changes = there.watch()
    try:
        for change in changes:
            view = change.get("server")
            if view is None or view["name"] != name:
                continue
            told += [view["stop_at"]] if view["stop_at"] else []
            if view["state"] == "STOPPED":
                return told, view
    finally:
        changes.close()  # type: ignore[attr-defined]
    raise AssertionError("a watch has no end")


def get(there: BlockingServers, name: str, path: str) -> Any:
    """What a server answers to who has its token."""
    url = there.ask(lambda one: one.server_address(name))["url"]
    parts = urlsplit(url)
    (token,) = parse_qs(parts.query)["token"]
    request = urllib.request.Request(
        f"{parts.scheme}://{parts.netloc}{parts.path}{path}",
        headers={"Authorization": f"token {token}"},
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.loads(answer.read())


def end_servers() -> None:
    """End the servers of this home, however they are; their agent has ended."""
    folder = servers_folder(home())
    for path in folder.iterdir() if folder.is_dir() else ():
        place = ServerDir(path)
        pid = place.process_id()
        if place.alive and pid is not None:
            os.kill(pid, signal.SIGKILL)


def workspace(name: str = "one") -> Path:
    return home() / "volumes" / f"{name}-workspace"


def answers(name: str = "one", **said: Any) -> None:
    """Have a fake server answer so."""
    place = workspace(name) / "answers.json"
    staged = place.with_suffix(".new")
    staged.write_text(json.dumps(said))
    staged.replace(place)
