"""Which files a step read and wrote, and which local modules it imported: what a cached result
depends on besides its inputs."""

from __future__ import annotations

import hashlib
import os
import re
import site
import sys
import sysconfig
import tempfile
import time
import types
from importlib.machinery import SourceFileLoader
from typing import Any, Dict, Iterable, List, Set, Tuple

from .fingerprint import Fingerprint, fingerprint

_CODE = (types.ModuleType, types.FunctionType, types.BuiltinFunctionType, type)
WORDS = re.compile(r"[\w./~+-]{3,}")
Stamp = List[int]


# Seconds after which another change of a file has another time, on any file system.
SETTLED = 2.0
_FILE_EVENTS = ("open", "os.listdir", "os.scandir")


class FileTracker:
    """Listens to Python's own `open` events. A reader that opens files in C raises none, so files
    that a cell's text names count as read too."""

    def __init__(self, ignore: Iterable[str] = ()) -> None:
        self._ignored = _ignored_roots(ignore)
        self._read: Dict[str, Stamp] = {}
        self._written: Set[str] = set()
        self._active = False

    def start(self) -> None:
        self._active = True
        sys.addaudithook(self._heard)

    def stop(self) -> None:
        self._active = False

    def mentioned(self, source: str) -> None:
        """Note the files that the text of a cell names, before it runs."""
        for word in set(WORDS.findall(source)):
            path = os.path.abspath(os.path.expanduser(word))
            if os.path.isfile(path):
                self._note_read(path)

    def report(self) -> Dict[str, Dict[str, Stamp]]:
        written = {path: _stamp(path) for path in sorted(self._written)}
        return {
            "read": {p: s for p, s in sorted(self._read.items()) if p not in self._written},
            "written": {path: stamp for path, stamp in written.items() if stamp is not None},
        }

    def _heard(self, event: str, args: Tuple[Any, ...]) -> None:
        if not self._active:
            return
        try:
            if event in _FILE_EVENTS and _imports(sys._getframe(1)):
                return  # what is imported is known by its content
            if event == "open":
                path, mode, flags = args[:3]
                if isinstance(path, (str, bytes)) and not isinstance(path, int):
                    writes = bool((flags or 0) & (os.O_WRONLY | os.O_RDWR))
                    if isinstance(mode, str):
                        writes = any(letter in mode for letter in "wax+")
                    self._opened(os.fsdecode(path), writes)
            elif event == "os.rename":
                self._opened(os.fsdecode(args[1]), True)
            elif event in ("os.listdir", "os.scandir") and isinstance(args[0], (str, bytes)):
                self._note_read(os.path.abspath(os.fsdecode(args[0])))
        except Exception:  # an audit hook must never make the user's own call fail
            return

    def _opened(self, path: str, writes: bool) -> None:
        path = os.path.abspath(path)
        if not writes:
            self._note_read(path)
        elif self._counts(path):
            self._written.add(path)

    def _note_read(self, path: str) -> None:
        if path in self._read or path in self._written or not self._counts(path):
            return
        stamp = _stamp(path)
        if stamp is not None:
            self._read[path] = stamp

    def _counts(self, path: str) -> bool:
        if path.endswith(".pyc") or os.sep + ".ipynb_checkpoints" + os.sep in path:
            return False
        here = os.getcwd() + os.sep
        for root, unless_here in self._ignored:
            if path.startswith(root) and not (unless_here and path.startswith(here)):
                return False
        return True


def _imports(frame: types.FrameType) -> bool:
    """Whether it is Python's own import that looks for a module."""
    return frame.f_code.co_filename.startswith("<frozen importlib")


def keep_settled_bytecode() -> None:
    """Have Python keep no bytecode of a module that was changed just now.

    It takes bytecode for a source's by the size and the second of the change. Of a module that
    changes twice in a second it would run what it was, and a cached result would be wrong.
    """
    keep = SourceFileLoader.set_data
    if keep.__module__ == __name__:
        return

    def keep_if_settled(loader: SourceFileLoader, path: str, data: Any, **mode: int) -> None:
        if time.time() - os.stat(loader.path).st_mtime > SETTLED:
            keep(loader, path, data, **mode)

    SourceFileLoader.set_data = keep_if_settled  # type: ignore[assignment, method-assign]


def local_modules() -> Dict[str, str]:
    """Local `.py` files that were imported, with the hash of their text."""
    found = {}
    for path in _user_modules():
        with open(path, "rb") as file:
            found[path] = hashlib.sha256(file.read()).hexdigest()
    return dict(sorted(found.items()))


def module_states() -> Dict[str, Fingerprint]:
    """What local modules keep in their globals, code aside, by the name of the module."""
    return {
        module.__name__: fingerprint(
            {
                name: value
                for name, value in vars(module).items()
                if not name.startswith("__") and not isinstance(value, _CODE)
            }
        )
        for module in _user_modules().values()
    }


def _user_modules() -> Dict[str, types.ModuleType]:
    """Modules that are the user's own files, by path."""
    roots = tuple(root for root, _ in _ignored_roots(()))
    work = os.getcwd() + os.sep
    # Inside a step the runtime has no files; on the host it is not the user's.
    own = os.path.join(os.path.dirname(_user_modules.__code__.co_filename) or "<none>", "")
    found: Dict[str, types.ModuleType] = {}
    for module in list(sys.modules.values()):
        path = getattr(module, "__file__", None)
        if not isinstance(path, str) or not path.endswith(".py") or module.__name__ == "__main__":
            continue
        if not os.path.isabs(path):
            path = os.path.abspath(path)
        # Most are a library's: those are told by their path alone, before any file is touched.
        if "site-packages" in path or (path.startswith(roots) and not path.startswith(work)):
            continue
        if path in found or path.startswith(own) or not os.path.isfile(path):
            continue
        found[path] = module
    return found


def _stamp(path: str) -> Any:
    try:
        status = os.stat(path)
    except OSError:
        return None
    return [status.st_size, status.st_mtime_ns]


def _ignored_roots(more: Iterable[str]) -> List[Tuple[str, bool]]:
    """Folders that are no input of the user's. True: but what is in the work folder counts."""
    library = {sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")}
    library.update(site.getsitepackages() if hasattr(site, "getsitepackages") else ())
    library.add(site.getusersitepackages() if hasattr(site, "getusersitepackages") else "")
    home = os.path.expanduser("~")
    library.update(os.path.join(home, name) for name in (".cache", ".config", ".ipython"))
    library.update((sys.prefix, sys.base_prefix) if sys.prefix not in ("/", "/usr") else ())
    library.update(("/proc", "/sys", "/dev", "/etc", "/usr"))
    roots = [(os.path.abspath(root) + os.sep, True) for root in library if root]
    roots.extend((os.path.abspath(root) + os.sep, False) for root in more if root)
    roots.append((os.path.abspath(tempfile.gettempdir()) + os.sep, True))
    return roots
