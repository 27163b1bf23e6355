"""Between the engine's values and JSON: what executors are given, what they give, what is kept."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from .artifacts import ArtifactStore, remove
from .dag import Artifact, Bound, Unresolved, Value, coerce
from .ir import ArtifactSpec, Component
from .rundir import StepDir, read_json

HIDDEN = "labwright_"
"""Outputs of every Labwright step that are not the notebook's own values start with this."""


class Incomplete(ValueError):
    """A step that ended well but did not give what it should have."""


def executor_input(
    component: Component,
    parameters: Mapping[str, Any],
    artifacts: Mapping[str, tuple[Artifact, ...]],
    folder: StepDir,
    step: str,
) -> dict[str, Any]:
    """The ExecutorInput message of KFP, with local paths as URIs."""
    return {
        "inputs": {
            "parameterValues": dict(parameters),
            "artifacts": {
                name: {"artifacts": [_runtime_artifact(one) for one in many]}
                for name, many in artifacts.items()
            },
        },
        "outputs": {
            "parameters": {
                name: {"outputFile": str(folder.parameter(name))}
                for name in component.output_parameters
            },
            "artifacts": {
                name: {"artifacts": [_output_artifact(name, spec, folder, step)]}
                for name, spec in component.output_artifacts.items()
            },
            "outputFile": str(folder.output),
        },
    }


def _runtime_artifact(artifact: Artifact) -> dict[str, Any]:
    return {
        "name": artifact.name,
        "type": dict(artifact.schema),
        "uri": artifact.uri,
        "metadata": dict(artifact.metadata),
    }


def _output_artifact(name: str, spec: ArtifactSpec, folder: StepDir, step: str) -> dict[str, Any]:
    return {
        "name": name,
        "type": dict(spec.schema),
        "uri": str(folder.artifact(name, step)),
        "metadata": dict(spec.metadata),
    }


def read_outputs(
    component: Component, folder: StepDir, step: str, artifacts: ArtifactStore, run: Path
) -> Bound:
    """A step's outputs from the files it left; its artifacts move into the artifact store."""
    given = read_json(folder.output) or {}
    parameters = {
        name: Value(coerce(value, spec.type, name), step)
        for name, spec in component.output_parameters.items()
        for value in [_output_parameter(name, spec.type, given, folder)]
        if value is not None
    }
    made: dict[str, tuple[Artifact, ...]] = {}
    for name, spec in component.output_artifacts.items():
        default = [_output_artifact(name, spec, folder, step)]
        listed = (given.get("artifacts") or {}).get(name, {}).get("artifacts") or default
        made[name] = tuple(
            _take({**default[0], **one}, folder, step, artifacts, run, name) for one in listed
        )
    return Bound(parameters, made)


def _output_parameter(name: str, kind: str, given: Mapping[str, Any], folder: StepDir) -> Any:
    """A parameter as the output message has it, else as its own file does."""
    values = given.get("parameterValues") or {}
    if name in values:
        return values[name]
    file = folder.parameter(name)
    if file.exists():
        text = file.read_text(encoding="utf-8")
        if kind in ("STRING", "BOOLEAN"):
            return text
        try:
            return json.loads(text)
        except ValueError:
            raise Unresolved(f"output {name!r} is {text[:80]!r}, which is no {kind}") from None
    if not folder.output.exists():
        raise Incomplete(f"it did not write its output {name!r}")
    return None


def _take(
    message: Mapping[str, Any],
    folder: StepDir,
    step: str,
    artifacts: ArtifactStore,
    run: Path,
    key: str,
) -> Artifact:
    uri = str(message.get("custom_path") or message["uri"])
    artifact = Artifact(
        key if not message.get("name") else str(message["name"]),
        uri,
        schema=message["type"],
        metadata=message.get("metadata") or {},
        source=step,
    )
    path = Path(uri)
    if "://" in uri or not (path.exists() or path.is_symlink()):
        return artifact
    own = folder.path in path.parents
    stored = artifacts.take(path, keep=not own or key.startswith(HIDDEN))
    return replace(
        artifact,
        uri=str(artifacts.path(stored.digest)),
        place=str(path.relative_to(run)) if own else "",
        digest=stored.digest,
        bytes=stored.bytes,
    )


def drop_outputs(component: Component, folder: StepDir, step: str) -> None:
    """Remove what a step that failed left of its outputs: it may be what filled the disk."""
    for name in component.output_artifacts:
        if not name.startswith(HIDDEN):
            remove(folder.artifact(name, step))


