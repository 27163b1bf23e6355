"""Classes written in the notebook: making them, their instances, their methods."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from . import calls, expressions, library, statements
from .frames import Frame, scope_names
from .knowledge import CALLBACKS
from .objects import NOTHING, Obj, Pts, link, union

if TYPE_CHECKING:
    from .context import Context


CONSTRUCTION = ("__new__", "__init__", "__init_subclass__", "__class_getitem__")


def make_class(node: ast.ClassDef, frame: Frame | None, ctx: Context) -> Obj:
    """The object a `class` statement makes; its body runs now."""
    bases = union([expressions.evaluate(base, frame, ctx) for base in node.bases])
    for keyword in node.keywords:
        expressions.evaluate(keyword.value, frame, ctx)
    obj = Obj("class", node.name, node=node, bases=tuple(b for b in bases if b.kind == "class"))
    obj.origin = next((b.name for b in bases if b.kind == "import"), "")
    scope = scope_names(node)
    inner = Frame(scope.bound, scope.declared, frame, is_class=True)
    statements.run_body(node.body, inner, ctx)
    obj.attrs = inner.values
    for value in inner.values.values():
        link(obj, frozenset(o for o in value if o.kind != "function"), ctx.now)
    for base in obj.bases:
        for hook in class_attribute(base, "__init_subclass__") or ():
            if hook.kind == "function" and hook.node is not None:
                calls.call_function(hook, [frozenset((obj,))], {}, ctx, method_of=base)
    return obj


def class_attribute(cls: Obj, name: str) -> Pts | None:
    """An attribute of a class or of the bases written in the notebook."""
    if name in cls.attrs:
        return cls.attrs[name]
    for base in cls.bases:
        found = class_attribute(base, name)
        if found is not None:
            return found
    return None


def methods(cls: Obj) -> list[Obj]:
    own = [
        o
        for value in cls.attrs.values()
        for o in value
        if o.kind == "function" and o.node is not None
    ]
    return own + [method for base in cls.bases for method in methods(base)]


def library_base(cls: Obj) -> str:
    """The library's class that it is made from, directly or not; empty where there is none."""
    return cls.origin or next(filter(None, map(library_base, cls.bases)), "")


def call_overrides(obj: Obj, name: str, arguments: calls.Arguments, ctx: Context) -> None:
    """Calling `name`, which the library's base class has, may call what overrides its methods."""
    assert obj.cls is not None
    base = library_base(obj.cls)
    if not base:
        return
    known = next((table for prefix, table in CALLBACKS.items() if base.startswith(prefix)), None)
    called = CONSTRUCTION if known is None else known.get(name, ())
    given: list[Pts] = [frozenset((obj,))]
    if known is not None:
        given += arguments.positional
    for method in methods(obj.cls):
        if (method.name in called) == (known is not None):
            calls.call_function(method, given, {}, ctx, spread=arguments.all(), method_of=obj.cls)


def note_class_read(cls: Obj, ctx: Context) -> None:
    """What a class holds counts as data of its name: using an instance reads it."""
    bound = ctx.names.get(cls.name)
    if bound is not None and cls in bound.pts:
        ctx.read(cls.name)


def instantiate(cls: Obj, arguments: calls.Arguments, ctx: Context) -> Pts:
    instance = Obj("instance", cls.name, cls=cls, origin=cls.origin)
    me = frozenset((instance,))
    written = False
    for method in ("__new__", "__init__", "__post_init__"):
        found = class_attribute(cls, method)
        for function in found or ():
            if function.kind == "function" and function.node is not None:
                written = written or method != "__post_init__"
                calls.call_function(
                    function,
                    [me, *arguments.positional],
                    arguments.keywords,
                    ctx,
                    arguments.spread,
                    method_of=cls,
                )
    if not written:  # a dataclass, a named tuple, a base from a library: it keeps what it is given
        link(instance, arguments.all(), ctx.now)
        for value in cls.attrs.values():
            link(instance, frozenset(o for o in value if o.kind in ("data", "container")), ctx.now)
    return me


