"""Calls of code that is not in the notebook: Python's own and the libraries'."""

from __future__ import annotations

import ast
import re
import sys
from typing import TYPE_CHECKING

from . import calls, expressions, files
from .knowledge import (
    CLASS_FACTORIES,
    DETERMINISTIC_ESTIMATORS,
    GENERATOR_METHODS,
    HARMLESS_PREFIXES,
    INPLACE_KEYWORD,
    MUTATING_FUNCTIONS,
    MUTATING_METHODS,
    NEVER_DRAWING,
    NUMPY_DRAWING_FUNCTIONS,
    NUMPY_DRAWING_METHODS,
    OPTION_FUNCTIONS,
    OPTION_OBJECT_METHODS,
    OPTION_OBJECTS,
    OUT_KEYWORD,
    PLAIN_BUILTINS,
    RNG_MODULES,
    RNG_OBJECTS,
    RNG_SEEDS,
    SEED_ALL,
    TEXT_EXPRESSION_FUNCTIONS,
    TEXT_EXPRESSION_METHODS,
    UNSENDABLE,
    VIEW_FUNCTIONS,
    VIEW_METHODS,
)
from .objects import NOTHING, Obj, Pts, contents, link, reach, union

if TYPE_CHECKING:
    from .calls import Arguments
    from .context import Context

_VISIBLE = ("print", "display", "show", "plot", "info", "write", "savefig", "pprint")
_ALIASES = {"np": "numpy", "pd": "pandas", "plt": "matplotlib.pyplot"}
# What moves on when it is read, but can be handed from step to step.
_ITERATORS = (
    *("iter", "enumerate", "zip", "map", "filter", "reversed"),
    *("chain", "cycle", "islice", "tee", "groupby", "starmap"),
)
# Binding a literal container's methods that keep what they are given.
_KEEPING = frozenset(
    (
        "append",
        "extend",
        "insert",
        "add",
        "update",
        "setdefault",
        "appendleft",
        "extendleft",
        "put",
        "push",
    )
)


def call(qualified: str, arguments: Arguments, ctx: Context) -> Pts:
    """Call a function by its qualified name (`numpy.random.seed`) or a builtin."""
    last = qualified.rpartition(".")[2]
    on_module = "." in qualified
    if last in _VISIBLE or last.startswith("print"):
        ctx.unit.visible = True
    if on_module and not _never_draws(qualified, last, arguments):
        ctx.unit.may_draw = True
    if qualified in ("eval", "exec", "compile", "globals", "locals", "vars", "getattr", "super"):
        special = _dynamic(qualified, arguments, ctx)
        if special is not None:
            return special
    files.note_call(qualified, arguments, ctx, on_module=True)
    _note_hidden_state(qualified, last, arguments, ctx)
    if on_module and _sets_option(qualified, last):
        ctx.sets_option = True
    if qualified in TEXT_EXPRESSION_FUNCTIONS:
        _read_text_argument(arguments, ctx, marked=False)
    changed = [
        arguments.positional[i]
        for i in MUTATING_FUNCTIONS.get(qualified, ())
        if i < len(arguments.positional)
    ]
    ctx.mutate(union([*changed, arguments.keywords.get(OUT_KEYWORD, NOTHING)]))
    if qualified in ("heapq.heappush", "bisect.insort", "setattr", "operator.setitem"):
        for obj in union(changed):
            link(obj, union(arguments.positional[1:]), ctx.now)
    calls.escape(arguments.all(), ctx)
    if (
        on_module
        and arguments.discarded
        and not changed
        and not ctx.sets_option
        and not _harmless(last)
    ):
        _maybe_changed(qualified, arguments.all(), ctx)
    return _result(qualified, last, arguments, ctx)


def _result(qualified: str, last: str, arguments: Arguments, ctx: Context) -> Pts:
    if qualified in UNSENDABLE:
        return expressions.fresh(UNSENDABLE[qualified], ctx, name=f"{qualified}()")
    if qualified in PLAIN_BUILTINS:
        return NOTHING
    given = arguments.all()
    if qualified in CLASS_FACTORIES:
        return (
            expressions.fresh("class", ctx, name=last)
            if not _is_type_query(qualified, arguments)
            else NOTHING
        )
    if qualified in RNG_OBJECTS:
        return expressions.fresh("data", ctx, origin="rng")
    if qualified in VIEW_FUNCTIONS:
        held = given | contents(given)
        if qualified in ("min", "max", "next"):
            return held - frozenset(obj for obj in given if obj.kind in ("container", "iterator"))
        if qualified == "typing.cast":
            return given
        kind = "iterator" if last in _ITERATORS else "container"
        if last not in _ITERATORS or last == "zip":
            whole = frozenset(obj for obj in given if obj.kind != "container")
            held = contents(given) | whole
        return expressions.fresh(kind, ctx, held, name=f"{qualified}()")
    if not on_qualified(qualified) and qualified in ("object", "dict", "list", "set"):
        return expressions.fresh("container", ctx)
    seeded = _is_seeded(last, arguments)
    # A class of a library keeps what it is given; a function gives something new.
    if last[:1].isupper():
        held = frozenset(obj for obj in given if obj.kind != "data" or obj.origin != "array")
        return expressions.fresh("data", ctx, held, origin=qualified, seeded=seeded)
    functions = (
        frozenset(obj for obj in given if obj.kind in ("function", "class"))
        if "partial" in last
        else NOTHING
    )
    return expressions.fresh("data", ctx, functions, origin=qualified, seeded=seeded)


