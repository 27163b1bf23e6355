"""Run by the interpreter that has the kfp SDK: one JSON question a line, one JSON answer a line."""

from __future__ import annotations

import contextlib
import json
import os
import runpy
import sys
import traceback
import warnings

warnings.simplefilter("ignore")
answers = os.fdopen(os.dup(1), "w", buffering=1)
# Whatever kfp or a step prints must not mix with the answers.
os.dup2(2, 1)

import yaml  # noqa: E402
from google.protobuf import json_format  # noqa: E402
from kfp import compiler, components, dsl, local  # noqa: E402
from kfp.kubernetes import kubernetes_executor_config_pb2 as kubernetes_pb2  # noqa: E402
from kfp.local import subprocess_task_handler  # noqa: E402
from kfp.pipeline_spec import pipeline_spec_pb2 as pipeline_pb2  # noqa: E402

# The only refusals that are switched off: a command that is not kfp's own executor.
handler = subprocess_task_handler.SubprocessTaskHandler
replace = subprocess_task_handler.replace_python_executable
handler.validate_not_container_component = lambda *_: None
handler.validate_not_containerized_python_component = lambda *_: None


def parse(path):
    """Parse the documents strictly into kfp's messages; gives them back as dicts."""
    with open(path, encoding="utf-8") as file:
        documents = list(yaml.safe_load_all(file))
    spec = json_format.ParseDict(documents[0], pipeline_pb2.PipelineSpec())
    deployment = json_format.ParseDict(
        documents[0]["deploymentSpec"], pipeline_pb2.PipelineDeploymentConfig()
    )
    assert set(deployment.executors) == {
        c.executor_label for c in spec.components.values() if c.executor_label
    }
    platform = None
    if len(documents) > 1:
        platform = json_format.ParseDict(documents[1], pipeline_pb2.PlatformSpec())
        executors = platform.platforms["kubernetes"].deployment_spec.executors
        for config in executors.values():
            json_format.ParseDict(
                json_format.MessageToDict(config), kubernetes_pb2.KubernetesExecutorConfig()
            )
        platform = json_format.MessageToDict(platform)
    return {"spec": json_format.MessageToDict(spec), "platform": platform}


def load(path):
    """Load as the SDK does; gives the interface."""
    component = components.load_component_from_file(path)
    spec = component.component_spec
    return {
        "name": component.name,
        "inputs": sorted(spec.inputs or {}),
        "outputs": sorted(spec.outputs or {}),
    }


def compile_python(path, target):
    """Run a Python file that defines `pipeline`, and compile that."""
    module = runpy.run_path(path)
    compiler.Compiler().compile(module["pipeline"], target)
    return parse(target)


def use_component(path, target):
    """Load a component and compile a pipeline of it, given nothing but importers."""
    component = components.load_component_from_file(path)

    @dsl.pipeline(name="uses-it")
    def pipeline():
        inputs = component.component_spec.inputs or {}
        component(
            **{
                name: dsl.importer(artifact_uri="gs://x/y", artifact_class=dsl.Artifact).output
                for name, spec in inputs.items()
                if spec.type.startswith("system.")
            }
        )

    compiler.Compiler().compile(pipeline, target)
    return parse(target)


def run(path, root, arguments, python, workdir):
    """Run with kfp.local's subprocess runner, steps by `python`; gives the folder of the run."""
    os.chdir(workdir)
    subprocess_task_handler.replace_python_executable = lambda command, _: replace(command, python)
    local.init(
        runner=local.SubprocessRunner(use_venv=False), pipeline_root=root, raise_on_error=True
    )
    pipeline = components.load_component_from_file(path)
    before = set(os.listdir(root)) if os.path.isdir(root) else set()
    with contextlib.redirect_stdout(sys.stderr):
        pipeline(**arguments)
    (made,) = set(os.listdir(root)) - before
    return os.path.join(root, made)


QUESTIONS = {
    "parse": parse,
    "load": load,
    "compile": compile_python,
    "use": use_component,
    "run": run,
}
for line in sys.stdin:
    request = json.loads(line)
    try:
        result = {"answer": QUESTIONS[request.pop("question")](**request)}
    except BaseException:
        result = {"error": traceback.format_exc()}
    answers.write(json.dumps(result) + "\n")
