"""IPython in this process, showing what it shows through a recorder instead of a kernel's socket.

Importing this module imports IPython: only `cells` does, when the first cell is to run.
"""

# mypy: disable-error-code="no-untyped-call"
# (much of IPython carries no annotations)

from __future__ import annotations

import builtins
import getpass
import os
import sys
import tempfile
import types
import zlib
from contextlib import contextmanager
from typing import Any, Dict, Iterator, List, Optional

from IPython.core import page
from IPython.core.autocall import ExitAutocall
from IPython.core.compilerop import CachingCompiler
from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher
from IPython.core.error import StdinNotImplementedError
from IPython.core.interactiveshell import InteractiveShell
from IPython.core.profiledir import ProfileDir
from IPython.paths import get_ipython_dir
from traitlets import Instance, Type, default
from traitlets.config import Config

from .outputs import Recorder

INLINE = "module://matplotlib_inline.backend_inline"


class CellCompiler(CachingCompiler):
    """Names a cell's code after its text, so that two runs of it give the same warnings."""

    def get_code_name(self, raw_code: str, transformed_code: str, number: int) -> str:
        return code_name(raw_code)


def code_name(source: str) -> str:
    digest = zlib.crc32(source.encode("utf-8", "surrogatepass"))
    return os.path.join(tempfile.gettempdir(), "labwright", "%d.py" % digest)


class RecordingDisplayHook(DisplayHook):
    """Records the value of a cell's last expression."""

    recorder: Recorder
    showing: Optional[Dict[str, Any]] = None

    def start_displayhook(self) -> None:
        self.showing = {}

    def write_output_prompt(self) -> None:
        if self.showing is not None:
            self.showing["count"] = self.prompt_count

    def write_format_data(
        self, format_dict: Dict[str, Any], md_dict: Optional[Dict[str, Any]] = None
    ) -> None:
        if self.showing is not None:
            self.showing["data"], self.showing["metadata"] = format_dict, md_dict

    def finish_displayhook(self) -> None:
        sys.stdout.flush()
        sys.stderr.flush()
        showing, self.showing = self.showing, None
        if showing and showing.get("data"):
            self.recorder.result(showing["count"], showing["data"], showing["metadata"])


class RecordingDisplayPublisher(DisplayPublisher):
    """Records what `display()` shows."""

    recorder: Recorder

    def publish(
        self,
        data: Dict[str, Any],
        metadata: Optional[Dict[str, Any]] = None,
        source: Any = None,
        *,
        transient: Optional[Dict[str, Any]] = None,
        update: bool = False,
        **kwargs: Any,
    ) -> None:
        sys.stdout.flush()
        sys.stderr.flush()
        self._validate_data(data, metadata or {})
        self.recorder.display(data, metadata, (transient or {}).get("display_id"), update)

    def clear_output(self, wait: bool = False) -> None:
        sys.stdout.flush()
        sys.stderr.flush()
        self.recorder.clear(wait)


class QuietProfile(ProfileDir):
    """IPython's profile folder, named but not made: a step leaves nothing in a home folder."""

    def check_dirs(self) -> None:
        pass

    @default("location")
    def _default_location(self) -> str:
        return os.path.join(get_ipython_dir(), "profile_default")


class ExitCell(ExitAutocall):
    """`exit` and `quit`: the cell goes on to its end, then the notebook stops, as in Jupyter."""

    def __call__(self, keep_kernel: bool = False) -> None:
        if not keep_kernel:
            shell: Any = self._ip
            shell.exit_requested = True


