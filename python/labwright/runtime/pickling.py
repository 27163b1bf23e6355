"""A pickler that knows the notebook: its functions, its classes, and arrays that share memory."""

from __future__ import annotations

import io
import pickle
import sys
import types
from typing import Any, BinaryIO, Callable, Dict, Iterable, List, Mapping, Optional

from . import references, tensors
from .carried import CARRIED, cloudpickle

# Buffers smaller than this stay inside the pickle.
BUFFER_BYTES = 4096
_PLAIN_REDUCE: Any = BaseException.__reduce__


class CannotPickle(Exception):
    """A value holds something that means nothing in another process."""


class NotebookPickler(cloudpickle.Pickler):  # type: ignore[misc,name-defined]
    """Pickles for another step of the same notebook.

    Args:
        namespace: the notebook's namespace.
        known: names that reach other steps as values of their own; functions that read them
            bring no copy.
        carry: ids of functions and classes whose own data travels too.
        views: arrays by id that must keep sharing memory with others, and the array under them.
        by_value: the definition this pickle is to carry, instead of its name.
    """

    def __init__(
        self,
        file: Any,
        namespace: Dict[str, Any],
        known: Iterable[str] = (),
        carry: Iterable[int] = (),
        views: Optional[Mapping[int, Any]] = None,
        by_value: Any = None,
        buffer_callback: Optional[Callable[[pickle.PickleBuffer], Any]] = None,
    ) -> None:
        super().__init__(file, protocol=5, buffer_callback=buffer_callback)
        self.namespace = namespace
        self.known = frozenset(known)
        self.carry = frozenset(carry)
        self.views = views or {}
        self.by_value = None if by_value is None else id(by_value)
        self.inside = "%s." % by_value.__qualname__ if isinstance(by_value, type) else "."
        self.needed: Dict[str, Any] = {}

    def reducer_override(self, obj: Any) -> Any:
        kind = type(obj)
        if kind is types.FunctionType:
            if obj.__globals__ is self.namespace:
                return self._named(obj) or self._function(obj)
            return super().reducer_override(obj)
        if issubclass(kind, type):
            if getattr(obj, "__module__", None) == "__main__":
                named = self._named(obj)
                if named is not None:
                    return named
                if id(obj) == self.by_value:
                    return self._class(obj)
            return super().reducer_override(obj)
        if id(obj) in self.views and kind.__name__ == "ndarray":
            return self._view(obj)
        if tensors.is_tensor(obj):
            return tensors.reduce(obj, self.views.get(id(obj)))
        if isinstance(obj, BaseException) and kind.__reduce__ is _PLAIN_REDUCE:
            # Calling the class with `args` again would run an `__init__` that may want others.
            return references.new_exception, (kind, obj.args), dict(vars(obj))
        if kind.__name__ == "_lru_cache_wrapper":
            return self._cached(obj)
        if isinstance(obj, io.TextIOBase) and not isinstance(obj, io.StringIO):
            return _text_stream(obj)
        return super().reducer_override(obj)

    def _named(self, obj: Any) -> Any:
        """A reference by name, where the name means this very object."""
        name = obj.__qualname__
        if id(obj) == self.by_value or name.startswith(self.inside):
            return None  # the definition itself, or a part of it
        if references.look_up(self.namespace, name) is not obj:
            return None
        self.needed[name] = obj
        args = name, references.identity(obj)
        if id(obj) not in self.carry:
            return references.resolve, args
        if isinstance(obj, type):
            return references.resolve, args, class_data(obj), None, None, references.set_class_state
        state = _function_data(obj)
        return references.resolve, args, state, None, None, references.set_function_state

    def _function(self, function: types.FunctionType) -> Any:
        code = function.__code__
        closure = function.__closure__
        empty = tuple(cloudpickle._make_empty_cell() for _ in closure) if closure else None
        state = _function_data(function)
        for name in ("__name__", "__qualname__", "__module__", "__doc__", "__annotations__"):
            state[name] = getattr(function, name)
        state["globals"], state["definitions"] = {}, []
        for name in cloudpickle._extract_code_globals(code):
            if name in self.known or name not in self.namespace:
                continue
            value = self.namespace[name]
            qualname = getattr(value, "__qualname__", None)
            if isinstance(value, (types.FunctionType, type)) and (
                references.look_up(self.namespace, str(qualname)) is value
            ):
                self.needed[str(qualname)] = value
                state["definitions"].append((name, qualname, references.identity(value)))
            elif not name.startswith("_") and name not in ("In", "Out"):
                state["globals"][name] = value
        made = references.new_function, (code, empty)
        return (*made, state, None, None, references.set_function)

    def _class(self, cls: type) -> Any:
        """By value, under an id that is the same in every run: equal work is equal bytes."""
        make, args, *rest = cloudpickle._dynamic_class_reduce(cls)
        tracker = "notebook:%s:%s" % (cls.__qualname__, references.identity(cls))
        spot = 4 if make is cloudpickle._make_skeleton_class else 5
        args = (*args[:spot], tracker, *args[spot + 1 :])
        return (make, args, *rest)

    def _cached(self, wrapper: Any) -> Any:
        if getattr(wrapper, "__module__", None) != "__main__":
            return NotImplemented
        named = self._named(wrapper)
        if named is not None:
            return named
        size = wrapper.cache_info().maxsize
        typed = getattr(wrapper, "cache_parameters", lambda: {"typed": False})()["typed"]
        return references.make_cached, (wrapper.__wrapped__, size, typed)

    def _view(self, array: Any) -> Any:
        root = self.views[id(array)]
        if root is array:
            return NotImplemented
        offset = array.__array_interface__["data"][0] - root.__array_interface__["data"][0]
        args = root, array.dtype, array.shape, array.strides, offset
        return references.make_view, args


