"""The Kubernetes settings of a pipeline (the second YAML document), as far as they mean something
on one machine: environment variables from secrets, volumes, a time limit."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from ...errors import LabwrightError

CONTAINER_WORKDIR = "/labwright"
"""The working folder of a Labwright step in a container; here it is the run's own."""

_USED = ("secretAsEnv", "configMapAsEnv", "pvcMount", "activeDeadlineSeconds")
_VOLUMES = ("secretAsVolume", "configMapAsVolume", "emptyDirMounts", "genericEphemeralVolume")
_WITHOUT_MEANING = ("imagePullPolicy", "imagePullSecret", "podMetadata")


@dataclass(frozen=True)
class Variable:
    """An environment variable that a secret or config map would fill."""

    name: str
    origin: str
    optional: bool


@dataclass(frozen=True)
class Settings:
    """What an executor's platform settings ask of this machine. `unused` names the rest."""

    variables: tuple[Variable, ...] = ()
    mounts: tuple[str, ...] = ()
    timeout: float | None = None
    unused: tuple[str, ...] = ()


def executor_settings(platform: Mapping[str, Any] | None, executor: str) -> Settings:
    """The settings of one executor."""
    kubernetes = ((platform or {}).get("platforms") or {}).get("kubernetes") or {}
    data = (kubernetes.get("deploymentSpec") or {}).get("executors", {}).get(executor) or {}
    deadline = data.get("activeDeadlineSeconds")
    return Settings(
        tuple(_variables(data)),
        tuple(one["mountPath"] for key in ("pvcMount", *_VOLUMES) for one in data.get(key) or ()),
        float(deadline) if deadline else None,
        tuple(key for key in data if key not in (*_USED, *_VOLUMES, *_WITHOUT_MEANING)),
    )


def _variables(data: Mapping[str, Any]) -> Iterator[Variable]:
    for key, kind, name in (
        ("secretAsEnv", "secret", "secretKey"),
        ("configMapAsEnv", "config map", "configMapKey"),
    ):
        for entry in data.get(key) or ():
            given = entry.get("secretNameParameter") or entry.get("configMapNameParameter") or {}
            constant = (given.get("runtimeValue") or {}).get("constant")
            holder = entry.get("secretName") or entry.get("configMapName") or constant
            for one in entry.get("keyToEnv") or ():
                origin = f"key {one.get(name)!r} of {kind} {holder!r}" if holder else f"a {kind}"
                yield Variable(one["envVar"], origin, bool(entry.get("optional")))


def check_variables(settings: Settings, where: str) -> None:
    """Secrets come from the environment Labwright was started in, and from nowhere else."""
    for variable in settings.variables:
        if variable.name not in os.environ and not variable.optional:
            raise LabwrightError(
                f"{variable.name} is not set; on a cluster it comes from {variable.origin}",
                where=where,
                hint=f"set the environment variable {variable.name} before you run",
            )


def local_mount(mount: str, workdir: Path) -> Path:
    """Where a volume is here: relative to the working folder, or the absolute path itself."""
    path = PurePosixPath(mount)
    if path.is_absolute() and not path.is_relative_to(CONTAINER_WORKDIR):
        return Path(path)
    return workdir / (path.relative_to(CONTAINER_WORKDIR) if path.is_absolute() else path)


def make_mounts(settings: Settings, workdir: Path, where: str) -> None:
    """Make the folders of volumes in the working folder; others have to be there."""
    for mount in settings.mounts:
        folder = local_mount(mount, workdir)
        if folder.is_dir():
            continue
        if workdir not in folder.parents and folder != workdir:
            raise LabwrightError(
                f"its volume is at {mount}, and there is no such folder here",
                where=where,
                hint="make the folder, or give the volume a relative `mount`",
            )
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise LabwrightError(
                f"cannot make the folder of its volume, {folder}: {error.strerror}", where=where
            ) from error
