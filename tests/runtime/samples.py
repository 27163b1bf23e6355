# ruff: noqa: E501
"""One value of each type that steps pass, how it is written, and how to tell it came back whole."""

from __future__ import annotations

# Replayed in both steps, as the pipeline replays definitions.
DEFINITIONS = """
import array, collections, dataclasses, datetime, decimal, enum, fractions, functools, pathlib
import re, types, uuid, zoneinfo
import numpy as np
import pandas as pd
import scipy.sparse as sp
import sklearn.linear_model, sklearn.pipeline, sklearn.preprocessing, sklearn.ensemble
import polars as pl
import pyarrow as pa
import xgboost, lightgbm

Point = collections.namedtuple("Point", "x y")

@dataclasses.dataclass
class Config:
    rate: float
    layers: list = dataclasses.field(default_factory=list)

class Colour(enum.Enum):
    RED = 1
    BLUE = "b"

class Slotted:
    __slots__ = ("a", "b")
    def __init__(self, a, b):
        self.a, self.b = a, b
    def __eq__(self, other):
        return (self.a, self.b) == (other.a, other.b)

class Shape:
    sides = 0
    def __init__(self, n):
        self.n = n
    def area(self):
        return self.n * FACTOR
    def __eq__(self, other):
        return type(self) is type(other) and vars(self) == vars(other)

class MyError(Exception):
    pass

class MyList(list):
    pass

FACTOR = 3

def double(x):
    return 2 * x * FACTOR

def make_adder(n):
    def add(x):
        return x + n + FACTOR
    return add

def frame(**columns):
    return pd.DataFrame(columns or {"a": [1, 2, 3], "b": [0.5, None, 2.0], "c": ["x", "y", "z"]})

rng = np.random.default_rng(0)
FX = np.arange(60.0).reshape(20, 3) % 7
FY = np.arange(20) % 2
"""

# name: (expression, expected format, check: an expression over `got` and `made`).
EQUAL = "got == made"
ARRAY = "got.dtype == made.dtype and got.shape == made.shape and np.array_equal(got, made)"
FRAME = (
    "pd.testing.assert_frame_equal(got, made, check_exact=True) is None"
    " and got.attrs == made.attrs and type(got.columns) is type(made.columns)"
    " and list(map(type, got.columns)) == list(map(type, made.columns))"
)
SERIES = "pd.testing.assert_series_equal(got, made, check_exact=True) is None"
INDEX = "pd.testing.assert_index_equal(got, made, exact=True) is None"
SPARSE = "(got != made).nnz == 0 and got.format == made.format and got.dtype == made.dtype"
PREDICT = (
    "np.array_equal(got.predict(FX), made.predict(FX)) and got.get_params() == made.get_params()"
)

