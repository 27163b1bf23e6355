"""How the server of an image starts, and how it listens."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
from traitlets.config import PyFileConfigLoader

ROOTFS = Path(__file__).parents[2] / "notebook_images" / "base" / "rootfs"


def settings(monkeypatch: pytest.MonkeyPatch, **environment: str) -> Any:
    for name in ("NB_PREFIX", "JUPYTER_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    for name, value in {"HOME": "/home/jovyan", **environment}.items():
        monkeypatch.setenv(name, value)
    return PyFileConfigLoader("jupyter_server_config.py", str(ROOTFS / "etc/jupyter")).load_config()


def test_behind_a_prefix_the_gateway_authenticates(monkeypatch: pytest.MonkeyPatch) -> None:
    found = settings(monkeypatch, NB_PREFIX="/notebook/team/ada")
    assert found.ServerApp.base_url == "/notebook/team/ada"
    assert found.ServerApp.ip == "0.0.0.0"
    assert found.IdentityProvider.token == ""


@pytest.mark.parametrize(
    "environment", [{}, {"NB_PREFIX": "/notebook/team/ada", "JUPYTER_TOKEN": "secret"}]
)
def test_elsewhere_jupyters_own_token_stays(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str]
) -> None:
    assert "token" not in settings(monkeypatch, **environment).IdentityProvider


def test_a_home_that_is_not_the_users_is_told(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir(mode=0o500)
    script = (ROOTFS / "usr/local/bin/start-notebook").read_text()
    done = subprocess.run(
        # As text: the folder that the project is in may be closed to other users.
        ["/bin/sh", "-s"],
        input=script,
        cwd="/",
        env={"HOME": str(home), "PATH": os.environ["PATH"]},
        # Root may write everywhere.
        user=65534 if os.geteuid() == 0 else None,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.startswith(f"{home} is not writable for user ")
    assert "fsGroup" in done.stderr
