"""The checks behind `labwright doctor`. Each finds one thing out, and none of them may crash."""

from __future__ import annotations

import json
import platform
import re
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

State = Literal["ok", "warning", "broken"]


@dataclass(frozen=True)
class Check:
    """What one check found. Something `broken` keeps Labwright from working."""

    name: str
    state: State
    detail: str

    def to_json(self) -> dict[str, str]:
        return asdict(self)


def examine() -> list[Check]:
    """All checks, in an order in which the first that fails explains the later ones."""
    return [_guarded(name, look) for name, look in _CHECKS.items()]


def _guarded(name: str, look: Callable[[], tuple[State, str]]) -> Check:
    try:
        state, detail = look()
    except Exception as error:
        return Check(name, "broken", f"{type(error).__name__}: {error}")
    return Check(name, state, detail)


def _python() -> tuple[State, str]:
    state: State = "ok" if sys.version_info >= (3, 10) else "broken"
    return state, f"{platform.python_version()} at {sys.executable}"


def _packages() -> tuple[State, str]:
    """Every dependency of the distribution is there, in a version that is new enough."""
    from importlib.metadata import PackageNotFoundError, requires, version

    wrong = []
    needed = [line for line in requires("labwright") or [] if "extra ==" not in line]
    for line in needed:
        name = re.match(r"[A-Za-z0-9._-]+", line)
        least = re.search(r">=\s*([\d.]+)", line)
        assert name is not None
        try:
            found = version(name[0])
        except PackageNotFoundError:
            wrong.append(f"{name[0]} is missing")
            continue
        if least and _numbers(found) < _numbers(least[1]):
            wrong.append(f"{name[0]} is {found}, at least {least[1]} is needed")
    if wrong:
        return "broken", "; ".join(wrong)
    return "ok", f"all {len(needed)} are installed"


def _numbers(version: str) -> list[int]:
    return [int(part) for part in re.findall(r"\d+", version)[:3]]


def _home() -> tuple[State, str]:
    from ..targets.local.home import home

    folder = home()
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=folder, prefix=".doctor-"):
        pass
    return "ok", f"{folder} can be written"


def _store() -> tuple[State, str]:
    from ..targets.local.store import Store

    count = len(Store().runs())
    return "ok", f"{count} {'run' if count == 1 else 'runs'} on record"


def _kernels() -> tuple[State, str]:
    """Kernels are environments for steps here; none is needed for the default one."""
    from jupyter_client.kernelspec import KernelSpecManager

    names = sorted(KernelSpecManager().find_kernel_specs())
    if not names:
        return "warning", "none is installed; steps can use interpreter paths, Jupyter nothing"
    return "ok", ", ".join(names)


def _gpus() -> tuple[State, str]:
    from ..targets.local.gpus import inventory

    found = inventory()
    return "ok", f"{len(found)}: {', '.join(found)}" if found else "none"


def _targets() -> tuple[State, str]:
    """Targets besides this machine. One that is away keeps nobody from working here."""
    from .places import ask_all, others

    names = others()
    if not names:
        return "ok", "this machine; `labwright targets add` makes others known"
    found, remarks = ask_all(names, lambda target: target.reach())
    away = {name: reach.reason for name, reach in found.items() if not reach.available} | remarks
    said = [f"{name} answers" for name in names if name not in away]
    said += [f"{name} does not answer: {reason}" for name, reason in away.items()]
    return "warning" if away else "ok", "; ".join(said)


def _small_pipeline() -> tuple[State, str]:
    """A notebook of two steps, compiled and run in warm processes, in a store of its own."""
    from ..launch import analyse_notebook, run_analysed
    from ..targets.local.store import Store

    with tempfile.TemporaryDirectory(prefix="labwright-doctor-") as scratch:
        notebook = Path(scratch, "doctor.ipynb")
        notebook.write_text(json.dumps(_NOTEBOOK), encoding="utf-8")
        begin = time.monotonic()
        store = Store(Path(scratch, "home"))
        record = run_analysed(analyse_notebook(str(notebook)), {}, store=store)
        store.close()
        took = time.monotonic() - begin
        if record.state != "SUCCEEDED":
            errors = "; ".join(str(step.error) for step in record.steps if step.error)
            return "broken", f"it ended {record.state}: {errors or 'no step says why'}"
    return "ok", f"two steps ran in {took:.2f} s"


def _cell(name: str, source: str) -> dict[str, Any]:
    return {
        "cell_type": "code",
        "execution_count": None,
        "id": name,
        "metadata": {"tags": [f"step:{name}"]},
        "outputs": [],
        "source": source,
    }


_NOTEBOOK = {
    "cells": [_cell("give", "numbers = [1, 2, 3]"), _cell("take", "assert sum(numbers) == 6")],
    "metadata": {},
    "nbformat": 4,
    "nbformat_minor": 5,
}

_CHECKS: dict[str, Callable[[], tuple[State, str]]] = {
    "python": _python,
    "packages": _packages,
    "home": _home,
    "store": _store,
    "kernels": _kernels,
    "gpus": _gpus,
    "targets": _targets,
    "pipeline": _small_pipeline,
}
