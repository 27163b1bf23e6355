"""What can be said of a pipeline before it runs: what cannot work, and what works otherwise."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from ...diagnostics import Diagnostic
from ...errors import LabwrightError
from ...pipeline.environment import default_image
from .builtin import VOLUME_IMAGES
from .environments import missing
from .gpus import inventory
from .ir import Container, read_pipeline
from .platform import check_variables, make_mounts
from .program import kfp_requirements
from .steps import Step, plan_steps


def check_pipeline(
    spec: Mapping[str, Any],
    platform: Mapping[str, Any] | None = None,
    *,
    environment: str = "",
    workdir: Path | None = None,
) -> list[Diagnostic]:
    """Remarks on running this pipeline here; a LabwrightError when it cannot be run."""
    steps = plan_steps(read_pipeline(spec), platform, environment)
    return check_steps(steps.values(), (workdir or Path.cwd()).absolute())


def check_steps(steps: Iterable[Step], workdir: Path) -> list[Diagnostic]:
    """The same for steps already planned. Makes the folders of volumes."""
    found: list[Diagnostic] = []
    images: dict[str, list[str]] = {}
    for step in steps:
        container, where = step.executor, f"step {step.name}"
        check_variables(step.settings, where)
        make_mounts(step.settings, workdir, where)
        if step.settings.unused:
            text = f"{where}: {', '.join(step.settings.unused)} only matter on a cluster"
            found.append(_remark("info", "cluster-only", text))
        if not isinstance(container, Container) or container.image in VOLUME_IMAGES:
            continue
        if not (container.command or container.args):
            raise LabwrightError(
                "it runs what its container image starts with, and there are no containers here",
                where=where,
                hint="give it a command",
            )
        _check_packages(step, container, where)
        found += _check_gpus(container, where)
        # The image a notebook's step is compiled for when it asks for none stands for "here".
        nobody_asked = step.program is not None and container.image == default_image()
        if not (step.environment.asked or nobody_asked):
            images.setdefault(container.image, []).append(step.name)
    for image, names in images.items():
        who = ", ".join(dict.fromkeys(names))
        text = f"{image} is a container image; here {who} runs in this environment instead"
        found.append(_remark("info", "image-not-used", text))
    return found


def _check_packages(step: Step, container: Container, where: str) -> None:
    wanted = list((step.program or {}).get("packages") or ())
    if step.kfp:
        wanted += ["kfp", *kfp_requirements(container.command)]
    lacking = missing(step.environment.python, wanted, where=where) if wanted else []
    if lacking:
        quoted = " ".join(f"'{one}'" if set(one) & set(" <>=!~;[]") else one for one in lacking)
        raise LabwrightError(
            f"needs {', '.join(lacking)}, which {step.environment.python} does not have",
            where=where,
            hint=f"run: {step.environment.python} -m pip install {quoted}",
        )


def _check_gpus(container: Container, where: str) -> list[Diagnostic]:
    count = container.gpu_count
    if not count.isdigit() or int(count) == 0:
        return []
    here = len(inventory())
    if here == 0:
        text = f"{where} asks for {count} GPU(s); there is none here, so it runs on the CPU"
        return [_remark("warning", "no-gpu", text)]
    if int(count) > here:
        raise LabwrightError(
            f"asks for {count} GPUs, and this machine has {here}",
            where=where,
            hint="ask for fewer, or run it on a cluster",
        )
    return []


def _remark(severity: Any, code: str, message: str) -> Diagnostic:
    return Diagnostic(None, severity, code, message)


def working_folder(workdir: Path | None, notebook: Path | None) -> Path:
    """Where steps run: the given folder, else the notebook's, else the present one."""
    folder = workdir or (notebook.parent if notebook else Path.cwd())
    folder = Path(os.path.abspath(folder))
    if not folder.is_dir():
        raise LabwrightError(f"the working folder {folder} does not exist")
    return folder
