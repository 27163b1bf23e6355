"""Executing a trivial notebook: `labwright exec` against papermill, whole processes, cold."""

from __future__ import annotations

import tempfile
from pathlib import Path

from measure import BIN, Row, command, show, side_by_side
from notebooks import write

RUNS = 7


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        cells = [("n = 2", ["parameters"]), ("print('hello')", []), ("n + 1", [])]
        notebook = write(folder / "trivial.ipynb", cells)
        out = folder / "out.ipynb"
        times = side_by_side(
            {
                "exec": command([BIN / "labwright", "exec", notebook, out, "-p", "n=3"], folder),
                "papermill": command([BIN / "papermill", notebook, out, "-p", "n", "3"], folder),
            },
            RUNS,
        )
    ours, other = times["exec"], times["papermill"]
    show(
        [
            Row(
                "execute a trivial notebook",
                ours,
                other,
                "papermill",
                "8 × as fast",
                other >= 8 * ours,
            )
        ]
    )


if __name__ == "__main__":
    main()
