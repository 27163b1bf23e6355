"""From a notebook or a compiled pipeline to a run: what the command line, magics and verify share.

Each stage imports what it needs when it is reached, so that looking at a graph does not pay for
the engine.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .diagnostics import Diagnostic
from .errors import LabwrightError

if TYPE_CHECKING:
    from .dataflow.model import Flow
    from .notebook.model import NotebookPlan
    from .pipeline.compile import CompiledPipeline
    from .pipeline.model import Pipeline
    from .targets.local.events import Listener
    from .targets.local.record import RunRecord
    from .targets.local.store import Store
    from .targets.local.submission import Prepared

COMPILED = (".yaml", ".yml")
TARGETS = ("local",)


@dataclass(frozen=True)
class Analysed:
    """A notebook read and analysed; nothing has run. `document` is its JSON."""

    path: Path
    plan: NotebookPlan
    flow: Flow
    document: Mapping[str, Any]

    @property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        return (*self.plan.diagnostics, *self.flow.diagnostics)

    @property
    def source(self) -> str:
        """The notebook's text without outputs, as it is kept with a run."""
        return json.dumps(_without_outputs(self.document), ensure_ascii=False, indent=1) + "\n"


def analyse_notebook(path: str | Path) -> Analysed:
    """The notebook's plan and what flows between its steps."""
    from .notebook.read import read_document

    return analyse_document(read_document(path), path)


def analyse_document(document: Mapping[str, Any], path: str | Path) -> Analysed:
    """The same for nbformat 4 JSON, as an editor has it; `path` is where it is, or will be."""
    from .dataflow import analyse
    from .notebook.ipython import to_python
    from .notebook.plan import read_plan, step_controls
    from .notebook.read import parse_document

    plan = read_plan(parse_document(document, Path(path)))
    flow = analyse(plan.blocks, plan.parameters, step_controls(plan), to_python=to_python)
    return Analysed(Path(path), plan, flow, document)


def _without_outputs(document: Mapping[str, Any]) -> dict[str, Any]:
    cells = [
        {**cell, "outputs": [], "execution_count": None}
        if cell.get("cell_type") == "code"
        else cell
        for cell in document["cells"]
    ]
    return {**document, "cells": cells}


def pipeline_of(analysed: Analysed) -> Pipeline:
    """The notebook's pipeline; LabwrightError where the analysis found an error."""
    errors = [d for d in analysed.diagnostics if d.severity == "error"]
    if errors:
        raise LabwrightError("\n".join(sentence(d, str(analysed.path)) for d in errors))
    from .pipeline.build import build_pipeline

    return build_pipeline(analysed.plan, analysed.flow)


def sentence(diagnostic: Diagnostic, path: str = "") -> str:
    """A diagnostic for a person: where, then what."""
    place = [path] if path else []
    if diagnostic.cell is not None:
        place.append(f"cell {diagnostic.cell}")
    return f"{', '.join(place)}: {diagnostic.message}" if place else diagnostic.message


def check_target(name: str) -> None:
    """LabwrightError unless there is such a target."""
    if name not in TARGETS:
        raise LabwrightError(
            f"there is no target {name!r}", where="--target", hint=f"there is {', '.join(TARGETS)}"
        )


def is_compiled(path: str) -> bool:
    """Whether the file is a compiled pipeline rather than a notebook."""
    return Path(path).suffix.lower() in COMPILED


def parameter_texts(param: Sequence[str]) -> dict[str, Any]:
    """`-p NAME=VALUE` options as a mapping; the last of a name counts."""
    from .batch.parameters import split

    return dict(split(text) for text in param)


def compiled(pipeline: Pipeline) -> CompiledPipeline:
    """The pipeline as KFP's intermediate representation, for any cluster."""
    from .pipeline.compile import compile_pipeline

    return compile_pipeline(pipeline)


def graph_view(analysed: Analysed) -> dict[str, Any]:
    """The notebook's graph with all that an editor shows."""
    from .pipeline.graph import graph_view

    return graph_view(analysed.plan, analysed.flow)


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
    from .notebook.parameters import coerce_all
    from .pipeline.compile import compile_pipeline
    from .pipeline.graph import only
    from .pipeline.part import following, until
    from .targets.local.submission import prepare

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
    # The engine sees for itself which files a step reads, so volumes do not forbid its cache.
    ir = compile_pipeline(pipeline, cache_volumes=True)
    path = analysed.path.absolute()
    return prepare(
        ir.spec,
        ir.platform,
        values,
        notebook=path,
        workdir=workdir or path.parent,
        cache=cache,
        diagnostics=analysed.diagnostics,
        experiment=experiment or analysed.plan.settings.experiment,
        anew=anew,
        graph=only(graph_view(analysed), {step.name for step in pipeline.steps}),
        source=analysed.source,
        check=check,
    )


def prepared_compiled(
    path: str, texts: Mapping[str, Any], *, cache: bool = True, experiment: str | None = None
) -> Prepared:
    """A compiled pipeline, ours or the kfp SDK's, ready to run here, in its file's folder."""
    from .targets.local.submission import prepare

    spec, platform = read_compiled(path)
    return prepare(
        spec,
        platform,
        compiled_parameters(spec, texts, path),
        workdir=Path(path).absolute().parent,
        cache=cache,
        experiment=experiment,
    )


