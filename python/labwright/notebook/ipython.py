"""IPython syntax to plain Python, by IPython's own transformer.

Importing IPython takes 0.16 s, most of a compile's whole budget. Its transformer needs one other
module only, so both are loaded straight from their files; whatever goes wrong with that, the
ordinary import does it.
"""

from __future__ import annotations

import ast
import builtins
import sys
import warnings
from collections.abc import Mapping, Sequence
from functools import lru_cache
from importlib.machinery import SourceFileLoader
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any


def to_python(source: str) -> str:
    """`source` as plain Python: unchanged where it is, else through IPython's transformer.

    What is no Python even then is returned as the transformer left it; parsing it tells why.
    """
    if is_python(source):
        return source
    try:
        return str(_transformer().transform_cell(source))
    except (SyntaxError, ValueError, RecursionError):  # it stumbles over broken indentation
        return source


def parse(source: str) -> ast.Module:
    """The syntax tree of a cell in plain Python or IPython syntax; SyntaxError for neither."""
    return _parse(to_python(source))


def is_python(source: str) -> bool:
    """Whether the text parses as it stands, without IPython's help."""
    try:
        _parse(source)
    except SyntaxError:
        return False
    return True


def _parse(source: str) -> ast.Module:
    try:
        with warnings.catch_warnings():
            # A cell's invalid escapes are the notebook's own affair, told when it runs.
            warnings.simplefilter("ignore")
            return ast.parse(source)
    except (ValueError, RecursionError, MemoryError) as error:
        raise SyntaxError(str(error) or "nested too deeply") from None


@lru_cache(maxsize=1)
def _transformer() -> Any:
    if "IPython" not in sys.modules:
        try:
            return _load_from_files()
        except Exception:  # another IPython than those known: import it as anyone would
            pass
    from IPython.core.inputtransformer2 import TransformerManager

    make: Any = TransformerManager
    return make()


def _load_from_files() -> Any:
    spec = find_spec("IPython")
    if spec is None or not spec.submodule_search_locations:
        raise ImportError("IPython")
    root = Path(spec.submodule_search_locations[0])
    tokens = _execute("tokenutil", root / "utils" / "tokenutil.py", vars(builtins))

    def import_module(
        name: str,
        globals: Mapping[str, object] | None = None,
        locals: Mapping[str, object] | None = None,
        fromlist: Sequence[str] | None = (),
        level: int = 0,
    ) -> Any:
        if name == "IPython.utils":
            return SimpleNamespace(tokenutil=tokens)
        if name.split(".")[0] == "IPython":
            raise ImportError(name)
        return __import__(name, globals, locals, fromlist or (), level)

    module = _execute(
        "inputtransformer2",
        root / "core" / "inputtransformer2.py",
        {**vars(builtins), "__import__": import_module},
    )
    return module.TransformerManager()


def _execute(name: str, path: Path, names: dict[str, Any]) -> Any:
    """The module in that file, with `names` as its builtins, known to nobody else."""
    unique = f"labwright.notebook._ipython_{name}"
    code = SourceFileLoader(unique, str(path)).get_code(unique)
    if code is None:
        raise ImportError(str(path))
    module = ModuleType(unique)
    module.__dict__["__builtins__"] = names
    # typing and dataclasses look the module up by its name while its classes are made
    sys.modules[unique] = module
    exec(code, module.__dict__)
    return module
