from __future__ import annotations

import ast
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labwright.notebook import ipython
from labwright.notebook.ipython import is_python, parse, to_python


@pytest.mark.parametrize(
    "source",
    [
        "",
        "x = 1",
        "x = (10\n    % 3)",
        "text = '''\n%matplotlib inline\n'''",
        "await f()",
        "x = [\n 1\n]  # %time",
    ],
)
def test_python_is_left_alone(source: str) -> None:
    assert to_python(source) == source


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("%matplotlib inline", "get_ipython().run_line_magic('matplotlib', 'inline')"),
        ("!ls", "get_ipython().system('ls')"),
        ("x = !ls", "x = get_ipython().getoutput('ls')"),
        ("x = %pwd", "x = get_ipython().run_line_magic('pwd', '')"),
        ("x?", "get_ipython().run_line_magic('pinfo', 'x')"),
        ("%%time\nx = 1", "get_ipython().run_cell_magic('time', '', 'x = 1\\n')"),
        (">>> x = 1", "x = 1"),
        ("  x = 1\n  y = 2", "x = 1\ny = 2"),
        ("if x:\n    %cd /tmp", "if x:\n    get_ipython().run_line_magic('cd', '/tmp')"),
    ],
)
def test_ipython_syntax_becomes_python(source: str, expected: str) -> None:
    assert to_python(source).strip() == expected
    ast.parse(to_python(source))


def test_agrees_with_ipython_itself() -> None:
    from IPython.core.inputtransformer2 import TransformerManager

    make: type = TransformerManager
    theirs = make()
    for source in (
        "%time f(\n 1)",
        "!echo {x} \\\n  y",
        "a, b = %foo x",
        "/f 1 2",
        "x??",
        "%%bash\nls",
    ):
        assert ipython._load_from_files().transform_cell(source) == theirs.transform_cell(source)


def test_what_is_no_python_comes_back_to_be_told() -> None:
    source = to_python("x = = 1")
    assert not is_python(source)
    assert "x = = 1" in source


def test_invalid_escapes_do_not_warn(recwarn: pytest.WarningsRecorder) -> None:
    assert is_python("x = '\\d'")
    assert not recwarn.list


@pytest.mark.parametrize("source", ["x = 1", "%time x = 1", "x = !ls"])
def test_parse(source: str) -> None:
    assert len(parse(source).body) == 1


@pytest.mark.parametrize("source", ["x = = 1", "x = \0", "(" * 100_000, "%\r\t\t%\r\t%"])
def test_whatever_cannot_be_parsed_is_a_syntax_error(source: str) -> None:
    with pytest.raises(SyntaxError):
        parse(source)


_pieces = st.sampled_from([*"%!x=\n ()'\"?\\\t\0[]1,#\r\x0cé", "%%time", "if x:", "    ", "await "])


@settings(max_examples=300, deadline=None)
@given(st.lists(_pieces, max_size=14).map("".join))
def test_any_text_goes_through(source: str) -> None:
    assert isinstance(to_python(source), str)


def test_ipython_itself_is_not_imported() -> None:
    code = (
        "import sys; from labwright.notebook.ipython import to_python\n"
        "assert 'getoutput' in to_python('x = !ls')\n"
        "assert 'IPython' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_an_unknown_layout_falls_back_to_the_ordinary_import(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail() -> None:
        raise ImportError

    ipython._transformer.cache_clear()
    monkeypatch.setattr(ipython, "_load_from_files", fail)
    assert "system" in to_python("!ls")
    ipython._transformer.cache_clear()
