"""One batch execution from document to outcome, here or in a kernel of another language."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from .. import __version__
from ..errors import LabwrightError
from ..notebook.model import Notebook
from ..notebook.read import write_notebook
from . import parameters
from .execute import Failure, execute
from .record import Record
from .saver import Saver

_OURS = (None, "", "python", "python3")


def complete(document: dict[str, Any], notebook: Notebook) -> None:
    """Give every cell its id and joined source, as the newest nbformat 4 wants them."""
    document["nbformat_minor"] = max(5, int(document.get("nbformat_minor") or 0))
    for raw, cell in zip(document["cells"], notebook.cells, strict=True):
        raw["id"] = cell.id
        raw["source"] = cell.source
        raw.setdefault("metadata", {})


def foreign_kernel(notebook: Notebook, override: str) -> str | None:
    """The kernel the notebook must run in, or None when this process can run it.

    A Python kernel that this machine does not have is replaced by this Python, with a warning.
    """
    name = override or notebook.kernel_name
    if name in _OURS and notebook.language == "python":
        return None
    from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel

    specs = KernelSpecManager()
    try:
        spec = specs.get_kernel_spec(str(name))
    except NoSuchKernel:
        if notebook.language == "python" and not override:
            _warn(f"there is no kernel {name!r} here; running in {sys.executable}")
            return None
        known = ", ".join(sorted(specs.find_kernel_specs())) or "none"
        raise LabwrightError(
            f"there is no kernel {name!r} here", hint=f"installed kernels: {known}"
        ) from None
    return None if _is_this_python(spec) else str(name)


def runs_here(kernel_name: str, language: str) -> bool:
    """Whether an installed kernel is this very Python."""
    if language != "python":
        return False
    if kernel_name in _OURS:
        return True
    from jupyter_client.kernelspec import KernelSpecManager

    return _is_this_python(KernelSpecManager().get_kernel_spec(kernel_name))


def _is_this_python(spec: Any) -> bool:
    program = spec.argv[0] if spec.argv else ""
    if spec.language != "python" or "ipykernel_launcher" not in " ".join(spec.argv):
        return False
    ours = {"python", "python3", f"python3.{sys.version_info[1]}", sys.executable}
    return program in ours and not spec.env


def _warn(text: str) -> None:
    sys.stderr.write(f"labwright: {text}\n")


def run_here(
    document: dict[str, Any],
    values: Mapping[str, Any],
    source: str,
    shown_target: str,
    target: str,
    *,
    on_cell: Callable[[int, int], None],
) -> dict[str, Any]:
    """Execute the document in this process, writing it to `target` as it grows."""
    version = f"labwright {__version__}"
    if values:
        parameters.inject(document, values)
    record = Record(document, input_path=source, output_path=shown_target, version=version)
    if values:
        record.notebook["parameters"] = dict(values)
    failure: Failure | None = None
    with Saver(document, lambda nb: write_notebook(target, nb)) as saver:
        duration = None
        try:
            failure, executed = execute(document, record, saver, on_cell=on_cell)
        finally:
            with saver.changing():
                duration = record.finish(failure.cell if failure else None)
    return outcome(shown_target, values, duration, executed, document, failure)


def outcome(
    target: str,
    values: Mapping[str, Any],
    duration: float,
    executed: int,
    document: Mapping[str, Any],
    failure: Failure | None,
) -> dict[str, Any]:
    """The JSON of `labwright exec --json`."""
    error = None
    if failure is not None:
        error = {
            "cell": failure.cell["id"],
            "ename": failure.ename,
            "evalue": failure.evalue,
            "traceback": list(failure.traceback),
        }
    return {
        "state": "FAILED" if error else "SUCCEEDED",
        "notebook": target,
        "parameters": dict(values),
        "duration": duration,
        "cells": executed,
        "error": error,
    }


def run_in_kernel(
    source: str, target: str, values: Mapping[str, Any], kernel: str, folder: str | None
) -> dict[str, Any]:
    """Execute the notebook in a kernel of its own, through papermill and nbclient."""
    import logging

    import papermill
    from nbclient.exceptions import DeadKernelError

    logging.getLogger("papermill").setLevel(logging.ERROR)
    if not Path(os.path.abspath(target)).parent.is_dir():
        raise LabwrightError("cannot write the notebook: no such folder", where=target)
    failure = None
    try:
        document = papermill.execute_notebook(
            source,
            target,
            dict(values),
            kernel_name=kernel,
            progress_bar=False,
            cwd=folder,
        )
    except papermill.PapermillExecutionError as error:
        document = papermill.iorw.load_notebook_node(target)
        cell = next(c for c in document["cells"] if c.metadata.papermill.get("exception"))
        failure = Failure(cell, error.ename, error.evalue, error.traceback)
    except DeadKernelError as error:
        document = papermill.iorw.load_notebook_node(target)
        cell = next(c for c in document["cells"] if c.metadata.papermill.status == "running")
        failure = Failure(cell, "DeadKernelError", str(error), [str(error)])
    executed = sum(1 for cell in document["cells"] if cell.get("execution_count"))
    duration = float(document["metadata"]["papermill"]["duration"] or 0)
    return outcome(target, values, duration, executed, document, failure)
