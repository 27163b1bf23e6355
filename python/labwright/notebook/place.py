"""How a place in a notebook is named in messages."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .model import Cell, Notebook


def file_place(path: Path | None) -> str:
    """The notebook's file name, or `notebook` when it has none."""
    return path.name if path else "notebook"


def cell_place(notebook: Notebook, cell: Cell | int) -> str:
    """A cell as a person finds it: `digits.ipynb, cell 3 (id abc123)`, counted from 0."""
    found = notebook.cells[cell] if isinstance(cell, int) else cell
    return f"{file_place(notebook.path)}, cell {found.index} (id {found.id})"


def did_you_mean(word: str, known: list[str]) -> str:
    """`did you mean 'image'?` for a near miss, else an empty text."""
    from difflib import get_close_matches

    near = get_close_matches(word, known, n=1, cutoff=0.6)
    return f"did you mean {near[0]!r}?" if near else ""
