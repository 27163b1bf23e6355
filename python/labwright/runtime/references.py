"""Functions and classes of the notebook, named in a pickle and found again in another step.

A step replays the definitions it needs, so a pickle names them and carries them by value only for
a step that has none, or another one, under that name. Functions always run in the namespace of
the step that loads them.
"""

from __future__ import annotations

import functools
import hashlib
import types
from typing import Any, Callable, Dict, List, Optional, Tuple

MISSING = object()


class Scope:
    """One loading: the step's namespace, and the definitions a pickle brings along."""

    def __init__(
        self,
        namespace: Dict[str, Any],
        definitions: Dict[str, bytes],
        load: Callable[[bytes], Any],
        written_by: str,
    ) -> None:
        self.namespace = namespace
        self.definitions = definitions
        self.load = load
        self.written_by = written_by
        self.later: List[Tuple[str, str, str]] = []
        self.building: List[str] = []

    def finish(self) -> None:
        """Bind names that loaded functions read and the namespace lacks."""
        while self.later:
            bind, name, digest = self.later.pop()
            if bind not in self.namespace:
                self.namespace[bind] = self.resolve(name, digest)

    def resolve(self, name: str, digest: str) -> Any:
        found = look_up(self.namespace, name)
        if found is not MISSING and identity(found) == digest:
            return found
        made = _made.setdefault(id(self.namespace), (self.namespace, {}))[1]
        if (name, digest) in made:
            return made[name, digest]
        payload = self.definitions.get(name)
        if payload is None or self.written_by != python_version():
            if found is not MISSING:
                return found
            raise LookupError(
                "%s is defined in the notebook but not in this step%s"
                % (
                    name,
                    ""
                    if payload is None
                    else ", and its code was written by Python %s, which Python %s cannot read"
                    % (self.written_by, python_version()),
                )
            )
        if name in self.building:
            raise LookupError("%s and %s are defined by each other" % (name, self.building[-1]))
        self.building.append(name)
        try:
            made[name, digest] = self.load(payload)
        finally:
            self.building.pop()
        return made[name, digest]


# Loaded definitions by namespace, so that two artifacts give one class, not two alike. The
# namespace is kept beside them: its id is then never another's.
_made: Dict[int, Tuple[Dict[str, Any], Dict[Tuple[str, str], Any]]] = {}
_scopes: List[Scope] = []


def entered(scope: Scope) -> None:
    _scopes.append(scope)


def left() -> None:
    _scopes.pop()


def python_version() -> str:
    import sys

    return "%d.%d" % sys.version_info[:2]


def look_up(namespace: Dict[str, Any], qualname: str) -> Any:
    """The object a dotted name means in a namespace, or MISSING."""
    head, _, rest = qualname.partition(".")
    found = namespace.get(head, MISSING)
    while rest and found is not MISSING:
        head, _, rest = rest.partition(".")
        found = found.__dict__.get(head, MISSING) if isinstance(found, type) else MISSING
        if isinstance(found, (staticmethod, classmethod)):
            found = MISSING
    return found


# -- what makes two definitions the same ------------------------------------------------------


def identity(definition: Any) -> str:
    """A digest of the code of a function or class: not of the data it carries."""
    digest = hashlib.blake2b(digest_size=12)
    _feed(definition, digest, set())
    return digest.hexdigest()


def _feed(item: Any, digest: Any, seen: "set[int]") -> None:
    if id(item) in seen:
        return
    if isinstance(item, types.CodeType):
        digest.update(item.co_code)
        digest.update(repr((item.co_name, item.co_names, item.co_varnames)).encode())
        for const in item.co_consts:
            _feed(const, digest, seen)
    elif isinstance(item, types.FunctionType):
        seen.add(id(item))
        digest.update(b"def" + item.__qualname__.encode())
        _feed(item.__code__, digest, seen)
        for cell in item.__closure__ or ():
            try:
                inside = cell.cell_contents
            except ValueError:
                continue
            if isinstance(inside, (types.FunctionType, type)):
                _feed(inside, digest, seen)
    elif isinstance(item, type):
        seen.add(id(item))
        digest.update(b"class" + item.__qualname__.encode() + item.__module__.encode())
        if item.__module__ != "__main__":
            return
        for base in item.__bases__:
            _feed(base, digest, seen)
        for name, value in sorted(item.__dict__.items(), key=lambda pair: pair[0]):
            inner = getattr(value, "__func__", getattr(value, "fget", value))
            if isinstance(inner, types.FunctionType):
                digest.update(name.encode())
                _feed(inner, digest, seen)
    elif hasattr(item, "__wrapped__"):
        _feed(item.__wrapped__, digest, seen)
    elif isinstance(item, (tuple, frozenset)):
        for each in sorted(item, key=repr) if isinstance(item, frozenset) else item:
            _feed(each, digest, seen)
    else:
        digest.update(repr(item).encode("utf-8", "surrogatepass"))


# -- what a pickle calls when it is loaded ---------------------------------------------------------


def resolve(name: str, digest: str) -> Any:
    return _scopes[-1].resolve(name, digest)


def new_function(code: types.CodeType, closure: Optional[Tuple[Any, ...]]) -> types.FunctionType:
    return types.FunctionType(code, _scopes[-1].namespace, None, None, closure)


def new_exception(kind: Any, args: Tuple[Any, ...]) -> Any:
    made = kind.__new__(kind)
    made.args = args
    return made


def set_function(function: types.FunctionType, state: Dict[str, Any]) -> None:
    scope = _scopes[-1]
    for name, value in state["globals"].items():
        scope.namespace.setdefault(name, value)
    scope.later.extend(state["definitions"])
    set_function_state(function, state)
    for name in ("__name__", "__qualname__", "__module__", "__doc__", "__annotations__"):
        setattr(function, name, state[name])


def set_function_state(function: types.FunctionType, state: Dict[str, Any]) -> None:
    """Give a function what it carries: its defaults, attributes and the cells it closes over."""
    function.__dict__.update(state["__dict__"])
    function.__defaults__ = state["__defaults__"]
    function.__kwdefaults__ = state["__kwdefaults__"]
    for mine, (full, value) in zip(function.__closure__ or (), state["cells"]):
        if full:
            mine.cell_contents = value


def set_class_state(cls: type, state: Dict[str, Any]) -> None:
    """Give a class the data it carried in the step that wrote it."""
    for name, value in state.items():
        if cls.__dict__.get(name, MISSING) is not value:
            setattr(cls, name, value)


def make_cached(function: Any, maxsize: Optional[int], typed: bool) -> Any:
    return functools.lru_cache(maxsize=maxsize, typed=typed)(function)


def make_view(
    root: Any, dtype: Any, shape: Tuple[int, ...], strides: Tuple[int, ...], offset: int
) -> Any:
    """An array that is a window on another one's memory."""
    import numpy

    flat = root.reshape(-1, order="A")
    if dtype.hasobject:
        start = flat[offset // dtype.itemsize :]
        return numpy.lib.stride_tricks.as_strided(start, shape, strides)
    return numpy.ndarray(shape, dtype, flat.view("u1"), offset, strides)
