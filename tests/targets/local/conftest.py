"""Running hand-written pipelines in a folder of their own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from labwright.targets.local.engine import run_pipeline
from labwright.targets.local.record import RunRecord

from .ir_by_hand import IR, Run


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Run a pipeline; `parameters` and options of `run_pipeline` can be given."""
    folder = tmp_path / "work"
    folder.mkdir()

    def run_it(ir: IR, parameters: dict[str, Any] | None = None, **options: Any) -> RunRecord:
        options.setdefault("workdir", folder)
        platform = options.pop("platform", None)
        return run_pipeline(ir.spec, platform, parameters, **options)

    return run_it
