"""When a step need not run again: its key, and what else must be as it was."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .artifacts import ArtifactStore
from .dag import Artifact, Bound
from .ir import Container, Importer
from .program import step_program
from .steps import Step

VERSION = 1


def step_key(
    step: Step,
    parameters: Mapping[str, Any],
    artifacts: Mapping[str, tuple[Artifact, ...]],
    python: Mapping[str, Any] | None,
    env: Mapping[str, str],
) -> str:
    """A digest of all that decides a step's outputs: code, environment and inputs, by content.

    `python` is what its interpreter says of itself, where one runs it.
    """
    if step.task.cache_key:
        facts: dict[str, Any] = {"custom": f"{step.component.name} {step.task.cache_key}"}
    else:
        environment: dict[str, Any] = {} if python is None else {"python": python}
        environment["variables"] = {one.name: env.get(one.name) for one in step.settings.variables}
        facts = {
            "executor": _what_runs(step.executor),
            "environment": environment,
            "parameters": parameters,
            "artifacts": {name: [_identity(one) for one in artifacts[name]] for name in artifacts},
        }
    text = json.dumps({"version": VERSION, **facts}, sort_keys=True, default=list)
    return hashlib.sha256(text.encode()).hexdigest()


def _what_runs(executor: Container | Importer) -> Any:
    """What decides a result; resources only decide whether there is one."""
    if isinstance(executor, Importer):
        return repr(executor)
    return [executor.image, executor.command, _told(executor), executor.env]


def _told(container: Container) -> list[Any]:
    """The arguments. Editors write down which kernel they found as they open a notebook, which
    the executed notebook repeats and no result depends on: the interpreter is a fact of its own.
    """
    args: list[Any] = list(container.args)
    program = step_program(container)
    if program is not None:
        decides = {name: value for name, value in program.items() if name != "kernel"}
        args[args.index("--program") + 1] = decides
    return args


def _identity(artifact: Artifact) -> list[Any]:
    content = [artifact.digest] if artifact.digest else [artifact.uri]
    return [*content, dict(artifact.schema), dict(artifact.metadata)]


def still_true(entry: Mapping[str, Any], workdir: Path, artifacts: ArtifactStore) -> bool:
    """Whether the files the step read and wrote, the modules it imported and its outputs are
    as they were when it ran."""
    return untrue(entry, workdir, artifacts) is None


def untrue(entry: Mapping[str, Any], workdir: Path, artifacts: ArtifactStore) -> str | None:
    """The first of these that is not as it was, in words; None where all are."""
    files = entry.get("files") or {}
    facts = {**(files.get("read") or {}), **(files.get("written") or {})}
    for path, fact in facts.items():
        if file_facts(workdir / path) != fact:
            return f"file {_short(workdir, path)} changed"
    for path, digest in (entry.get("modules") or {}).items():
        if _module_digest(workdir / path) != digest:
            return f"module {_short(workdir, path)} changed"
    if any(artifacts.fetch(digest) is None for digest in entry["digests"]):
        return "its result is no longer kept"
    return None


def _short(workdir: Path, path: str) -> str:
    """A path as the notebook would write it."""
    whole = workdir / path
    return str(whole.relative_to(workdir) if workdir in whole.parents else whole)


def file_facts(path: Path) -> list[int] | None:
    """A file's size and time of change; None when it is not there."""
    try:
        status = path.stat()
    except OSError:
        return None
    return [status.st_size, status.st_mtime_ns]


def _module_digest(path: Path) -> str | None:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return None


def digests(bound: Bound) -> list[str]:
    """The content that outputs consist of."""
    return [one.digest for many in bound.artifacts.values() for one in many if one.digest]
