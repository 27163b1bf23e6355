"""`papermill --engine labwright` gives what papermill's own engine gives, cell by cell."""

import contextlib
import json
from pathlib import Path

import papermill
import pytest
from nbclient.exceptions import CellTimeoutError, DeadKernelError

CELLS = [
    ("x = 1\nname = 'a'", ["parameters"]),
    "print('out', x, name)\nimport sys\nprint('err', file=sys.stderr)\nx + 1",
    "",
    "from IPython.display import HTML, display\ndisplay(HTML('<b>x</b>'))\n"
    "handle = display('one', display_id=True)",
    "handle.update('two')\n!echo sub",
    "%%html\n<i>y</i>",
    "await __import__('asyncio').sleep(0)\n{'b': [1, 2], 'a': {3}}",
    ("raise ValueError('expected')", ["raises-exception"]),
    "import matplotlib.pyplot as plt\nplt.figure(figsize=(1, 1))\nplt.plot([1, 2]);",
    "def f():\n    return 1 / 0\nf()",
    "print('never')",
]


def write(path: Path, cells) -> Path:
    written = []
    for index, cell in enumerate(cells):
        source, tags = cell if isinstance(cell, tuple) else (cell, [])
        written.append(
            {
                "cell_type": "code",
                "id": f"c{index}",
                "metadata": {"tags": tags},
                "source": source,
                "outputs": [],
                "execution_count": None,
            }
        )
    kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    metadata = {"kernelspec": kernelspec, "language_info": {"name": "python"}}
    document = {"cells": written, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
    path.write_text(json.dumps(document))
    return path


def execute(tmp_path: Path, engine: str | None, cells=CELLS, **options) -> dict:
    source = write(tmp_path / "in.ipynb", cells)
    target = tmp_path / f"out-{engine}.ipynb"
    options = {"parameters": {"name": 'it\'s "q"'}, "progress_bar": False, **options}
    with contextlib.suppress(papermill.PapermillExecutionError):
        papermill.execute_notebook(source, target, engine_name=engine, **options)
    return json.loads(target.read_text())


def comparable(document: dict) -> list[dict]:
    cells = []
    for cell in document["cells"]:
        metadata = dict(cell["metadata"])
        status = metadata.pop("papermill", {})
        timed = metadata.pop("execution", {})
        kept = {**cell, "metadata": metadata, "times": sorted(timed)}
        kept["status"] = status.get("status"), status.get("exception")
        if "injected-parameters" in metadata["tags"] or cell["cell_type"] == "markdown":
            del kept["id"]
        cells.append(kept)
    return cells


def test_the_same_notebook_as_the_default_engine(tmp_path):
    ours = execute(tmp_path, "labwright")
    theirs = execute(tmp_path, None)
    for one, other in zip(comparable(ours), comparable(theirs), strict=True):
        assert one == other
    assert ours["metadata"]["language_info"] == theirs["metadata"]["language_info"]
    record, expected = ours["metadata"]["papermill"], theirs["metadata"]["papermill"]
    assert sorted(record) == sorted(expected)
    assert record["parameters"] == expected["parameters"]


def test_streams_are_copied_where_papermill_is_told_to(tmp_path):
    with (tmp_path / "log").open("w") as log:
        execute(tmp_path, "labwright", ["print('line')"], stdout_file=log)
    assert (tmp_path / "log").read_text() == "line\n"


def test_a_timeout_and_a_death_are_papermills_own_errors(tmp_path):
    with pytest.raises(CellTimeoutError):
        execute(tmp_path, "labwright", ["import time; time.sleep(20)"], execution_timeout=1)
    with pytest.raises(DeadKernelError):
        execute(tmp_path, "labwright", ["import os; os._exit(1)"])


def test_the_calling_process_is_left_alone(tmp_path):
    import sys

    before = sys.modules["__main__"], list(sys.argv), sys.stdout
    execute(tmp_path, "labwright", ["import sys; sys.marked = True"])
    assert before == (sys.modules["__main__"], list(sys.argv), sys.stdout)
    assert not hasattr(sys, "marked")
