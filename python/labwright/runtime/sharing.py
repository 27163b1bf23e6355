"""Which outputs share an object or memory, so that they are written together and keep sharing it.

The walk looks at identities only: nothing is copied, and a container of plain numbers or text is
passed over in one C-speed pass.
"""

from __future__ import annotations

import array
import collections
import enum
import functools
import gc
import importlib
import sys
import types
from typing import Any, Dict, Iterable, Iterator, List, NamedTuple, Tuple

from . import tensors
from .references import look_up

ATOMS = frozenset(
    [type(None), bool, int, float, complex, str, bytes, type(Ellipsis), type(NotImplemented), range]
)
# What a pickle names instead of copying, or what cannot change: two holders of it share nothing.
OPAQUE = (
    type,
    types.ModuleType,
    types.BuiltinFunctionType,
    types.CodeType,
    types.FrameType,
    types.GetSetDescriptorType,
    types.MemberDescriptorType,
    types.MethodDescriptorType,
    types.WrapperDescriptorType,
    enum.Enum,
    property,
)
BY_NAME = frozenset(["Logger", "RootLogger", "Manager", "PlaceHolder"])
PLAIN_SEQUENCES = (list, tuple, set, frozenset, collections.deque)


class Sharing(NamedTuple):
    """`groups`: sets of names that must be written together. `views`: arrays by id whose memory
    another array also uses, and the array that owns it."""

    groups: List[List[str]]
    views: Dict[int, Any]


def find_sharing(values: Dict[str, Any], namespace: Dict[str, Any]) -> Sharing:
    walk = _Walk(namespace)
    for name, value in values.items():
        walk.visit(name, value)
    views = walk.join_memory()
    groups: Dict[str, List[str]] = {}
    for name in values:
        groups.setdefault(walk.find(name), []).append(name)
    return Sharing([names for names in groups.values() if len(names) > 1], views)


def is_opaque(item: Any) -> bool:
    """Whether nothing inside the object can be shared."""
    if isinstance(item, types.BuiltinFunctionType):
        # `numbers.append`, kept in a variable, is a way into the list.
        return isinstance(item.__self__, (types.ModuleType, type, type(None)))
    return isinstance(item, OPAQUE)


class _Window(NamedTuple):
    """`item`: the array or tensor itself; `array`: its elements as an array."""

    name: str
    item: Any
    array: Any
    frozen: bool  # a data frame's own block: the frame copies it before it writes


