"""From a container's command to the process that runs it here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from ...errors import LabwrightError
from .context import Context
from .executor import Limits
from .ir import Container
from .limits import quantity
from .placeholders import fill, fill_command
from .program import KFP_MAIN, kfp_source, modules, python_code
from .rundir import StepDir
from .steps import Step
from .warm import Host, Preload, Request

KFP_ENV = {"_KFP_RUNTIME": "true"}
KFP_PRELOAD = Preload(modules=("kfp.dsl.executor_main",))


@dataclass(frozen=True)
class Launch:
    """A process to be. `module`: a file it needs, with its text. `gpus`: how many it asks for."""

    request: Request
    limits: Limits
    gpus: int
    module: tuple[Path, str] | None = None


def prepare_launch(
    context: Context,
    step: Step,
    container: Container,
    folder: StepDir,
    executor_input: Mapping[str, Any],
    constants: Mapping[str, str],
) -> Launch:
    """The process for a step's container, with all placeholders filled."""
    own = {name: fill(value, executor_input, constants) for name, value in container.env}
    env = {
        **context.env,
        "PATH": step.environment.path(context.env.get("PATH", "")),
        "LABWRIGHT_WORKDIR": str(context.workdir),
        **own,
    }
    module = None
    component = kfp_source(container.command)
    if component is not None:
        module = (folder.path / ".component" / "ephemeral_component.py", component)
        args = fill_command(container.args, executor_input, constants)
        source, argv = KFP_MAIN, ["--component_module_path", str(module[0]), *args]
        env |= KFP_ENV
        kind: Literal["code", "exec"] = "code"
        needed = KFP_PRELOAD.modules
    else:
        words = fill_command([*container.command, *container.args], executor_input, constants)
        source, argv = python_code(words) or ("", words)
        kind = "code" if source else "exec"
        needed = modules(container) if source else ()
    request = Request(kind, argv, env, str(context.workdir), source, str(folder.exit), needed)
    if request.kind == "exec":
        request.env.setdefault("PYTHONUNBUFFERED", "1")  # so that the log is live
    elif own:
        # Libraries read variables when they are loaded, so this step needs a process of its own.
        argv = [step.environment.python, "-u", "-c", request.source, *request.argv]
        request = replace(request, kind="exec", argv=argv, modules=())
    limits, gpus = resources(step, container, executor_input, constants)
    return Launch(request, limits, gpus, module)


def resources(
    step: Step,
    container: Container,
    executor_input: Mapping[str, Any],
    constants: Mapping[str, str],
) -> tuple[Limits, int]:
    """A step's limits, and how many GPUs it asks for."""
    given, where = container.resources, f"step {step.name}"
    memory = None
    if text := given.get("resourceMemoryLimit"):
        memory = int(quantity(fill(str(text), executor_input, constants), where=where))
    elif gigabytes := given.get("memoryLimit"):
        memory = int(float(gigabytes) * 1e9)
    text = fill(container.gpu_count, executor_input, constants)
    if not text.isdigit():
        raise LabwrightError(f"asks for {text!r} GPUs, which is no number", where=where)
    return Limits(step.timeout, memory), int(text)


def host_for(context: Context, step: Step) -> Host:
    """The warm process that a step forks from: its environment's, kfp components apart."""
    python = step.environment.python
    if step.kfp:
        env = {**context.env, **KFP_ENV}
        return context.hosts.get(f"{python} kfp", python, KFP_PRELOAD, env)
    return context.hosts.get(python, python, context.preload, dict(context.env))
