"""A notebook that computes for seconds: `labwright exec` against the same code as a script."""

from __future__ import annotations

import tempfile
from pathlib import Path

from measure import BIN, Row, command, show, side_by_side
from notebooks import write

RUNS = 3
WORK = """\
total = 0
for n in range(1, 150_000_000):
    total += n % 7
print(total)"""


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        notebook = write(folder / "work.ipynb", [(WORK, [])])
        script = folder / "work.py"
        script.write_text(WORK)
        times = side_by_side(
            {
                "exec": command([BIN / "labwright", "exec", notebook, "out.ipynb"], folder),
                "python": command([BIN / "python", script], folder),
            },
            RUNS,
            warm_up=0,
        )
    ours, plain = times["exec"], times["python"]
    show(
        [
            Row(
                "execute a notebook that computes",
                ours,
                plain,
                "python script.py",
                "at most 1.03 × the time",
                ours <= 1.03 * plain,
            )
        ]
    )


if __name__ == "__main__":
    main()
