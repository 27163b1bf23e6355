"""A pipeline made ready for the place where it is to run: this machine, or another target."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import LabwrightError
from .documents import compiled_parameters, read_compiled
from .notebooks import Analysed, graph_view, pipeline_of

if TYPE_CHECKING:
    from ..targets.local.submission import Prepared, Submission
    from ..targets.protocols import Capabilities


def prepared(
    analysed: Analysed,
    texts: Mapping[str, Any],
    *,
    cache: bool = True,
    experiment: str | None = None,
    from_step: str | None = None,
    until_step: str | None = None,
    workdir: Path | None = None,
    check: bool = True,
) -> Prepared:
    """The notebook compiled and checked, ready to run here. `texts`: parameters, text or JSON.

    `from_step` and all that follow from it are run anew, whatever the cache has. `until_step`
    leaves out all that it does not need. Steps run in the notebook's folder unless `workdir` is
    another. Without `check` this machine is not asked whether it has what the steps need.
    """
    from ..targets.local.submission import prepare

    # The engine sees for itself which files a step reads, so volumes do not forbid its cache.
    part = _part(analysed, texts, from_step, until_step, cache_volumes=True)
    path = analysed.path.absolute()
    return prepare(
        part.spec,
        part.platform,
        part.values,
        notebook=path,
        workdir=workdir or path.parent,
        cache=cache,
        diagnostics=analysed.diagnostics,
        experiment=experiment or analysed.plan.settings.experiment,
        anew=part.anew,
        graph=part.graph,
        source=analysed.source,
        check=check,
    )


def prepared_compiled(
    path: str, texts: Mapping[str, Any], *, cache: bool = True, experiment: str | None = None
) -> Prepared:
    """A compiled pipeline, ours or the kfp SDK's, ready to run here, in its file's folder."""
    from ..targets.local.submission import prepare

    spec, platform = read_compiled(path)
    return prepare(
        spec,
        platform,
        compiled_parameters(spec, texts, path),
        workdir=Path(path).absolute().parent,
        cache=cache,
        experiment=experiment,
    )


def submission(
    analysed: Analysed,
    texts: Mapping[str, Any],
    target: Capabilities,
    *,
    cache: bool = True,
    experiment: str | None = None,
    from_step: str | None = None,
    until_step: str | None = None,
) -> Submission:
    """The notebook compiled as it suits a target, to be left to it (see `prepared`)."""
    if target.own_machine:
        return prepared(
            analysed,
            texts,
            cache=cache,
            experiment=experiment,
            from_step=from_step,
            until_step=until_step,
        ).submission
    from ..targets.local.submission import Submission

    part = _part(analysed, texts, from_step, until_step, cache_volumes=target.watches_files)
    path = analysed.path.absolute()
    return Submission(
        name=part.spec["pipelineInfo"]["name"],
        spec=part.spec,
        platform=part.platform,
        parameters=part.values,
        workdir=str(path.parent),
        notebook=str(path),
        cache=cache,
        experiment=experiment or analysed.plan.settings.experiment,
        anew=list(part.anew),
        known=[one.to_json() for one in analysed.diagnostics],
        graph=part.graph,
        source=analysed.source,
    )


def submission_compiled(
    path: str,
    texts: Mapping[str, Any],
    target: Capabilities,
    *,
    cache: bool = True,
    experiment: str | None = None,
) -> Submission:
    """A compiled pipeline, to be left to a target. Only this machine's engine reads it before."""
    if target.own_machine:
        return prepared_compiled(path, texts, cache=cache, experiment=experiment).submission
    from ..targets.local.submission import Submission

    spec, platform = read_compiled(path)
    return Submission(
        name=str(spec["pipelineInfo"].get("name") or Path(path).stem),
        spec=spec,
        platform=platform,
        parameters=compiled_parameters(spec, texts, path),
        workdir=str(Path(path).absolute().parent),
        cache=cache,
        experiment=experiment,
    )


@dataclass(frozen=True)
class _Part:
    """What of a notebook is to run: its IR, its graph, its parameters, and the steps run anew."""

    spec: dict[str, Any]
    platform: dict[str, Any] | None
    values: dict[str, Any]
    graph: dict[str, Any]
    anew: tuple[str, ...]


def _part(
    analysed: Analysed,
    texts: Mapping[str, Any],
    from_step: str | None,
    until_step: str | None,
    *,
    cache_volumes: bool,
) -> _Part:
    from ..notebook.parameters import coerce_all
    from ..pipeline.compile import compile_pipeline
    from ..pipeline.graph import only
    from ..pipeline.part import following, until

    values = coerce_all(analysed.plan.parameters, dict(texts))
    pipeline = pipeline_of(analysed)
    anew = following(pipeline, from_step) if from_step else ()
    if until_step:
        pipeline = until(pipeline, until_step)
        if from_step and not any(step.name == from_step for step in pipeline.steps):
            raise LabwrightError(
                f"step {until_step!r} does not need step {from_step!r}, so that nothing is left",
                hint="choose a step that leads to it, or leave one of the two out",
            )
    ir = compile_pipeline(pipeline, cache_volumes=cache_volumes)
    graph = only(graph_view(analysed), {step.name for step in pipeline.steps})
    return _Part(ir.spec, ir.platform, values, graph, tuple(anew))
