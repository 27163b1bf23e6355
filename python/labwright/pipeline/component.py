"""One step as a reusable Kubeflow Pipelines component, to be loaded into any pipeline."""

from __future__ import annotations

from ..errors import LabwrightError
from .compile import CompiledPipeline, pipeline_document
from .executors import container
from .model import ITEM_PARAMETER, STATUS_PARAMETER, Pipeline, Step, Volume
from .names import task_name
from .platform import executor_config
from .tasks import interface, is_cached
from .wiring import Json


def compile_component(pipeline: Pipeline, step_name: str) -> CompiledPipeline:
    """The component of `step_name`: its inputs and outputs are the interface.

    What only has a meaning between steps (condition, loop, order) is left out; a loop's item
    becomes an input, and a volume that is made for each run one of the component's own.
    """
    from ..runtime.bundle import runtime_bundle
    from ..runtime.loader import LOADER

    step = _find(pipeline, step_name)
    component = step.component
    task = task_name(step.name)
    definition = interface(component, _parameters(step))
    inputs: Json = definition.get("inputDefinitions", {})
    spec = pipeline_document(
        step.name,
        "",
        {
            "dag": {
                "outputs": {
                    "artifacts": {
                        key: {
                            "artifactSelectors": [
                                {"producerSubtask": task, "outputArtifactKey": key}
                            ]
                        }
                        for key in component.outputs
                    },
                    "parameters": {
                        value.key: {
                            "valueFromParameter": {
                                "producerSubtask": task,
                                "outputParameterKey": value.key,
                            }
                        }
                        for value in component.values
                    },
                },
                "tasks": {
                    task: {
                        "taskInfo": {"name": step.name},
                        "componentRef": {"name": f"comp-{task}"},
                        "cachingOptions": {"enableCache": True} if is_cached(step) else {},
                        "inputs": {
                            channel: {name: {reference: name} for name in inputs.get(channel, {})}
                            for channel, reference in (
                                ("artifacts", "componentInputArtifact"),
                                ("parameters", "componentInputParameter"),
                            )
                        },
                    }
                },
            },
            **definition,
        },
        {f"comp-{task}": {"executorLabel": f"exec-{task}", **definition}},
        {f"exec-{task}": {"container": container(component, LOADER, runtime_bundle())}},
    )
    config = executor_config(component.environment, step.timeout)
    if scratch := [_scratch(v) for v in component.environment.volumes if v.size]:
        config["genericEphemeralVolume"] = scratch
    platform = {
        "platforms": {"kubernetes": {"deploymentSpec": {"executors": {f"exec-{task}": config}}}}
    }
    return CompiledPipeline(spec, platform if config else None)


def _scratch(volume: Volume) -> Json:
    """A volume made for each run: a component alone has none but its own."""
    return {
        "volumeName": task_name(volume.name),
        "mountPath": volume.mount,
        "accessModes": ["ReadWriteOnce"],
        "size": volume.size,
        "defaultStorageClass": True,
    }


def _find(pipeline: Pipeline, name: str) -> Step:
    for step in pipeline.steps:
        if step.name == name:
            return step
    known = ", ".join(f"`{step.name}`" for step in pipeline.steps)
    raise LabwrightError(f"there is no step `{name}`", hint=f"the steps are {known}")


def _parameters(step: Step) -> Json:
    parameters: Json = {
        p.name: {"parameterType": p.type, "isOptional": True, "defaultValue": p.default}
        for p in step.component.parameters
    }
    if step.foreach:
        parameters[ITEM_PARAMETER] = {"parameterType": step.foreach.item_type}
    if step.finally_:
        parameters[STATUS_PARAMETER] = {"parameterType": "TASK_FINAL_STATUS", "isOptional": True}
    return parameters
