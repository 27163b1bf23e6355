"""A run that is asked for: checked, with all that an engine in whatever process needs for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from ...diagnostics import Diagnostic
from ...errors import LabwrightError
from .check import check_steps, working_folder
from .events import now
from .ir import Pipeline, read_pipeline
from .needs import needs_of
from .record import State
from .rundir import RunDir, read_json, write_json
from .steps import Step, plan_steps
from .store import RunRow, Store
from .values import run_parameters


@dataclass(frozen=True)
class Submission:
    """Plain data, so that it can travel to the agent.

    `known` are the notebook's diagnostics, `checked` those of this machine. `anew` names steps
    that are run whatever the cache has. `python` runs the engine and, where a step asks for no
    other, its steps; `env` is their environment. Both are this process's own when empty.
    """

    name: str
    spec: dict[str, Any]
    platform: dict[str, Any] | None
    parameters: dict[str, Any]
    workdir: str
    notebook: str | None = None
    environment: str = ""
    cache: bool = True
    parallel: int | None = None
    experiment: str | None = None
    anew: list[str] = field(default_factory=list)
    known: list[dict[str, Any]] = field(default_factory=list)
    checked: list[dict[str, Any]] = field(default_factory=list)
    needs: dict[str, float] = field(default_factory=dict)
    graph: dict[str, Any] | None = None
    source: str | None = None
    python: str = ""
    env: dict[str, str] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    def row(self, run_id: str, state: State) -> RunRow:
        """The run as the store keeps it."""
        moment = now()
        return RunRow(
            run_id,
            self.name,
            state,
            moment,
            self.parameters,
            {
                "workdir": self.workdir,
                "notebook": self.notebook,
                "environment": self.environment,
                "cache": self.cache,
                "parallel": self.parallel,
                "diagnostics": self.known,
                "anew": self.anew,
                "needs": self.needs,
                "python": self.python,
                "queued": state == "PENDING",
            },
            diagnostics=[*self.known, *self.checked],
            experiment=self.experiment,
            started_at=None if state == "PENDING" else moment,
        )

    def unpack(self, directory: RunDir) -> None:
        """Write what the run is made of into its folder."""
        data = {"pipeline_spec": self.spec, "platform_spec": self.platform}
        write_json(directory.pipeline, data)
        if self.graph is not None:
            write_json(directory.graph, self.graph)
        if self.source is not None:
            directory.source.write_text(self.source, encoding="utf-8")


@dataclass(frozen=True)
class Prepared:
    """A submission with its pipeline as read."""

    submission: Submission
    pipeline: Pipeline
    steps: Mapping[str, Step]


def prepare(
    spec: Mapping[str, Any],
    platform: Mapping[str, Any] | None = None,
    parameters: Mapping[str, Any] | None = None,
    *,
    notebook: Path | None = None,
    workdir: Path | None = None,
    environment: str = "",
    cache: bool = True,
    parallel: int | None = None,
    diagnostics: Sequence[Diagnostic] = (),
    experiment: str | None = None,
    anew: Sequence[str] = (),
    graph: dict[str, Any] | None = None,
    source: str | None = None,
    check: bool = True,
) -> Prepared:
    """Read and check a compiled pipeline that is to be run here.

    Without `check` this machine is left alone: nothing is asked of it, no folder is made.

    Raises:
        LabwrightError: it cannot be run.
    """
    notebook = notebook.absolute() if notebook else None
    folder = working_folder(workdir, notebook)
    pipeline = read_pipeline(spec)
    steps = plan_steps(pipeline, platform, environment)
    values = run_parameters(pipeline.root, parameters or {})
    submission = Submission(
        name=pipeline.name,
        spec=dict(spec),
        platform=dict(platform) if platform else None,
        parameters=values,
        workdir=str(folder),
        notebook=str(notebook) if notebook else None,
        environment=environment,
        cache=cache,
        parallel=parallel,
        experiment=experiment,
        anew=list(anew),
        known=[one.to_json() for one in diagnostics],
        checked=[one.to_json() for one in check_steps(steps.values(), folder)] if check else [],
        needs=needs_of(steps.values()).to_json(),
        graph=graph,
        source=source,
    )
    return Prepared(submission, pipeline, steps)


def make_folder(store: Store, run_id: str) -> None:
    """Make the folder of a new run."""
    try:
        store.dir(run_id).path.mkdir(parents=True)
    except FileExistsError:
        raise LabwrightError(f"there already is a run {run_id!r}") from None


def run_graph(directory: RunDir) -> dict[str, Any]:
    """The graph of a run: its notebook's, or else its compiled pipeline's."""
    from .ir_graph import graph_of_ir

    found = read_json(directory.graph)
    if isinstance(found, dict):
        return found
    data = read_json(directory.pipeline)
    if not isinstance(data, dict):
        empty: dict[str, Any] = {"name": "", "parameters": [], "steps": []}
        return {**empty, "cells": [], "diagnostics": []}
    return graph_of_ir(read_pipeline(data["pipeline_spec"]))
