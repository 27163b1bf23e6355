"""What is known of Python's and the common libraries' calls. Facts only, no logic.

Where a name is in no table the analysis is cautious in the way its caller says; the step runtime
checks at run time that nothing was missed.
"""

from __future__ import annotations


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Methods that change their receiver, whatever its type.
MUTATING_METHODS = _words(
    """
    append extend insert register
    remove pop popitem clear update setdefault sort reverse add discard
    appendleft popleft extendleft rotate intersection_update difference_update
    symmetric_difference_update move_to_end subtract fit fit_transform fit_predict fit_resample
    partial_fit set_params set_index_inplace train eval zero_grad step backward load_state_dict
    requires_grad_ to_ half_ compile add_module register_buffer register_parameter
    register_forward_hook add_param_group fill put itemset resize setflags partition
    byteswap_inplace setfield __setitem__ __delitem__ __setattr__ __iadd__ send throw write
    writelines seek readline read readlines __next__ anext put_nowait get_nowait task_done
    acquire release set_index_ add_edge add_node add_edges_from add_nodes_from remove_node
    remove_edge add_trace update_layout update_traces add_subplot set_xlabel set_ylabel
    set_title
    """
)

# Methods that only random generators have: each draw moves the generator on.
GENERATOR_METHODS = _words(
    """
    normal integers randint shuffle permutation permuted standard_normal multivariate_normal
    lognormal lognormvariate randrange gauss normalvariate betavariate expovariate gammavariate
    triangular getrandbits randbytes randn random_sample standard_t standard_gamma negative_binomial
    hypergeometric noncentral_chisquare vonmises logseries rayleigh zipf dirichlet jumped
    """
)

# Methods whose result is, or looks into, the receiver.
VIEW_METHODS = _words(
    """
    reshape view ravel transpose swapaxes squeeze get items keys values __iter__ __getitem__ fit
    partial_fit set_params eval train to cuda cpu float double half type requires_grad_ groupby
    rolling expanding resample most_common elements parameters named_parameters children modules
    state_dict detach numpy to_numpy expand unsqueeze permute narrow diagonal setdefault pop
    popitem popleft __enter__ set_index_ pipe asarray data ewm compile lazy
    """
)

# Libraries whose tables and arrays copy what is assigned into them.
COPYING_LIBRARIES = _words("pandas numpy polars")

# Attributes that are plain values, never a way into the object.
PLAIN_ATTRIBUTES = _words(
    """
    shape ndim size dtype itemsize nbytes name names __name__ __doc__ __class__ empty device
    """
)

# Called for what they show or write: calling one as a statement changes none of its arguments.
HARMLESS_PREFIXES = tuple(
    _words(
        """
        print show plot display log save dump write export check assert validate report describe
        draw render visuali summary test to_ info warn debug error critical exception head tail
        savefig hist scatter bar line imshow axis legend title xlabel ylabel tight_layout grid
        figure close flush sleep exists mkdir makedirs isinstance issubclass pprint count_ get_ is_
        has_ len
        """
    )
)

# What a library's base class calls by itself of the methods that override its own, by the method
# that is called; bases that are not here may call any.
CALLBACKS: dict[str, dict[str, tuple[str, ...]]] = {
    "torch.nn.": {"__call__": ("forward",)},
    "keras.": {"__call__": ("call",)},
    "tensorflow.keras.": {"__call__": ("call",)},
    "sklearn.": {
        "fit_predict": ("fit", "predict"),
        "fit_transform": ("fit", "transform"),
        "score": ("predict",),
        "set_params": (),
        "get_params": (),
    },
}

# Functions whose result holds or looks into their arguments.
VIEW_FUNCTIONS = _words(
    """
    iter enumerate zip map filter reversed list tuple dict set frozenset sorted vars memoryview
    min max copy.copy next numpy.asarray numpy.asanyarray numpy.atleast_1d numpy.atleast_2d
    numpy.atleast_3d numpy.ravel numpy.reshape numpy.broadcast_to numpy.squeeze numpy.transpose
    numpy.array_split numpy.split numpy.ma.array numpy.ma.masked_array numpy.frombuffer
    numpy.swapaxes numpy.expand_dims torch.from_numpy torch.as_tensor torch.reshape
    torch.squeeze torch.transpose functools.partial itertools.chain itertools.cycle
    itertools.islice itertools.tee itertools.groupby itertools.zip_longest itertools.starmap
    itertools.product operator.itemgetter collections.deque collections.OrderedDict
    collections.ChainMap collections.defaultdict collections.Counter types.SimpleNamespace
    types.MappingProxyType typing.cast contextlib.closing weakref.ref weakref.proxy
    dataclasses.replace

    """
)

# Functions whose result is an object of the library that holds the arguments.
HOLDING_FUNCTIONS = _words(
    """
    sklearn.pipeline.make_pipeline sklearn.pipeline.make_union
    sklearn.compose.make_column_transformer torch.utils.data.random_split
    """
)

# Builtins whose result is a plain value.
PLAIN_BUILTINS = _words(
    """
    abs all any ascii bin bool bytes callable chr complex divmod float format hasattr hash hex
    id int isinstance issubclass len oct ord pow print range repr round slice str sum type input
    """
)

