"""What a star import binds, without importing what is not Python's own."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from labwright.notebook.modules import star_names


def test_standard_library_modules_are_asked() -> None:
    import math

    assert star_names("math") == {name for name in vars(math) if not name.startswith("_")}
    assert "join" in (star_names("os.path") or ())


def test_a_module_that_does_not_exist_is_unknown() -> None:
    assert star_names("no_such_module_anywhere") is None


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("__all__ = ['a', 'b']\nc = 1", {"a", "b"}),
        ("import os\na = 1\n_b = 2\ndef f(): pass\nclass C: pass", {"os", "a", "f", "C"}),
        ("from os.path import *", None),
        ("if True:\n    a = 1", None),
        ("__all__ = [n for n in dir()]", None),
    ],
)
def test_other_modules_are_read_not_run(
    source: str, names: set[str] | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = f"star_{abs(hash(source))}"
    (tmp_path / f"{module}.py").write_text(source + "\n")
    monkeypatch.syspath_prepend(tmp_path)
    assert star_names(module) == names
    assert module not in sys.modules
