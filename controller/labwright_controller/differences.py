"""Whether an object in the cluster is what it should be, so that nothing is written in vain."""

from __future__ import annotations

import hashlib
import json
from decimal import Decimal
from typing import Any

from labwright_controller.kinds import APPLIED, Object

_SUFFIXES: dict[str, str | int] = {
    "n": "1e-9", "u": "1e-6", "m": "1e-3", "k": "1e3", "M": "1e6", "G": "1e9", "T": "1e12",
    "P": "1e15", "E": "1e18", "Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40, "Pi": 2**50,
    "Ei": 2**60,
}  # fmt: skip

# What identifies an entry of a list in the API (its patch merge key), in the order of precedence.
_MERGE_KEYS = ("name", "mountPath", "containerPort", "uid")


def mark(desired: Object) -> Object:
    """Note on an object what it was made from: so a field that is wanted no more is seen, too."""
    text = json.dumps(desired, sort_keys=True, separators=(",", ":"))
    digest = hashlib.sha256(text.encode()).hexdigest()[:16]
    annotations = {**desired["metadata"].get("annotations", {}), APPLIED: digest}
    return {**desired, "metadata": {**desired["metadata"], "annotations": annotations}}


def covers(live: Any, desired: Any) -> bool:
    """Whether everything desired is there; what others added or the API server set is ignored."""
    if isinstance(desired, dict):
        live = live or {}
        return isinstance(live, dict) and all(
            covers(live.get(key), value) for key, value in desired.items()
        )
    if isinstance(desired, list):
        return _covers_list(live or [], desired)
    if live is None:
        return desired in (None, "", False, 0)
    return bool(live == desired) or _same_quantity(live, desired)


def _covers_list(live: Any, desired: list[Any]) -> bool:
    if not isinstance(live, list):
        return False
    key = next((k for k in _MERGE_KEYS if desired and _all_have(desired, k)), None)
    if key is None or not _all_have(live, key):
        return len(live) == len(desired) and all(map(covers, live, desired))
    # Later entries win, as they do for the API server.
    found = {entry[key]: entry for entry in live}
    return all(entry[key] in found and covers(found[entry[key]], entry) for entry in desired)


def _all_have(entries: list[Any], key: str) -> bool:
    return all(isinstance(entry, dict) and key in entry for entry in entries)


def quantity(value: Any) -> Decimal | None:
    """A quantity of Kubernetes as a number, such as 500m or 1Gi; None if it is none."""
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        return None
    text = str(value)
    for length in (2, 1):
        if text[-length:] in _SUFFIXES and len(text) > length:
            number, factor = text[:-length], Decimal(_SUFFIXES[text[-length:]])
            break
    else:
        number, factor = text, Decimal(1)
    try:
        return Decimal(number) * factor
    except ArithmeticError:
        # No number, or one that is out of all bounds, as some digests are: 1234e56789012345.
        return None


def _same_quantity(live: Any, desired: Any) -> bool:
    one, other = quantity(live), quantity(desired)
    return one is not None and one.is_finite() and one == other


def merge_patch(old: Object, new: Object) -> Object:
    """The JSON merge patch from one object to another; empty if they are the same."""
    patch: Object = {key: None for key in old if key not in new}
    for key, value in new.items():
        before = old.get(key)
        if isinstance(value, dict) and isinstance(before, dict):
            inner = merge_patch(before, value)
            if inner:
                patch[key] = inner
        elif key not in old or before != value:
            patch[key] = value
    return patch
