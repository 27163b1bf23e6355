"""Cells where IPython is not installed: plain `exec`, with what notebooks use most of IPython.

The host translates IPython syntax to Python before a step is shipped, so magics arrive here as
calls on `get_ipython()`.
"""

from __future__ import annotations

import ast
import builtins
import inspect
import linecache
import os
import subprocess
import sys
import tempfile
import traceback
import types
import zlib
from typing import Any, Callable, Dict, List, Optional, Tuple

from .outputs import Recorder

REPRESENTATIONS = (
    ("_repr_html_", "text/html"),
    ("_repr_markdown_", "text/markdown"),
    ("_repr_svg_", "image/svg+xml"),
    ("_repr_png_", "image/png"),
    ("_repr_jpeg_", "image/jpeg"),
    ("_repr_latex_", "text/latex"),
    ("_repr_json_", "application/json"),
    ("_repr_javascript_", "application/javascript"),
)


class StdinNotImplementedError(NotImplementedError):
    """`input()` in a notebook that nobody sits in front of."""


class UsageError(Exception):
    """A magic that cannot work here."""


def code_name(source: str) -> str:
    digest = zlib.crc32(source.encode("utf-8", "surrogatepass"))
    return os.path.join(tempfile.gettempdir(), "labwright", "%d.py" % digest)


