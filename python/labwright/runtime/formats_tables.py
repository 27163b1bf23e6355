"""pandas, polars and pyarrow tables as parquet, where parquet gives back the very same table.

Whether it does is tried, not guessed: the schema and a row go through parquet in memory and must
come back with the same types, and an index or a column of mixed objects is never entrusted to it.
"""

from __future__ import annotations

import datetime
import importlib
import io
import os
from typing import Any, Callable, Dict, Iterable, List

from .formats import Format, NotExact, Rest

FILE = "value.parquet"


def candidates(value: Any) -> List[Format]:
    kind = type(value)
    library = kind.__module__.partition(".")[0]
    if kind.__name__ == "DataFrame":
        return {"pandas": [PANDAS], "polars": [POLARS]}.get(library, [])
    if kind.__name__ == "Series" and library == "pandas":
        return [SERIES]
    if kind.__name__ == "Table" and library == "pyarrow":
        return [ARROW, IPC]
    return []


def _parquet() -> Any:
    try:
        return importlib.import_module("pyarrow.parquet")
    except ImportError:
        raise NotExact from None


# -- pandas ------------------------------------------------------------------------------------


def _write_pandas(value: Any, folder: str, pickle_rest: Rest) -> Dict[str, Any]:
    import pandas

    parquet = _parquet()
    pyarrow = importlib.import_module("pyarrow")
    if type(value) is not pandas.DataFrame or not _columns_exact(value):
        raise NotExact
    if value.attrs or not value.flags.allows_duplicate_labels or not _index_exact(value.index):
        raise NotExact
    if any(_is_object(dtype) and not _is_text(value[name]) for name, dtype in value.dtypes.items()):
        raise NotExact
    try:
        first = io.BytesIO()
        parquet.write_table(pyarrow.Table.from_pandas(value.iloc[:1]), first)
        utc = [name for name, dtype in value.dtypes.items() if _is_utc(dtype)]
        again = _with_utc(parquet.read_table(first).to_pandas(), utc)
        if not _same_schema(value.iloc[:1], again):
            raise NotExact
        table = pyarrow.Table.from_pandas(value)
        parquet.write_table(table, os.path.join(folder, FILE))
    except OSError:
        raise
    except NotExact:
        raise
    except Exception:  # a type that arrow does not have
        raise NotExact from None
    return {"utc": utc} if utc else {}


def _read_pandas(folder: str, meta: Dict[str, Any], rest: Callable[[], Any]) -> Any:
    frame = _parquet().read_table(os.path.join(folder, FILE)).to_pandas()
    return _with_utc(frame, meta.get("utc", ()))


def _write_series(value: Any, folder: str, pickle_rest: Rest) -> Dict[str, Any]:
    import pandas

    if type(value) is not pandas.Series or value.attrs:
        raise NotExact
    if not (value.name is None or type(value.name) is str):
        raise NotExact
    name = value.name
    extra = _write_pandas(value.to_frame("value"), folder, pickle_rest)
    return {"series": name, **extra}


def _read_series(folder: str, meta: Dict[str, Any], rest: Callable[[], Any]) -> Any:
    series = _read_pandas(folder, meta, rest)["value"]
    series.name = meta["series"]
    return series


def _columns_exact(frame: Any) -> bool:
    import pandas

    columns = frame.columns
    return (
        type(columns) is pandas.Index
        and columns.name is None
        and columns.is_unique
        and all(type(name) is str for name in columns)
    )


def _index_exact(index: Any) -> bool:
    import pandas

    if not (index.name is None or (type(index.name) is str and not index.name.startswith("__"))):
        return False
    if isinstance(index, pandas.MultiIndex) or getattr(index, "freq", None) is not None:
        return False
    return not _is_object(index.dtype) or _is_text(index)


def _is_object(dtype: Any) -> bool:
    return getattr(dtype, "kind", "") == "O" and hasattr(dtype, "descr")


def _is_text(values: Any) -> bool:
    from pandas.api.types import infer_dtype

    return bool(infer_dtype(values, skipna=False) == "string")


