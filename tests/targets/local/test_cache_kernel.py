"""What an editor writes into a notebook by itself makes no step run again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from labwright.launch import analyse_document, preview, run_analysed
from labwright.targets.local.store import Store

FOUND = {"name": "python", "version": "3.11.7", "file_extension": ".py"}


def notebook(**metadata: Any) -> dict[str, Any]:
    cell = {
        "id": "one", "cell_type": "code", "metadata": {"tags": ["step:one"]},
        "source": "a = 1", "outputs": [], "execution_count": None,
    }  # fmt: skip
    return {"nbformat": 4, "nbformat_minor": 5, "metadata": metadata, "cells": [cell]}


def test_the_kernel_that_an_editor_found_is_no_change(tmp_path: Path) -> None:
    path = str(tmp_path / "note.ipynb")
    store = Store(tmp_path / "home")
    run_analysed(analyse_document(notebook(language_info={"name": ""}), path), {}, store=store)
    again = analyse_document(notebook(language_info=FOUND), path)
    assert [step["state"] for step in preview(again, {}, store)] == ["cached"]
    store.close()
