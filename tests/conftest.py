"""What every test needs: a Labwright home, an IPython profile and a folder of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest_plugins = ["cluster.fixtures", "cluster.kfp_fixtures", "kfp_double.fixtures"]


@pytest.fixture(autouse=True)
def _own_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs, artifacts and histories go under a temporary folder, never into the user's own."""
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("LABWRIGHT_HOME", str(home / "labwright"))
    monkeypatch.setenv("IPYTHONDIR", str(home / "ipython"))
    monkeypatch.setenv("JUPYTER_CONFIG_DIR", str(home / "jupyter"))
    monkeypatch.delenv("LABWRIGHT_ARTIFACTS", raising=False)


@pytest.fixture
def repository() -> Path:
    """The root of the checkout."""
    return Path(__file__).resolve().parents[1]