def _is_utc(dtype: Any) -> bool:
    return getattr(dtype, "tz", None) is datetime.timezone.utc


def _with_utc(frame: Any, names: Iterable[str]) -> Any:
    """Parquet gives UTC back as a named zone; make it Python's own again in these columns."""
    for name in names:
        frame[name] = frame[name].dt.tz_convert(datetime.timezone.utc)
    return frame


def _same_schema(before: Any, after: Any) -> bool:
    if not (before.columns.equals(after.columns) and before.columns.dtype == after.columns.dtype):
        return False
    if type(before.index) is not type(after.index) or before.index.names != after.index.names:
        return False
    pairs = [(before.index.dtype, after.index.dtype), *zip(before.dtypes, after.dtypes)]
    return all(_same_type(one, other) for one, other in pairs)


def _same_type(one: Any, other: Any) -> bool:
    if type(one) is not type(other) or one != other or str(one) != str(other):
        return False
    categories = getattr(one, "categories", None)
    if categories is not None:
        return bool(
            categories.equals(other.categories)
            and categories.dtype == other.categories.dtype
            and type(categories) is type(other.categories)
            and one.ordered == other.ordered
        )
    if type(getattr(one, "tz", None)) is not type(getattr(other, "tz", None)):
        return False
    return getattr(one, "storage", None) == getattr(other, "storage", None)


# -- polars and arrow --------------------------------------------------------------------------


def _write_polars(value: Any, folder: str, pickle_rest: Rest) -> None:
    import polars

    path = os.path.join(folder, FILE)
    if type(value) is not polars.DataFrame:
        raise NotExact
    try:
        value.write_parquet(path)
        same = polars.read_parquet_schema(path) == dict(value.schema)
        same = same and polars.read_parquet(path, n_rows=0).schema == value.schema
    except OSError:
        raise
    except BaseException as error:  # polars' own panics are not Exceptions
        if isinstance(error, (KeyboardInterrupt, SystemExit)):
            raise
        raise NotExact from None
    if not same:
        raise NotExact


def _read_polars(folder: str, meta: Dict[str, Any], rest: Callable[[], Any]) -> Any:
    import polars

    return polars.read_parquet(os.path.join(folder, FILE), memory_map=True)


def _write_arrow(value: Any, folder: str, pickle_rest: Rest) -> None:
    parquet = _parquet()
    path = os.path.join(folder, FILE)
    try:
        parquet.write_table(value, path)
        same = parquet.read_schema(path).equals(value.schema, check_metadata=True)
    except OSError:
        raise
    except Exception:
        raise NotExact from None
    if not same:
        raise NotExact


def _read_arrow(folder: str, meta: Dict[str, Any], rest: Callable[[], Any]) -> Any:
    return _parquet().read_table(os.path.join(folder, FILE))


def _write_ipc(value: Any, folder: str, pickle_rest: Rest) -> None:
    pyarrow = importlib.import_module("pyarrow")
    path = os.path.join(folder, "value.arrow")
    with pyarrow.OSFile(path, "wb") as sink, pyarrow.ipc.new_file(sink, value.schema) as writer:
        writer.write_table(value)


def _read_ipc(folder: str, meta: Dict[str, Any], rest: Callable[[], Any]) -> Any:
    pyarrow = importlib.import_module("pyarrow")
    source = pyarrow.memory_map(os.path.join(folder, "value.arrow"), "r")
    return pyarrow.ipc.open_file(source).read_all()


PANDAS = Format("parquet-pandas", _write_pandas, _read_pandas)
SERIES = Format("parquet-series", _write_series, _read_series)
POLARS = Format("parquet-polars", _write_polars, _read_polars)
ARROW = Format("parquet-arrow", _write_arrow, _read_arrow)
IPC = Format("arrow", _write_ipc, _read_ipc)
FORMATS = {each.name: each for each in (PANDAS, SERIES, POLARS, ARROW, IPC)}
