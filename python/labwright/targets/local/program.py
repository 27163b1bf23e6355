"""What a container's command is: Labwright's step program, a kfp component, or anything else."""

from __future__ import annotations

import base64
import json
import re
import shlex
import zlib
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import pairwise
from pathlib import PurePath
from typing import Any

from .ir import Container

KFP_MAIN = "from kfp.dsl.executor_main import executor_main\nexecutor_main()\n"

# Libraries that may be imported before a process forks: they start no threads or devices of
# their own when imported.
PRELOADABLE = ("numpy", "pandas", "scipy", "sklearn", "matplotlib", "pyarrow", "joblib", "torch")
RUNTIME_MODULES = tuple(
    f"labwright_runtime.{name}" for name in ("main", "shell", "values", "pickling", "page")
)

_KFP_RUN = re.compile(r"-m kfp\.(?:dsl|components)\.executor_main\b")
_PIP = re.compile(r"pip install (.*?)(?:&&|$)", re.DOTALL)
_IMPORT = re.compile(
    r"(?:^|[\n;])[ \t]*(?:import[ \t]+([^\n;#]+)|from[ \t]+([\w.]+)[ \t]+import[ \t]+([^\n;#]+))"
)
_SETS_VARIABLES = re.compile(
    r"\benviron\s*(?:\[[^\]\n]*\]\s*=(?!=)|\.(?:update|setdefault)\b)|\bputenv\b"
    r"|%(?:set_)?env\b|magic\(\s*['\"](?:set_)?env\b"
)
_NAME = re.compile(r"(?:^|,)[ \t(]*([A-Za-z_][\w.]*)")


def python_code(words: Sequence[str]) -> tuple[str, list[str]] | None:
    """The source and arguments of `python3 [-u] -c SOURCE ARGUMENTS...`; None for others."""
    if not words or not re.fullmatch(r"python(3(\.\d+)?)?", PurePath(words[0]).name):
        return None
    rest = list(words[1:])
    if rest[:1] == ["-u"]:
        rest = rest[1:]
    return (rest[1], rest[2:]) if len(rest) > 1 and rest[0] == "-c" else None


def kfp_source(command: Sequence[str]) -> str | None:
    """The module that holds a kfp lightweight component's function; None for other commands."""
    for script, source in pairwise(command):
        if _KFP_RUN.search(script) and "ephemeral_component.py" in script:
            return source
    return None


def kfp_requirements(command: Sequence[str]) -> list[str]:
    """What a kfp lightweight component would have pip install, kfp itself left out."""
    wanted: list[str] = []
    source = kfp_source(command)
    for script in command:
        for line in _PIP.findall(script) if script is not source else ():
            words = iter(shlex.split(line))
            for word in words:
                if word in ("--index-url", "--extra-index-url", "--trusted-host", "-i", "-r"):
                    next(words, None)
                elif not word.startswith("-") and not re.match(r"kfp\b(?!-)", word):
                    wanted.append(word)
    return list(dict.fromkeys(wanted))


def step_program(container: Container) -> dict[str, Any] | None:
    """The program of a step that Labwright compiled; None for a step of another compiler."""
    return _decode(container.args)


@lru_cache(maxsize=512)
def _decode(args: tuple[str, ...]) -> dict[str, Any] | None:
    try:
        text = args[args.index("--program") + 1]
        program = json.loads(zlib.decompress(base64.b64decode(text)))
    except (ValueError, IndexError, zlib.error):
        return None
    return program if isinstance(program, dict) and "step" in program else None


# Makes the shell that all children use, and does what else is done once in a process.
_MAKE_SHELL = """
import sysconfig
sysconfig.get_config_vars()
from labwright_runtime import cells
if cells.prepare():
    import IPython.core.logger
    from labwright_runtime.shell import make_shell
    make_shell().transform_cell("pass")
"""


def runtime_preload(bundle: str) -> str:
    """Source that makes the step runtime in `bundle` ready before a process forks."""
    from ...runtime.loader import INSTALL

    return f"_bundle = {bundle!r}\n{INSTALL}{_MAKE_SHELL}"


def runtime_in(container: Container) -> str:
    """The step runtime that a Labwright step's command carries; empty when it comes otherwise."""
    try:
        text = container.args[container.args.index("--runtime") + 1]
    except (ValueError, IndexError):
        return ""
    return "" if text.startswith(("@", "{{")) else text


def modules(container: Container) -> tuple[str, ...]:
    """What may be imported for the step before its process forks: the runtime, libraries."""
    found = {name for text in _sources(container) for name in _named(text)}
    libraries = sorted(name for name in found if name.partition(".")[0] in PRELOADABLE)
    return (*(RUNTIME_MODULES if step_program(container) else ()), *libraries)


def sets_variables(container: Container) -> bool:
    """Whether the step's code sets variables of its process, which libraries read as they load."""
    return any(_SETS_VARIABLES.search(text) for text in _sources(container))


def _sources(container: Container) -> list[str]:
    program = step_program(container)
    if program is None:
        return list(container.command)
    parts = [*program.get("setup", ()), *program.get("late_setup", ()), *program["cells"]]
    return [part.get("python") or part["source"] for part in parts]


def _named(source: str) -> Iterator[str]:
    """The modules in the import statements of a source; of a package, what may be its modules."""
    for plain, package, members in _IMPORT.findall(source):
        if package:
            yield package
        for name in _NAME.findall(plain or members if "." not in package else ""):
            yield f"{package}.{name}" if package else name
