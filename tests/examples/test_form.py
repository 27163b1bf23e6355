"""The example notebooks as documents: valid, without outputs, with cell ids that stay."""

from __future__ import annotations

import json
from pathlib import Path

import nbformat
import pytest

EXAMPLES = sorted((Path(__file__).resolve().parents[2] / "examples").glob("*.ipynb"))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_is_a_clean_notebook(path: Path) -> None:
    notebook = json.loads(path.read_text())
    assert (notebook["nbformat"], notebook["nbformat_minor"]) == (4, 5)
    nbformat.validate(notebook)
    code = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    assert all(cell["outputs"] == [] and cell["execution_count"] is None for cell in code)
    ids = [cell["id"] for cell in notebook["cells"]]
    assert len(set(ids)) == len(ids)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_reads_as_a_document(path: Path) -> None:
    """A title first, headings on the way, and no cell too long to take in."""
    cells = json.loads(path.read_text())["cells"]
    assert "".join(cells[0]["source"]).startswith("# ")
    headings = [cell for cell in cells if "".join(cell["source"]).startswith("## ")]
    assert len(headings) >= 3
    assert max(len(cell["source"]) for cell in cells) <= 15
