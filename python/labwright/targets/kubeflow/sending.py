"""A pipeline as it is sent to a KFP server, and whether it can run there. Pure."""

from __future__ import annotations

import copy
import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from ...diagnostics import Diagnostic
from ...errors import LabwrightError
from ...pipeline.environment import default_image
from ..errors import Unsuitable
from ..local.ir import Container, Pipeline, read_pipeline
from ..local.program import step_program
from ..local.submission import Submission
from ..local.values import run_parameters

_PATH = re.compile(r"(?:/|\./|\.\./|~)")
_IMAGE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/:@-]*\Z")
_VERSION_DIGITS = 16
_LONGEST_NAME = 63
"""So long may a name be where the server keeps versions in Kubernetes."""


def check(submission: Submission, target: str, *, image_known: bool) -> list[Diagnostic]:
    """Remarks on running this on a cluster. `image_known`: steps that ask for none get one.

    Raises:
        Unsuitable: it cannot run there.
    """
    pipeline = read(submission.spec)
    if pipeline is None:
        return []
    try:
        run_parameters(pipeline.root, submission.parameters)
    except LabwrightError as error:
        raise Unsuitable(error.what, where=error.where, hint=error.hint) from None
    nobody_asked: list[str] = []
    for name, container in _containers(pipeline):
        where = f"step {step_name(container) or name}"
        _check_image(container, where, target)
        if step_program(container) and container.image == default_image():
            nobody_asked.append(step_name(container) or name)
    if nobody_asked and not image_known:
        names = ", ".join(dict.fromkeys(nobody_asked))
        text = (
            f"{names}: no image is given, so it runs in {default_image()}, which has only Python; "
            "name one in the step's settings, or give the target one (--image)"
        )
        return [Diagnostic(None, "warning", "default-image", text)]
    return []


def read(spec: Mapping[str, Any]) -> Pipeline | None:
    """The IR as far as Labwright can read it; a server may take more than that."""
    try:
        return read_pipeline(spec)
    except LabwrightError:
        return None


def step_name(container: Container) -> str:
    return str((step_program(container) or {}).get("step") or "")


def ready(submission: Submission, image: str) -> dict[str, Any]:
    """The IR to send: images filled in, and the cache off where it is not wanted."""
    spec = copy.deepcopy(submission.spec)
    executors = spec.get("deploymentSpec", {}).get("executors", {})
    anew: set[str] = set()
    for label, data in executors.items():
        container = data.get("container")
        if not isinstance(container, dict):
            continue
        known = Container(str(container.get("image", "")), args=tuple(container.get("args") or ()))
        name = step_name(known)
        if image and name and known.image == default_image():
            container["image"] = image
        if name in submission.anew:
            anew.add(label)
    uncached = {
        name
        for name, data in (spec.get("components") or {}).items()
        if data.get("executorLabel") in anew
    }
    for task in _tasks(spec):
        if not submission.cache or task.get("componentRef", {}).get("name") in uncached:
            (task.get("cachingOptions") or {}).pop("enableCache", None)
    return spec


def content_of(spec: Mapping[str, Any], platform: Mapping[str, Any] | None) -> bytes:
    """The file that is uploaded; the same for the same IR, however its keys were ordered."""
    documents = [spec, platform] if platform else [spec]
    texts = [json.dumps(one, sort_keys=True, ensure_ascii=False) for one in documents]
    return "\n---\n".join(texts).encode()


def version_name(pipeline: str, content: bytes) -> str:
    """A name that says what is in the version, so that none is made twice."""
    digest = hashlib.sha256(content).hexdigest()[:_VERSION_DIGITS]
    return f"{pipeline[: _LONGEST_NAME - _VERSION_DIGITS - 1]}-{digest}"


def _containers(pipeline: Pipeline) -> Iterator[tuple[str, Container]]:
    for component in pipeline.components.values():
        executor = pipeline.executors.get(component.executor)
        if isinstance(executor, Container):
            yield component.name, executor


def _check_image(container: Container, where: str, target: str) -> None:
    image = container.image
    if _PATH.match(image):
        raise Unsuitable(
            f"its image {image} is a Python of this machine; target {target!r} does not have it",
            where=where,
            hint="name a container image, or leave the image out",
        )
    if image and not image.startswith("{{") and not _IMAGE.match(image):
        raise Unsuitable(f"{image!r} is no name of a container image", where=where)


def _tasks(spec: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for component in (spec.get("root") or {}, *(spec.get("components") or {}).values()):
        yield from ((component.get("dag") or {}).get("tasks") or {}).values()
