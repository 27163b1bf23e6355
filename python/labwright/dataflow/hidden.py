"""Hidden state: the generators behind `random`, `numpy.random` and `torch`.

It matters only once it was seeded; from then on it travels along the steps that may draw.
"""

from __future__ import annotations

import ast
import sys
from typing import TYPE_CHECKING

from .knowledge import (
    DETERMINISTIC_ESTIMATORS,
    HIDDEN_STATES,
    NEVER_DRAWING,
    NUMPY_DRAWING_FUNCTIONS,
    RNG_MODULES,
    RNG_OBJECTS,
    RNG_SEEDS,
    SEED_ALL,
    TORCH_QUIET_FUNCTIONS,
    TORCH_QUIET_LAYERS,
)
from .objects import Obj, reach

if TYPE_CHECKING:
    from .calls import Arguments
    from .context import Context


def note_call(qualified: str, last: str, arguments: Arguments, ctx: Context) -> None:
    """Record what a call of a library does to the hidden generators: seed them or draw."""
    if qualified in RNG_OBJECTS:
        return
    state = RNG_SEEDS.get(qualified)
    if state is not None:
        ctx.bind(state, frozenset((Obj("data", state),)))
        return
    if last in SEED_ALL:
        for state in HIDDEN_STATES:
            ctx.bind(state, frozenset((Obj("data", state),)))
        return
    for prefix, state in RNG_MODULES.items():
        if qualified.startswith(prefix + ".") and not _is_quiet(qualified, last):
            draw(state, ctx)
    if last in NUMPY_DRAWING_FUNCTIONS and not is_seeded("", arguments):
        draw("numpy.random", ctx)


def never_draws(qualified: str, last: str, arguments: Arguments) -> bool:
    """Whether a library's code surely leaves the hidden generators alone."""
    root = qualified.partition(".")[0]
    if root in sys.stdlib_module_names or qualified.startswith(NEVER_DRAWING):
        return True
    return is_seeded(last, arguments)


def draw(state: str, ctx: Context) -> None:
    """A number is drawn from a generator nobody names; it matters only once it was seeded."""
    bound = ctx.names.get(state)
    if bound is not None:
        ctx.read(state)
        ctx.mutate(bound.pts)


def note_use(obj: Obj, ctx: Context) -> None:
    """An object of a library is called or iterated over: a layer drops out, a loader shuffles."""
    if obj.origin.startswith("torch.") and not all(map(_is_quiet_layer, reach((obj,)))):
        draw("torch.random", ctx)


def _is_quiet(qualified: str, last: str) -> bool:
    return qualified.startswith("torch.") and last in TORCH_QUIET_FUNCTIONS


def _is_quiet_layer(obj: Obj) -> bool:
    return obj.kind != "data" or obj.origin.rpartition(".")[2] in TORCH_QUIET_LAYERS


def is_seeded(last: str, arguments: Arguments) -> bool:
    node = arguments.node
    given = (
        next((k for k in node.keywords if k.arg in ("random_state", "seed")), None)
        if node
        else None
    )
    if given is not None:
        return not (isinstance(given.value, ast.Constant) and given.value.value is None)
    if last in ("Pipeline", "make_pipeline", "ColumnTransformer", "make_column_transformer"):
        return all(obj.seeded for obj in reach(arguments.all()) if obj.origin.startswith("sklearn"))
    return last in DETERMINISTIC_ESTIMATORS
