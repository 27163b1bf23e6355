"""Steps in a Python that has nothing installed, the oldest and the newest supported ones."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from labwright.runtime.cells import CellRunner

from .steps import cells, run

PYENV = Path.home() / ".pyenv" / "versions"
PYTHONS = {"own": sys.executable, "3.8": "3.8.18/bin/python", "3.13": "3.13.0/bin/python"}


@pytest.fixture(params=["3.8", "3.13"])
def python(request: pytest.FixtureRequest) -> str:
    path = PYENV / PYTHONS[request.param]
    if not path.exists():
        pytest.skip(f"no Python {request.param} on this machine")
    return str(path)


FIRST = """
import collections, dataclasses, enum
Point = collections.namedtuple("Point", "x y")
@dataclasses.dataclass
class Config:
    rate: float
class Colour(enum.Enum):
    RED = 1
def double(x):
    return 2 * x * factor
factor = 3
kept = [Point(1, 2), Config(0.5), Colour.RED, {1, 2}, (3,), 10 ** 400]
shared = kept[0:1]
both = {"s": shared}
call = lambda v: double(v) + 1
"""


def test_two_steps(tmp_path: Path, python: str) -> None:
    names = ("kept", "shared", "both", "call")
    program = {
        "parameters": ["rate"],
        "cells": cells("print('hello')\nrate", FIRST, "{'a': [1]}"),
        "outputs": {name: name for name in names},
        "metrics": ["rate"],
    }
    first = run(tmp_path / "a", program, {"rate": 0.5}, python=python)
    assert first.status == 0, first.stderr
    assert first.stdout == "hello\n"
    assert first.report["metrics"] == {"rate": 0.5}
    assert first.text() == "{'a': [1]}"
    definitions = FIRST.partition("kept =")[0]
    use = (
        "kept[0].x, kept[1].rate, kept[2] is Colour.RED, kept[5] == 10**400, "
        "both['s'] is shared, call(2)"
    )
    second = run(
        tmp_path / "b",
        {
            "setup": [{"cell": "d", "source": definitions}],
            "cells": cells(use, "1 / 0", "never"),
            "guards": ["kept"],
        },
        inputs={name: first.artifact(name) for name in names},
        python=python,
    )
    assert second.text(0) == "(1, 0.5, True, True, True, 13)"
    assert second.status == 1
    assert second.report["error"]["cell"] == "c1"
    assert "Cell In[2]" in second.report["error"]["traceback"]
    assert "line 1" in second.report["error"]["traceback"]
    caught = run(
        tmp_path / "c",
        {"cells": cells("kept.append(1)"), "guards": ["kept"]},
        inputs={"kept": first.artifact("kept")},
        python=python,
    )
    assert [remark["code"] for remark in caught.report["diagnostics"]] == ["missed-mutation"]


def test_code_of_another_python_is_refused_clearly(tmp_path: Path) -> None:
    old = PYENV / PYTHONS["3.8"]
    if not old.exists():
        pytest.skip("no Python 3.8 on this machine")
    program = {
        "cells": cells("class Box:\n    pass\nbox = Box()\nplain = (1, {2})"),
        "outputs": {"box": "box", "plain": "plain"},
    }
    first = run(tmp_path / "a", program, python=str(old))
    done = run(tmp_path / "b", {"cells": cells("plain")}, inputs={"plain": first.artifact("plain")})
    assert done.text() == "(1, {2})"
    done = run(tmp_path / "c", {"cells": cells("box")}, inputs={"box": first.artifact("box")})
    assert done.status == 1
    assert "Python 3.8" in done.report["error"]["evalue"]


@pytest.fixture
def plain(monkeypatch: pytest.MonkeyPatch) -> CellRunner:
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])
    return CellRunner(tee=False, ipython=False)


def _shown(runner: CellRunner, source: str, python: str | None = None) -> list[tuple[str, str]]:
    result = runner.run(source, python)
    return [
        (
            output["output_type"],
            output.get("text")
            or output.get("data", {}).get("text/plain")
            or output.get("ename", ""),
        )
        for output in result.outputs
    ]


def test_results_and_streams(plain: CellRunner) -> None:
    assert _shown(plain, "1 + 1") == [("execute_result", "2")]
    assert _shown(plain, "_ * 2") == [("execute_result", "4")]
    assert _shown(plain, "3;") == []
    assert _shown(plain, "print('a'); 'b'") == [("stream", "a\n"), ("execute_result", "'b'")]
    assert _shown(plain, "import os; os.system('echo child');") == [("stream", "child\n")]
    assert _shown(plain, "nope") == [("error", "NameError")]
    assert _shown(plain, "def f(:") == [("error", "SyntaxError")]
    assert _shown(plain, "input()") == [("error", "StdinNotImplementedError")]
    assert _shown(plain, "__name__") == [("execute_result", "'__main__'")]


def test_await(plain: CellRunner) -> None:
    source = "import asyncio\nasync def f():\n    await asyncio.sleep(0)\n    return 7\nawait f()"
    assert _shown(plain, source) == [("execute_result", "7")]


def test_display(plain: CellRunner) -> None:
    source = (
        "class R:\n    def _repr_html_(self): return '<b>'\n    def __repr__(self): return 'R'\n"
    )
    result = plain.run(source + "display(R(), 5)\nhandle = display('one', display_id=True)")
    assert [output["data"] for output in result.outputs] == [
        {"text/plain": "R", "text/html": "<b>"},
        {"text/plain": "5"},
        {"text/plain": "'one'"},
    ]
    plain.run("handle.update('two')")
    assert result.outputs[2]["data"] == {"text/plain": "'two'"}


MAGICS = {
    "!echo {1 + 1} $HOME": ("get_ipython().system('echo {1 + 1} x')", "2 x\n"),
    "%%bash\necho hi": ("get_ipython().run_cell_magic('bash', '', 'echo hi\\n')", "hi\n"),
    "%matplotlib inline": ("get_ipython().run_line_magic('matplotlib', 'inline')", ""),
    "%env LWX=1": ("get_ipython().run_line_magic('env', 'LWX=1')", "env: LWX=1\n"),
}


@pytest.mark.parametrize("written", MAGICS)
def test_translated_magics(plain: CellRunner, written: str) -> None:
    python, text = MAGICS[written]
    assert "".join(each[1] for each in _shown(plain, written, python)) == text


def test_a_magic_that_needs_ipython_says_so(plain: CellRunner) -> None:
    result = plain.run("%prun x", "get_ipython().run_line_magic('prun', 'x')")
    assert result.error is not None
    assert "needs IPython" in result.error.evalue


def test_captured_and_timed_cells(plain: CellRunner) -> None:
    plain.run("%%capture out", "get_ipython().run_cell_magic('capture', 'out', 'print(1)\\n2')")
    assert _shown(plain, "out.stdout") == [("execute_result", "'1\\n'")]
    python = "get_ipython().run_cell_magic('time', '', 'total = 2\\ntotal')"
    shown = _shown(plain, "%%time\ntotal = 2\ntotal", python)
    assert "Wall time" in "".join(each[1] for each in shown)
    assert _shown(plain, "total") == [("execute_result", "2")]
