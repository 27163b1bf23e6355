"""A user's whole story with a notebook server: a real JupyterLab in a pod, on a volume."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from cluster.control_plane import ControlPlane
from cluster.distributions import copy_distribution, linked, with_requirements
from cluster.image import write_python_image
from cluster.node import Node
from controller.real_server import START, real_server

ROOTFS = Path(__file__).parents[2] / "notebook_images" / "base" / "rootfs"
IMAGE = "labwright.test/jupyterlab:1"
USERS = "root:x:0:0::/root:/bin/sh\njovyan:x:1000:100::/home/jovyan:/bin/bash\n"
BREAK_JUPYTERLAB = """
import os, site
os.makedirs(site.getusersitepackages())
open(site.getusersitepackages() + "/jupyterlab.py", "w").write("raise SystemExit('broken')")
"""


@pytest.fixture(scope="module")
def image(node: Node, tmp_path_factory: pytest.TempPathFactory) -> str:
    """JupyterLab as it is installed here, with what notebook_images/base puts around it."""
    version = "{}.{}".format(*sys.version_info)
    told = subprocess.run(["/usr/bin/python3", "--version"], capture_output=True, text=True)
    if f" {version}." not in told.stdout:
        pytest.skip(f"the image has {told.stdout.strip()}, and the libraries are for {version}")
    folder = tmp_path_factory.mktemp("image")
    root = folder / "root"
    shutil.copytree(ROOTFS, root)
    shutil.copytree("/etc/skel", root / "etc" / "skel")
    (root / "etc" / "passwd").write_text(USERS)
    libraries = root / "usr" / "local" / "lib" / f"python{version}" / "dist-packages"
    for name in sorted(with_requirements("jupyterlab")):
        copy_distribution(name, libraries, root / "usr" / "local")
    for library in linked(libraries):
        target = root / "usr" / library.resolve().relative_to("/usr").parent / library.name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(library, target)
    archive = folder / "image.tar"
    write_python_image(
        archive,
        IMAGE,
        {root / name: name for name in ("etc", "usr")},
        user="1000",
        HOME="/home/jovyan",
        SHELL="/bin/bash",
        # Nothing is compiled in the image, and its user may not write there.
        PYTHONPYCACHEPREFIX="/home/jovyan/.cache/python",
    )
    shutil.rmtree(root)
    node.load_image(archive)
    archive.unlink()
    return IMAGE


def test_a_server_is_started_restarted_culled_and_keeps_its_files(
    control_plane: ControlPlane, node: Node, image: str, tmp_path: Path
) -> None:
    command = [START, "--ServerApp.ip=127.0.0.1"]
    home = tmp_path / "home"
    with real_server(control_plane, node, image, tmp_path, command=command) as server:
        kube = server.kube
        server.wait("Running")
        assert kube.get(server.claim)["status"]["phase"] == "Bound"
        # A new volume gets the home that the image has, and belongs to its user.
        assert (home / ".bashrc").read_text() == Path("/etc/skel/.bashrc").read_text()
        server.run("import os; open('kept.txt', 'w').write(f'uid {os.getuid()}')")
        assert server.read("kept.txt") == "uid 1000"

        # Nobody else's page may act for a user who is let in.
        assert httpx.post(f"{server.url}/api/kernels", json={}).status_code == 403

        # What a user breaks in the own packages keeps no server from starting.
        server.run(BREAK_JUPYTERLAB)

        before = kube.get(server.pod)["metadata"]["uid"]
        kube.http.delete(server.pod).raise_for_status()
        server.wait_for_pod(lambda pod: pod["metadata"]["uid"] != before)
        assert server.read("kept.txt") == "uid 1000"

        kube.patch(server.path, {"spec": {"culling": {"idleAfter": "2s"}}})
        stopped = server.wait("Stopped")
        assert stopped["stopReason"].startswith("It was not used since ")
        with pytest.raises(httpx.ConnectError):
            server.read("kept.txt")
        assert (home / "kept.txt").read_text() == "uid 1000"

        start = {"annotations": {"kubeflow-resource-stopped": None}}
        kube.patch(server.path, {"metadata": start, "spec": {"culling": {"idleAfter": "never"}}})
        server.wait("Running")
        assert server.read("kept.txt") == "uid 1000"
        assert server.run("print(open('kept.txt').read())") == "uid 1000\n"

        kube.delete(server.path)
        server.wait_until_gone(server.pod)
        assert kube.get(server.claim)["status"]["phase"] == "Bound"
