"""Calls of code that is not in the notebook: Python's own and the libraries'."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from . import calls, dynamic, expressions, files, hidden
from .knowledge import (
    CLASS_FACTORIES,
    GENERATOR_METHODS,
    HARMLESS_PREFIXES,
    HOLDING_FUNCTIONS,
    INPLACE_KEYWORD,
    MUTATING_FUNCTIONS,
    MUTATING_METHODS,
    NUMPY_DRAWING_METHODS,
    OPTION_FUNCTIONS,
    OPTION_OBJECT_METHODS,
    OPTION_OBJECTS,
    PLAIN_BUILTINS,
    PROCESS_WIDE_OBJECTS,
    RNG_OBJECTS,
    TARGET_KEYWORDS,
    TEXT_EXPRESSION_FUNCTIONS,
    TEXT_EXPRESSION_METHODS,
    TORCH_DRAWING_METHODS,
    UNSENDABLE,
    VIEW_FUNCTIONS,
    VIEW_METHODS,
)
from .objects import NOTHING, Obj, Pts, contents, link, reach, union

if TYPE_CHECKING:
    from .calls import Arguments
    from .context import Context

_VISIBLE = ("print", "display", "show", "plot", "info", "write", "savefig", "pprint")
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
    if on_module and not hidden.never_draws(qualified, last, arguments):
        ctx.unit.may_draw = True
    if qualified in ("eval", "exec", "compile", "globals", "locals", "vars", "getattr", "super"):
        special = dynamic.call_dynamic(qualified, arguments, ctx)
        if special is not None:
            return special
    files.note_call(qualified, arguments, ctx, on_module=True)
    hidden.note_call(qualified, last, arguments, ctx)
    if on_module and _sets_option(qualified, last):
        ctx.sets_option = True
    if qualified in TEXT_EXPRESSION_FUNCTIONS:
        dynamic.read_text_argument(arguments, ctx, marked=False)
    changed = [
        arguments.positional[i]
        for i in MUTATING_FUNCTIONS.get(qualified, ())
        if i < len(arguments.positional)
    ]
    ctx.mutate(union([*changed, *_targets(arguments)]))
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
        for obj in given:
            hidden.note_use(obj, ctx)
        held = given | contents(given)
        if qualified in ("min", "max", "next"):
            return held - frozenset(obj for obj in given if obj.kind in ("container", "iterator"))
        if qualified in ("typing.cast", "vars"):
            return given
        kind = "iterator" if last in _ITERATORS else "container"
        if last not in _ITERATORS or last == "zip":
            whole = frozenset(obj for obj in given if obj.kind != "container")
            held = contents(given) | whole
        return expressions.fresh(kind, ctx, held, name=f"{qualified}()", origin=qualified)
    if qualified == "object":
        return expressions.fresh("container", ctx)
    seeded = hidden.is_seeded(last, arguments)
    if qualified in HOLDING_FUNCTIONS:
        return expressions.fresh(
            "data", ctx, given | contents(given), origin=qualified, seeded=seeded
        )
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


def _is_type_query(qualified: str, arguments: Arguments) -> bool:
    return qualified == "type" and len(arguments.positional) < 2


# -- methods ------------------------------------------------------------------------------------


def call_method(obj: Obj, name: str, arguments: Arguments, ctx: Context) -> Pts:
    """Call a method of an object nothing more is known of than its kind."""
    if not (
        obj.seeded or obj.origin in ("", "rng") or hidden.never_draws(obj.origin, name, arguments)
    ):
        ctx.unit.may_draw = True
    given = arguments.all()
    if name in _VISIBLE:
        ctx.unit.visible = True
    files.note_call(name, arguments, ctx, on_module=False)
    if name in TEXT_EXPRESSION_METHODS:
        dynamic.read_text_argument(arguments, ctx, marked=True)
    if name in NUMPY_DRAWING_METHODS and not obj.seeded and not hidden.is_seeded("", arguments):
        hidden.draw("numpy.random", ctx)
    if name in TORCH_DRAWING_METHODS and obj.origin.startswith("torch."):
        hidden.draw("torch.random", ctx)
    calls.escape(given, ctx, frozenset((obj,)))
    if obj.kind == "function":
        calls.escape(frozenset((obj,)), ctx)
    changes = _changes_receiver(obj, name, arguments)
    if changes:
        link(obj, _kept(name, arguments), ctx.now)
        # What is inside an object of a library may change with it: a fitted pipeline's parts.
        ctx.mutate(reach((obj,)) if obj.kind == "data" else (obj,))
    elif arguments.discarded and obj.kind in ("data", "instance") and not _harmless(name):
        link(obj, given, ctx.now)
        ctx.mutate(reach((obj,)))
    if obj.origin in PROCESS_WIDE_OBJECTS and arguments.discarded:
        ctx.sets_option = True
    if obj.origin == "rng" and name == "shuffle":
        ctx.mutate(union(arguments.positional[:1]))
    ctx.mutate(union(_targets(arguments)))
    if name == "copy" and obj.kind == "container":
        return _made(Obj("container"), frozenset(obj.edges), arguments, ctx)
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
    origin = "" if obj.origin == "rng" else obj.origin
    return _made(Obj("data", origin=origin, seeded=obj.seeded), NOTHING, arguments, ctx)


def _made(new: Obj, held: Pts, arguments: Arguments, ctx: Context) -> Pts:
    if arguments.made is None:
        arguments.made = frozenset((new,))
    for obj in arguments.made:
        link(obj, held, ctx.now)
    return arguments.made


def _changes_receiver(obj: Obj, name: str, arguments: Arguments) -> bool:
    if obj.kind in ("generator", "iterator", "file"):
        return True
    if obj.origin.startswith("matplotlib.") and not name.startswith(("get_", "show", "savefig")):
        return True  # whatever an axes or a figure is asked to do is drawn into it
    if obj.origin == "rng" or (obj.kind == "data" and name in GENERATOR_METHODS):
        return True
    node = arguments.node
    if node is not None:
        for keyword in node.keywords:
            if keyword.arg is None and obj.origin.startswith("pandas."):
                return True  # `**options` may hold it
            if keyword.arg == INPLACE_KEYWORD:
                return not (
                    isinstance(keyword.value, ast.Constant) and keyword.value.value is False
                )
    if name.endswith("_") and not name.endswith("__"):
        return True  # the convention of torch and scikit-image for in-place operations
    return name in MUTATING_METHODS


def _targets(arguments: Arguments) -> list[Pts]:
    """What is given by keyword to be written or drawn into."""
    return [value for name, value in arguments.keywords.items() if name in TARGET_KEYWORDS]


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


def _sets_option(qualified: str, last: str) -> bool:
    if last in OPTION_FUNCTIONS:
        return True
    parent = qualified.rpartition(".")[0]
    return parent in OPTION_OBJECTS and last in OPTION_OBJECT_METHODS