def class_data(cls: type) -> Dict[str, Any]:
    """A class's own data attributes: what the code of its definition does not settle."""
    data = {}
    for name, value in cls.__dict__.items():
        if name.startswith(("__", "_abc_")) or hasattr(type(value), "__get__"):
            continue
        if isinstance(value, type) or name in ("_member_map_", "_member_names_"):
            continue
        if hasattr(cls, "_member_map_") and (name in cls._member_map_ or name.startswith("_")):
            continue
        data[name] = value
    return data


def _function_data(function: Any) -> Dict[str, Any]:
    cells = []
    for cell in getattr(function, "__closure__", None) or ():
        try:
            cells.append((True, cell.cell_contents))
        except ValueError:
            cells.append((False, None))
    return {
        "__dict__": dict(function.__dict__),
        "__defaults__": getattr(function, "__defaults__", None),
        "__kwdefaults__": getattr(function, "__kwdefaults__", None),
        "cells": cells,
    }


def _text_stream(stream: Any) -> Any:
    for name in ("stdout", "stderr", "stdin"):
        if stream is getattr(sys, name) or stream is getattr(sys, "__%s__" % name):
            return getattr, (sys, name)
    raise CannotPickle("an open file (%s)" % getattr(stream, "name", "?"))


def dump(
    value: Any,
    file: BinaryIO,
    namespace: Dict[str, Any],
    known: Iterable[str] = (),
    carry: Iterable[int] = (),
    views: Optional[Mapping[int, Any]] = None,
    buffers: Optional[List[pickle.PickleBuffer]] = None,
) -> Dict[str, bytes]:
    """Pickle a value; gives the notebook definitions that must travel beside it, by name.

    With `buffers`, large memory is added to that list instead of being copied into the file.
    """

    def keep_out(buffer: pickle.PickleBuffer) -> bool:
        assert buffers is not None
        if buffer.raw().nbytes < BUFFER_BYTES:
            return True
        buffers.append(buffer)
        return False

    pickler = NotebookPickler(
        file, namespace, known, carry, views, None, keep_out if buffers is not None else None
    )
    pickler.dump(value)
    return _definitions(pickler.needed, namespace, pickler.known)


def _definitions(
    needed: Dict[str, Any], namespace: Dict[str, Any], known: Iterable[str]
) -> Dict[str, bytes]:
    """Each definition by value. One that cannot be is left out: it can still be replayed."""
    done: Dict[str, bytes] = {}
    waiting, seen = list(needed.items()), set(needed)
    while waiting:
        name, obj = waiting.pop()
        file = io.BytesIO()
        pickler = NotebookPickler(file, namespace, known, by_value=obj)
        try:
            pickler.dump(obj)
        except Exception:
            continue
        done[name] = file.getvalue()
        for more, definition in pickler.needed.items():
            if more not in seen:
                seen.add(more)
                waiting.append((more, definition))
    return done


class _Unpickler(pickle.Unpickler):
    """Finds this package, and cloudpickle, under whatever name this process has them."""

    def find_class(self, module: str, name: str) -> Any:
        head, _, tail = module.rpartition(".")
        if head in ("labwright_runtime", "labwright.runtime"):
            if tail == CARRIED:
                return getattr(cloudpickle, name)
            module = "%s.%s" % (__package__, tail)
        elif module == "cloudpickle.cloudpickle":
            return getattr(cloudpickle, name)
        elif module == "__main__":
            found = references.look_up(references._scopes[-1].namespace, name)
            if found is not references.MISSING:
                return found
        return super().find_class(module, name)


def load(
    file: BinaryIO,
    namespace: Dict[str, Any],
    definitions: Dict[str, bytes],
    written_by: str,
    buffers: Optional[Iterable[Any]] = None,
) -> Any:
    """Read what `dump` wrote, into a step's namespace."""
    scope = references.Scope(
        namespace, definitions, lambda data: _Unpickler(io.BytesIO(data)).load(), written_by
    )
    references.entered(scope)
    try:
        value = _Unpickler(file, buffers=buffers).load()
        scope.finish()
        return value
    finally:
        references.left()
