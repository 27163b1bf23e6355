"""pytest's side of the double."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from kfp_double.server import Double


@pytest.fixture
def kfp_double(tmp_path: Path) -> Iterator[Double]:
    """A KFP server for one user, of this test alone."""
    yield from _running(tmp_path / "kfp-double")


@pytest.fixture
def kfp_double_multi_user(tmp_path: Path) -> Iterator[Double]:
    """A KFP server for many users: every request needs a token, and a right to its namespace."""
    yield from _running(tmp_path / "kfp-double-multi-user", multi_user=True)


def _running(folder: Path, **arguments: bool) -> Iterator[Double]:
    double = Double(folder, **arguments)
    yield double
    double.stop()