def on_qualified(qualified: str) -> bool:
    return "." in qualified


def _is_type_query(qualified: str, arguments: Arguments) -> bool:
    return qualified == "type" and len(arguments.positional) < 2


def _is_seeded(last: str, arguments: Arguments) -> bool:
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


# -- methods ------------------------------------------------------------------------------------


def call_method(obj: Obj, name: str, arguments: Arguments, ctx: Context) -> Pts:
    """Call a method of an object nothing more is known of than its kind."""
    if not (obj.seeded or obj.origin in ("", "rng") or _never_draws(obj.origin, name, arguments)):
        ctx.unit.may_draw = True
    given = arguments.all()
    if name in _VISIBLE:
        ctx.unit.visible = True
    files.note_call(name, arguments, ctx, on_module=False)
    if name in TEXT_EXPRESSION_METHODS:
        _read_text_argument(arguments, ctx, marked=True)
    if name in NUMPY_DRAWING_METHODS and not obj.seeded and not _is_seeded("", arguments):
        draw("numpy.random", ctx)
    calls.escape(given, ctx, frozenset((obj,)))
    if obj.kind == "function":
        calls.escape(frozenset((obj,)), ctx)
    changes = _changes_receiver(obj, name, arguments)
    if changes:
        link(obj, _kept(name, arguments), ctx.now)
        ctx.mutate((obj,))
    elif arguments.discarded and obj.kind in ("data", "instance") and not _harmless(name):
        link(obj, given, ctx.now)
        ctx.mutate(reach((obj,)))
    if obj.origin == "rng" and name == "shuffle":
        ctx.mutate(union(arguments.positional[:1]))
    ctx.mutate(arguments.keywords.get(OUT_KEYWORD, NOTHING))
    if name == "copy" and obj.kind == "container":
        return expressions.fresh("container", ctx, frozenset(obj.edges))
    if name in VIEW_METHODS:
        if obj.kind in ("container", "generator", "iterator"):
            return (
                frozenset(obj.edges)
                if name not in ("items", "keys", "values")
                else frozenset((obj,))
            )
        return frozenset((obj,)) | frozenset(obj.edges)
    if name.startswith("group") or name in ("rolling", "pipe"):
        return frozenset((obj,))
    return expressions.fresh(
        "data", ctx, origin=obj.origin if obj.origin != "rng" else "", seeded=obj.seeded
    )


def _changes_receiver(obj: Obj, name: str, arguments: Arguments) -> bool:
    if obj.kind in ("generator", "iterator", "file"):
        return True
    if obj.origin == "rng" or (
        name in GENERATOR_METHODS
        and obj.origin == ""
        and obj.kind == "data"
        and name in ("shuffle",)
    ):
        return True
    node = arguments.node
    if node is not None:
        for keyword in node.keywords:
            if keyword.arg == INPLACE_KEYWORD:
                return not (
                    isinstance(keyword.value, ast.Constant) and keyword.value.value is False
                )
    if name.endswith("_") and not name.endswith("__"):
        return True  # the convention of torch and scikit-image for in-place operations
    return name in MUTATING_METHODS


def _kept(name: str, arguments: Arguments) -> Pts:
    given = arguments.all()
    if name in ("extend", "update", "extendleft"):
        return given | contents(given)
    return given if name in _KEEPING or name.startswith(("add", "set", "register")) else NOTHING


def call_plain_method(name: str, arguments: Arguments, ctx: Context) -> Pts:
    """A method of a plain value (text, a number) or of something nothing is known of."""
    given = arguments.all()
    files.note_call(name, arguments, ctx, on_module=False)
    calls.escape(given, ctx)
    if name in ("split", "rsplit", "splitlines", "partition", "findall", "tolist"):
        return expressions.fresh("container", ctx)
    return expressions.fresh("data", ctx) if given else NOTHING


def _harmless(name: str) -> bool:
    return name.lstrip("_").startswith(HARMLESS_PREFIXES)


def _maybe_changed(what: str, given: Pts, ctx: Context) -> None:
    """A call whose result nobody wants is there for what it does: perhaps to its arguments."""
    targets = [obj for obj in reach(given) if obj.kind in ("data", "container", "instance")]
    affected = {
        name
        for obj in targets
        for name in obj.names
        if name in ctx.names and obj in ctx.names[name].pts
    }
    ctx.mutate(targets)
    if affected:
        listed = ", ".join(f"`{name}`" for name in sorted(affected))
        ctx.remark(
            "info",
            "possible-mutation",
            f"{what}() may change {listed}: later steps take {listed} from this step",
        )


# -- hidden state -------------------------------------------------------------------------------


