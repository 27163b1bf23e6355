"""A large array passes a step without a second copy of it in memory."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

WRITE = """
import json, resource, sys
import numpy as np
from labwright.runtime.values import write_values
def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
megabytes, folder, kind = int(sys.argv[1]), sys.argv[2], sys.argv[3]
data = np.ones(megabytes << 17)
before = peak()
values = {"x": data} if kind == "alone" else {"x": data, "held": {"inside": data}}
write_values(values, {name: folder + "/" + name for name in values}, {})
print(json.dumps(peak() - before))
"""

READ = """
import json, resource, sys
import numpy as np
from labwright.runtime.values import read_values
from labwright.runtime.fingerprint import fingerprint
def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
folder, kind = sys.argv[2], sys.argv[3]
before = peak()
names = ["x"] if kind == "alone" else ["x", "held"]
got = read_values({name: folder + "/" + name for name in names}, {})
first = fingerprint(got["x"])
loaded = peak() - before
assert type(got["x"]) is np.ndarray and got["x"].nbytes == int(sys.argv[1]) << 20
assert got["x"][:: 1 << 16].sum() == len(got["x"][:: 1 << 16])
assert not first.differs(fingerprint(got["x"], like=first))
got["x"][3] = 2.0
assert first.differs(fingerprint(got["x"], like=first))
if kind != "alone":
    assert got["held"]["inside"] is got["x"]
print(json.dumps(loaded))
"""


def extra(script: str, *arguments: str) -> int:
    done = subprocess.run(
        [sys.executable, "-c", script, *arguments], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return int(json.loads(done.stdout))


@pytest.fixture
def roomy(tmp_path: Path) -> Iterator[Path]:
    """A folder for gigabytes: in memory where there is room, so that no disk is waited for."""
    shared = Path("/dev/shm")
    if not shared.is_dir() or shutil.disk_usage(shared).free < 4 << 30:
        yield tmp_path
        return
    with tempfile.TemporaryDirectory(dir=shared) as folder:
        yield Path(folder)


@pytest.mark.parametrize(("megabytes", "kind"), [(1024, "alone"), (128, "shared")])
def test_extra_memory(roomy: Path, megabytes: int, kind: str) -> None:
    pytest.importorskip("numpy")
    arguments = str(megabytes), str(roomy), kind
    written, read = extra(WRITE, *arguments), extra(READ, *arguments)
    print(f"{megabytes} MB {kind}: writing {written >> 20} MB more, reading {read >> 20} MB more")
    assert written < 200 << 20
    assert read < 200 << 20
