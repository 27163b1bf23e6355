"""Which format a value is written in: that of its own kind where it comes back exactly the same.

A format raises `NotExact` for a value it would change; the value is pickled then. Libraries are
never imported to ask: a value of one is only there when the library is loaded.
"""

from __future__ import annotations

import importlib
import json
import os
from typing import Any, Callable, Dict, List, NamedTuple, Optional

Rest = Callable[[Any], None]
Reader = Callable[[str, Dict[str, Any], Callable[[], Any]], Any]


class NotExact(Exception):
    """The value would not come back the same."""


class Format(NamedTuple):
    """One format.

    `write(value, folder, pickle_rest)` writes the files and gives what the reader must know;
    `pickle_rest` saves the part of a value its library's own format does not hold.
    """

    name: str
    write: Callable[[Any, str, Rest], Optional[Dict[str, Any]]]
    read: Reader


PLAIN_LIMIT = 100_000
LARGEST_INT = 1 << 256


def candidates(value: Any) -> List[Format]:
    """Formats to try, best first; none means pickle."""
    kind = type(value)
    if kind in (type(None), bool, int, float, str, list, dict):
        return [JSON]
    # The library is in the type's own module or, for a class of the notebook, in a base's.
    for base in kind.__mro__:
        module = _MODULES.get(base.__module__.partition(".")[0])
        if module is not None:
            formats: List[Format] = _load(module).candidates(value)
            return formats
    return []


def reader(name: str) -> Reader:
    """The reader of a format, by the name in `labwright.json`."""
    if name == JSON.name:
        return JSON.read
    for module in sorted(set(_MODULES.values())):
        table: Dict[str, Format] = _load(module).FORMATS
        if name in table:
            return table[name].read
    raise LookupError("a value in format %r needs a newer Labwright" % name)


_MODULES = {
    "numpy": "arrays",
    "scipy": "arrays",
    "pandas": "tables",
    "polars": "tables",
    "pyarrow": "tables",
    "sklearn": "models",
    "xgboost": "models",
    "lightgbm": "models",
    "torch": "models",
}


def _load(module: str) -> Any:
    return importlib.import_module(".formats_" + module, __package__)


# -- plain data --------------------------------------------------------------------------------


def _write_json(value: Any, folder: str, pickle_rest: Rest) -> None:
    _require_plain(value)
    with open(os.path.join(folder, "value.json"), "w", encoding="ascii") as file:
        json.dump(value, file, allow_nan=False)


def _read_json(folder: str, meta: Dict[str, Any], rest: Callable[[], Any]) -> Any:
    with open(os.path.join(folder, "value.json"), encoding="ascii") as file:
        return json.load(file)


def _require_plain(value: Any) -> None:
    """Refuse what JSON changes: other types, other keys, non-finite numbers, shared lists."""
    seen = set()
    stack = [value]
    count = 0
    while stack:
        item = stack.pop()
        kind = type(item)
        count += 1
        if kind is list or kind is dict:
            if id(item) in seen or count > PLAIN_LIMIT:
                raise NotExact
            seen.add(id(item))
            if kind is dict and any(type(key) is not str for key in item):
                raise NotExact
            if len(item) > PLAIN_LIMIT:
                raise NotExact
            stack.extend(item if kind is list else item.values())
        elif kind is float:
            if item != item or item in (float("inf"), float("-inf")):
                raise NotExact
        elif kind is int:
            if not -LARGEST_INT < item < LARGEST_INT:
                raise NotExact
        elif kind not in (str, bool, type(None)):
            raise NotExact
    if _depth(value) > 200:
        raise NotExact


def _depth(value: Any) -> int:
    depth, level = 0, [value]
    while level:
        depth += 1
        level = [
            each
            for item in level
            if type(item) in (list, dict)
            for each in (item if type(item) is list else item.values())
            if type(each) in (list, dict)
        ]
    return depth


JSON = Format("json", _write_json, _read_json)
