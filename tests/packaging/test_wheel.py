"""The wheel, in an environment where nothing else of Labwright is."""

from __future__ import annotations

import json
import os
import shutil
import site
import subprocess
import sys
import sysconfig
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BUILT = ROOT / "labextension/labwright/labextension/package.json"

pytestmark = [
    pytest.mark.skipif(
        not BUILT.is_file() and not os.environ.get("CI"),
        reason="the JupyterLab extension is not built here: `make test` does that",
    ),
    pytest.mark.xdist_group("wheel"),
]


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    # What `make` built is taken as it is.
    env = {**os.environ, "SKIP_JUPYTER_BUILDER": "1"}
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-t", "sdist", "-d", folder],
        cwd=ROOT, env=env, check=True, capture_output=True,
    )  # fmt: skip
    return folder


@pytest.fixture(scope="module")
def wheel(dist: Path) -> Path:
    [wheel] = dist.glob("*.whl")
    return wheel


@pytest.fixture(scope="module")
def bin_folder(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The programs of a new environment with the wheel in it.

    Its dependencies are read from this environment, so that nothing is fetched; Labwright itself is
    not: an editable install works through `.pth` files, and those act only in site folders.
    """
    home = tmp_path_factory.mktemp("venv")
    venv.create(home, symlinks=True)
    purelib = Path(sysconfig.get_path("purelib", vars={"base": str(home), "platbase": str(home)}))
    dependencies = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    purelib.joinpath("dependencies.pth").write_text("\n".join(sorted(dependencies)))
    subprocess.run(
        [sys.executable, "-m", "pip", "--python", home / "bin/python", "install", "--quiet",
         "--no-deps", "--no-index", "--ignore-installed", wheel],
        check=True, capture_output=True,
    )  # fmt: skip
    return home / "bin"


def _ask(bin_folder: Path, *command: str) -> str:
    """A Jupyter command's words, with no setting of this machine's user."""
    env = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("JUPYTER", "PYTHON", "VIRTUAL_ENV"))
    }
    env["JUPYTER_CONFIG_DIR"] = env["JUPYTER_DATA_DIR"] = str(bin_folder.parent / "nothing")
    done = subprocess.run(
        [bin_folder / "python", "-m", *command],
        env=env, capture_output=True, text=True, check=True, cwd=bin_folder,
    )  # fmt: skip
    return done.stdout + done.stderr


def test_nothing_of_the_checkout_is_seen(bin_folder: Path) -> None:
    code = "import labwright, labwright_server as s; print(labwright.__file__, s.__file__)"
    done = subprocess.run(
        [bin_folder / "python", "-c", code], capture_output=True, text=True, check=True,
        cwd=bin_folder,
    )  # fmt: skip
    assert all(str(bin_folder.parent) in place for place in done.stdout.split())
    assert str(ROOT) not in done.stdout
    assert site.getsitepackages()[0] not in done.stdout


def test_jupyterlab_has_the_extension_enabled(bin_folder: Path) -> None:
    words = _ask(bin_folder, "jupyterlab.labextensions", "list")
    [line] = [line for line in words.splitlines() if "labwright " in line]
    assert "enabled" in line
    assert "OK" in line


def test_the_server_has_the_extension_enabled(bin_folder: Path) -> None:
    words = _ask(bin_folder, "jupyter_server.extension.serverextension", "list")
    lines = [line for line in words.splitlines() if "labwright_server" in line]
    assert any("enabled" in line for line in lines), words
    assert any("OK" in line for line in lines), words


def test_the_wheel_carries_all_its_files(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    extension = "data/share/jupyter/labextensions/labwright"
    for wanted in (
        "labwright_server/openapi.json",
        "labwright_server/events/run.yaml",
        "labwright/py.typed",
        f"{extension}/package.json",
        f"{extension}/install.json",
        f"{extension}/schemas/labwright/plugin.json",
        "data/etc/jupyter/jupyter_server_config.d/labwright.json",
    ):
        assert any(name.endswith(wanted) for name in names), wanted
    assert not [name for name in names if "/node_modules/" in name or ".spec." in name]


def test_the_sdist_builds_the_same_wheel_without_node(
    dist: Path, wheel: Path, tmp_path: Path
) -> None:
    [sdist] = dist.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        names = archive.getnames()
    shutil.unpack_archive(sdist, tmp_path)
    assert not [name for name in names if "/node_modules/" in name or "/.yarn/" in name]
    [source] = tmp_path.iterdir()
    # An empty PATH: there is no Node.js, and no jlpm.
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", tmp_path / "again"],
        cwd=source, env={"PATH": str(tmp_path)}, check=True, capture_output=True,
    )  # fmt: skip
    [again] = (tmp_path / "again").iterdir()
    assert set(zipfile.ZipFile(again).namelist()) == set(zipfile.ZipFile(wheel).namelist())
    shutil.rmtree(source)


def test_the_versions_agree() -> None:
    package = json.loads((ROOT / "labextension/package.json").read_text())
    assert f'version = "{package["version"]}"' in (ROOT / "pyproject.toml").read_text()
