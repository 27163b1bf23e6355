"""Starting a run and listing 1,000, by our client and by the kfp SDK: whole processes, cold."""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from kfp_server import RUNS, serving
from measure import Row, command, environment, peer, show, side_by_side

TIMES = 5
OURS = """
import asyncio, resource, sys
from labwright.targets.config import KnownTarget
from labwright.targets.kubeflow.client import client_of
from labwright.targets.kubeflow.api.runs import RunBody

async def main(what, endpoint):
    async with client_of(KnownTarget("bench", endpoint=endpoint)) as client:
        if what == "create":
            body = RunBody("one", "bench mark", "mark", pipeline_id="p", pipeline_version_id="v")
            assert (await client.runs.create(body)).run_id
        elif what == "list":
            assert len([run async for run in client.runs.all()]) == int(sys.argv[3])

asyncio.run(main(*sys.argv[1:3]))
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""
THEIRS = """
import resource, sys
import kfp

what, endpoint = sys.argv[1:3]
client = kfp.Client(host=endpoint, namespace="kubeflow")
if what == "create":
    assert client.run_pipeline("experiment", "one", pipeline_id="p", version_id="v").run_id
elif what == "list":
    found, token = [], ""
    while True:
        page = client.list_runs(page_size=200, page_token=token)
        found += page.runs
        token = page.next_page_token
        if not token:
            break
    assert len(found) == int(sys.argv[3])
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def main() -> None:
    ours, theirs = (
        [sys.executable, "-c", OURS],
        [str(peer("LABWRIGHT_ORACLE_PYTHON")), "-c", THEIRS],
    )
    rows = []
    with tempfile.TemporaryDirectory() as name, serving() as endpoint:
        folder = Path(name)
        for what, claim in (
            ("nothing", "import the client of a KFP server"),
            ("create", "start a run on a KFP server"),
            ("list", f"list {RUNS:,} runs of a KFP server"),
        ):
            told = [what, endpoint, str(RUNS)]
            times = side_by_side(
                {
                    "ours": command([*ours, *told], folder),
                    "theirs": command([*theirs, *told], folder),
                },
                TIMES,
            )
            rows.append(_row(claim, times["ours"], times["theirs"]))
        told = ["list", endpoint, str(RUNS)]
        sizes = [_megabytes([*words, *told], folder) for words in (ours, theirs)]
    rows.append(_row("memory that listing them takes", *sizes, unit="MB"))
    show(rows)


def _row(claim: str, ours: float, theirs: float, unit: Literal["s", "MB"] = "s") -> Row:
    return Row(claim, ours, theirs, "kfp SDK 2.17.0", "less than the SDK", ours < theirs, unit)


def _megabytes(words: Sequence[str], folder: Path) -> float:
    """The largest memory of the process, which prints it in KiB; the median of three."""

    def once() -> float:
        done = subprocess.run(
            words, env=environment(folder), capture_output=True, text=True, check=True
        )
        return int(done.stdout.split()[-1]) / 1024

    return statistics.median(once() for _ in range(3))


if __name__ == "__main__":
    main()
