"""A few random programs as notebooks through the whole of Labwright: compiled, run, compared."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings

from corpus.notebooks import to_notebook
from dataflow.programs import Part, programs
from labwright.launch import analyse_notebook
from labwright.verify import verify


@given(programs())
@settings(
    max_examples=12,
    deadline=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_verify_says_equal(parts: list[Part]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "random.ipynb"
        path.write_text(json.dumps(notebook_of(parts)))
        verdict = verify(analyse_notebook(str(path)), {})
    assert verdict.equal, [cell for cell in verdict.cells if not cell["equal"]]
    assert verdict.record.state == "SUCCEEDED"


def notebook_of(parts: list[Part]) -> dict[str, Any]:
    return to_notebook("".join(f"# %% {part.tag}\n{part.source}\n" for part in parts))
