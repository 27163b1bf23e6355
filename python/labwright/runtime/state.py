"""Hidden state that cells change without naming it: the random generators of a process.

It travels between steps as a value like any other, under a name that is no identifier.
"""

from __future__ import annotations

import importlib
import sys
from typing import Any, Callable, Dict, NamedTuple


class Hidden(NamedTuple):
    """One kind of hidden state, and the module that keeps it."""

    module: str
    get: Callable[[Any], Any]
    set: Callable[[Any, Any], None]


def _get_torch(torch: Any) -> Dict[str, Any]:
    state = {"cpu": torch.random.get_rng_state().numpy()}
    if torch.cuda.is_available() and torch.cuda.is_initialized():
        state["cuda"] = [each.numpy() for each in torch.cuda.get_rng_state_all()]
    return state


def _set_torch(torch: Any, state: Dict[str, Any]) -> None:
    torch.random.set_rng_state(torch.from_numpy(state["cpu"].copy()))
    if "cuda" in state and torch.cuda.is_available():
        each = [torch.from_numpy(one.copy()) for one in state["cuda"]]
        torch.cuda.set_rng_state_all(each[: torch.cuda.device_count()])


HIDDEN: Dict[str, Hidden] = {
    "python.random": Hidden("random", lambda m: m.getstate(), lambda m, s: m.setstate(s)),
    "numpy.random": Hidden(
        "numpy.random", lambda m: m.get_state(legacy=False), lambda m, s: m.set_state(s)
    ),
    "torch.random": Hidden("torch", _get_torch, _set_torch),
}


def capture(name: str, missing: Any) -> Any:
    """The state now, or `missing` where its library is not loaded: then no cell has used it."""
    hidden = HIDDEN[name]
    module = sys.modules.get(hidden.module)
    return missing if module is None else hidden.get(module)


def restore(name: str, state: Any) -> None:
    """Make the state what it was at the end of an earlier step."""
    hidden = HIDDEN[name]
    try:
        module = importlib.import_module(hidden.module)
    except (
        ImportError
    ):  # this step's environment has no such library, so nothing here draws from it
        return
    hidden.set(module, state)
