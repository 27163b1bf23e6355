"""The base image, built from Debian's packages and started on the real node.

It takes some minutes and half a gigabyte of downloads, so it runs when asked for:
`make -C notebook_images check`.
"""

from __future__ import annotations

import json
import os
import shutil
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from cluster.control_plane import ControlPlane
from cluster.node import Node
from controller.real_server import START, real_server

IMAGES = Path(__file__).parents[2] / "notebook_images"
DEBIAN = "labwright.test/debian:bookworm"
NOTEBOOK = {
    "nbformat": 4,
    "nbformat_minor": 5,
    "metadata": {},
    "cells": [
        {
            "cell_type": "code",
            "id": f"cell-{name}",
            "metadata": {"tags": [f"step:{name}"]},
            "source": source,
            "outputs": [],
            "execution_count": None,
        }
        for name, source in {"make": "numbers = [1, 2, 3]", "add": "print(sum(numbers))"}.items()
    ],
}

pytestmark = pytest.mark.skipif(
    not os.environ.get("LABWRIGHT_BUILD_IMAGES"),
    reason="building an image takes minutes: `make -C notebook_images check` does it",
)


class Builder:
    """buildah with a store of its own."""

    def __init__(self, folder: Path) -> None:
        self.command = ["buildah", f"--root={folder}/store", f"--runroot={folder}/run"]
        # pip asks where it does here, and trusts whom this machine trusts.
        trusted = ssl.get_default_verify_paths()
        bundle = (
            os.environ.get("PIP_CERT") or trusted.cafile or "/etc/ssl/certs/ca-certificates.crt"
        )
        settings = ["[global]", "cert = /run/trusted.pem"]
        if "PIP_INDEX_URL" in os.environ:
            settings.append(f"index-url = {os.environ['PIP_INDEX_URL']}")
        (folder / "pip.conf").write_text("\n".join(settings))
        mounts = [f"{bundle}:/run/trusted.pem:ro", f"{folder}/pip.conf:/etc/pip.conf:ro"]
        self.flags = ["--network=host", *(f"--volume={mount}" for mount in mounts)]

    def run(self, *words: str | Path, cwd: Path | None = None) -> str:
        done = subprocess.run([*self.command, *words], cwd=cwd, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


@pytest.fixture(scope="module")
def builder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Builder]:
    folder = tmp_path_factory.mktemp("builder")
    yield Builder(folder)
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def base(builder: Builder, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The base image as `make base` makes it; gives its name."""
    folder = tmp_path_factory.mktemp("debian")
    subprocess.run(
        ["debootstrap", "--variant=minbase", "bookworm", folder / "root"],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    (folder / "Dockerfile").write_text("FROM scratch\nADD root /\n")
    builder.run("build", f"--tag={DEBIAN}", ".", cwd=folder)
    shutil.rmtree(folder)
    given = {
        "BUILDER": " ".join(builder.command),
        "BUILD_FLAGS": " ".join(builder.flags),
        "BASE_IMAGE": DEBIAN,
    }
    done = subprocess.run(
        ["make", "-C", IMAGES, "base", *(f"{name}={value}" for name, value in given.items())],
        # What `make` built of the JupyterLab extension is taken as it is.
        env={**os.environ, "SKIP_JUPYTER_BUILDER": "1"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    [image] = [
        name
        for image in json.loads(builder.run("images", "--json"))
        for name in image["names"] or ()
        if "labwright-base" in name
    ]
    return str(image)


def test_the_image_says_who_it_is(builder: Builder, base: str) -> None:
    config: dict[str, Any] = json.loads(builder.run("inspect", "--type=image", base))["Docker"]
    assert config["config"]["User"] == "1000"
    assert config["config"]["Entrypoint"] == ["/usr/bin/tini", "--"]
    assert config["config"]["Healthcheck"]["Test"] == ["CMD", "/usr/local/bin/check-notebook"]


def test_its_server_starts_with_labwright_in_it(
    control_plane: ControlPlane, node: Node, builder: Builder, base: str, tmp_path: Path
) -> None:
    builder.run("push", base, f"docker-archive:{tmp_path}/image.tar:{base}")
    node.load_image(tmp_path / "image.tar")
    (tmp_path / "image.tar").unlink()
    arguments = [START, "--ServerApp.ip=127.0.0.1"]
    with real_server(control_plane, node, base, tmp_path, args=arguments) as server:
        server.wait("Running", 120)
        assert (tmp_path / "home" / ".bashrc").is_file()
        page = httpx.get(f"{server.url}/lab").text
        assert '"labwright"' in page
        httpx.get(f"{server.url}/labwright/api/v1/targets").raise_for_status()
        assert server.run("print(open('/proc/1/comm').read())").strip() == "tini"
        # A user's packages stay with the home.
        told = server.run("import site; print(site.ENABLE_USER_SITE, site.getuserbase())")
        assert told == "True /home/jovyan/.local\n"
        code = f"""
import json, pathlib, subprocess
pathlib.Path("small.ipynb").write_text({json.dumps(json.dumps(NOTEBOOK))})
done = subprocess.run(["labwright", "run", "small.ipynb", "--json"], capture_output=True, text=True)
print(done.stdout if done.returncode == 0 else done.stdout + done.stderr)
"""
        ran = server.run(code)
        assert json.loads(ran[ran.index("{") :])["state"] == "SUCCEEDED"
        server.kube.delete(server.path)
        server.wait_until_gone(server.pod)
