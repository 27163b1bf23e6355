"""The runtime as it travels in a command: small, whole, and the same code."""

from __future__ import annotations

import ast
import base64
import json
import subprocess
import sys
import zlib
from pathlib import Path

from labwright.runtime.bundle import runtime_bundle, runtime_sources, strip
from labwright.runtime.loader import INSTALL, LOADER

RUNTIME = Path(__file__).parents[2] / "python" / "labwright" / "runtime"


def test_it_fits_in_one_argument() -> None:
    # Linux takes 128 KiB at most for one argument.
    assert len(runtime_bundle()) < 90_000
    assert json.loads(zlib.decompress(base64.b64decode(runtime_bundle()))) == runtime_sources()


def test_stripping_keeps_the_code() -> None:
    for path in RUNTIME.glob("*.py"):
        source = path.read_text()
        assert _code(strip(source)) == _code(source), path.name


def _code(source: str) -> str:
    """The syntax tree without docstrings and places."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list) and body and isinstance(body[0], ast.Expr):
            value = body[0].value
            if isinstance(value, ast.Constant) and isinstance(value.value, str):
                value.value = ""
    return ast.dump(tree)


def test_it_is_packed_once(tmp_path: Path) -> None:
    script = "from labwright.runtime.bundle import runtime_bundle; print(len(runtime_bundle()))"
    environment = {"LABWRIGHT_HOME": str(tmp_path), "PATH": "/usr/bin:/bin"}
    for _ in range(2):
        subprocess.run([sys.executable, "-c", script], check=True, env=environment)
    assert len(list((tmp_path / "cache").iterdir())) == 1


def test_a_warm_process_loads_it_once() -> None:
    script = (
        f"import sys; _bundle = {runtime_bundle()!r}\nexec({INSTALL!r})\n"
        "import labwright_runtime.cells as first\n"
        f"exec({INSTALL!r})\nimport labwright_runtime.cells as second\n"
        "assert first is second and 'labwright' not in sys.modules and 'IPython' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", script], check=True)


def test_importing_the_cell_runner_is_cheap() -> None:
    script = (
        "import sys; import labwright.runtime.cells, labwright.runtime.main;"
        "print([m for m in ('IPython', 'numpy', 'asyncio', 'cloudpickle') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.stdout == "[]\n"


def test_a_call_without_its_arguments_says_so() -> None:
    done = subprocess.run([sys.executable, "-c", LOADER], capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr == "labwright: a step needs --runtime\n"
