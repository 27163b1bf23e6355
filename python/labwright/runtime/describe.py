"""A value in a few words: its type, shape, size and a preview, for a person to look at."""

from __future__ import annotations

import os
import reprlib
from typing import Any, Dict, Optional

PREVIEW = 500


def type_name(value: Any) -> str:
    """`pandas.DataFrame` rather than `pandas.core.frame.DataFrame`; builtins without a module."""
    kind = type(value)
    module, name = kind.__module__, kind.__qualname__
    if module in ("builtins", "__main__"):
        return name
    head = module.partition(".")[0]
    return "%s.%s" % (head if _offers(head, name, kind) else module, name)


def _offers(module: str, name: str, kind: type) -> bool:
    import sys

    return getattr(sys.modules.get(module), name, None) is kind


def shape(value: Any) -> Optional[list]:  # type: ignore[type-arg]
    """The shape of a table or array, the length of a container, else None."""
    found = getattr(value, "shape", None)
    if isinstance(found, tuple) and all(isinstance(size, int) for size in found):
        return list(found)
    if isinstance(value, (list, tuple, dict, set, frozenset)):
        return [len(value)]
    return None


def preview(value: Any) -> str:
    """The value as text, cut short. Never raises, and never walks a large value."""
    try:
        if type(value) in (list, tuple, dict, set, frozenset, str, bytes):
            short = reprlib.Repr()
            short.maxlist = short.maxtuple = short.maxdict = short.maxset = 10
            short.maxstring = short.maxother = 200
            text = short.repr(value)
        elif type(value).__name__ in ("DataFrame", "Series") and hasattr(value, "head"):
            text = str(value.head(5))
        elif type(value).__name__ == "LazyFrame":
            text = "LazyFrame"
        else:
            text = repr(value)
    except Exception as error:
        text = "<no preview: %s>" % type(error).__name__
    return text if len(text) <= PREVIEW else text[: PREVIEW - 1] + "…"


def size_on_disk(path: str) -> int:
    if os.path.isfile(path):
        return os.path.getsize(path)
    total = 0
    for folder, _, files in os.walk(path):
        total += sum(os.path.getsize(os.path.join(folder, name)) for name in files)
    return total


def describe(value: Any, folder: str, format_name: str) -> Dict[str, Any]:
    """What the artifact's metadata says about a value."""
    about: Dict[str, Any] = {
        "type": type_name(value),
        "format": format_name,
        "bytes": size_on_disk(folder),
        "preview": preview(value),
    }
    size = shape(value)
    if size is not None:
        about["shape"] = size
    return about
