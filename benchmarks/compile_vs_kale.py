"""Compiling 20 steps: `labwright compile` against Kale's command line, whole processes."""

from __future__ import annotations

import tempfile
from pathlib import Path

from measure import BIN, Row, command, peer, show, side_by_side
from notebooks import chain

RUNS = 7


def main() -> None:
    kale = peer("LABWRIGHT_KALE_PYTHON").parent / "kale"
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        notebook = chain(folder / "chain.ipynb", 20)
        ours = [BIN / "labwright", "compile", notebook, "-o", folder / "pipeline.yaml"]
        times = side_by_side(
            {
                "labwright": command(ours, folder),
                # Kale asks for the name of the pod it would run in.
                "kale": command([kale, "--nb", notebook], folder, HOSTNAME="bench"),
            },
            RUNS,
        )
        assert (folder / "pipeline.yaml").stat().st_size > 10_000
    ours_s, kale_s = times["labwright"], times["kale"]
    show(
        [
            Row(
                "compile a notebook of 20 steps",
                ours_s,
                kale_s,
                "Kale 2.3.0",
                "10 × as fast",
                kale_s >= 10 * ours_s,
            )
        ]
    )


if __name__ == "__main__":
    main()
