"""schemathesis asks a real server whatever the OpenAPI file allows, and much that it does not."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.specs.openapi.checks import missing_required_header, positive_data_acceptance

from labwright.targets.local.agent.client import connect
from labwright_server import openapi
from labwright_server.routes import BASE

from .conftest import ADDING, Finished

TOKEN = "by-chance"
EXAMPLES = int(os.environ.get("LABWRIGHT_EXAMPLES", "15"))
# The server's own process has the tests' far target, with a run that is over and one that goes on,
# and a server and a volume.
FAR = """
import asyncio, sys
sys.path.insert(0, {folder!r})
from server.far import summary
from server.far_servers import FarServers
from labwright.servers.spec import ServerSpec, VolumeSpec
from labwright.targets.config import KnownTargets

far = FarServers()
far.print(over=True)
asyncio.run(far.create_server(ServerSpec("work")))
asyncio.run(far.create_volume(VolumeSpec("data", "1Gi")))
far.known = {{"over": summary("over", "SUCCEEDED"), "on": summary("on", "RUNNING", 1)}}
KnownTargets.open = lambda self, name: far
"""
schema = schemathesis.openapi.from_path(openapi.FILE)


@pytest.fixture(scope="module")
def server(
    tmp_path_factory: pytest.TempPathFactory, finished: Finished
) -> Iterator[tuple[str, Finished]]:
    """A Jupyter server in a process of its own, with runs to ask for."""
    place = tmp_path_factory.mktemp("server")
    shutil.copytree(finished.home, place / "home", symlinks=True)
    (place / "root").mkdir()
    (place / "root" / "adding.ipynb").write_text(json.dumps(ADDING), encoding="utf-8")
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port = one.getsockname()[1]
    (place / "home" / "targets.json").write_text(
        json.dumps({"targets": [{"name": "far", "endpoint": "http://far.example/"}]})
    )
    config = place / "jupyter_config_dir" / "jupyter_server_config.py"
    config.parent.mkdir()
    config.write_text(FAR.format(folder=str(Path(__file__).parents[1])), encoding="utf-8")
    moved = ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR")
    own = {name: str(place / name.lower()) for name in moved}
    env = {**os.environ, **own, "LABWRIGHT_HOME": str(place / "home"), "LABWRIGHT_AGENT_IDLE": "5"}
    flags = {
        "ServerApp.ip": "127.0.0.1",
        "ServerApp.port": port,
        "ServerApp.port_retries": 0,
        "ServerApp.root_dir": place / "root",
        "IdentityProvider.token": TOKEN,
        "ServerApp.jpserver_extensions": "labwright_server=True",
    }
    command = [sys.executable, "-m", "jupyter_server", "--no-browser", "--allow-root"]
    with (place / "log").open("wb") as log:
        process = subprocess.Popen(
            [*command, *(f"--{name}={value}" for name, value in flags.items())],
            stdout=log, stderr=log, env=env,
        )  # fmt: skip
    try:
        _wait(f"http://127.0.0.1:{port}/api?token={TOKEN}", process, place / "log")
        yield f"http://127.0.0.1:{port}/{BASE}", finished
    finally:
        process.terminate()
        process.wait(20)
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("LABWRIGHT_HOME", str(place / "home"))
            agent = connect(start=False)
            if agent is not None:
                with agent:
                    agent.stop()


def _wait(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 60
    while process.poll() is None and time.monotonic() < deadline:
        try:
            urllib.request.urlopen(url, timeout=5).close()
            return
        except OSError:
            time.sleep(0.1)
    raise AssertionError(log.read_text())


@schema.parametrize()
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    derandomize=True,
)
def test_every_answer_is_described(case: Any, server: tuple[str, Finished]) -> None:
    """No 5xx, no status, header, type or shape that the file does not have.

    Jupyter says 403, not 401, to who is unknown; and no schema can say which text is a path or a
    cursor, so that 400 may be the answer where it fits.
    """
    url, runs = server
    _aim(case, runs)
    case.call_and_validate(
        base_url=url,
        headers={"Authorization": f"token {TOKEN}"},
        timeout=60,
        excluded_checks=[missing_required_header, positive_data_acceptance],
    )


def _aim(case: Any, runs: Finished) -> None:
    """Half of what is asked for by chance is something that is there."""
    asked = case.path_parameters or {}
    query = case.query or {}
    made = case.path in ("/servers", "/volumes") and isinstance(case.body, dict)
    if made and case.body.get("target", "local") == "local":
        case.body["target"] = "far"  # nothing by chance on this machine
    if isinstance(query.get("target"), str) and len(query["target"]) % 2:
        query["target"] = "far"
        there = {"run_id": ("over", "on"), "schedule_id": ("s0", "s1")}
        there |= {"server": ("work", "none"), "volume": ("data", "none")}
        for name, known in there.items():
            if name in asked and case.method != "DELETE":
                asked[name] = known[len(asked[name]) % 2]
        if "step" in asked:
            asked["step"] = "load"
        if "artifact" in asked:
            asked["artifact"] = ("load/x", "load/many")[len(asked["artifact"]) % 2]
    elif "run_id" in asked and len(asked["run_id"]) % 2 and case.method != "DELETE":
        asked["run_id"] = (runs.good, runs.bad, runs.loop)[len(asked["run_id"]) % 3]
        if "step" in asked:
            asked["step"] = ("load", "fail", "each")[len(asked["step"]) % 3]
        if "artifact" in asked:
            asked["artifact"] = ("load/x", "load/log.txt", "load")[len(asked["artifact"]) % 3]
    if isinstance(case.body, dict) and isinstance(case.body.get("target"), str):
        case.body["target"] = "far" if len(case.body["target"]) % 2 else case.body["target"]
    if isinstance(case.body, dict) and isinstance(case.body.get("path"), str):
        case.body["path"] = "adding.ipynb" if len(case.body["path"]) % 2 else case.body["path"]
