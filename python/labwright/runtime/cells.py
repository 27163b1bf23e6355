"""Runs a notebook's cells in this process and records what each shows.

IPython is imported when the first cell runs; where it is not installed, plain `exec` takes over.
"""

from __future__ import annotations

import sys
import types
from typing import Any, Dict, List, NamedTuple, Optional

from .outputs import Output, Recorder
from .streams import Capture


class CellError(NamedTuple):
    """What a cell raised. `traceback` is as in the notebook file: lines, with colours."""

    ename: str
    evalue: str
    traceback: List[str]


class CellResult(NamedTuple):
    """What a cell left. `outputs` is live: a later cell may still update a display in it.

    A blank cell is not run and has no count, as in Jupyter. `exit` says the cell called `exit()`:
    it ended well, and the notebook stops after it.
    """

    outputs: List[Output]
    error: Optional[CellError]
    execution_count: Optional[int]
    exit: bool = False


class CellRunner:
    """One notebook's session: a fresh `__main__`, and cells run in it one after another.

    Args:
        tee: pass what cells print on to the process's own stdout and stderr, live.
        fds: also capture what C libraries and child processes write to descriptors 1 and 2.
        ipython: use IPython; None means where it can be imported.
    """

    def __init__(
        self, *, tee: bool = True, fds: bool = True, ipython: Optional[bool] = None
    ) -> None:
        self._recorder = Recorder()
        self._capture = Capture(self._recorder, tee=tee, fds=fds)
        self._loop: Any = None
        self.module = types.ModuleType("__main__")
        self._shell = _make_shell() if ipython is not False else None
        if ipython and self._shell is None:
            raise ImportError("IPython is not installed")
        if self._shell is not None:
            from .shell import enter

            enter(self._shell, self.module, self._recorder)
        else:
            from .plain import PlainShell

            self._plain = PlainShell(self.module, self._recorder)
            sys.modules["__main__"] = self.module

    @property
    def namespace(self) -> Dict[str, Any]:
        return self.module.__dict__

    @property
    def uses_ipython(self) -> bool:
        return self._shell is not None

    @property
    def execution_count(self) -> int:
        """The number the next cell gets."""
        shell = self._shell if self._shell is not None else self._plain
        return int(shell.execution_count)

    @property
    def outputs(self) -> List[Output]:
        """What the running cell has shown so far; after it, what the last one showed."""
        return self._recorder.outputs

    def run(self, source: str, python: Optional[str] = None) -> CellResult:
        """Run one cell. `python`: the same in plain Python, for where IPython is missing."""
        outputs = self._recorder.begin()
        if not source.strip():
            return CellResult(outputs, None, None)
        count = self.execution_count
        with self._capture.active():
            if self._shell is not None:
                error = self._run_ipython(source)
            else:
                found = self._plain.run(source, source if python is None else python)
                error = CellError(*found) if found else None
        leave = bool(self._shell is not None and self._shell.exit_requested)
        return CellResult(outputs, error, count, leave)

    def replay(self, source: str, python: Optional[str] = None) -> Optional[CellError]:
        """Run a definition or import again: it shows nothing and counts as no cell."""
        self._recorder.begin()
        with self._capture.active(tee=False):
            if self._shell is not None:
                error = self._run_ipython(source, silent=True)
            else:
                count = self.execution_count
                found = self._plain.run(source, source if python is None else python)
                error = CellError(*found) if found else None
                self._plain.execution_count = count
        self._recorder.begin()
        return error

    def _run_ipython(self, source: str, silent: bool = False) -> Optional[CellError]:
        from .shell import execute, no_input

        shell = self._shell
        assert shell is not None
        shell.last_error, shell.display_failed, shell.exit_requested = None, False, False
        with no_input():
            if "asyncio" in sys.modules or "async" in source or "await" in source:
                result = self._event_loop().run_until_complete(execute(shell, source, silent))
            else:  # no event loop in sight: spare its import
                result = shell.run_cell(source, store_history=not silent, silent=silent)
        raised = result.error_before_exec or result.error_in_exec
        if raised is None and not shell.display_failed:
            return None
        name, text, lines = shell.last_error or ["", "", []]
        if raised is not None:
            name, text = type(raised).__name__, str(raised)
        return CellError(name, text, lines)

    def _event_loop(self) -> Any:
        import asyncio

        if self._loop is None or self._loop.is_closed():
            self._loop = asyncio.new_event_loop()
            asyncio.set_event_loop(self._loop)
        return self._loop


def prepare() -> bool:
    """Make the shell now, for a process that forks its runners; says whether IPython is there."""
    shell = _make_shell()
    if shell is None:
        return False
    from .shell import rehearse

    rehearse(shell)
    return True


def load() -> bool:
    """Import what the cells run in; says whether IPython is there."""
    try:
        import IPython  # noqa: F401
    except ImportError:
        return False
    from . import shell  # noqa: F401

    return True


def _make_shell() -> Any:
    if not load():
        return None
    from .shell import make_shell

    return make_shell()
