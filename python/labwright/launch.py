"""From a notebook or a compiled pipeline to a run: what the command line, magics and verify share.

Each stage imports what it needs when it is reached, so that looking at a graph does not pay for
the engine.
"""

from __future__ import annotations

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
    from .notebook.model import Notebook, NotebookPlan
    from .pipeline.compile import CompiledPipeline
    from .pipeline.model import Pipeline
    from .targets.local.events import Listener
    from .targets.local.record import RunRecord
    from .targets.local.store import Store

COMPILED = (".yaml", ".yml")
TARGETS = ("local",)


@dataclass(frozen=True)
class Analysed:
    """A notebook read and analysed; nothing has run."""

    path: Path
    plan: NotebookPlan
    flow: Flow

    @property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        return (*self.plan.diagnostics, *self.flow.diagnostics)


def analyse_notebook(path: str) -> Analysed:
    """The notebook's plan and what flows between its steps."""
    from .notebook.read import read_notebook

    return analyse_parsed(read_notebook(path), Path(path))


def analyse_parsed(notebook: Notebook, path: Path) -> Analysed:
    """As `analyse_notebook`, of a notebook that is read already; the file need not be there."""
    from .dataflow import analyse
    from .notebook.ipython import to_python
    from .notebook.plan import read_plan, step_controls

    plan = read_plan(notebook)
    flow = analyse(plan.blocks, plan.parameters, step_controls(plan), to_python=to_python)
    return Analysed(path, plan, flow)


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


def run_analysed(
    analysed: Analysed,
    texts: Mapping[str, Any],
    *,
    cache: bool = True,
    on_event: Listener | None = None,
    cancel: threading.Event | None = None,
    workdir: Path | None = None,
    store: Store | None = None,
) -> RunRecord:
    """Compile the notebook's pipeline and run it here. `texts`: parameters, as text or JSON.

    Steps run in the notebook's folder unless `workdir` is another; the run is kept in the user's
    own store unless `store` is another.
    """
    from .notebook.parameters import coerce_all
    from .pipeline.compile import compile_pipeline
    from .targets.local.engine import run_pipeline

    values = coerce_all(analysed.plan.parameters, dict(texts))
    # The engine sees for itself which files a step reads, so volumes do not forbid its cache.
    ir = compile_pipeline(pipeline_of(analysed), cache_volumes=True)
    path = analysed.path.absolute()
    with _opened(store) as kept:
        return run_pipeline(
            ir.spec,
            ir.platform,
            values,
            store=kept,
            notebook=path,
            workdir=workdir or path.parent,
            cache=cache,
            on_event=on_event,
            cancel=cancel,
            diagnostics=analysed.diagnostics,
        )


def run_compiled(
    path: str,
    texts: Mapping[str, Any],
    *,
    cache: bool = True,
    on_event: Listener | None = None,
    cancel: threading.Event | None = None,
) -> RunRecord:
    """Run a compiled pipeline, ours or the kfp SDK's. Steps run in its file's folder."""
    from .targets.local.engine import run_pipeline

    spec, platform = read_compiled(path)
    values = compiled_parameters(spec, texts, path)
    with _opened(None) as kept:
        return run_pipeline(
            spec,
            platform,
            values,
            store=kept,
            notebook=None,
            workdir=Path(path).absolute().parent,
            cache=cache,
            on_event=on_event,
            cancel=cancel,
        )


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
