"""Analysing notebooks of 100 to 2,000 cells: the CPU time for each cell must not grow."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from labwright.dataflow import analyse
from labwright.notebook.plan import read_plan, step_controls
from labwright.notebook.read import read_notebook
from measure import Row, show, side_by_side
from notebooks import of_cells

SIZES = (100, 200, 500, 1000, 2000)
RUNS = 3


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        actions = {
            str(size): analysis_of(of_cells(Path(name) / f"{size}.ipynb", size)) for size in SIZES
        }
        times = side_by_side(actions, RUNS)
    by_cell = {size: times[str(size)] / size for size in SIZES}
    show(
        [
            Row(
                f"analyse {size:,} cells ({by_cell[size] * 1000:.2f} ms a cell)",
                times[str(size)],
                None,
                "",
                "linear",
                by_cell[size] <= 1.5 * by_cell[SIZES[0]],
            )
            for size in SIZES
        ]
    )


def analysis_of(path: Path) -> Callable[[], float]:
    plan = read_plan(read_notebook(path))
    controls = step_controls(plan)

    def run() -> float:
        started = time.process_time()
        flow = analyse(plan.blocks, plan.parameters, controls)
        seconds = time.process_time() - started
        assert len(flow.steps) >= len(plan.blocks) // 5
        return seconds

    return run


if __name__ == "__main__":
    main()
