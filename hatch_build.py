"""Puts the JupyterLab extension into the wheel; builds it where that was not done yet.

An sdist carries the built extension, so installing from one needs no Node.js. An editable install
needs none either: `make lab` builds the extension and links it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

SOURCE = "labextension"
BUILT = f"{SOURCE}/labwright/labextension"
EXTENSION = "share/jupyter/labextensions/labwright"
SERVER_CONFIG = "jupyter-config/server-config/labwright.json"
# `labwright install` prints them.
MANIFESTS = "controller/manifests"
INPUTS = ("src", "style", "schema", "package.json", "tsconfig.json", "yarn.lock")


class LabextensionHook(BuildHookInterface):  # type: ignore[type-arg]
    def dependencies(self) -> list[str]:
        # It brings jlpm, the yarn that JupyterLab extensions are built with.
        return ["jupyter-builder>=1.0"] if self._stale() and not _skipped() else []

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        config = {SERVER_CONFIG: "etc/jupyter/jupyter_server_config.d/labwright.json"}
        if version == "editable":
            build_data["shared_data"] = config
            return
        if self._stale() and not _skipped():
            self._build()
        if not self._built().is_file():
            raise SystemExit(
                f"The JupyterLab extension is not built: {BUILT} is missing.\n"
                "Build it with `jlpm && jlpm build:prod` in labextension/, or unset "
                "SKIP_JUPYTER_BUILDER."
            )
        if self.target_name == "wheel":
            build_data["force_include"] = {MANIFESTS: "labwright_controller/manifests"}
            build_data["shared_data"] = {
                **config,
                BUILT: EXTENSION,
                f"{SOURCE}/install.json": f"{EXTENSION}/install.json",
            }

    def _built(self) -> Path:
        return Path(self.root, BUILT, "package.json")

    def _stale(self) -> bool:
        """Whether a source is newer than what was built, or that was built for development."""
        built = self._built()
        if not built.is_file():
            return True
        if not Path(self.root, "PKG-INFO").is_file():
            since = built.stat().st_mtime
            return _is_development(built) or any(
                file.stat().st_mtime > since for file in _inputs(Path(self.root, SOURCE))
            )
        return False

    def _build(self) -> None:
        jlpm = shutil.which("jlpm", path=os.pathsep.join([_scripts(), os.environ.get("PATH", "")]))
        if jlpm is None or not (shutil.which("node") or shutil.which("nodejs")):
            raise SystemExit(
                "Building the JupyterLab extension needs Node.js 20 or newer on PATH, and none is "
                "there.\nInstall Node.js, or install Labwright from its wheel or sdist, which "
                "carry the built extension."
            )
        env = {**os.environ, "PATH": os.pathsep.join([_scripts(), os.environ.get("PATH", "")])}
        npm = shutil.which("npm")
        if npm and "YARN_NPM_REGISTRY_SERVER" not in env:
            # Yarn does not read npm's settings, where a mirror is named.
            registry = subprocess.run(
                [npm, "config", "get", "registry"], capture_output=True, text=True, check=False
            ).stdout.strip()
            if registry.startswith("http"):
                env["YARN_NPM_REGISTRY_SERVER"] = registry
        for command in (["install", "--immutable"], ["build:prod"]):
            subprocess.run([jlpm, *command], cwd=Path(self.root, SOURCE), env=env, check=True)


def _skipped() -> bool:
    return bool(os.environ.get("SKIP_JUPYTER_BUILDER"))


def _scripts() -> str:
    return str(Path(sys.executable).parent)


def _is_development(built: Path) -> bool:
    """A development build carries source maps."""
    return any(built.parent.joinpath("static").glob("*.js.map"))


def _inputs(source: Path) -> list[Path]:
    named = [source / name for name in INPUTS]
    return [
        file
        for path in named
        for file in (path.rglob("*") if path.is_dir() else [path])
        if file.is_file() and ".spec." not in file.name
    ]
