"""Names the target takes: tasks as KFP writes them, artifact keys that cannot collide."""

from __future__ import annotations

import re
from collections.abc import Iterable

# kfp.local finds the items of a loop only in an output of this name, the SDK's own for a
# component with one result.
ITEMS_KEY = "Output"
_HIDDEN_PREFIXES = ("state_", "labwright_", "var_")
_RESERVED = frozenset({ITEMS_KEY, "executor-logs"})


def task_name(name: str) -> str:
    """`name` in KFP's form: lower case, digits and single hyphens."""
    cleaned = re.sub(r"[^0-9a-z]+", "-", name.lower()).strip("-")
    return cleaned or "step"


class Names:
    """Gives out names, each once: `train`, `train-2`, …"""

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def claim(self, name: str) -> str:
        unique, number = name, 2
        while unique in self._taken:
            unique = f"{name}-{number}"
            number += 1
        self._taken.add(unique)
        return unique

    def numbered(self, kind: str) -> str:
        """`condition-1`, `condition-2`, …"""
        number = 1
        while f"{kind}-{number}" in self._taken:
            number += 1
        return self.claim(f"{kind}-{number}")


def task_names(pipeline: str, steps: Iterable[str]) -> tuple[dict[str, str], Names]:
    """Task name of each step, and the book to claim further names from.

    None is the pipeline's own: the kfp SDK would load that step in place of the pipeline.
    """
    names = Names()
    names.claim(task_name(pipeline))
    return {step: names.claim(task_name(step)) for step in steps}, names


def artifact_key(variable: str) -> str:
    """The artifact's name for a variable or hidden state: the variable's own name where it can be.

    Different variables never share a key, nor do they take a name Labwright or KFP uses itself.
    """
    if not variable.isidentifier():
        return "state_" + re.sub(r"\W+", "_", variable, flags=re.ASCII)
    if not variable.isascii() or variable.endswith("__value"):
        return "var_u" + variable.encode("utf-8").hex()
    if variable.startswith(_HIDDEN_PREFIXES) or variable in _RESERVED:
        return "var_" + variable
    return variable


def value_key(variable: str) -> str:
    """The output parameter's name for a variable that a condition reads."""
    return artifact_key(variable) + "__value"
