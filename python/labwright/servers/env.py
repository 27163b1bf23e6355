"""Environment variables of a server as people may see them."""

from __future__ import annotations

import re
from collections.abc import Mapping

HIDDEN = "(hidden)"
"""Stands for a value that is not shown. In a change it stands for the value that is there."""
_SECRET = re.compile(r"token|secret|passw|credential|api_?key|private", re.IGNORECASE)


def shown_env(env: Mapping[str, str]) -> dict[str, str]:
    """The variables without the values of those that are called like secrets."""
    return {name: HIDDEN if _SECRET.search(name) else value for name, value in env.items()}


def kept_env(before: Mapping[str, str], after: Mapping[str, str]) -> dict[str, str]:
    """The variables of a change, those that were not shown with the values they had."""
    return {
        name: before[name] if value == HIDDEN and name in before else value
        for name, value in after.items()
    }
