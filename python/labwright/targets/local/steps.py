"""The steps of a pipeline as they are known before it runs."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ...errors import LabwrightError
from .environments import Environment, environment
from .ir import Component, Container, Importer, Pipeline, Task
from .platform import Settings, executor_settings
from .program import kfp_source, step_program


@dataclass(frozen=True)
class Step:
    """A task that runs something. `path` leads to it through the graphs around it.

    `position` is its place in a record's list. `program` is Labwright's own, when it is one.
    """

    path: str
    position: int
    name: str
    folder: str
    task: Task
    component: Component
    executor: Container | Importer
    settings: Settings
    environment: Environment
    program: Mapping[str, Any] | None
    looped: bool

    @property
    def timeout(self) -> float | None:
        """Seconds a try may take: the step's own limit, and that of the platform settings."""
        given = [self.settings.timeout, (self.program or {}).get("timeout")]
        limits = [float(limit) for limit in given if limit]
        return min(limits) if limits else None

    @property
    def kfp(self) -> bool:
        return (
            isinstance(self.executor, Container) and kfp_source(self.executor.command) is not None
        )


def plan_steps(
    pipeline: Pipeline, platform: Mapping[str, Any] | None = None, default: str = ""
) -> dict[str, Step]:
    """All steps by path, in the order in which they could run."""
    found = list(_walk(pipeline, pipeline.root, "", False))
    names = [_name(task, executor) for _, task, _, executor, _ in found]
    folders = _folders(
        [
            path if names.count(name) > 1 else name
            for (path, *_), name in zip(found, names, strict=True)
        ]
    )
    steps: dict[str, Step] = {}
    for position, (path, task, component, executor, looped) in enumerate(found):
        name = names[position]
        container = executor if isinstance(executor, Container) else Container()
        steps[path] = Step(
            path,
            position,
            name,
            folders[position],
            task,
            component,
            executor,
            executor_settings(platform, component.executor),
            environment(container.image, default),
            step_program(container),
            looped,
        )
    return steps


def join(path: str, name: str) -> str:
    return f"{path}/{name}" if path else name


def _walk(
    pipeline: Pipeline, component: Component, path: str, looped: bool, depth: int = 0
) -> Iterator[tuple[str, Task, Component, Container | Importer, bool]]:
    if depth > 100:
        raise LabwrightError(f"the pipeline's graphs contain one another: {path[:80]}...")
    assert component.dag is not None
    for task in component.dag.tasks.values():
        inner, place = pipeline.components[task.component], join(path, task.name)
        turned = looped or task.iterator is not None
        if inner.dag is not None:
            yield from _walk(pipeline, inner, place, turned, depth + 1)
        else:
            yield place, task, inner, pipeline.executors[inner.executor], turned


def _name(task: Task, executor: Container | Importer) -> str:
    """The step's name in its notebook, or the one its pipeline gives it."""
    program = step_program(executor) if isinstance(executor, Container) else None
    return str(program["step"]) if program else task.display


def _folders(names: list[str]) -> list[str]:
    """A folder's name for each step, one that every file system takes and no other step has.

    A loop's turns add `-0`, `-1`...; a step whose own name looks like one gets another suffix.
    """
    folders: list[str] = []
    for position, name in enumerate(names):
        folder = re.sub(r"[^\w.+-]+", "-", name.replace("/", ".")).strip(".") or "step"
        taken = {one.lower() for one in folders}
        turn = re.fullmatch(r"(.+)-\d+(\.\d+)*", folder.lower())
        if folder.lower() in taken or (turn and turn[1] in {one.lower() for one in names}):
            folder = f"{folder}+{position}"
        folders.append(folder)
    return folders
