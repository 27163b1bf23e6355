"""Whether a value changed while cells ran that were believed to leave it alone.

A fingerprint is of content and structure, not of pickled bytes: the order of a set, a cached
property, or what a library keeps in private attributes it fills when needed do not count. Its
cost is linear in the value, and memory mapped from a file is not even read.
"""

from __future__ import annotations

import functools
import hashlib
import marshal
import types
from typing import Any, Callable, Dict, Iterable, Iterator, List, NamedTuple, Optional, Tuple

from .sharing import ATOMS, PLAIN_SEQUENCES, is_opaque

CHUNK = 50_000
# Objects whose inner state moves by being looked at, and says nothing about results.
RESTLESS = frozenset(["matplotlib", "logging", "threading", "weakref", "_weakref", "asyncio"])
IMMUTABLE_LIBRARIES = frozenset(["pyarrow"])

Key = Tuple[int, str]


class Fingerprint(NamedTuple):
    """`private`: private attributes of library objects, compared only where both have them."""

    main: bytes
    private: Dict[Key, bytes]

    def differs(self, after: Fingerprint) -> bool:
        if self.main != after.main:
            return True
        return any(after.private.get(key, digest) != digest for key, digest in self.private.items())


def fingerprint(value: Any, like: Optional[Fingerprint] = None) -> Fingerprint:
    """The fingerprint of a value; `like`: an earlier one it will be compared with."""
    from .deep import deep

    return deep(lambda: _Walk(like).run(value))  # type: ignore[no-any-return]


class _Walk:
    def __init__(self, like: Optional[Fingerprint]) -> None:
        self.like = like
        self.seen: Dict[int, int] = {}
        self.alive: List[Any] = []
        self.private: List[Tuple[Key, Any]] = []
        self.mappings: Any = None
        self.digest = hashlib.sha256()

    def run(self, value: Any) -> Fingerprint:
        self.walk(value)
        main = self.digest.digest()
        private: Dict[Key, bytes] = {}
        for key, item in self.private:  # grows while it is walked
            self.digest = hashlib.sha256()
            self.walk(item)
            private[key] = self.digest.digest()
        return Fingerprint(main, private)

    def walk(self, value: Any) -> None:
        """Depth first, with a stack of its own: a long chain of objects is no recursion."""
        stack: List[Iterator[Any]] = [iter((value,))]
        while stack:
            for item in stack[-1]:
                inside = self.enter(item)
                if inside is not None:
                    stack.append(iter(inside))
                    break
            else:
                stack.pop()
                self.digest.update(b")")

    def mark(self, text: str) -> None:
        self.digest.update(text.encode("utf-8", "surrogatepass"))
        self.digest.update(b"\0")

    def enter(self, item: Any) -> Optional[Iterable[Any]]:
        """Add an item to the digest; gives what is inside it, to be added next."""
        kind = type(item)
        if kind in ATOMS:
            self.mark(kind.__name__)
            self.mark(repr(item))
            return None
        spot = self.seen.get(id(item))
        if spot is not None:
            self.mark("seen %d" % spot)
            return None
        self.seen[id(item)] = spot = len(self.seen)
        self.alive.append(item)
        self.mark(kind.__module__ + "." + kind.__qualname__)
        return self.inside(item, kind, spot)

    def inside(self, item: Any, kind: type, spot: int) -> Optional[Iterable[Any]]:
        library = kind.__module__.partition(".")[0]
        if library in RESTLESS or library in IMMUTABLE_LIBRARIES:
            return None
        if isinstance(item, types.FunctionType):
            return self.function(item)
        if isinstance(item, type) and item.__module__ == "__main__":
            from .pickling import class_data

            return sorted(class_data(item).items())
        if isinstance(item, types.BuiltinFunctionType) and not is_opaque(item):
            self.mark(item.__name__)
            return [item.__self__]
        if is_opaque(item):
            self.mark(str(getattr(item, "__qualname__", getattr(item, "__name__", ""))))
            return [getattr(item, "_value_", None)]
        special = _special(library)
        if special is not None:
            content = special(self, item)
            if content is not NotImplemented:
                return content  # type: ignore[no-any-return]
        content = self.container(item, kind)
        if content is None:
            return self.instance(item, kind, spot)
        own = getattr(item, "__dict__", None)
        return [*content, *sorted(own.items())] if own else content

    def container(self, item: Any, kind: type) -> Optional[Iterable[Any]]:
        if isinstance(item, (set, frozenset)):
            return self.members(item)
        if isinstance(item, PLAIN_SEQUENCES):
            return self.plain(list(item))
        if isinstance(item, dict):
            rest: List[Any] = [getattr(item, "default_factory", None)]
            return [*self.plain(list(item)), *self.plain(list(item.values())), *rest]
        if isinstance(item, (bytearray, memoryview)):
            self.digest.update(item)
            return ()
        return None

    def plain(self, items: List[Any]) -> Iterable[Any]:
        """Items one by one, or all at once where they are plain numbers and text."""
        self.mark("%d" % len(items))
        if not ATOMS.issuperset(set(map(type, items))):
            return items
        try:
            for at in range(0, len(items), CHUNK):
                self.digest.update(marshal.dumps(items[at : at + CHUNK], 0))
        except ValueError:
            return items
        return ()

    def members(self, items: Iterable[Any]) -> Iterable[Any]:
        """A set's members by their own digests, sorted: its order means nothing."""
        plain = [item for item in items if type(item) in ATOMS]
        digests = sorted(repr((type(item).__name__, item)) for item in plain)
        for item in items:
            if type(item) not in ATOMS:
                inner = _Walk(None)
                inner.mappings = self.mappings
                digests.append(inner.run(item).main.hex())
        self.mark("%d" % len(digests))
        self.mark("\0".join(sorted(digests)))
        return ()

    def function(self, function: types.FunctionType) -> Iterable[Any]:
        self.mark(function.__qualname__)
        self.digest.update(function.__code__.co_code)
        cells = []
        for cell in function.__closure__ or ():
            try:
                cells.append(cell.cell_contents)
            except ValueError:
                cells.append(None)
        return [function.__defaults__, function.__kwdefaults__, function.__dict__, cells]

    def instance(self, item: Any, kind: type, spot: int) -> Optional[Iterable[Any]]:
        state: Any = _state(item, kind)
        if isinstance(state, dict):
            cached = _cached_names(kind)
            own = kind.__module__ == "__main__"
            public: List[Any] = []
            for name, value in sorted(state.items(), key=lambda pair: str(pair[0])):
                if name in cached:
                    continue
                if own or not str(name).startswith("_"):
                    public.append((name, value))
                else:
                    self.keep_private((spot, str(name)), value)
            return public
        return state if isinstance(state, list) else [state]

    def keep_private(self, key: Key, value: Any) -> None:
        """A library's private attribute: counts unless it was unset before, as a cache is."""
        if self.like is not None:
            if key in self.like.private:
                self.private.append((key, value))
        elif value is not None and not (isinstance(value, (dict, list, set)) and not value):
            self.private.append((key, value))

    def memory(self, array: Any) -> None:
        """The bytes of an array without objects."""
        if array.flags.c_contiguous or array.flags.f_contiguous:
            if array.nbytes >= 1 << 20:
                place = self.mapped(array)
                if place is not None:
                    self.mark("file %s %d %d" % place)
                    return
            flat = array.reshape(-1, order="A").view("u1") if array.nbytes else array
            for at in range(0, array.nbytes, 1 << 24):
                self.digest.update(flat[at : at + (1 << 24)])
            return
        for row in array if array.ndim > 1 else [array]:
            self.memory(row if row.ndim > 1 else row.copy())

    def mapped(self, array: Any) -> Optional[Tuple[str, int, int]]:
        from .mapped import read_mappings, unchanged_mapping

        if self.mappings is None:
            self.mappings = read_mappings()
        return unchanged_mapping(array, self.mappings)


