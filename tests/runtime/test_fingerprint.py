"""A fingerprint changes when, and only when, the content of a value does."""

from __future__ import annotations

import collections
import subprocess
import sys
import time
from typing import Any

import pytest

from labwright.runtime.fingerprint import fingerprint


def changed(value: Any, change: Any) -> bool:
    before = fingerprint(value)
    change(value)
    return before.differs(fingerprint(value, like=before))


class Library:
    """Stands for a class of a library: it fills private attributes when it needs them."""

    def __init__(self) -> None:
        self.public = 1
        self._data = [1]
        self._cache: Any = None


Library.__module__ = "some_library"


def test_library_caches_do_not_count_but_private_data_does() -> None:
    assert not changed(Library(), lambda v: setattr(v, "_cache", {1: 2}))
    assert not changed(Library(), lambda v: setattr(v, "_new", 1))
    assert changed(Library(), lambda v: v._data.append(2))
    assert changed(Library(), lambda v: setattr(v, "public", 2))
    assert changed([Library()], lambda v: v[0]._data.clear())


CHANGES = {
    "list": ([1, [2]], lambda v: v[1].append(3)),
    "same length": ([1, 2], lambda v: v.__setitem__(0, 5)),
    "type": ([1], lambda v: v.__setitem__(0, 1.0)),
    "truth": ([1], lambda v: v.__setitem__(0, True)),
    "text": (["a"], lambda v: v.__setitem__(0, b"a")),
    "order": ({"a": 1, "b": 2}, lambda v: v.update(a=v.pop("a"))),
    "set": ({1, (2, 3)}, lambda v: v.add((4,))),
    "deque": (collections.deque([1]), lambda v: v.append(2)),
    "default": (collections.defaultdict(list), lambda v: v["new"]),
    "bytearray": (bytearray(b"a"), lambda v: v.append(1)),
    "aliased": ([[1], [1]], lambda v: v.__setitem__(1, v[0])),
    "negative zero": ([0.0], lambda v: v.__setitem__(0, -0.0)),
}


@pytest.mark.parametrize("name", CHANGES)
def test_changes_are_seen(name: str) -> None:
    value, change = CHANGES[name]
    assert not changed(value, lambda v: None)
    assert changed(value, change)


def test_array_changes() -> None:
    numpy = pytest.importorskip("numpy")
    for value in [
        numpy.arange(10.0),
        numpy.arange(20.0)[::2],
        numpy.arange(12).reshape(3, 4).T,
        numpy.array([1, "a"], dtype=object),
        numpy.ma.array([1, 2], mask=[0, 1]),
        numpy.array([(1, 2.0)], dtype=[("a", "i4"), ("b", "f8")]),
    ]:
        assert not changed(value, lambda v: v.sum if v.dtype.names is None else None)
        assert changed(value, lambda v: v.__setitem__(0, v[1] if len(v) > 1 else (5, 5.0)))
    assert changed(numpy.random.default_rng(0), lambda v: v.random())


def test_the_order_of_a_set_does_not_count() -> None:
    script = (
        "from labwright.runtime.fingerprint import fingerprint\n"
        "v = {'x%d' % i for i in range(50)} | {('a', 1), frozenset({'p', 'q'})}\n"
        "print(fingerprint([v, {'k': v}]).main.hex())"
    )
    seen = set()
    for seed in ("1", "2"):
        done = subprocess.run(
            [sys.executable, "-c", script],
            env={"PYTHONHASHSEED": seed, "PATH": "/usr/bin:/bin"},
            capture_output=True,
            text=True,
            check=True,
        )
        seen.add(done.stdout)
    assert len(seen) == 1


def test_long_chains_and_cycles() -> None:
    chain: Any = None
    for _ in range(100_000):
        chain = [chain]
    loop: list[Any] = []
    loop.append(loop)
    fingerprint([chain, loop])


def test_cost_is_linear() -> None:
    def cost(size: int) -> float:
        shared = list(range(50))
        value = [{"k": shared, "n": [i, str(i), (i,)]} for i in range(size)]
        started = time.process_time()
        fingerprint(value)
        return time.process_time() - started

    cost(1000)
    small = min(cost(2000) for _ in range(3))
    large = min(cost(16_000) for _ in range(2))
    assert large < small * 8 * 2.5
