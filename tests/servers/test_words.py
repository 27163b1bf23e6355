"""Durations and sizes, there and back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labwright.errors import LabwrightError
from labwright.servers.words import duration_text, seconds, size_bytes, size_text


@given(st.integers(min_value=0, max_value=10**9))
def test_a_duration_comes_back(value: int) -> None:
    assert seconds(duration_text(value)) == value


@given(st.integers(min_value=1, max_value=2**50))
def test_a_size_comes_back(value: int) -> None:
    assert size_bytes(size_text(value)) == value


def test_people_read_them() -> None:
    assert duration_text(5400) == "1h30m"
    assert duration_text(0) == "never"
    assert size_text(20 * 2**30) == "20Gi"
    assert size_text(1536 * 2**20) == "1536Mi"


@pytest.mark.parametrize("text", ["", "soon", "-5m", "8 hours"])
def test_no_duration(text: str) -> None:
    with pytest.raises(LabwrightError, match="is no duration"):
        seconds(text, where="--idle-after")


@pytest.mark.parametrize("text", ["", "0", "much", "20GB"])
def test_no_size(text: str) -> None:
    with pytest.raises(LabwrightError, match="is no size"):
        size_bytes(text)
