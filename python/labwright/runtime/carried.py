"""cloudpickle: the copy that travels with a step where there is one, else the installed one.

Every step of a pipeline then writes and reads with the same version, whatever its image has.
"""

from __future__ import annotations

import importlib
import types

CARRIED = "_cloudpickle"  # as in `loader`, which does not travel


def load_cloudpickle() -> types.ModuleType:
    try:
        return importlib.import_module("." + CARRIED, __package__)
    except ImportError:
        return importlib.import_module("cloudpickle.cloudpickle")


cloudpickle = load_cloudpickle()
