"""Small notebooks, as their cells."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from labwright.targets.local.submission import Submission

Cell = tuple[str, dict[str, Any]]
Submit = Callable[..., Submission]


def step(name: str, *more: str, **settings: Any) -> dict[str, Any]:
    about: dict[str, Any] = {"tags": [f"step:{name}", *more]}
    return {**about, "labwright": settings} if settings else about


ADDING: list[Cell] = [
    ("n = 3", {"tags": ["parameters"]}),
    ("x = list(range(n))\nprint('loaded', n, 'ä')", step("load")),
    ("total = sum(x)", step("add", "metrics")),
]
FAILING: list[Cell] = [
    ("x = 1", step("load")),
    ("raise ValueError('too bad')", step("fail")),
    ("y = x", step("later", after=["fail"])),
]
LOOPING: list[Cell] = [
    ("numbers = [5, 6]\nmany = False", step("list")),
    ("print('turn', n)", step("each", foreach="n in numbers")),
    ("print('big')", step("big", when="many")),
]
WAITING: list[Cell] = [("import time\nprint('here', flush=True)\ntime.sleep(60)", step("wait"))]