def _decorated_as(function: Obj, name: str) -> bool:
    return any(
        isinstance(d, ast.Name) and d.id == name
        for d in getattr(function.node, "decorator_list", [])
    )


def call_method(
    base: Pts,
    name: str,
    positional: list[Pts] | None = None,
    keywords: dict[str, Pts] | None = None,
    ctx: Context | None = None,
    *,
    arguments: calls.Arguments | None = None,
) -> Pts:
    """Call a method on whatever the value may be."""
    assert ctx is not None
    if arguments is None:
        arguments = calls.Arguments(positional or [], keywords or {})
    if not base:
        return library.call_plain_method(name, arguments, ctx)
    results: list[Pts] = []
    for obj in base:
        if obj.kind == "builtin" and arguments.positional:  # list.append(numbers, 1)
            rest = calls.Arguments(arguments.positional[1:], arguments.keywords, arguments.spread)
            results.append(call_method(arguments.positional[0], name, arguments=rest, ctx=ctx))
            continue
        cls = obj if obj.kind == "class" else obj.cls
        found = class_attribute(cls, name) if cls is not None else None
        if found is None and obj.kind == "instance":
            # A callable kept in an attribute, or a method of a library's base class.
            found = frozenset(o for o in obj.edges if o.kind in ("function", "class")) or None
            if found is not None and class_attribute(obj.cls, name) is None:  # type: ignore[arg-type]
                results.extend(calls.call_object(o, arguments, ctx) for o in found)
                found = None
        if found is not None and cls is not None:
            note_class_read(cls, ctx)
            results.extend(_call_found(obj, cls, held, arguments, ctx) for held in found)
        elif obj.kind != "class":
            if obj.kind == "instance":
                call_overrides(obj, name, arguments, ctx)
            if obj.kind != "instance" or not name.startswith("__"):
                results.append(library.call_method(obj, name, arguments, ctx))
    return union(results)


def _call_found(obj: Obj, cls: Obj, held: Obj, arguments: calls.Arguments, ctx: Context) -> Pts:
    if held.kind != "function" or held.node is None:
        return calls.call_object(held, arguments, ctx)
    first: list[Pts] = [frozenset((obj,))]
    if _decorated_as(held, "staticmethod") or (
        obj.kind == "class" and not _decorated_as(held, "classmethod")
    ):
        first = []
    elif _decorated_as(held, "classmethod"):
        first = [frozenset((cls,))]
    return calls.call_function(
        held,
        first + arguments.positional,
        arguments.keywords,
        ctx,
        arguments.spread,
        method_of=cls,
    )


def is_super(node: ast.expr) -> bool:
    return (
        isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "super"
    )


def call_super(node: ast.Call, name: str, frame: Frame | None, ctx: Context) -> Pts:
    arguments = calls.evaluate_arguments(node, frame, ctx, discarded=False)
    while frame is not None and frame.method_of is None:
        frame = frame.parent
    if frame is None or frame.method_of is None:
        return NOTHING
    results: list[Pts] = []
    for base in frame.method_of.bases:
        for held in class_attribute(base, name) or ():
            if held.kind == "function" and held.node is not None:
                results.append(
                    calls.call_function(
                        held,
                        [frame.receiver, *arguments.positional],
                        arguments.keywords,
                        ctx,
                        arguments.spread,
                        method_of=base,
                    )
                )
    if not results:  # a library's base class keeps what it is given
        for obj in frame.receiver:
            link(obj, arguments.all(), ctx.now)
    return union(results)


def call_operator(operands: Pts, operation: str, ctx: Context) -> None:
    """An operator on instances of the notebook's classes runs their special methods."""
    if not operation:
        return
    for obj in operands:
        if obj.kind == "instance" and obj.cls is not None:
            for method in (
                f"__{operation}__",
                f"__r{operation}__",
                "__str__",
                "__repr__",
                "__hash__",
            ):
                for held in class_attribute(obj.cls, method) or ():
                    if held.kind == "function" and held.node is not None:
                        me: list[Pts] = [frozenset((obj,)), operands]
                        calls.call_function(held, me, {}, ctx, method_of=obj.cls)
