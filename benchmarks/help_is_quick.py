"""`labwright --help`, whole process, beside the help of the tools it stands next to."""

from __future__ import annotations

import tempfile
from pathlib import Path

from measure import BIN, Row, command, peer, show, side_by_side

RUNS = 9


def main() -> None:
    kale = peer("LABWRIGHT_KALE_PYTHON").parent / "kale"
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        times = side_by_side(
            {
                "labwright": command([BIN / "labwright", "--help"], folder),
                "kale": command([kale, "--help"], folder),
            },
            RUNS,
        )
    ours = times["labwright"]
    show([Row("`labwright --help`", ours, times["kale"], "Kale 2.3.0", "under 0.3 s", ours < 0.3)])


if __name__ == "__main__":
    main()