SAMPLES: dict[str, tuple[str, str, str]] = {
    "none": ("None", "json", "got is None"),
    "true": ("True", "json", "got is True"),
    "integer": ("-7", "json", EQUAL),
    "big_integer": ("3 ** 2000", "pickle", EQUAL),
    "floating": ("0.1 + 0.2", "json", EQUAL),
    "negative_zero": ("-0.0", "json", "str(got) == '-0.0'"),
    "nan": ("float('nan')", "pickle", "got != got"),
    "infinity": ("float('-inf')", "pickle", EQUAL),
    "complex_number": ("1 + 2j", "pickle", EQUAL),
    "text": ("'héllo \\u2713 \\n'", "json", EQUAL),
    "surrogates": ("'\\ud800x'", "json", EQUAL),
    "raw_bytes": ("b'\\x00\\xff'", "pickle", EQUAL),
    "byte_array": ("bytearray(b'abc')", "pickle", EQUAL),
    "plain_list": ("[1, 'a', None, [2.5, {'k': True}]]", "json", EQUAL),
    "plain_dict": ("{'b': 1, 'a': [2]}", "json", EQUAL + " and list(got) == list(made)"),
    "empty_list": ("[]", "json", EQUAL),
    "integer_keys": ("{1: 'a', 2: 'b'}", "pickle", EQUAL + " and type(next(iter(got))) is int"),
    "a_tuple": ("(1, 'a', (2,))", "pickle", EQUAL),
    "tuple_in_list": ("[(1, 2), [3]]", "pickle", EQUAL + " and type(got[0]) is tuple"),
    "a_set": ("{1, 'a', (2,)}", "pickle", EQUAL),
    "frozen_set": ("frozenset({1, 2})", "pickle", EQUAL),
    "a_deque": ("collections.deque([1, 2], maxlen=3)", "pickle", EQUAL + " and got.maxlen == 3"),
    "default_dict": (
        "collections.defaultdict(lambda: [FACTOR], {'a': [1]})",
        "pickle",
        EQUAL + " and got['new'] == [3]",
    ),
    "ordered_dict": ("collections.OrderedDict(b=1, a=2)", "pickle", EQUAL),
    "counter": ("collections.Counter('aab')", "pickle", EQUAL),
    "chain_map": ("collections.ChainMap({'a': 1}, {'b': 2})", "pickle", EQUAL),
    "named_tuple": ("Point(1, 2)", "pickle", EQUAL + " and type(got) is Point"),
    "data_class": ("Config(0.5, [1, 2])", "pickle", EQUAL + " and type(got) is Config"),
    "an_enum": ("Colour.BLUE", "pickle", "got is Colour.BLUE"),
    "slotted": ("Slotted(1, [2])", "pickle", EQUAL + " and type(got) is Slotted"),
    "instance": ("Shape(4)", "pickle", EQUAL + " and type(got) is Shape and got.area() == 12"),
    "list_subclass": ("MyList([1, 2])", "pickle", EQUAL + " and type(got) is MyList"),
    "date_time": ("datetime.datetime(2024, 1, 2, 3, 4, 5, 6)", "pickle", EQUAL),
    "zoned_time": (
        "datetime.datetime(2024, 7, 2, tzinfo=zoneinfo.ZoneInfo('Europe/Berlin'))",
        "pickle",
        EQUAL
        + " and got.utcoffset() == made.utcoffset() and type(got.tzinfo) is type(made.tzinfo)",
    ),
    "date": ("datetime.date(2024, 1, 2)", "pickle", EQUAL),
    "time_delta": ("datetime.timedelta(days=1, microseconds=3)", "pickle", EQUAL),
    "a_decimal": ("decimal.Decimal('1.10')", "pickle", EQUAL + " and str(got) == '1.10'"),
    "fraction": ("fractions.Fraction(1, 3)", "pickle", EQUAL),
    "path": ("pathlib.Path('a') / 'b'", "pickle", EQUAL),
    "an_uuid": ("uuid.UUID(int=5)", "pickle", EQUAL),
    "pattern": ("re.compile('a+', re.I)", "pickle", EQUAL),
    "a_range": ("range(1, 10, 2)", "pickle", EQUAL),
    "a_slice": ("slice(1, None, 2)", "pickle", EQUAL),
    "dots": ("...", "pickle", "got is ..."),
    "namespace": ("types.SimpleNamespace(a=1)", "pickle", EQUAL),
    "typed_array": ("array.array('d', [1.0, 2.0])", "pickle", EQUAL),
    "exception": ("MyError('why', 3)", "pickle", "got.args == made.args and type(got) is MyError"),
    "a_partial": ("functools.partial(double, 4)", "pickle", "got() == 24 and got.func is double"),
    "a_lambda": ("lambda x: x * FACTOR", "pickle", "got(2) == 6"),
    "closure": ("make_adder(10)", "pickle", "got(1) == 14"),
    "function": ("double", "pickle", "got is double"),
    "bound_method": ("Shape(5).area", "pickle", "got() == 15 and type(got.__self__) is Shape"),
    "a_class": ("Shape", "pickle", "got is Shape"),
    "a_type": ("int", "pickle", "got is int"),
    "builtin": ("len", "pickle", "got is len"),
    "module_function": ("np.mean", "pickle", "got is np.mean"),
    "iterator": ("iter([1, 2, 3])", "pickle", "list(got) == [1, 2, 3]"),
    "np_float": ("np.float64(1.5)", "pickle", EQUAL),
    "np_int": ("np.int32(7)", "pickle", EQUAL),
    "np_bool": ("np.bool_(True)", "pickle", EQUAL),
    "np_datetime": ("np.datetime64('2024-01-02')", "pickle", EQUAL),
    "np_dtype": ("np.dtype('<f4')", "pickle", EQUAL),
    "floats": ("np.linspace(0, 1, 7)", "npy", ARRAY),
    "large_floats": ("np.arange(300_000.0)", "npy", ARRAY + " and got.flags.writeable"),
    "integers": ("np.arange(6, dtype='i2').reshape(2, 3)", "npy", ARRAY),
    "big_endian": ("np.arange(3, dtype='>i4')", "npy", ARRAY),
    "booleans": ("np.array([True, False])", "npy", ARRAY),
    "complexes": ("np.array([1j, 2])", "npy", ARRAY),
    "half": ("np.array([1.5], dtype='f2')", "npy", ARRAY),
    "unicode_array": ("np.array(['a', 'bcd'])", "npy", ARRAY),
    "bytes_array": ("np.array([b'a', b'bc'])", "npy", ARRAY),
    "times": ("np.array(['2024-01-02'], dtype='M8[ns]')", "npy", ARRAY),
    "spans": ("np.array([5], dtype='m8[s]')", "npy", ARRAY),
    "structured": ("np.array([(1, 2.5)], dtype=[('a', 'i4'), ('b', 'f8')])", "npy", ARRAY),
    "scalar_array": ("np.array(5.0)", "npy", ARRAY),
    "empty_array": ("np.empty((0, 3))", "npy", ARRAY),
    "fortran": (
        "np.asfortranarray(np.arange(6.0).reshape(2, 3))",
        "npy",
        ARRAY + " and got.flags.f_contiguous",
    ),
    "strided": ("np.arange(20.0)[::3]", "npy", ARRAY),
    "read_only": (
        "(lambda a: (a.setflags(write=False), a)[1])(np.arange(3))",
        "npy",
        ARRAY + " and not got.flags.writeable",
    ),
    "objects": ("np.array([1, 'a', None, [2]], dtype=object)", "pickle", ARRAY),
    "masked": (
        "np.ma.array([1, 2, 3], mask=[0, 1, 0])",
        "pickle",
        "(got == made).all() and (got.mask == made.mask).all()",
    ),
    "matrix": ("np.matrix([[1, 2], [3, 4]])", "pickle", ARRAY),
    "record": ("np.rec.array([(1, 2.0)], dtype=[('a', 'i4'), ('b', 'f8')])", "pickle", ARRAY),
    "generator": ("np.random.default_rng(5)", "pickle", "got.random() == made.random()"),
    "random_state": ("np.random.RandomState(5)", "pickle", "got.rand() == made.rand()"),
    "python_random": ("__import__('random').Random(5)", "pickle", "got.random() == made.random()"),
    "csr": ("sp.csr_matrix(np.eye(3))", "npz", SPARSE),
    "csr_array": ("sp.csr_array(np.eye(3))", "npz", SPARSE),
    "coo": ("sp.coo_matrix(np.eye(3))", "npz", SPARSE),
    "lil": ("sp.lil_matrix(np.eye(3))", "pickle", SPARSE),
    "frame_plain": ("frame()", "parquet-pandas", FRAME),
    "frame_dates": (
        "frame(t=pd.date_range('2024', periods=2, tz='UTC'), s=pd.to_datetime(['2024', None]))",
        "parquet-pandas",
        FRAME,
    ),
    "frame_categorical": (
        "frame(c=pd.Categorical(['b', None], categories=['b', 'a', 'z'], ordered=True))",
        "parquet-pandas",
        FRAME + " and list(got.c.cat.categories) == ['b', 'a', 'z'] and got.c.cat.ordered",
    ),
    "frame_nullable": (
        "frame(i=pd.array([1, None], dtype='Int64'), b=pd.array([True, None], dtype='boolean'))",
        "parquet-pandas",
        FRAME,
    ),
    "frame_indexed": ("frame().set_index('c')", "parquet-pandas", FRAME),
    "frame_range_index": ("frame()[1:]", "parquet-pandas", FRAME),
    "frame_empty": ("pd.DataFrame()", "*", FRAME),
    "frame_multi_index": ("frame().set_index(['a', 'c'])", "pickle", FRAME),
    "frame_multi_columns": (
        "pd.DataFrame([[1, 2]], columns=pd.MultiIndex.from_tuples([('a', 1), ('b', 2)]))",
        "pickle",
        FRAME,
    ),
    "frame_integer_columns": ("pd.DataFrame(np.eye(2))", "pickle", FRAME),
    "frame_duplicate_columns": ("pd.DataFrame([[1, 2]], columns=['a', 'a'])", "pickle", FRAME),
    "frame_mixed_objects": (
        "frame(o=pd.Series([1, 'a', None], dtype=object))",
        "pickle",
        FRAME + " and got.o[2] is None",
    ),
    "frame_lists": ("frame(o=[[1], [2, 3]])", "pickle", FRAME),
    "frame_attrs": ("(lambda f: (f.attrs.update(unit='m'), f)[1])(frame())", "pickle", FRAME),
    "frame_intervals": ("frame(i=pd.cut([1, 5], [0, 3, 6]))", "*", FRAME),
    "frame_periods": ("frame(p=pd.period_range('2024-01', periods=2, freq='M'))", "*", FRAME),
    "frame_frequency": (
        "pd.DataFrame({'a': [1, 2]}, index=pd.date_range('2024', periods=2))",
        "pickle",
        FRAME + " and got.index.freq == made.index.freq",
    ),
    "frame_named_columns": ("frame().rename_axis(columns='name')", "pickle", FRAME),
    "series": ("pd.Series([1.5, None], name='s')", "parquet-series", SERIES),
    "series_unnamed": ("pd.Series(['a', 'b'])", "parquet-series", SERIES),
    "series_odd_name": ("pd.Series([1], name=('a', 1))", "pickle", SERIES),
    "index": ("pd.Index([1, 2], name='i')", "pickle", INDEX),
    "multi_index": ("pd.MultiIndex.from_product([[1, 2], ['a']])", "pickle", INDEX),
    "categorical": ("pd.Categorical(['a', 'b', 'a'])", "pickle", "got.equals(made)"),
    "group_by": (
        "frame().groupby('c')",
        "pickle",
        "got.sum(numeric_only=True).equals(made.sum(numeric_only=True))",
    ),
    "timestamp": ("pd.Timestamp('2024-01-02', tz='UTC')", "pickle", EQUAL),
    "time_span": ("pd.Timedelta('1 day')", "pickle", EQUAL),
    "interval": ("pd.Interval(0, 1)", "pickle", EQUAL),
    "missing": ("pd.NA", "pickle", "got is pd.NA"),
    "not_a_time": ("pd.NaT", "pickle", "got is pd.NaT"),
    "polars_frame": (
        "pl.DataFrame({'a': [1, None], 'b': ['x', 'y'], 'l': [[1], [2]]})",
        "parquet-polars",
        "got.equals(made) and got.schema == made.schema",
    ),
    "polars_categorical": (
        "pl.DataFrame({'c': pl.Series(['a', 'b'], dtype=pl.Categorical)})",
        "*",
        "got.equals(made) and got.schema == made.schema",
    ),
    "polars_series": ("pl.Series('s', [1, 2])", "pickle", "got.equals(made)"),
    "lazy_frame": (
        "pl.DataFrame({'a': [1, 2]}).lazy().filter(pl.col('a') > 1)",
        "pickle",
        "got.collect().equals(made.collect())",
    ),
    "arrow_table": (
        "pa.table({'a': [1, 2], 'b': ['x', None]})",
        "parquet-arrow",
        "got.equals(made) and got.schema.equals(made.schema)",
    ),
    "arrow_dictionary": (
        "pa.table({'a': pa.array(['x', 'y']).dictionary_encode()})",
        "*",
        "got.equals(made) and got.schema.equals(made.schema)",
    ),
    "estimator": ("sklearn.linear_model.LogisticRegression().fit(FX, FY)", "joblib", PREDICT),
    "forest": (
        "sklearn.ensemble.RandomForestClassifier(5, random_state=0).fit(FX, FY)",
        "joblib",
        PREDICT,
    ),
    "pipeline": (
        "sklearn.pipeline.make_pipeline(sklearn.preprocessing.StandardScaler(), sklearn.linear_model.LogisticRegression()).fit(FX, FY)",
        "joblib",
        "np.array_equal(got.predict(FX), made.predict(FX))",
    ),
    "transformer_with_function": (
        "sklearn.preprocessing.FunctionTransformer(double)",
        "pickle",
        "np.array_equal(got.transform(FX), made.transform(FX)) and got.func is double",
    ),
    "booster": (
        "xgboost.train({'max_depth': 2}, xgboost.DMatrix(FX, FY, feature_names=['a', 'b', 'c']), 3)",
        "xgboost",
        "got.save_raw() == made.save_raw() and got.feature_names == ['a', 'b', 'c'] and got.save_config() == made.save_config()",
    ),
    "xgb_classifier": (
        "xgboost.XGBClassifier(n_estimators=3, max_depth=2).fit(FX, FY)",
        "xgboost",
        "np.array_equal(got.predict_proba(FX), made.predict_proba(FX)) and str(got.get_params()) == str(made.get_params())",
    ),
    "xgb_unfitted": (
        "xgboost.XGBRegressor(n_estimators=3)",
        "pickle",
        "str(got.get_params()) == str(made.get_params())",
    ),
    "lgb_booster": (
        "lightgbm.train({'verbose': -1, 'num_leaves': 3}, lightgbm.Dataset(FX, FY), 3)",
        "lightgbm",
        "got.model_to_string() == made.model_to_string() and got.params == made.params",
    ),
    "lgb_classifier": (
        "lightgbm.LGBMClassifier(n_estimators=3, verbose=-1).fit(FX, FY)",
        "lightgbm",
        PREDICT,
    ),
}
