"""Pods of the real node are processes that run, write logs, fail, and reach the API server."""

from __future__ import annotations

import subprocess
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest

from cluster.control_plane import ControlPlane
from cluster.image import write_python_image
from cluster.kube import Kube
from cluster.node import Node
from cluster.supervisor import shared


@pytest.fixture
def kube(control_plane: ControlPlane) -> Any:
    with control_plane.kube() as kube:
        yield kube


def _create(control_plane: ControlPlane, node: Node, kube: Kube, command: list[str]) -> str:
    """Create a pod of a command; gives its path."""
    container = {"name": "main", "image": node.image, "command": command}
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "pod", "namespace": control_plane.namespace()},
        "spec": node.pod_spec(containers=[container]),
    }
    kube.create(pod)
    return kube.path(pod)


def _run(
    control_plane: ControlPlane, node: Node, kube: Kube, code: str
) -> tuple[dict[str, Any], str]:
    """Run a pod of Python code to its end: its status, and its log as the API server gives it."""
    path = _create(control_plane, node, kube, ["python3", "-c", code])
    ended = kube.wait(path, lambda pod: pod["status"]["phase"] in ("Succeeded", "Failed"), 60)
    return ended["status"], kube.text(f"{path}/log")


def test_a_pod_runs_to_its_end(control_plane: ControlPlane, node: Node, kube: Kube) -> None:
    code = "import sys; print('hello from', sys.version_info.major)"
    status, log = _run(control_plane, node, kube, code)
    assert status["phase"] == "Succeeded"
    assert log == "hello from 3\n"


def test_a_failed_pod_tells_its_code(control_plane: ControlPlane, node: Node, kube: Kube) -> None:
    status, log = _run(control_plane, node, kube, "print('bad'); raise SystemExit(3)")
    assert status["phase"] == "Failed"
    assert status["containerStatuses"][0]["state"]["terminated"]["exitCode"] == 3
    assert log == "bad\n"


def test_a_pod_reaches_the_api_server(control_plane: ControlPlane, node: Node, kube: Kube) -> None:
    code = """
import os, ssl, urllib.request
secrets = "/var/run/secrets/kubernetes.io/serviceaccount"
server = "https://{KUBERNETES_SERVICE_HOST}:{KUBERNETES_SERVICE_PORT}/version".format(**os.environ)
token = {"Authorization": "Bearer " + open(secrets + "/token").read()}
trust = ssl.create_default_context(cafile=secrets + "/ca.crt")
answer = urllib.request.urlopen(urllib.request.Request(server, headers=token), context=trust)
print(answer.status)
"""
    _, log = _run(control_plane, node, kube, code)
    assert log == "200\n"


def test_a_pod_runs_an_image_of_ours(
    control_plane: ControlPlane, node: Node, kube: Kube, tmp_path: Path
) -> None:
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "ours.py").write_text("print('imported')")
    name = f"labwright.test/{tmp_path.name.replace('_', '-')}:1"
    write_python_image(tmp_path / "image.tar", name, also={tmp_path / "site": "/site"})
    node.load_image(tmp_path / "image.tar")
    code = "import sys; sys.path.append('/site'); import ours"
    _, log = _run(control_plane, replace(node, image=name), kube, code)
    assert log == "imported\n"


@pytest.mark.usefixtures("node")
def test_a_killed_owner_leaves_no_container(tmp_path: Path) -> None:
    # As an argument it tells this container from every other process.
    seconds = f"86{time.time_ns() % 10**9}"
    owner = subprocess.Popen(["sleep", "600"])
    try:
        told = shared("cluster.control_plane:start", tmp_path / "plane", owner.pid)
        control_plane = ControlPlane(**told)
        node = Node(**shared("cluster.node:start", tmp_path / "node", owner.pid, plane=told))
        with control_plane.kube() as kube:
            path = _create(control_plane, node, kube, ["sleep", seconds])
            kube.wait(path, lambda pod: pod["status"]["phase"] == "Running", 60)
        assert _sleep(seconds)
    finally:
        owner.kill()
        owner.wait()
    deadline = time.monotonic() + 60
    while _sleep(seconds) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not _sleep(seconds)


def _sleep(seconds: str) -> list[psutil.Process]:
    lines = psutil.process_iter(["cmdline"])
    return [process for process in lines if process.info["cmdline"] == ["sleep", seconds]]
