"""What every test needs: a Labwright home, an IPython profile and a folder of its own."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

pytest_plugins = ["cluster.fixtures", "cluster.kfp_fixtures", "kfp_double.fixtures"]


@pytest.fixture(scope="session")
def _homes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Folders to be. To number one pytest looks at all there are, thousands at the end."""
    folder = tmp_path_factory.mktemp("homes")
    return (folder / str(number) for number in count())


@pytest.fixture(autouse=True)
def _own_home(_homes: Iterator[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs, artifacts and histories go under a temporary folder, never into the user's own."""
    home = next(_homes)
    home.mkdir()
    monkeypatch.setenv("LABWRIGHT_HOME", str(home / "labwright"))
    monkeypatch.setenv("IPYTHONDIR", str(home / "ipython"))
    monkeypatch.setenv("JUPYTER_CONFIG_DIR", str(home / "jupyter"))
    monkeypatch.delenv("LABWRIGHT_ARTIFACTS", raising=False)


@pytest.fixture
def repository() -> Path:
    """The root of the checkout."""
    return Path(__file__).resolve().parents[1]