class PlainShell:
    """Runs cells in a namespace; what `get_ipython()` gives to translated magics."""

    def __init__(self, module: types.ModuleType, recorder: Recorder) -> None:
        self.user_ns: Dict[str, Any] = module.__dict__
        self.recorder = recorder
        self.execution_count = 1
        self._loop: Any = None
        self.user_ns.setdefault("__builtins__", builtins)
        self.user_ns.update(In=[""], Out={}, _="", __="", ___="")
        self.user_ns["get_ipython"] = lambda: self
        self.user_ns["display"] = self.display

    # -- cells ---------------------------------------------------------------------------------

    def run(self, source: str, python: str) -> Optional[Tuple[str, str, List[str]]]:
        """Run one cell; gives (name, text, traceback) of what it raised."""
        name = code_name(source)
        lines = python.splitlines(keepends=True)
        linecache.cache[name] = (len(python), None, lines, name)
        saved = builtins.input
        builtins.input = _refuse_input
        try:
            self._run(python, name)
        except BaseException as error:
            shown = self._traceback(error, name)
            text = type(error).__name__, str(error), shown
            self.recorder.error(*text)
            return text
        finally:
            builtins.input = saved
            self.user_ns["In"].append(source)
            self.execution_count += 1
        return None

    def _run(self, python: str, name: str) -> None:
        flags = getattr(ast, "PyCF_ALLOW_TOP_LEVEL_AWAIT", 0)
        tree = compile(python, name, "exec", ast.PyCF_ONLY_AST | flags, dont_inherit=True)
        last: Optional[ast.Expression] = None
        if tree.body and isinstance(tree.body[-1], ast.Expr) and not _ends_quiet(python):
            last = ast.Expression(tree.body.pop().value)
        if tree.body:
            self._evaluate(compile(tree, name, "exec", flags, dont_inherit=True))
        if last is not None:
            value = self._evaluate(compile(last, name, "eval", flags, dont_inherit=True))
            if value is not None:
                self._result(value)

    def _evaluate(self, code: types.CodeType) -> Any:
        value = eval(code, self.user_ns)
        if code.co_flags & inspect.CO_COROUTINE:
            import asyncio

            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                asyncio.set_event_loop(self._loop)
            value = self._loop.run_until_complete(value)
        return value

    def _result(self, value: Any) -> None:
        ns = self.user_ns
        ns["___"], ns["__"], ns["_"] = ns["__"], ns["_"], value
        ns["Out"][self.execution_count] = ns["_%d" % self.execution_count] = value
        data, metadata = represent(value)
        _flush()
        if data:
            self.recorder.result(self.execution_count, data, metadata)

    def _traceback(self, error: BaseException, name: str) -> List[str]:
        frames = error.__traceback__
        here = PlainShell.run.__code__.co_filename
        while frames is not None and frames.tb_frame.f_code.co_filename == here:
            frames = frames.tb_next
        shown = traceback.format_exception(type(error), error, frames)
        return [line.replace(name, "Cell In[%d]" % self.execution_count) for line in shown]

    # -- display -------------------------------------------------------------------------------

    def display(
        self,
        *values: Any,
        include: Any = None,
        exclude: Any = None,
        metadata: Optional[Dict[str, Any]] = None,
        raw: bool = False,
        display_id: Any = None,
        **kwargs: Any,
    ) -> Optional[DisplayHandle]:
        """`IPython.display.display` for values that carry their own representations."""
        handle = None
        if display_id is not None:
            name = os.urandom(16).hex() if display_id is True else str(display_id)
            handle = DisplayHandle(self, name)
        for value in values:
            data, described = (value, {}) if raw else represent(value)
            for mime in [m for m in data if (include and m not in include) or m in (exclude or ())]:
                del data[mime]
            _flush()
            self.recorder.display(
                data,
                dict(described, **(metadata or {})),
                handle.display_id if handle else None,
                bool(kwargs.get("update")),
            )
        return handle

    # -- what translated IPython syntax calls ----------------------------------------------------

    def system(self, command: str) -> None:
        _flush()
        process = subprocess.run(
            self.expand(command), shell=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        sys.stdout.write(process.stdout.decode("utf-8", "replace"))
        self.user_ns["_exit_code"] = process.returncode

    def getoutput(self, command: str, split: bool = True) -> Any:
        done = subprocess.run(
            self.expand(command), shell=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        text = done.stdout.decode("utf-8", "replace")
        return text.splitlines() if split else text

    def expand(self, text: str) -> str:
        """Fill in `{expression}` and `$name` from the namespace, leaving what is not there."""
        import re

        def fill(match: Any) -> str:
            if match.group(0) in ("$$", "{{", "}}"):
                return str(match.group(0)[0])
            try:
                return str(eval(match.group(1) or match.group(2), self.user_ns))
            except Exception:
                return str(match.group(0))

        return re.sub(r"\$\$|\{\{|\}\}|\{([^{}]+)\}|\$([A-Za-z_]\w*)", fill, text)

    def run_line_magic(self, name: str, line: str, *args: Any, **kwargs: Any) -> Any:
        return self._magic("%", name)(self, self.expand(line))

    def run_cell_magic(self, name: str, line: str, cell: str) -> Any:
        return self._magic("%%", name)(self, self.expand(line), cell)

    magic = run_line_magic

    def _magic(self, mark: str, name: str) -> Callable[..., Any]:
        from . import magics

        table = magics.LINE if mark == "%" else magics.CELL
        if name not in table:
            raise UsageError(
                "%s%s needs IPython, which this step's environment does not have "
                "(add ipython to the step's image)" % (mark, name)
            )
        return table[name]


class DisplayHandle:
    """What `display(..., display_id=...)` gives: shows something else in the same place."""

    def __init__(self, shell: PlainShell, display_id: str) -> None:
        self._shell = shell
        self.display_id = display_id

    def display(self, value: Any, **kwargs: Any) -> None:
        self._shell.display(value, display_id=self.display_id, **kwargs)

    def update(self, value: Any, **kwargs: Any) -> None:
        self._shell.display(value, display_id=self.display_id, update=True, **kwargs)


def represent(value: Any) -> Tuple[Dict[str, Any], Dict[str, Any]]:
    """The value's rich representations by media type, and their metadata."""
    data: Dict[str, Any] = {"text/plain": _text(value)}
    metadata: Dict[str, Any] = {}
    if isinstance(value, type):
        return data, metadata
    bundle = getattr(value, "_repr_mimebundle_", None)
    if callable(bundle):
        try:
            given = bundle()
        except Exception:
            given = None
        if isinstance(given, tuple):
            metadata.update(given[1])
            given = given[0]
        data.update(given or {})
    for method, mime in REPRESENTATIONS:
        show = getattr(value, method, None)
        if mime in data or not callable(show):
            continue
        try:
            shown = show()
        except NotImplementedError:
            continue
        except Exception:
            traceback.print_exc()
            continue
        if isinstance(shown, tuple):
            shown, metadata[mime] = shown
        if shown is not None:
            data[mime] = shown
    return data, metadata


def _text(value: Any) -> str:
    if type(value) in (dict, list, tuple, set, frozenset):
        import pprint

        return pprint.pformat(value, width=79, sort_dicts=False)
    return repr(value)


def _ends_quiet(python: str) -> bool:
    """Whether the last expression ends in a semicolon, which hides its value."""
    import io
    import tokenize

    last = ""
    try:
        for token in tokenize.generate_tokens(io.StringIO(python).readline):
            if token.type in (tokenize.OP, tokenize.NAME, tokenize.NUMBER, tokenize.STRING):
                last = token.string
    except (tokenize.TokenError, SyntaxError):
        return False
    return last == ";"


def _refuse_input(prompt: object = "") -> str:
    raise StdinNotImplementedError(
        "raw_input was called, but this frontend does not support input requests."
    )


def _flush() -> None:
    sys.stdout.flush()
    sys.stderr.flush()
