"""Models in their own library's format, so that other tools can load them too.

Where that format leaves something out (settings, training history), the rest is pickled beside
it. A model that holds functions or classes of the notebook is pickled whole.
"""

from __future__ import annotations

import importlib
import os
import pickle
import types
from typing import Any, Callable, Dict, List, Tuple

from . import tensors
from .formats import Format, NotExact, Rest


def candidates(value: Any) -> List[Format]:
    kind = type(value)
    library = kind.__module__.partition(".")[0]
    if library == "xgboost":
        return [XGBOOST] if _booster(value) is not None else []
    if library == "lightgbm":
        return [LIGHTGBM] if _booster(value) is not None else []
    if library == "torch" or any(base.__module__.startswith("torch.") for base in kind.__mro__):
        return [TORCH]
    return [JOBLIB] if library == "sklearn" and not isinstance(value, type) else []


# -- scikit-learn ------------------------------------------------------------------------------


def _write_joblib(value: Any, folder: str, pickle_rest: Rest) -> None:
    try:
        numpy_pickle = importlib.import_module("joblib.numpy_pickle")
    except ImportError:
        raise NotExact from None
    path = os.path.join(folder, "value.joblib")

    class Importable(numpy_pickle.NumpyPickler):  # type: ignore[misc,name-defined]
        """joblib's own pickler; stops at what only the notebook can name."""

        def reducer_override(self, obj: Any) -> Any:
            if isinstance(obj, (types.FunctionType, type)) and (
                obj.__module__ == "__main__" or "<" in obj.__qualname__
            ):
                raise NotExact
            return NotImplemented

    with open(path, "wb") as file:
        try:
            Importable(file, protocol=4).dump(value)
        except (OSError, MemoryError):
            raise
        except Exception:  # our own pickler may still manage, or gives the clear message
            raise NotExact from None


def _read_joblib(folder: str, meta: Dict[str, Any], rest: Callable[[], Any]) -> Any:
    joblib = importlib.import_module("joblib")
    return joblib.load(os.path.join(folder, "value.joblib"))


# -- xgboost and lightgbm ----------------------------------------------------------------------


def _booster(value: Any) -> Any:
    """The trained booster of a model, or the model itself where it is one."""
    if type(value).__name__ == "Booster":
        return value
    return value.__dict__.get("_Booster") if hasattr(value, "__dict__") else None


def _without(value: Any, attribute: str) -> Tuple[type, Dict[str, Any]]:
    """A scikit-learn style model as its class and its state, less the booster."""
    if type(value).__module__ == "__main__":
        raise NotExact
    state = dict(value.__dict__)
    state.pop(attribute, None)
    return type(value), state


def _write_xgboost(value: Any, folder: str, pickle_rest: Rest) -> None:
    booster = _booster(value)
    if type(booster).__module__ == "__main__":
        raise NotExact
    booster.save_model(os.path.join(folder, "model.ubj"))
    own = {k: v for k, v in booster.__dict__.items() if k != "handle"}
    wrapper = None if booster is value else _without(value, "_Booster")
    pickle_rest({"config": booster.save_config(), "own": own, "wrapper": wrapper})


def _read_xgboost(folder: str, meta: Dict[str, Any], rest: Callable[[], Any]) -> Any:
    xgboost = importlib.import_module("xgboost")
    kept = rest()
    booster = xgboost.Booster()
    booster.load_model(os.path.join(folder, "model.ubj"))
    booster.load_config(kept["config"])
    booster.__dict__.update(kept["own"])
    return _wrapped(kept["wrapper"], "_Booster", booster)


def _write_lightgbm(value: Any, folder: str, pickle_rest: Rest) -> None:
    booster = _booster(value)
    if type(booster).__module__ == "__main__" or not hasattr(booster, "__getstate__"):
        raise NotExact
    state = dict(booster.__getstate__())
    handles = [name for name in ("_handle", "handle") if isinstance(state.get(name), str)]
    if not handles:
        raise NotExact
    with open(os.path.join(folder, "model.txt"), "w", encoding="utf-8", newline="") as file:
        file.write(state.pop(handles[0]))
    wrapper = None if booster is value else _without(value, "_Booster")
    pickle_rest({"handle": handles[0], "state": state, "wrapper": wrapper})


def _read_lightgbm(folder: str, meta: Dict[str, Any], rest: Callable[[], Any]) -> Any:
    lightgbm = importlib.import_module("lightgbm")
    kept = rest()
    with open(os.path.join(folder, "model.txt"), encoding="utf-8", newline="") as file:
        kept["state"][kept["handle"]] = file.read()
    booster = lightgbm.Booster.__new__(lightgbm.Booster)
    booster.__setstate__(kept["state"])
    return _wrapped(kept["wrapper"], "_Booster", booster)


def _wrapped(wrapper: Any, attribute: str, booster: Any) -> Any:
    if wrapper is None:
        return booster
    kind, state = wrapper
    value = kind.__new__(kind)
    value.__dict__.update(state)
    setattr(value, attribute, booster)
    return value


# -- torch -------------------------------------------------------------------------------------


def _write_torch(value: Any, folder: str, pickle_rest: Rest) -> None:
    torch = importlib.import_module("torch")
    if not isinstance(value, (torch.Tensor, torch.nn.Module)):
        raise NotExact
    trained: List[Any] = []
    if isinstance(value, torch.nn.Module):
        trained = list(value.parameters())
    try:
        keeper = _importable_pickle({id(one) for one in trained})
        torch.save(value, os.path.join(folder, "value.pt"), pickle_module=keeper)
    except (OSError, MemoryError):
        raise
    except Exception:
        raise NotExact from None
    if any(one.grad is not None for one in trained):
        pickle_rest(tensors.gradients(value))


def _read_torch(folder: str, meta: Dict[str, Any], rest: Callable[[], Any]) -> Any:
    torch = importlib.import_module("torch")
    options: Dict[str, Any] = {}
    if not torch.cuda.is_available():  # a tensor from a GPU step still loads where there is none
        options["map_location"] = "cpu"
    value = torch.load(os.path.join(folder, "value.pt"), weights_only=False, **options)
    if os.path.exists(os.path.join(folder, "value.pkl")):
        tensors.set_gradients(value, rest())
    return value


def _importable_pickle(trained: "set[int]") -> types.ModuleType:
    """The pickle module with a pickler that stops at what only the notebook can name, and at
    tensors that torch's format changes; the gradients of those `trained` are kept elsewhere."""

    class Pickler(pickle.Pickler):
        def reducer_override(self, obj: Any) -> Any:
            if isinstance(obj, (types.FunctionType, type)) and obj.__module__ == "__main__":
                raise NotExact
            if tensors.is_tensor(obj) and id(obj) not in trained and not tensors.is_plain(obj):
                raise NotExact
            return NotImplemented

    module = types.ModuleType("pickle")
    module.__dict__.update(vars(pickle))
    module.__dict__["Pickler"] = Pickler
    return module


JOBLIB = Format("joblib", _write_joblib, _read_joblib)
XGBOOST = Format("xgboost", _write_xgboost, _read_xgboost)
LIGHTGBM = Format("lightgbm", _write_lightgbm, _read_lightgbm)
TORCH = Format("torch", _write_torch, _read_torch)
FORMATS = {each.name: each for each in (JOBLIB, XGBOOST, LIGHTGBM, TORCH)}