# Functions that change an argument: qualified name -> positions changed.
MUTATING_FUNCTIONS = {
    "random.shuffle": (0,),
    "numpy.random.shuffle": (0,),
    "numpy.fill_diagonal": (0,),
    "numpy.copyto": (0,),
    "numpy.put": (0,),
    "numpy.place": (0,),
    "numpy.putmask": (0,),
    "numpy.put_along_axis": (0,),
    "numpy.add.at": (0,),
    "numpy.subtract.at": (0,),
    "numpy.multiply.at": (0,),
    "heapq.heappush": (0,),
    "heapq.heappop": (0,),
    "heapq.heapify": (0,),
    "heapq.heapreplace": (0,),
    "heapq.heappushpop": (0,),
    "bisect.insort": (0,),
    "bisect.insort_left": (0,),
    "bisect.insort_right": (0,),
    "operator.setitem": (0,),
    "operator.delitem": (0,),
    "operator.iadd": (0,),
    "setattr": (0,),
    "delattr": (0,),
    "next": (0,),
    "anext": (0,),
    "collections.deque.append": (0,),
}

# Keywords by which a call changes its receiver, or the value given.
INPLACE_KEYWORD = "inplace"
TARGET_KEYWORDS = ("out", "ax", "fig")

# Names that make a class by a call: replayed like a class statement.
CLASS_FACTORIES = _words(
    """
    collections.namedtuple typing.NamedTuple typing.TypedDict typing.NewType typing.TypeVar
    typing.ParamSpec enum.Enum enum.IntEnum enum.Flag enum.IntFlag enum.StrEnum
    dataclasses.make_dataclass type
    """
)

# Makers of things no file can hold: qualified name -> what to call them.
UNSENDABLE = {
    "open": "file",
    "io.open": "file",
    "threading.Lock": "lock",
    "threading.RLock": "lock",
    "threading.Event": "lock",
    "threading.Condition": "lock",
    "threading.Semaphore": "lock",
    "multiprocessing.Lock": "lock",
    "threading.Thread": "lock",
    "socket.socket": "lock",
    "sqlite3.connect": "file",
    "tempfile.NamedTemporaryFile": "file",
    "tempfile.TemporaryFile": "file",
}

# Hidden state: the generator behind a module, by qualified prefix. Its name is no identifier, so
# that no variable can be taken for it.
RNG_MODULES = {
    "random": "python.random",
    "numpy.random": "numpy.random",
    "torch": "torch.random",
}
RNG_SEEDS = {
    "random.seed": "python.random",
    "random.setstate": "python.random",
    "numpy.random.seed": "numpy.random",
    "numpy.random.set_state": "numpy.random",
    "torch.manual_seed": "torch.random",
    "torch.random.manual_seed": "torch.random",
    "torch.set_rng_state": "torch.random",
}
RNG_OBJECTS = _words(
    """
    random.Random random.SystemRandom numpy.random.default_rng numpy.random.Generator
    numpy.random.RandomState numpy.random.SeedSequence numpy.random.PCG64 numpy.random.MT19937
    numpy.random.Philox numpy.random.SFC64 torch.Generator
    """
)
# Functions (of lightning, transformers and others) that seed every generator at once.
SEED_ALL = ("seed_everything", "set_seed")
HIDDEN_STATES = tuple(RNG_MODULES.values())