def submit(ready: Prepared) -> dict[str, Any]:
    """Leave a run to the agent, which is started where there is none; the run's summary."""
    from .targets.local.agent.client import connect

    with connect() as agent:
        return agent.submit(ready.submission)


def preview(
    analysed: Analysed, texts: Mapping[str, Any], store: Store | None = None
) -> list[dict[str, Any]]:
    """What a run would do with each step, and why: `{"name", "state", "why"}`. Runs nothing.

    cached: its result is there. stale: it ran before, and something changed. new: it never ran.
    waiting: a step before it runs first, and then very likely it does, too.
    """
    import os

    from .targets.local.preview import preview

    ready = prepared(analysed, texts, check=False)
    with _opened(store) as kept:
        return preview(ready, ready.submission.graph or {"steps": []}, kept, os.environ)


def run_analysed(
    analysed: Analysed,
    texts: Mapping[str, Any],
    *,
    cache: bool = True,
    experiment: str | None = None,
    from_step: str | None = None,
    until_step: str | None = None,
    on_event: Listener | None = None,
    cancel: threading.Event | None = None,
    workdir: Path | None = None,
    store: Store | None = None,
) -> RunRecord:
    """Compile the notebook's pipeline and run it in this process (see `prepared`).

    The run is kept in the user's own store unless `store` is another.
    """
    from .targets.local.engine import run_prepared

    ready = prepared(
        analysed,
        texts,
        cache=cache,
        experiment=experiment,
        from_step=from_step,
        until_step=until_step,
        workdir=workdir,
    )
    with _opened(store) as kept:
        return run_prepared(ready, store=kept, on_event=on_event, cancel=cancel)


def run_compiled(
    path: str,
    texts: Mapping[str, Any],
    *,
    cache: bool = True,
    experiment: str | None = None,
    on_event: Listener | None = None,
    cancel: threading.Event | None = None,
) -> RunRecord:
    """Run a compiled pipeline, ours or the kfp SDK's. Steps run in its file's folder."""
    from .targets.local.engine import run_prepared

    ready = prepared_compiled(path, texts, cache=cache, experiment=experiment)
    with _opened(None) as kept:
        return run_prepared(ready, store=kept, on_event=on_event, cancel=cancel)


@contextmanager
def _opened(store: Store | None) -> Iterator[Store]:
    """The store given, left open; or the user's own, closed at the end."""
    from .targets.local.store import Store

    kept = store or Store()
    try:
        yield kept
    finally:
        if store is None:
            kept.close()


def read_compiled(path: str) -> tuple[dict[str, Any], dict[str, Any] | None]:
    """The pipeline spec in a YAML file, and the platform document if there is one."""
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        documents = list(yaml.load_all(Path(path).read_text(encoding="utf-8"), loader))
    except FileNotFoundError:
        raise LabwrightError("no such file", where=path, hint="check the path") from None
    except OSError as error:
        raise LabwrightError(f"cannot read the file: {error.strerror}", where=path) from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        what = " ".join(str(error).split())
        raise LabwrightError(f"not YAML: {what}", where=path) from None
    found = [document for document in documents if isinstance(document, dict)]
    specs = [document for document in found if "root" in document and "pipelineInfo" in document]
    if len(specs) != 1:
        raise LabwrightError(
            "not a compiled pipeline: it has no `pipelineInfo` and `root`",
            where=path,
            hint="`labwright compile` and the kfp SDK's compiler write such files",
        )
    platforms = [document for document in found if "platforms" in document]
    return specs[0], platforms[0] if platforms else None


_TYPES = {
    "NUMBER_INTEGER": "int",
    "NUMBER_DOUBLE": "float",
    "STRING": "str",
    "BOOLEAN": "bool",
    "LIST": "list",
    "STRUCT": "dict",
    "TASK_FINAL_STATUS": "dict",
}


def compiled_parameters(
    spec: Mapping[str, Any], texts: Mapping[str, Any], where: str
) -> dict[str, Any]:
    """The values given for a compiled pipeline, typed as it declares; what has none is an error."""
    from .notebook.model import Parameter
    from .notebook.parameters import coerce
    from .notebook.place import did_you_mean

    inputs = spec["root"].get("inputDefinitions", {}).get("parameters", {})
    values = {}
    for name, text in texts.items():
        if name not in inputs:
            hint = did_you_mean(name, list(inputs)) or f"it has {', '.join(inputs) or 'none'}"
            raise LabwrightError(f"the pipeline has no parameter {name!r}", where=where, hint=hint)
        kind: Any = _TYPES.get(inputs[name].get("parameterType"), "str")
        values[name] = coerce(Parameter(name, kind, inputs[name].get("defaultValue"), 0), text)
    for name, declared in inputs.items():
        optional = declared.get("isOptional") or "defaultValue" in declared
        if name not in values and not optional:
            raise LabwrightError(
                f"parameter {name!r} has no default and no value",
                where=where,
                hint=f"give it: -p {name}=VALUE",
            )
    return values
