"""numpy arrays as npy (mapped back into memory, not read), scipy's sparse ones as npz."""

from __future__ import annotations

import os
from typing import Any, Callable, Dict, List

from .formats import Format, NotExact, Rest

# Arrays from this size on are mapped from the file; smaller ones are read.
MAP_BYTES = 1 << 20


def candidates(value: Any) -> List[Format]:
    kind = type(value)
    if kind.__module__ == "numpy" and kind.__name__ == "ndarray":
        return [NPY]
    if kind.__module__.startswith("scipy.sparse") and hasattr(value, "nnz"):
        return [NPZ]
    return []


def _write_npy(value: Any, folder: str, pickle_rest: Rest) -> Dict[str, Any]:
    import numpy

    dtype = value.dtype
    described = numpy.lib.format
    if dtype.hasobject or dtype.metadata or dtype.kind not in "biufcmMSUV":
        raise NotExact
    again = described.descr_to_dtype(described.dtype_to_descr(dtype))
    if again != dtype or again.isalignedstruct != dtype.isalignedstruct:
        raise NotExact
    with open(os.path.join(folder, "value.npy"), "wb") as file:
        described.write_array(file, value, allow_pickle=False)
    return {} if value.flags.writeable else {"writeable": False}


def _read_npy(folder: str, meta: Dict[str, Any], rest: Callable[[], Any]) -> Any:
    import numpy

    path = os.path.join(folder, "value.npy")
    if os.path.getsize(path) < MAP_BYTES:
        value = numpy.load(path, allow_pickle=False)
    else:
        value = numpy.asarray(numpy.load(path, mmap_mode="c", allow_pickle=False))
    if meta.get("writeable") is False:
        value.flags.writeable = False
    return value


def _write_npz(value: Any, folder: str, pickle_rest: Rest) -> Dict[str, Any]:
    import scipy.sparse

    if value.format not in ("csr", "csc", "coo", "dia", "bsr") or value.ndim != 2:
        raise NotExact
    kind = type(value)
    if getattr(scipy.sparse, kind.__name__, None) is not kind or value.dtype.hasobject:
        raise NotExact
    path = os.path.join(folder, "value.npz")
    scipy.sparse.save_npz(path, value, compressed=False)
    return {"class": kind.__name__}


def _read_npz(folder: str, meta: Dict[str, Any], rest: Callable[[], Any]) -> Any:
    import scipy.sparse

    value = scipy.sparse.load_npz(os.path.join(folder, "value.npz"))
    kind = getattr(scipy.sparse, meta["class"])
    return value if type(value) is kind else kind(value)


NPY = Format("npy", _write_npy, _read_npy)
NPZ = Format("npz", _write_npz, _read_npz)
FORMATS = {each.name: each for each in (NPY, NPZ)}