def _note_hidden_state(qualified: str, last: str, arguments: Arguments, ctx: Context) -> None:
    if qualified in RNG_OBJECTS:
        return
    state = RNG_SEEDS.get(qualified)
    if state is not None:
        ctx.bind(state, frozenset((Obj("data", state),)))
        return
    if last in ("seed_everything", "set_seed") and qualified.partition(".")[0] not in ("self",):
        for state in SEED_ALL["transformers.set_seed"]:
            ctx.bind(state, frozenset((Obj("data", state),)))
        return
    for prefix, state in RNG_MODULES.items():
        if qualified.startswith(prefix + "."):
            draw(state, ctx)
    if last in NUMPY_DRAWING_FUNCTIONS and not _is_seeded("", arguments):
        draw("numpy.random", ctx)


def _never_draws(qualified: str, last: str, arguments: Arguments) -> bool:
    """Whether a library's code surely leaves the hidden generators alone."""
    root = qualified.partition(".")[0]
    if root in sys.stdlib_module_names or qualified.startswith(NEVER_DRAWING):
        return True
    return _is_seeded(last, arguments)


def draw(state: str, ctx: Context) -> None:
    """A number is drawn from a generator nobody names; it matters only once it was seeded."""
    bound = ctx.names.get(state)
    if bound is not None:
        ctx.read(state)
        ctx.mutate(bound.pts)


def _sets_option(qualified: str, last: str) -> bool:
    if last in OPTION_FUNCTIONS:
        return True
    parent = qualified.rpartition(".")[0]
    return parent in OPTION_OBJECTS and last in OPTION_OBJECT_METHODS


# -- code made at run time ----------------------------------------------------------------------


def _dynamic(name: str, arguments: Arguments, ctx: Context) -> Pts | None:
    node = arguments.node
    if node is None:
        return None
    text = node.args[0] if node.args else None
    if name in ("eval", "exec", "compile"):
        if isinstance(text, ast.Constant) and isinstance(text.value, str):
            if name != "compile":
                return evaluate_text(text.value, ctx)
        else:
            note_dynamic(f"{name}()", ctx)
        return expressions.fresh("data", ctx)
    if name in ("globals", "locals", "vars") and not node.args:
        note_dynamic(f"{name}()", ctx)
        return union([bound.pts for bound in ctx.names.values()])
    if name == "getattr" and len(node.args) >= 2:
        key = node.args[1]
        base = arguments.positional[0] if arguments.positional else NOTHING
        if isinstance(key, ast.Constant) and isinstance(key.value, str):
            return expressions.attribute(base, key.value, ctx)
        return base | contents(base)
    return None


def evaluate_text(text: str, ctx: Context) -> Pts:
    """Code in a literal string, walked as if it stood there."""
    from . import statements

    try:
        tree = ast.parse(text.strip(), mode="exec")
    except SyntaxError:
        return NOTHING
    if len(tree.body) == 1 and isinstance(tree.body[0], ast.Expr):
        return expressions.evaluate(tree.body[0].value, None, ctx)
    statements.run_top(tree.body, ctx)
    return NOTHING


def note_dynamic(what: str, ctx: Context) -> None:
    """Code the analysis cannot see: assume that it reads and changes every variable there is."""
    ctx.unit.dynamic = ctx.cell if ctx.unit.dynamic is None else ctx.unit.dynamic
    for name, bound in list(ctx.names.items()):
        ctx.read(name)
        ctx.mutate([obj for obj in bound.pts if obj.kind in ("data", "container", "instance")])
        if all(obj.kind not in ("import", "function", "class") for obj in bound.pts):
            ctx.bind(name, bound.pts, sure=False)
    ctx.remark(
        "warning",
        "dynamic-code",
        f"{what} runs code that cannot be seen here: assumed that it reads and may change every "
        "variable bound so far, and that names bound nowhere else come from it",
    )


_MARKED = re.compile(r"@([A-Za-z_]\w*)")


def _read_text_argument(arguments: Arguments, ctx: Context, *, marked: bool) -> None:
    node = arguments.node
    if node is None or not node.args:
        return
    text = node.args[0]
    if isinstance(text, ast.Constant) and isinstance(text.value, str):
        pattern = _MARKED if marked else re.compile(r"\b([A-Za-z_]\w*)\b")
        for name in pattern.findall(text.value):
            if name in ctx.names:
                ctx.read(name)


def star_import(module: str, ctx: Context) -> None:
    """`from module import *`: bind what the module exports, or say that it cannot be known."""
    names = ctx.star_names(module)
    if names is not None:
        for name in names:
            ctx.bind(name, frozenset((expressions.imported(f"{module}.{name}", ctx),)))
        return
    ctx.star_modules.append((ctx.now, module))
    for name, bound in list(ctx.names.items()):
        if all(obj.kind not in ("import", "function", "class") for obj in bound.pts):
            ctx.read(name)
            ctx.bind(name, bound.pts, sure=False)
    ctx.remark(
        "info",
        "star-import",
        f"what `from {module} import *` binds cannot be known here: assumed that it may re-bind "
        "any variable, and that names bound nowhere else come from it",
    )
