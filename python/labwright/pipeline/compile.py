"""Pipeline to KFP's intermediate representation (IR 2.1.0): plain dicts, and YAML."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from .. import __version__
from ..errors import LabwrightError
from .documents import to_yaml
from .executors import RUNTIME_PLACEHOLDER, container
from .model import RUNTIME_PARAMETER, Pipeline
from .names import task_name, task_names
from .platform import platform_spec
from .tasks import Tasks
from .tree import build_tree

SCHEMA_VERSION = "2.1.0"
# Argo refuses a manifest of 1 MiB; its own share of it is about a third.
INLINE_LIMIT = 700_000
SIZE_LIMIT = 2**20


@dataclass(frozen=True)
class CompiledPipeline:
    """The IR: `spec`, and `platform` where a step asks something of Kubernetes."""

    spec: dict[str, Any]
    platform: dict[str, Any] | None

    @property
    def documents(self) -> list[dict[str, Any]]:
        return [self.spec, self.platform] if self.platform else [self.spec]

    def to_yaml(self) -> str:
        return to_yaml(self.documents)


def compile_pipeline(pipeline: Pipeline, *, cache_volumes: bool = False) -> CompiledPipeline:
    """Compile. `cache_volumes`: the target itself notices changed files, so steps with volumes
    may be taken from its cache."""
    from ..runtime.bundle import runtime_bundle
    from ..runtime.loader import LOADER

    if not pipeline.steps:
        raise LabwrightError(
            "there is no step in it",
            where=f"pipeline `{pipeline.name}`",
            hint="tag a code cell `step:NAME`",
        )
    tasks, names = task_names(pipeline.name, (step.name for step in pipeline.steps))
    bundle = runtime_bundle()
    containers = {
        f"exec-{tasks[step.name]}": {"container": container(step.component, LOADER, bundle)}
        for step in pipeline.steps
    }
    carried = sum(map(_weight, containers.values())) > INLINE_LIMIT
    if carried:
        # The runtime travels once, not in each step.
        for executor in containers.values():
            args = executor["container"]["args"]
            args[args.index(bundle)] = RUNTIME_PLACEHOLDER
    root = build_tree(pipeline, tasks, names, {RUNTIME_PARAMETER: bundle} if carried else {})
    written = Tasks(pipeline, root, cache_volumes)
    spec = pipeline_document(
        pipeline.name, pipeline.description, written.root, written.components, containers
    )
    compiled = CompiledPipeline(spec, platform_spec(pipeline, tasks))
    size = sum(len(json.dumps(document)) for document in compiled.documents)
    if size > SIZE_LIMIT:
        raise LabwrightError(
            f"it takes {size:,} bytes, more than the {SIZE_LIMIT:,} a cluster takes",
            where=f"pipeline `{pipeline.name}`",
            hint="move data out of the code into files, or split the notebook",
        )
    return compiled


def _weight(executor: dict[str, Any]) -> int:
    """The bytes of a container's command, which is nearly all there is to it."""
    container = executor["container"]
    return sum(map(len, (*container["command"], *container["args"])))


def pipeline_document(
    name: str,
    description: str,
    root: dict[str, Any],
    components: dict[str, Any],
    executors: dict[str, Any],
) -> dict[str, Any]:
    """The pipeline spec around its parts."""
    safe = task_name(name)
    info = {"name": safe}
    if name != safe:
        info["displayName"] = name
    if description:
        info["description"] = description
    return {
        "pipelineInfo": info,
        "schemaVersion": SCHEMA_VERSION,
        "sdkVersion": f"labwright-{__version__}",
        "root": root,
        "components": components,
        "deploymentSpec": {"executors": executors},
    }
