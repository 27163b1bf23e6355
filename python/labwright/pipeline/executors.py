"""The container of a step: command, arguments, resources."""

from __future__ import annotations

from ..notebook.settings import byte_count, cpu_cores
from .model import RUNTIME_PARAMETER, Component, Environment
from .packages import installing
from .program import encode
from .wiring import Json

RUNTIME_PLACEHOLDER = f"{{{{$.inputs.parameters['{RUNTIME_PARAMETER}']}}}}"


def container(component: Component, loader: str, runtime: str) -> Json:
    """The IR's container. `runtime`: the runtime bundle, or the placeholder of what carries it."""
    environment = component.environment
    spec: Json = {
        "image": environment.image,
        "command": ["python3", "-u", "-c", installing(environment.packages, loader)],
        "args": [
            "--program",
            encode(component.program),
            "--runtime",
            runtime,
            "--executor_input",
            "{{$}}",
        ],
    }
    if environment.env:
        spec["env"] = [{"name": k, "value": v} for k, v in sorted(environment.env.items())]
    if resources := _resources(environment):
        spec["resources"] = resources
    return spec


def _resources(environment: Environment) -> Json:
    """Limits in the present form (`resourceCpuLimit`) and in the one older backends read."""
    resources: Json = {}
    if environment.cpu:
        resources["cpuLimit"] = cpu_cores(environment.cpu)
        resources["resourceCpuLimit"] = environment.cpu
    if environment.memory:
        resources["memoryLimit"] = byte_count(environment.memory) / 1e9
        resources["resourceMemoryLimit"] = environment.memory
    if environment.gpus:
        resources["accelerator"] = {
            "type": environment.gpu_resource,
            "count": str(environment.gpus),
            "resourceType": environment.gpu_resource,
            "resourceCount": str(environment.gpus),
        }
    return resources
