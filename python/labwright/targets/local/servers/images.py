"""The environments of this machine that servers can be made of."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

from ....errors import LabwrightError
from .environment import installed, interpreter, kernelspecs, program

View = dict[str, Any]
# What people choose an environment for; all that is installed would be too much to read.
_TELLING = (
    "jupyterlab", "notebook", "numpy", "pandas", "polars", "scipy", "scikit_learn", "matplotlib",
    "torch", "tensorflow", "jax", "xgboost", "lightgbm", "transformers", "pyarrow",
)  # fmt: skip


def images(used: Sequence[str | None] = ()) -> list[View]:
    """A view for each kernelspec whose Python has a Jupyter server, and for Labwright's own.

    `used`: the image of each server that there is; None is Labwright's own Python.
    """
    names = {name: str(spec.get("display_name") or name) for name, spec in kernelspecs().items()}
    found = [_view(name, names[name]) for name in sorted(names)]
    listed = [one for one in found if one is not None]
    if not any(one["reference"] == sys.executable for one in listed):
        own = _view(sys.executable, "Labwright's own Python")
        listed += [own] if own else []
    for one in listed:
        own_python = one["reference"] == sys.executable
        one["used_by"] = used.count(one["name"]) + (used.count(None) if own_python else 0)
    return listed


def display_name(image: str | None) -> str:
    """What people call an environment."""
    if image is None:
        return "Labwright's own Python"
    spec = kernelspecs().get(image, {})
    return str(spec.get("display_name") or image)


def _view(name: str, title: str) -> View | None:
    """None where there is no Jupyter server, or no such interpreter any more."""
    try:
        python = interpreter(name).python
        module = program(python)
        if module is None:
            return None
        there = installed(python)
        packages = [f"{one.replace('_', '-')} {there[one]}" for one in _TELLING if one in there]
    except LabwrightError:
        return None
    return {
        "name": name,
        "target": "local",
        "display_name": title,
        "description": f"The environment of {python}.",
        "reference": python,
        "packages": packages,
        "gpu_vendor": None,
        "deprecated": False,
        "message": None,
        "redirect": None,
        "hidden": False,
        "used_by": 0,
    }
