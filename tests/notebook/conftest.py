"""A notebook in a line: `notebook(("x = 1", "step:a"), ...)`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from labwright.notebook.model import Notebook
from labwright.notebook.read import parse_document


def _cell(index: int, cell: Any) -> dict[str, Any]:
    """A cell from its source, or `(source, tags)`, or `(source, tags, labwright metadata)`.

    A source that starts with `md:` makes a markdown cell; tags are divided by blanks.
    """
    source, tags, *rest = (cell, "") if isinstance(cell, str) else cell
    kind = "code"
    if source.startswith("md:"):
        kind, source = "markdown", source[3:]
    metadata: dict[str, Any] = {"tags": tags.split()} if tags else {}
    if rest:
        metadata["labwright"] = rest[0]
    return {"cell_type": kind, "id": f"id{index}", "source": source, "metadata": metadata}


@pytest.fixture
def document() -> Callable[..., dict[str, Any]]:
    def make(*cells: Any, **metadata: Any) -> dict[str, Any]:
        listed = [_cell(index, cell) for index, cell in enumerate(cells)]
        return {"nbformat": 4, "nbformat_minor": 5, "metadata": metadata, "cells": listed}

    return make


@pytest.fixture
def notebook(document: Callable[..., dict[str, Any]]) -> Callable[..., Notebook]:
    def make(*cells: Any, **metadata: Any) -> Notebook:
        return parse_document(document(*cells, **metadata), Path("/work/nb.ipynb"))

    return make
