"""Small notebooks, compiled, as a target is given them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from labwright.pipeline.compile import compile_pipeline
from labwright.pipeline.load import load_pipeline
from labwright.targets.local.submission import Submission, prepare

Cell = tuple[Sequence[str], str, dict[str, Any]]
GOOD: list[Cell] = [
    (["parameters"], "rows = 4", {}),
    (["step:make"], "values = [row * row for row in range(rows)]\nprint('made', rows)", {}),
    (["step:use", "metrics"], "total = sum(values)\nprint('total', total)\ntotal", {}),
]


class Books:
    """Notebooks in a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def submission(self, cells: list[Cell], name: str = "small", **options: Any) -> Submission:
        body = [
            {
                "cell_type": "code",
                "id": f"id-{index}",
                "metadata": {"tags": list(tags), "labwright": settings},
                "execution_count": None,
                "outputs": [],
                "source": source,
            }
            for index, (tags, source, settings) in enumerate(cells)
        ]
        settings = {"labwright": {"pipeline": {"name": name}}}
        notebook = {"cells": body, "metadata": settings, "nbformat": 4, "nbformat_minor": 5}
        place = self._folder / f"{name}.ipynb"
        text = json.dumps(notebook)
        place.write_text(text)
        compiled = compile_pipeline(load_pipeline(place)[2])
        options.setdefault("cache", False)
        return prepare(
            compiled.spec,
            compiled.platform,
            notebook=place,
            source=text,
            check=False,
            **options,
        ).submission

    def good(self, **options: Any) -> Submission:
        """Two steps; the second's total is 14 unless `rows` is given."""
        return self.submission(GOOD, **options)

    def failing(self, flag: Path) -> Submission:
        """One whose second step fails until the file `flag` is there."""
        check = f"import os\nassert os.path.exists({str(flag)!r}), 'not yet'\nprint(a)"
        return self.submission(
            [(["step:first"], "a = 1", {}), (["step:second"], check, {})], "failing"
        )

    def slow(self) -> Submission:
        """One that would take a minute."""
        work = "import time\nprint('begun', flush=True)\ntime.sleep(60)"
        return self.submission([(["step:slow"], work, {})], "slow")

    def looping(self) -> Submission:
        """One that runs a step for each of three items."""
        turn = "square = item * item\nprint(square)"
        return self.submission(
            [
                (["step:items"], "items = [1, 2, 3]", {}),
                (["step:each"], turn, {"foreach": "item in items"}),
            ],
            "looping",
        )
