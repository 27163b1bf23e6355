"""A process with the libraries loaded that forks test steps, as the engine's warm process does.

Starting Python and importing pandas for each of a hundred steps would be most of the tests' time.
"""

from __future__ import annotations

import atexit
import functools
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

SERVER = """
import json, os, sys
import IPython.core.interactiveshell, matplotlib_inline.backend_inline
import numpy, pandas, pyarrow.parquet, sklearn.neighbors, sklearn.linear_model
for line in sys.stdin:
    job = json.loads(line)
    child = os.fork()
    if child == 0:
        try:
            null = os.open(os.devnull, os.O_RDONLY)
            os.dup2(null, 0)
            for fd, name in ((1, "stdout"), (2, "stderr")):
                os.dup2(os.open(job[name], os.O_WRONLY | os.O_CREAT | os.O_TRUNC), fd)
            os.chdir(job["cwd"])
            sys.argv = ["-c", *job["argv"]]
            status = 1
            try:
                exec(job["source"], {"__name__": "__main__"})
            except SystemExit as leave:
                status = leave.code or 0
            sys.stdout.flush()
        finally:
            os._exit(status)
    _, status = os.waitpid(child, 0)
    print(os.waitstatus_to_exitcode(status), flush=True)
"""


@functools.lru_cache(maxsize=1)
def _server() -> subprocess.Popen[str]:
    server = subprocess.Popen(
        [sys.executable, "-c", SERVER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    atexit.register(server.kill)
    return server


def run_forked(command: list[str], cwd: Path) -> tuple[int, str, str]:
    """Run `python -u -c SOURCE ARGUMENTS…` in a fork; gives status, stdout and stderr."""
    server = _server()
    with tempfile.TemporaryDirectory() as folder:
        out, err = Path(folder) / "out", Path(folder) / "err"
        job: dict[str, Any] = {"source": command[3], "argv": command[4:], "cwd": str(cwd)}
        job.update(stdout=str(out), stderr=str(err))
        assert server.stdin is not None
        assert server.stdout is not None
        server.stdin.write(json.dumps(job) + "\n")
        server.stdin.flush()
        status = int(server.stdout.readline())
        return status, out.read_text(errors="replace"), err.read_text(errors="replace")
