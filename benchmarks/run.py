"""Runs the benchmarks named (all, without a name) and prints one table of their claims."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from pathlib import Path

from measure import table

HERE = Path(__file__).parent
CLAIMS = (
    "compile_vs_kale",
    "analysis_is_linear",
    "step_vs_kfp_local",
    "exec_vs_papermill",
    "exec_vs_python",
    "help_is_quick",
    "client_vs_kfp_sdk",
)


def main(names: list[str]) -> int:
    rows = []
    for name in names or CLAIMS:
        print(f"measuring {name} …", file=sys.stderr)
        done = subprocess.run(
            [sys.executable, str(HERE / f"{name}.py")],
            env={**os.environ, "LABWRIGHT_BENCH_JSON": "1"},
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
        rows += json.loads(done.stdout.splitlines()[-1])
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores; medians\n")
    print(table(rows))
    return 0 if all(row["holds"] for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