class ZMQInteractiveShell(InteractiveShell):
    """The shell of a kernel without the kernel.

    It has the name of a kernel's: by that name libraries tell a notebook from a terminal.
    """

    displayhook_class = Type(RecordingDisplayHook)
    display_pub_class = Type(RecordingDisplayPublisher)
    compiler_class = Type(CellCompiler)
    exiter = Instance(ExitCell)
    exit_requested = False
    last_error: Optional[List[Any]] = None
    display_failed = False

    @default("exiter")
    def _default_exiter(self) -> ExitCell:
        return ExitCell(self)

    def init_environment(self) -> None:
        # What a kernel sets, so that commands and libraries print the same here and in Jupyter.
        for name in ("CLICOLOR", "FORCE_COLOR", "CLICOLOR_FORCE"):
            os.environ[name] = "1"
        os.environ["TERM"] = "xterm-color"
        os.environ["PAGER"] = os.environ["GIT_PAGER"] = "cat"
        if not os.environ.get("MPLBACKEND"):
            os.environ["MPLBACKEND"] = INLINE
            matplotlib = sys.modules.get("matplotlib")
            if matplotlib is not None:  # a warm process read the variable before this one was here
                matplotlib.rcParams["backend"] = INLINE

    def init_hooks(self) -> None:
        super().init_hooks()
        # Help text (`obj?`) goes to a side panel in Jupyter, never to the cell's outputs.
        self.set_hook("show_in_pager", page.as_hook(lambda *args, **kwargs: None), 99)

    def init_virtualenv(self) -> None:
        """The process is already the right environment's own interpreter."""

    def enable_gui(self, gui: Any = None) -> None:
        """There is no window system behind a notebook."""

    def ask_exit(self) -> None:
        self.exit_requested = True

    def _showtraceback(self, etype: Any, evalue: Any, stb: List[str]) -> None:
        sys.stdout.flush()
        sys.stderr.flush()
        hook: Any = self.displayhook
        if hook.showing is not None:
            self.display_failed = True
        self.last_error = [etype.__name__, str(evalue), list(stb)]
        hook.recorder.error(*self.last_error)


def make_shell() -> ZMQInteractiveShell:
    """The process's shell, made once; cheap to make before a fork (no thread, no file)."""
    if ZMQInteractiveShell.initialized():
        return ZMQInteractiveShell.instance()
    InteractiveShell.clear_instance()
    config = Config()
    config.HistoryManager.enabled = False
    config.IPKernelApp.parent_appname = "labwright"  # what tqdm and others look for
    module = sys.modules.get("__main__")
    shell = ZMQInteractiveShell.instance(
        config=config, profile_dir=QuietProfile(), user_module=types.ModuleType("__main__")
    )
    shell.magics_manager.register_lazy("store", "IPython.extensions.storemagic")
    if module is not None:
        sys.modules["__main__"] = module
    return shell


def rehearse(shell: Any) -> None:
    """Run an empty cell, so that what IPython imports only then is there before a fork."""
    module = sys.modules["__main__"]
    enter(shell, types.ModuleType("__main__"), Recorder())
    shell.run_cell("None", silent=True)
    shell.display_formatter.format([1])
    sys.modules["__main__"] = module


def enter(shell: Any, module: types.ModuleType, recorder: Recorder) -> None:
    """Give the shell a fresh namespace and a recorder."""
    shell.displayhook.recorder = recorder
    shell.display_pub.recorder = recorder
    if shell.execution_count > 1:  # another notebook ran here: forget its cells and results
        shell.history_manager.reset(new_session=False)
        shell.displayhook.flush()
        shell.execution_count = 1
    shell.exit_requested = False
    shell.user_ns_hidden.clear()
    shell.user_module, shell.user_ns = module, module.__dict__
    sys.modules["__main__"] = module
    shell.init_user_ns()
    shell.set_completer_frame()
    inline = sys.modules.get("matplotlib_inline.backend_inline")
    if inline is not None:  # loaded by a warm process, before there was a shell to draw for
        inline._enable_matplotlib_integration()


@contextmanager
def no_input() -> Iterator[None]:
    """No one can answer `input()` here: say so, as a kernel without a front end does."""

    def refuse(prompt: object = "") -> str:
        raise StdinNotImplementedError(
            "raw_input was called, but this frontend does not support input requests."
        )

    def refuse_getpass(prompt: str = "Password: ", stream: Any = None, **kwargs: Any) -> str:
        raise StdinNotImplementedError(
            "getpass was called, but this frontend does not support input requests."
        )

    saved = builtins.input, getpass.getpass
    builtins.input, getpass.getpass = refuse, refuse_getpass
    try:
        yield
    finally:
        builtins.input, getpass.getpass = saved


async def execute(shell: ZMQInteractiveShell, source: str, silent: bool = False) -> Any:
    """Run a cell as a kernel does: inside a running event loop, so that its rules hold."""
    preprocessing_error = None
    try:
        transformed = shell.transform_cell(source)
    except Exception:
        transformed, preprocessing_error = source, sys.exc_info()
    if not shell.should_run_async(
        source, transformed_cell=transformed, preprocessing_exc_tuple=preprocessing_error
    ):
        return shell.run_cell(source, store_history=not silent, silent=silent)
    result = None
    try:
        result = await shell.run_cell_async(
            source,
            store_history=not silent,
            silent=silent,
            transformed_cell=transformed,
            preprocessing_exc_tuple=preprocessing_error,
        )
    finally:
        shell.events.trigger("post_execute")
        shell.events.trigger("post_run_cell", result)
    return result
