"""The kfp oracle, one process for the whole session."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from oracle import Oracle, start_oracle


@pytest.fixture(scope="session")
def oracle() -> Iterator[Oracle]:
    yield from start_oracle()
