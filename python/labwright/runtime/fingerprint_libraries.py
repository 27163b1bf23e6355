"""What counts as content in the values of the libraries that steps pass most."""

from __future__ import annotations

from typing import Any, Callable, Dict, Iterable, List, Optional

Content = Optional[Iterable[Any]]


def _numpy(walk: Any, item: Any) -> Any:
    import numpy

    if not hasattr(item, "dtype") or not hasattr(item, "nbytes"):
        return NotImplemented
    if not hasattr(item, "flags"):
        return NotImplemented
    walk.mark("%s %s" % (item.dtype, item.shape))
    if item.dtype.hasobject:
        return walk.plain(item.ravel().tolist())
    if item.dtype.kind == "T":
        return walk.plain(item.ravel().tolist())
    walk.memory(numpy.asarray(item))
    mask = getattr(item, "_mask", None)
    return [mask] if mask is not None else None


def _pandas(walk: Any, item: Any) -> Any:
    import pandas

    if isinstance(item, pandas.DataFrame):
        parts: List[Any] = [item.columns, item.index, item.attrs]
        for spot in range(item.shape[1]):
            parts.append(item.iloc[:, spot].array)
        return parts
    if isinstance(item, pandas.Series):
        return [str(item.name), item.index, item.array, item.attrs]
    if isinstance(item, pandas.MultiIndex):
        walk.mark(str(item.names))
        return [*item.levels, *item.codes]
    if isinstance(item, pandas.RangeIndex):
        return [item.start, item.stop, item.step, str(item.name)]
    if isinstance(item, pandas.Index):
        return [str(item.name), item.array]
    if isinstance(item, pandas.Categorical):
        return [item.codes, item.categories, item.ordered]
    if isinstance(item, pandas.api.extensions.ExtensionArray):
        walk.mark("%s %d" % (item.dtype, len(item)))
        values = item.to_numpy() if type(item).__name__ == "NumpyExtensionArray" else None
        if values is not None:
            return [values]
        try:
            hashed = pandas.util.hash_array(item, categorize=False)
        except Exception:
            return list(item)
        walk.memory(hashed)
        return None
    if type(item).__module__.startswith("pandas.core.groupby"):  # holds many caches
        return [getattr(item, "obj", None), str(getattr(item, "keys", None))]
    return NotImplemented


def _polars(walk: Any, item: Any) -> Any:
    kind = type(item).__name__
    if kind == "DataFrame":
        walk.mark(str(item.schema))
        try:
            walk.memory(item.hash_rows(seed=0).to_numpy())
        except BaseException as error:  # polars' own panics are not Exceptions
            if isinstance(error, (KeyboardInterrupt, SystemExit)):
                raise
            return item.rows()
        return None
    if kind == "Series":
        return [item.name, item.to_frame()]
    return None


def _torch(walk: Any, item: Any) -> Any:
    import torch

    if isinstance(item, torch.Tensor):
        walk.mark("%s %s %s" % (item.dtype, tuple(item.shape), item.requires_grad))
        plain = item.detach().cpu()
        if plain.layout is not torch.strided or plain.is_quantized:
            plain = plain.dequantize() if plain.is_quantized else plain.to_dense()
        if plain.numel():
            plain = plain.resolve_conj().resolve_neg().contiguous().view(-1)
            walk.memory(plain.view(torch.uint8).numpy())
        return [item.grad] if item.is_leaf else None
    if isinstance(item, torch.nn.Module):
        walk.mark("training" if item.training else "evaluating")
        return [*item.state_dict().items(), *(each.grad for each in item.parameters())]
    return NotImplemented


def _booster(item: Any) -> Any:
    if type(item).__name__ == "Booster":
        return item
    return getattr(item, "__dict__", {}).get("_Booster", NotImplemented)


def _xgboost(walk: Any, item: Any) -> Any:
    booster = _booster(item)
    if booster is NotImplemented or booster is None:
        return NotImplemented
    walk.digest.update(bytes(booster.save_raw("ubj")))
    return None if booster is item else [item.get_params()]


def _lightgbm(walk: Any, item: Any) -> Any:
    booster = _booster(item)
    if booster is NotImplemented or booster is None:
        return NotImplemented
    walk.mark(booster.model_to_string(num_iteration=-1))
    return None if booster is item else [item.get_params()]


HANDLERS: Dict[str, Callable[[Any, Any], Any]] = {
    "numpy": _numpy,
    "pandas": _pandas,
    "polars": _polars,
    "torch": _torch,
    "xgboost": _xgboost,
    "lightgbm": _lightgbm,
}