# Library calls that draw from numpy's global generator unless told otherwise.
NUMPY_DRAWING_METHODS = _words(
    """
    fit fit_transform fit_predict fit_resample sample rvs split
    """
)
NUMPY_DRAWING_FUNCTIONS = _words(
    """
    train_test_split cross_val_score cross_validate cross_val_predict permutation_importance
    shuffle resample make_classification make_regression make_blobs make_moons make_circles
    learning_curve validation_curve
    """
)
TORCH_DRAWING_METHODS = _words(
    """
    uniform_ normal_ random_ bernoulli bernoulli_ exponential_ geometric_ cauchy_ log_normal_
    multinomial sample rsample
    """
)
# What torch does without drawing: functions by their last name, and layers when they are called.
TORCH_QUIET_FUNCTIONS = _words(
    """
    no_grad inference_mode enable_grad set_grad_enabled tensor as_tensor from_numpy zeros ones full
    zeros_like ones_like full_like arange linspace eye stack cat save load device is_tensor sum
    mean std var max min argmax argmin abs exp log sqrt sin cos matmul mm bmm einsum where equal
    allclose isclose clamp round relu sigmoid tanh softmax log_softmax one_hot pad mse_loss l1_loss
    cross_entropy nll_loss binary_cross_entropy binary_cross_entropy_with_logits smooth_l1_loss
    is_available device_count current_device synchronize empty_cache get_num_threads
    TensorDataset Subset ConcatDataset Sequential ModuleList ModuleDict ReLU Sigmoid Tanh Softmax
    MSELoss L1Loss CrossEntropyLoss NLLLoss BCELoss BCEWithLogitsLoss SmoothL1Loss Flatten Identity
    SGD Adam AdamW RMSprop Adagrad StepLR MultiStepLR ExponentialLR CosineAnnealingLR
    ReduceLROnPlateau clip_grad_norm_ clip_grad_value_
    """
)
TORCH_QUIET_LAYERS = TORCH_QUIET_FUNCTIONS | _words(
    """
    Linear Bilinear Conv1d Conv2d Conv3d ConvTranspose1d ConvTranspose2d BatchNorm1d BatchNorm2d
    BatchNorm3d LayerNorm GroupNorm Embedding MaxPool1d MaxPool2d AvgPool1d AvgPool2d
    AdaptiveAvgPool1d AdaptiveAvgPool2d GELU LeakyReLU ELU SiLU Upsample
    """
)
# Estimators that never draw.
DETERMINISTIC_ESTIMATORS = _words(
    """
    LinearRegression Ridge Lasso ElasticNet LogisticRegression GaussianNB MultinomialNB
    BernoulliNB KNeighborsClassifier KNeighborsRegressor SVC SVR NearestCentroid
    LinearDiscriminantAnalysis QuadraticDiscriminantAnalysis StandardScaler MinMaxScaler
    MaxAbsScaler RobustScaler Normalizer OneHotEncoder OrdinalEncoder LabelEncoder
    LabelBinarizer SimpleImputer PolynomialFeatures CountVectorizer TfidfVectorizer
    TfidfTransformer Binarizer FunctionTransformer ColumnTransformer Pipeline VarianceThreshold
    SelectKBest DBSCAN AgglomerativeClustering IsotonicRegression BayesianRidge KBinsDiscretizer
    make_pipeline make_column_transformer DictVectorizer HashingVectorizer KernelRidge
    LabelPropagation NearestNeighbors PowerTransformer
    """
)

# Libraries (by prefix) whose calls draw from no hidden generator, save those named above.
NEVER_DRAWING = tuple(
    _words(
        """
        numpy pandas polars pyarrow matplotlib seaborn plotly altair IPython joblib yaml requests
        httpx tqdm rich tabulate PIL cv2 sqlalchemy duckdb fsspec openpyxl labwright papermill
        sklearn.metrics sklearn.preprocessing sklearn.datasets.load_ sklearn.datasets.fetch_
        sklearn.utils.Bunch sklearn.set_config ipywidgets networkx sympy
        """
    )
)

# Calls (by their last name, on a module) that set a global option: replayed in later steps.
OPTION_FUNCTIONS = _words(
    """
    set_option reset_option set_printoptions set_string_function seterr filterwarnings
    simplefilter resetwarnings basicConfig disable captureWarnings use style set_theme set_style
    set_palette set_context set set_theme set_default_dtype set_default_device set_num_threads
    set_config set_verbosity set_verbosity_error set_verbosity_info set_float32_matmul_precision
    use_deterministic_algorithms set_random_seed set_memory_growth enable_eager_execution
    set_image_data_format set_floatx register_matplotlib_converters setlocale setrecursionlimit
    load_dotenv chdir putenv unsetenv set_int_max_str_digits set_matplotlib_formats setcontext
    set_tbl_rows set_tbl_cols set_fmt_float register install_opener setdefaulttimeout
    set_loglevel setLoggerClass set_start_method set_mp_start_method set_global_service
    """
)
# Roots on which a changed item or attribute is process-wide state worth replaying.
OPTION_OBJECTS = _words(
    """
    os.environ sys.path matplotlib.rcParams matplotlib.pyplot.rcParams
    """
)
# Calls that give an object of which the process has one: changing it sets an option.
PROCESS_WIDE_OBJECTS = _words("logging.getLogger decimal.getcontext")
OPTION_OBJECT_METHODS = _words(
    """
    update setdefault append insert extend pop remove clear
    """
)

# Names that exist in a notebook without being bound by a cell.
NOTEBOOK_NAMES = _words(
    """
    get_ipython display In Out exit quit __name__ __doc__ __builtins__ __file__ _ __ ___ _i _ii
    _iii _ih _oh _dh _exit_code __session__ WindowsError
    """
)

# Magics whose argument (line) or body (cell) is Python run in the notebook's namespace.
PYTHON_LINE_MAGICS = _words(
    """
    time timeit prun memit mprun lprun pinfo
    """
)
PYTHON_CELL_MAGICS = _words(
    """
    time timeit prun capture memit snakeviz mprun
    """
)
# Magics whose assignments do not reach the notebook.
ISOLATED_MAGICS = _words(
    """
    timeit memit
    """
)
# Line magics that set up the session: replayed in later steps.
SESSION_MAGICS = _words(
    """
    matplotlib load_ext reload_ext autoreload config precision env set_env cd pylab colors xmode
    """
)
TEXT_CELL_MAGICS = _words(
    """
    html HTML javascript js latex markdown svg SVG
    """
)

# `df.query("a > @limit")` and friends read variables named in their text.
TEXT_EXPRESSION_METHODS = _words(
    """
    query eval
    """
)
TEXT_EXPRESSION_FUNCTIONS = _words(
    """
    pandas.eval numexpr.evaluate
    """
)