def place_again(
    bound: Bound, folder: StepDir, step: str, artifacts: ArtifactStore, run: Path
) -> Bound:
    """The outputs of a cached step, shown in this run's folder as if the step had made them."""
    made: dict[str, tuple[Artifact, ...]] = {}
    for name, many in bound.artifacts.items():
        shown = []
        for index, one in enumerate(many):
            path = folder.artifact(name, step)
            if index:
                path = path.with_name(f"{path.name}-{index}")
            if one.digest and name.startswith(HIDDEN):
                artifacts.copy(one.digest, path)
            elif one.digest:
                artifacts.link(one.digest, path)
            shown.append(replace(one, place=str(path.relative_to(run)) if one.digest else ""))
        made[name] = tuple(shown)
    return Bound(bound.parameters, made)


def bound_to_json(bound: Bound) -> dict[str, Any]:
    """Outputs as the store keeps them: content by digest, not by path."""
    return {
        "parameters": {name: [one.value, one.source] for name, one in bound.parameters.items()},
        "artifacts": {
            name: [
                {
                    "name": one.name,
                    "uri": "" if one.digest else one.uri,
                    "place": one.place,
                    "digest": one.digest,
                    "bytes": one.bytes,
                    "schema": dict(one.schema),
                    "metadata": dict(one.metadata),
                    "source": one.source,
                }
                for one in many
            ]
            for name, many in bound.artifacts.items()
        },
    }


def bound_from_json(data: Mapping[str, Any], artifacts: ArtifactStore) -> Bound:
    def artifact(one: Mapping[str, Any]) -> Artifact:
        digest = one["digest"]
        return Artifact(**{**one, "uri": str(artifacts.path(digest)) if digest else one["uri"]})

    return Bound(
        {name: Value(*pair) for name, pair in data["parameters"].items()},
        {name: tuple(map(artifact, many)) for name, many in data["artifacts"].items()},
    )


def shown_inputs(bound: Bound, program: Mapping[str, Any] | None) -> list[dict[str, Any]]:
    """A step's inputs as a record lists them: under the names they have in the notebook."""
    variables = {key: name for name, key in ((program or {}).get("inputs") or {}).items()}
    loop = (program or {}).get("loop_variable")
    shown = [
        {"name": loop if name == "labwright_item" else name, "from": one.source,
         "type": type(one.value).__name__, "path": None}
        for name, one in bound.parameters.items()
        if not name.startswith(HIDDEN) or (name == "labwright_item" and loop)
    ]  # fmt: skip
    for name, many in bound.artifacts.items():
        if not name.startswith(HIDDEN):
            shown += [
                {"name": variables.get(name, name), "from": one.source, "type": _type(one),
                 "path": one.place or None}
                for one in many
            ]  # fmt: skip
    return shown


def shown_outputs(bound: Bound, program: Mapping[str, Any] | None) -> list[dict[str, Any]]:
    """A step's outputs as a record lists them. A variable that is also given as a parameter, for
    a condition to read, is listed once."""
    program = program or {}
    kept = program.get("outputs") or {}
    variables = {key: name for name, key in kept.items()}
    values = {key: name for name, (key, _) in (program.get("values") or {}).items()}
    shown: list[dict[str, Any]] = [
        {"name": variables.get(name, name), "type": _type(one), "bytes": one.bytes,
         "path": one.place or None, "preview": one.metadata.get("preview")}
        for name, many in bound.artifacts.items()
        if not name.startswith(HIDDEN)
        for one in many
    ]  # fmt: skip
    return shown + [
        {"name": values.get(name, name), "type": type(one.value).__name__, "bytes": None,
         "path": None, "preview": json.dumps(one.value)[:200]}
        for name, one in bound.parameters.items()
        if values.get(name) not in kept
    ]  # fmt: skip


def _type(artifact: Artifact) -> str:
    return str(artifact.metadata.get("type") or artifact.schema.get("schemaTitle") or "")


def metrics_of(bound: Bound) -> dict[str, Any]:
    """The numbers that a step logged in KFP's Metrics artifacts."""
    return {
        name: value
        for many in bound.artifacts.values()
        for one in many
        if one.schema.get("schemaTitle") == "system.Metrics"
        for name, value in one.metadata.items()
        if isinstance(value, (int, float)) and not isinstance(value, bool)
    }
