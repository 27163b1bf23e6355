"""A step's settings as the environment it runs in."""

from __future__ import annotations

import os
import posixpath
from typing import TYPE_CHECKING

from ..errors import LabwrightError
from .model import Environment, Secret, Toleration, Volume
from .program import WORKDIR

if TYPE_CHECKING:
    from ..notebook.settings import StepSettings
    from ..notebook.settings import Volume as VolumeSetting

DEFAULT_IMAGE = "python:3.11"
IMAGE_VARIABLE = "LABWRIGHT_IMAGE"


def default_image() -> str:
    """The image of a step that names none: `LABWRIGHT_IMAGE`, or plain Python."""
    return os.environ.get(IMAGE_VARIABLE) or DEFAULT_IMAGE


def step_environment(settings: StepSettings, where: str) -> Environment:
    """The environment `settings` describe."""
    gpu = settings.resources.gpu
    volumes = {_mount(volume): volume for volume in settings.volumes}
    secrets: dict[str, dict[str, str]] = {}
    for secret in settings.secrets:
        secrets.setdefault(secret.name, {})[secret.key] = secret.env
        if secret.env in settings.env:
            raise LabwrightError(
                f"`{secret.env}` is both in `env` and filled from secret `{secret.name}`",
                where=where,
                hint="keep one of them",
            )
    return Environment(
        image=settings.image or default_image(),
        packages=tuple(settings.packages),
        cpu=settings.resources.cpu,
        memory=settings.resources.memory,
        gpus=gpu.count if gpu else 0,
        gpu_resource=gpu.resource if gpu else Environment.gpu_resource,
        env=dict(settings.env),
        secrets=tuple(Secret(name, env) for name, env in secrets.items()),
        volumes=tuple(
            Volume(
                mount,
                claim=None if volume.size else volume.claim or volume.name,
                size=volume.size,
                name=volume.name,
            )
            for mount, volume in volumes.items()
        ),
        node_selector=dict(settings.node_selector),
        tolerations=tuple(
            Toleration(t.key, t.operator, t.value, t.effect, t.toleration_seconds)
            for t in settings.tolerations
        ),
        labels=dict(settings.labels),
        annotations=dict(settings.annotations),
    )


def _mount(volume: VolumeSetting) -> str:
    """Where the volume is in the container: relative means relative to the working folder."""
    return posixpath.normpath(posixpath.join(WORKDIR, volume.mount))