class _Walk:
    def __init__(self, namespace: Dict[str, Any]) -> None:
        self.namespace = namespace
        self.owner: Dict[int, str] = {}
        self.alive: List[Any] = []
        self.parent: Dict[str, str] = {}
        self.windows: Dict[int, List[_Window]] = {}
        self.roots: Dict[int, Any] = {}
        self.storages: Dict[int, Any] = {}
        self.skip = {id(namespace), id(sys.modules)}
        self.modules_skipped = False

    def find(self, name: str) -> str:
        while self.parent.setdefault(name, name) != name:
            name = self.parent[name]
        return name

    def join(self, one: str, other: str) -> None:
        first, second = self.find(one), self.find(other)
        if first != second:
            self.parent[second] = first

    def is_named(self, item: Any) -> bool:
        """Whether a pickle names this definition, so that every reader finds the same one."""
        name = getattr(item, "__qualname__", None)
        return isinstance(item, (types.FunctionType, type)) and (
            look_up(self.namespace, str(name)) is item
        )

    def visit(self, name: str, value: Any) -> None:
        self.find(name)
        stack = [value]
        while stack:
            item = stack.pop()
            kind = type(item)
            opaque = kind in ATOMS or is_opaque(item) or kind.__name__ in BY_NAME
            if opaque and not (item is value and isinstance(item, type)):
                continue
            mark = id(item)
            if mark in self.owner:
                shared = _can_change(item)
                if shared and self.owner[mark] != name and not self.is_named(item):
                    self.join(self.owner[mark], name)
                if shared or self.owner[mark] == name:
                    continue
            if mark in self.skip:
                continue
            self.owner[mark] = name
            self.alive.append(item)
            stack.extend(self.children(name, item, kind))

    def children(self, name: str, item: Any, kind: type) -> Iterable[Any]:
        if kind in PLAIN_SEQUENCES:
            return () if ATOMS.issuperset(set(map(type, item))) else item
        if kind is dict:
            return self.dict_items(item)
        if kind.__module__ == "numpy" and kind.__name__ in ("ndarray", "matrix", "memmap"):
            return self.memory(name, item, False)
        if kind.__module__.partition(".")[0] == "pandas":
            blocks = _blocks(item)
            if blocks is not None:
                return self.frame(name, item, blocks)
        if tensors.is_tensor(item):
            return self.tensor(name, item)
        if isinstance(item, types.FunctionType):
            return _function_parts(item)
        if isinstance(item, types.BuiltinFunctionType):
            return (item.__self__,)
        if isinstance(item, type):
            return [v for k, v in vars(item).items() if not k.startswith("__")]
        if not gc.is_tracked(item) and not hasattr(item, "__dict__"):
            return ()
        return self.others(item)

    def dict_items(self, item: Dict[Any, Any]) -> Iterable[Any]:
        plain_keys = ATOMS.issuperset(set(map(type, item)))
        plain_values = ATOMS.issuperset(set(map(type, item.values())))
        if plain_keys and plain_values:
            return ()
        return item.values() if plain_keys else [*item, *item.values()]

    def others(self, item: Any) -> Iterable[Any]:
        if not self.modules_skipped:
            self.modules_skipped = True
            self.skip.update(
                id(vars(m)) for m in list(sys.modules.values()) if hasattr(m, "__dict__")
            )
        found = gc.get_referents(item)
        if isinstance(item, (dict, *PLAIN_SEQUENCES)):
            found.extend(vars(item).values() if hasattr(item, "__dict__") else ())
        return found

    def frame(self, name: str, item: Any, blocks: List[Any]) -> Iterator[Any]:
        frozen = _copy_on_write()
        for block in blocks:
            for part in (block, getattr(block, "_ndarray", None)):
                if type(part).__name__ == "ndarray":
                    yield from self.memory(name, part, frozen)
        yield from getattr(item, "attrs", {}).values()

    def memory(self, name: str, item: Any, frozen: bool) -> Iterable[Any]:
        """Note whose memory an array uses; gives the objects in it."""
        root: Any = item
        while True:
            base: Any = getattr(root, "base", None)
            if type(base).__name__ == "DummyArray":
                base = base.base
            if base is None or not hasattr(base, "__array_interface__"):
                break
            root = base
        self.roots[id(root)] = root
        self.windows.setdefault(id(root), []).append(_Window(name, item, item, frozen))
        if item.dtype.hasobject and item.dtype.fields is None:
            flat = item.ravel(order="K")
            return () if ATOMS.issuperset(set(map(type, flat))) else flat.tolist()
        return ()

    def tensor(self, name: str, item: Any) -> Iterable[Any]:
        """Note whose memory a tensor uses; gives what it carries besides."""
        carried = [item.grad] if item.is_leaf else []
        memory = tensors.storage_bytes(item)
        if memory is not None:
            start = memory.__array_interface__["data"][0]
            memory = self.storages.setdefault(start, memory)
            self.roots[id(memory)] = memory
            array = tensors.window(item, memory)
            self.windows.setdefault(id(memory), []).append(_Window(name, item, array, False))
        return [*carried, *vars(item).values()]

    def pool(self) -> None:
        """Arrays over a tensor's memory, and tensors over an array's, are windows on one memory."""
        places = []
        for mark, root in self.roots.items():
            start = root.__array_interface__["data"][0]
            places.append((start, start + root.nbytes, mark))
        reach, owner = 0, 0
        for start, end, mark in sorted(places, key=lambda place: (place[0], -place[1])):
            if start < reach and end <= reach:
                self.windows[owner].extend(self.windows.pop(mark))
            elif end > start:
                reach, owner = end, mark

    def join_memory(self) -> Dict[int, Any]:
        views: Dict[int, Any] = {}
        if self.storages:
            self.pool()
        for mark, windows in self.windows.items():
            if len(windows) < 2:
                continue
            root = None
            for one, other in _overlapping(windows):
                if root is None:
                    root = self.plain(self.roots[mark])
                self.join(one.name, other.name)
                views[id(one.item)] = views[id(other.item)] = root
        self.alive.append(views)
        return views

    def plain(self, root: Any) -> Any:
        """The owner of the memory as an ordinary array (it may be a memory-mapped one)."""
        import numpy

        return root if type(root) is numpy.ndarray else numpy.asarray(root)


def _overlapping(windows: List[_Window]) -> Iterator[Tuple[_Window, _Window]]:
    if len(windows) > 64:  # too many to compare pair by pair: take them to share
        for other in windows[1:]:
            yield windows[0], other
        return
    numpy: Any = importlib.import_module("numpy")
    for spot, one in enumerate(windows):
        for other in windows[spot + 1 :]:
            if one.frozen and other.frozen:
                continue
            try:
                shared = numpy.shares_memory(one.array, other.array, max_work=10000)
            except Exception:  # too hard to say
                shared = True
            if shared:
                yield one, other


def _can_change(item: Any) -> bool:
    """Whether two holders of this object can see each other's changes through it."""
    if isinstance(item, (tuple, frozenset, types.MethodType)):
        return bool(getattr(item, "__dict__", None))
    if gc.is_tracked(item):
        kind = type(item)
        return not (kind.__module__.startswith("pandas") and kind.__name__.endswith("Index"))
    return isinstance(item, (bytearray, array.array, list, dict, set)) or hasattr(item, "__dict__")


def _function_parts(function: types.FunctionType) -> List[Any]:
    parts: List[Any] = [function.__defaults__, function.__kwdefaults__]
    for cell in function.__closure__ or ():
        parts.append(cell)
    parts.append(function.__dict__)
    return [part for part in parts if part]


def _blocks(item: Any) -> Any:
    """The arrays a data frame or series is made of; None for what is neither."""
    manager = getattr(item, "_mgr", None)
    try:
        return [block.values for block in manager.blocks] if manager is not None else None
    except AttributeError:
        return None


@functools.lru_cache(maxsize=None)
def _copy_on_write() -> bool:
    """Whether a data frame copies memory that others also use before it writes to it."""
    pandas = sys.modules["pandas"]
    if int(pandas.__version__.split(".")[0]) >= 3:
        return True
    try:
        return pandas.get_option("mode.copy_on_write") is True
    except Exception:
        return False