def _special(library: str) -> Optional[Callable[[_Walk, Any], Any]]:
    if library in ("numpy", "pandas", "polars", "torch", "xgboost", "lightgbm"):
        from . import fingerprint_libraries

        return fingerprint_libraries.HANDLERS[library]
    return None


def _state(item: Any, kind: type) -> Any:
    """What an object is made of: its own account of it, else its attributes."""
    methods: Any = kind
    plain_reduce = (
        methods.__reduce_ex__ is object.__reduce_ex__ and methods.__reduce__ is object.__reduce__
    )
    get_state = getattr(kind, "__getstate__", None)
    own_state = get_state is not None and get_state is not getattr(object, "__getstate__", None)
    try:
        if not plain_reduce:
            reduced = item.__reduce_ex__(4)
            if isinstance(reduced, str):
                return [reduced]
            state = reduced[2] if len(reduced) > 2 else None
            if isinstance(state, dict) and isinstance(reduced[1], tuple) and len(reduced[1]) <= 1:
                return state
            return [*reduced[1:3], *(list(part) for part in reduced[3:5] if part is not None)]
        if own_state:
            return item.__getstate__()
    except Exception:  # it cannot say: then it could not have come from another step
        pass
    return _attributes(item, kind)


def _attributes(item: Any, kind: type) -> Dict[str, Any]:
    found = dict(getattr(item, "__dict__", None) or {})
    for base in kind.__mro__:
        slots = base.__dict__.get("__slots__", ())
        for name in (slots,) if isinstance(slots, str) else slots:
            if name not in ("__dict__", "__weakref__") and name not in found:
                mangled = "_%s%s" % (base.__name__.lstrip("_"), name)
                attribute = mangled if name.startswith("__") and name[-2:] != "__" else name
                try:
                    found[name] = getattr(item, attribute)
                except AttributeError:
                    continue
    return found


def _cached_names(kind: type) -> "set[str]":
    return {
        name
        for base in kind.__mro__
        for name, value in vars(base).items()
        if isinstance(value, functools.cached_property)
        or type(value).__name__ in ("cached_property", "CachedProperty", "lazyproperty")
    }
