"""A pipeline as readable Python for the kfp SDK: the same tasks, edges and containers.

The file stands alone: it holds the cells as text one can read and change, and what runs them.
"""

from __future__ import annotations

import keyword
from collections.abc import Iterator

from ..errors import LabwrightError
from .compile import SIZE_LIMIT
from .export_body import Body
from .export_components import component_function, literal, program_constant
from .model import Pipeline
from .names import task_names
from .platform import WORKSPACE_CLAIM, workspace_size
from .program import encode

_HEADER = '''\
"""Pipeline `{name}`, exported by Labwright from {notebook}.

`python {file}` compiles it to `pipeline.yaml`; it needs {needs}.
"""

import base64
import json
import zlib
from typing import List

from kfp import compiler, dsl{kubernetes}
from kfp.dsl import HTML, Artifact, Input, Metrics, Output

# What a step's container starts with: it unpacks RUNTIME, which executes the step's cells.
LOADER = {loader}
RUNTIME = "{runtime}"


def container(image, program, loader=LOADER):
    """A container that executes `program`: the cells of a step, and its interface."""
    text = json.dumps(program, sort_keys=True, separators=(",", ":"))
    packed = base64.b64encode(zlib.compress(text.encode(), 9)).decode()
    return dsl.ContainerSpec(
        image=image,
        command=["python3", "-u", "-c", loader],
        args=["--program", packed, "--runtime", RUNTIME, "--executor_input", "{{{{$}}}}"],
    )
'''
_FOOTER = """

if __name__ == "__main__":
    compiler.Compiler().compile(pipeline, "pipeline.yaml")
"""


def export_pipeline(pipeline: Pipeline, *, file_name: str = "pipeline.py") -> str:
    """The Python text; LabwrightError where the kfp SDK cannot say what the pipeline does."""
    from ..runtime.bundle import runtime_bundle
    from ..runtime.loader import LOADER

    bundle = runtime_bundle()
    size = sum(len(bundle) + len(LOADER) + len(encode(s.component.program)) for s in pipeline.steps)
    if size > SIZE_LIMIT:
        raise LabwrightError(
            f"compiled by the kfp SDK it would take over {size:,} bytes, more than the "
            f"{SIZE_LIMIT:,} a cluster takes",
            where=f"pipeline `{pipeline.name}`",
            hint="use the compiled YAML, which carries the runtime once",
        )
    tasks, _ = task_names(pipeline.name, (step.name for step in pipeline.steps))
    functions = _function_names(tasks)
    body = Body(pipeline, tasks, functions)
    main = "".join(body.lines())
    kubernetes = "kubernetes." in main
    first = pipeline.steps[0].component.program
    header = _HEADER.format(
        name=pipeline.name,
        notebook=first["notebook"],
        file=file_name,
        needs="kfp and kfp-kubernetes" if kubernetes else "kfp",
        kubernetes=", kubernetes" if kubernetes else "",
        loader=literal(LOADER),
        runtime=bundle,
    )
    parts = [header]
    for step in pipeline.steps:
        name = functions[step.name]
        parts.append("\n\n" + program_constant(step, name))
        parts.append("\n\n" + component_function(step, name))
    parts += body.decisions()
    parts.append(f"\n\n{''.join(_pipeline(pipeline))}{main}{_FOOTER}")
    return "".join(parts)


def _function_names(tasks: dict[str, str]) -> dict[str, str]:
    """A Python name for each step, of which kfp makes the same task name."""
    names = {}
    for step, task in tasks.items():
        name = task.replace("-", "_")
        taken = name in _TAKEN or name.startswith("decide_")
        if not name.isidentifier() or keyword.iskeyword(name) or taken:
            name = f"{name}_" if name[0].isalpha() else f"step_{name}"
        names[step] = name
    return names


# Names the file uses itself.
_TAKEN = frozenset(
    ["base64", "compiler", "container", "dsl", "json", "kubernetes", "pipeline", "zlib"]
)


def _pipeline(pipeline: Pipeline) -> Iterator[str]:
    yield "@dsl.pipeline(\n"
    yield f"    name={literal(pipeline.name)},\n"
    if pipeline.description:
        yield f"    description={literal(pipeline.description)},\n"
    if size := workspace_size(pipeline):
        yield "    pipeline_config=dsl.PipelineConfig(\n"
        yield "        workspace=dsl.WorkspaceConfig(\n"
        yield f"            size={literal(size)},\n"
        yield "            kubernetes=dsl.KubernetesWorkspaceConfig(\n"
        yield f"                pvcSpecPatch={literal(WORKSPACE_CLAIM, ' ' * 16)}\n"
        yield "            ),\n        ),\n    ),\n"
    yield ")\n"
