"""IPython syntax, which IPython's own transformer has turned into calls on `get_ipython()`."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from . import dynamic, expressions, files, statements
from .knowledge import (
    ISOLATED_MAGICS,
    PYTHON_CELL_MAGICS,
    PYTHON_LINE_MAGICS,
    SESSION_MAGICS,
    TEXT_CELL_MAGICS,
)
from .objects import NOTHING, Pts

if TYPE_CHECKING:
    from .context import Context

_SHELL_NAMES = re.compile(r"\{([^{}]*)\}|(?<![\\$])\$([A-Za-z_]\w*)")


def evaluate_magic(node: ast.Call, ctx: Context) -> Pts | None:
    """Walk a magic or a shell line; None when the call is neither."""
    function = node.func
    if not (isinstance(function, ast.Attribute) and _is_get_ipython(function.value)):
        return None
    texts = [
        arg.value
        for arg in node.args
        if isinstance(arg, ast.Constant) and isinstance(arg.value, str)
    ]
    if function.attr in ("system", "getoutput", "getoutput_shell") and texts:
        shell(texts[0], ctx)
        return NOTHING if function.attr == "system" else expressions.fresh("container", ctx)
    if function.attr in ("run_line_magic", "magic") and texts:
        name, line = (
            (texts[0], "".join(texts[1:2]))
            if function.attr == "run_line_magic"
            else _split(texts[0])
        )
        return _line_magic(name, line, ctx)
    if function.attr == "run_cell_magic" and len(texts) >= 3:
        return _cell_magic(texts[0], texts[1], texts[2], ctx)
    return None


def _is_get_ipython(node: ast.expr) -> bool:
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "get_ipython"
    )


def _split(text: str) -> tuple[str, str]:
    name, _, line = text.partition(" ")
    return name, line


def shell(text: str, ctx: Context) -> None:
    """A shell line: the variables it names, and files it may read and write."""
    ctx.unit.visible = True
    read_names(text, ctx)
    ctx.unit.files.append(files.FileUse("read", None))
    ctx.unit.files.append(files.FileUse("write", None))


def read_names(text: str, ctx: Context) -> None:
    for braced, plain in _SHELL_NAMES.findall(text):
        if plain:
            if plain in ctx.names:
                ctx.read(plain)
        else:
            dynamic.evaluate_text(braced, ctx)


def _line_magic(name: str, line: str, ctx: Context) -> Pts:
    ctx.unit.visible = True
    if name in PYTHON_LINE_MAGICS:
        _run_text(_without_options(line), ctx, isolated=name in ISOLATED_MAGICS)
    elif name in SESSION_MAGICS:
        ctx.sets_option = True
        read_names(line, ctx)
        if name == "cd" and line.split():
            ctx.unit.files.append(files.FileUse("read", line.split()[-1]))
        if name == "pylab":
            ctx.star_modules.append((ctx.now, "pylab"))
    elif name in ("system", "sx", "!", "bash", "sh"):
        shell(line, ctx)
    elif name in ("run", "store", "macro", "sql", "R", "rerun", "recall", "load"):
        dynamic.note_dynamic(f"%{name}", ctx)
        shell(line, ctx)
    elif name in ("pip", "conda", "mamba", "uv"):
        pass
    else:
        _read_any(line, ctx)
    return NOTHING


def _cell_magic(name: str, line: str, body: str, ctx: Context) -> Pts:
    ctx.unit.visible = True
    if name in PYTHON_CELL_MAGICS:
        if name == "timeit":
            _run_text(_without_options(line), ctx, isolated=True)
        _run_text(body, ctx, isolated=name in ISOLATED_MAGICS)
        if name == "capture":
            target = next((word for word in line.split() if not word.startswith("-")), None)
            if target:
                ctx.bind(target, expressions.fresh("data", ctx))
    elif name in ("bash", "sh", "script", "!", "sx", "system", "cmd", "perl", "ruby"):
        shell(body, ctx)
        for target in re.findall(r"--(?:out|err)\s+(\w+)", line):
            ctx.bind(target, NOTHING)
    elif name in ("writefile", "file"):
        path = line.split()[-1] if line.split() else None
        read_names(line, ctx)
        ctx.unit.files.append(files.FileUse("write", path if path and "{" not in path else None))
    elif name not in TEXT_CELL_MAGICS:
        dynamic.note_dynamic(f"%%{name}", ctx)
        _read_any(f"{line}\n{body}", ctx)
    return NOTHING


def _without_options(line: str) -> str:
    words = line.split(" ")
    while words and words[0].startswith("-"):
        flag = words.pop(0)
        if flag in ("-n", "-r", "-p", "-t", "-l") and words:
            words.pop(0)
    return " ".join(words)


def _run_text(text: str, ctx: Context, *, isolated: bool) -> None:
    try:
        body = ast.parse(text).body
    except SyntaxError:
        _read_any(text, ctx)
        return

    def run() -> bool:
        statements.run_top(body, ctx)
        return isolated

    if isolated:
        # What it binds does not reach the notebook; what it changes in place does.
        before = set(ctx.unit.modified)
        ctx.branches([run], may_skip=True)
        for node in body:
            for name in _bound_names(node):
                if name not in before:
                    ctx.unit.modified.pop(name, None)
    else:
        run()


def _bound_names(node: ast.stmt) -> set[str]:
    return {
        child.id
        for child in ast.walk(node)
        if isinstance(child, ast.Name) and isinstance(child.ctx, ast.Store)
    }


def _read_any(text: str, ctx: Context) -> None:
    """A magic nobody knows: it may read any variable whose name stands in its text."""
    for name in re.findall(r"[A-Za-z_]\w*", text):
        if name in ctx.names:
            ctx.read(name)
