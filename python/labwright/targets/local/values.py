"""The values of a pipeline's parameters."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any

from ...errors import LabwrightError
from .dag import Bound, Unresolved, Value, coerce, complete
from .ir import Component


def run_parameters(root: Component, given: Mapping[str, Any]) -> dict[str, Any]:
    """The values of a pipeline's parameters, with defaults and of the declared types."""
    for name in given:
        if name not in root.parameters:
            close = get_close_matches(name, root.parameters, 1)
            known = ", ".join(root.parameters) or "none"
            raise LabwrightError(
                f"the pipeline has no parameter {name!r}",
                hint=f"did you mean {close[0]!r}?" if close else f"it has {known}",
            )
    lacking = [
        name
        for name, spec in root.parameters.items()
        if name not in given and not (spec.has_default or spec.optional)
    ]
    if lacking:
        raise LabwrightError(
            f"the pipeline's parameter {lacking[0]!r} has no value",
            hint=f"give it one: -p {lacking[0]}=...",
        )
    try:
        bound = complete(root, Bound({name: Value(given[name]) for name in given}))
        return {
            name: coerce(value.value, root.parameters[name].type, name)
            for name, value in bound.parameters.items()
        }
    except Unresolved as error:
        raise LabwrightError(str(error)) from None
