"""What a step costs that does nearly nothing: our engine against kfp.local's subprocess runner.

Both run a chain of 20 steps, each in its own format, without caching; neither pays for importing
itself. Ours includes analysing and compiling the notebook and starting the warm process.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from measure import Row, environment, peer, show, side_by_side
from notebooks import chain

RUNS = 5
STEPS = 20

OURS = """
import sys, time
from labwright import launch
from labwright.targets.local import engine, store
started = time.perf_counter()
record = launch.run_analysed(launch.analyse_notebook(sys.argv[1]), {}, cache=False)
assert record.state == "SUCCEEDED" and len(record.steps) == int(sys.argv[2]), record.state
print("seconds", time.perf_counter() - started)
"""

PEER = """
import sys, time
from kfp import dsl, local
local.init(local.SubprocessRunner(use_venv=False), pipeline_root=sys.argv[1])

@dsl.component
def step(value: float, index: int) -> float:
    import math
    result = math.sqrt(value + index)
    print(result)
    return result

@dsl.pipeline
def chain(rate: float = 3.0):
    value = rate
    for index in range(int(sys.argv[2])):
        value = step(value=value, index=index).output

started = time.perf_counter()
chain()
print("seconds", time.perf_counter() - started)
"""


def main() -> None:
    kfp = peer("LABWRIGHT_ORACLE_PYTHON")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        notebook = chain(folder / "chain.ipynb", STEPS)
        # kfp reads a component's source from its file.
        pipeline = folder / "pipeline.py"
        pipeline.write_text(PEER)
        # kfp's steps run whatever `python3` is on PATH.
        path = f"{kfp.parent}{os.pathsep}{os.environ['PATH']}"
        times = side_by_side(
            {
                "labwright": seconds_said([sys.executable, "-c", OURS, str(notebook)], folder),
                "kfp": seconds_said([str(kfp), str(pipeline), str(folder)], folder, PATH=path),
            },
            RUNS,
        )
    ours, other = times["labwright"] / STEPS, times["kfp"] / STEPS
    show(
        [
            Row(
                f"run one step of {STEPS} trivial ones",
                ours,
                other,
                "kfp.local 2.17.0, no venv",
                "8 × as fast",
                other >= 8 * ours,
            )
        ]
    )


def seconds_said(words: list[str], folder: Path, **env: str) -> Callable[[], float]:
    """What the process says it took."""

    def run() -> float:
        done = subprocess.run(
            [*words, str(STEPS)],
            cwd=folder,
            env=environment(folder, **env),
            capture_output=True,
            text=True,
            check=False,
        )
        said = re.search(r"^seconds (\S+)$", done.stdout, re.MULTILINE)
        if said is None:
            raise SystemExit(f"{words[0]} failed:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
        return float(said[1])

    return run


if __name__ == "__main__":
    main()
