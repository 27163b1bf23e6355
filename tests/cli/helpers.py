"""What the tests of several commands need."""

import json
import subprocess
import sys
from pathlib import Path

LABWRIGHT = str(Path(sys.executable).parent / "labwright")


def labwright(*argv: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([LABWRIGHT, *argv], cwd=cwd, capture_output=True, text=True, timeout=120)


def answer(*argv: str, cwd: Path, status: int = 0) -> dict:
    """The JSON object that a command's stdout ends with."""
    done = labwright(*argv, cwd=cwd)
    assert done.returncode == status, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def notebook(path: Path, *cells, language: str = "python", metadata: dict | None = None) -> Path:
    """Cells are (tags, source), tags parted by spaces; or (tags, source, labwright settings)."""
    written = []
    for index, (tags, source, *settings) in enumerate(cells):
        own = {"tags": tags.split()} if tags else {}
        if settings:
            own["labwright"] = settings[0]
        written.append(
            {
                "cell_type": "code",
                "id": f"c{index}",
                "metadata": own,
                "source": source,
                "outputs": [],
                "execution_count": None,
            }
        )
    document = {
        "cells": written,
        "metadata": {"language_info": {"name": language}, **(metadata or {})},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    path.write_text(json.dumps(document))
    return path


CHOICE = [
    ("parameters", "rate = 0.5\nitems = [1, 2, 3]"),
    ("step:load", "x = [rate, 2]"),
    ("step:square", "y = n * n\nprint(y)", {"foreach": "n in items"}),
    ("step:add metrics", "total = sum(y)\nprint(total, x)"),
    ("step:big", "print('big')", {"when": "total > 100"}),
    ("step:small", "print('small')", {"when": "total < 100"}),
]
