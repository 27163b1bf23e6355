"""What a step is given beside its artifacts: parameters, the loop's item, a place to work in.

Protobuf knows one kind of number and no order of keys, so each is made again what the notebook
wrote: by its declared type, and within lists and dicts by the default.
"""

from __future__ import annotations

import json
import os
from typing import Any, Dict

from .task import LOOP_ITEM, from_parameter

STATUS = "pipeline_status"
WORKSPACE = "/kfp-workspace"


def given_parameters(program: Dict[str, Any], parameters: Dict[str, Any]) -> Dict[str, Any]:
    """The variables that the input `parameters` stand for."""
    declared = program.get("parameters") or {}
    kinds = declared if isinstance(declared, dict) else dict.fromkeys(declared)
    defaults = program.get("defaults") or {}
    given = {}
    for name, kind in kinds.items():
        if name in parameters:
            value = from_parameter(parameters[name], kind)
            if name not in defaults:
                given[name] = value
            elif kind == "NUMBER_DOUBLE":  # `rate: float = 1` is 1 until another is given
                given[name] = defaults[name] if value == defaults[name] else value
            else:
                given[name] = like(value, defaults[name])
    if program.get("loop_variable"):
        item: Any = parameters.get(LOOP_ITEM)
        if program.get("loop_item") == "json":
            item = json.loads(item)
        given[program["loop_variable"]] = like(item, program.get("loop_like"))
    if program.get("status"):
        given[STATUS] = parameters.get(STATUS)
    return given


def like(value: Any, default: Any) -> Any:
    """`value` with its numbers of the kind, and its keys in the order, of those of `default`."""
    if isinstance(default, bool) or isinstance(value, bool):
        return value
    if isinstance(default, float) and isinstance(value, int):
        return float(value)
    if isinstance(default, int) and isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(default, dict) and isinstance(value, dict):
        ordered = [k for k in default if k in value] + [k for k in value if k not in default]
        return {k: like(value[k], default.get(k)) for k in ordered}
    if isinstance(default, list) and isinstance(value, list) and default:
        alike = len({type(each) for each in default}) == 1
        if len(default) != len(value) and not alike:
            return value
        shown = default if len(default) == len(value) else [default[0]] * len(value)
        return [like(each, one) for each, one in zip(value, shown)]
    return value


def enter_workdir(program: Dict[str, Any]) -> None:
    """Go where relative paths lead to the step's volumes; elsewhere than in a container, stay.

    A volume without a claim of its own is a folder of the run's workspace.
    """
    if os.environ.get("LABWRIGHT_WORKDIR"):
        return
    if os.path.isdir(WORKSPACE):
        for link, folder in (program.get("links") or {}).items():
            os.makedirs(folder, exist_ok=True)
            os.makedirs(os.path.dirname(link), exist_ok=True)
            if not os.path.lexists(link):
                os.symlink(folder, link)
    workdir = program.get("workdir")
    if workdir and os.path.isdir(workdir):
        os.chdir(workdir)
