"""What the pods of the double's runs printed, and the store in which its steps' outputs are.

KFP's driver and launcher print the inputs and outputs of their step, with addresses in the store.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from kfp_double.nodes import Node
from labwright.targets.local.rundir import StepDir, read_json

BUCKET = "mlpipeline"
_HEAD = "I0101 00:00:00.000000       1 {file}] "


def driver_log(step: StepDir, cached: bool, root: Path) -> bytes:
    """Of the driver of a step."""
    made = read_json(step.path / "executor_input.json")
    said = _said("main.go:618", f"output ExecutorInput:{_pretty(made, root)}") if made else ""
    if cached:
        said += _said("driver.go:300", "Use cache for task of the same inputs")
    return said.encode()


def executor_log(step: StepDir, over: bool, root: Path) -> bytes:
    """Of the pod of a step itself."""
    own = step.log.read_bytes() if step.log.is_file() else b""
    made = read_json(step.output) if over else None
    if not made:
        return own
    said = _said("launcher_v2.go:1230", f"ExecutorOutput: {_pretty(made, root)}")
    return own + said.encode()


def log_of(node: Node, siblings: dict[str, Node], directory: Path, root: Path) -> bytes:
    """What the pod of a node printed."""
    if node.row is not None:
        step = StepDir(directory / node.row.folder)
        return executor_log(step, node.row.finished_at is not None, root)
    executor = siblings.get(f"{node.place.removesuffix('-driver')}.executor")
    if executor is None or executor.row is None:
        return b""
    return driver_log(StepDir(directory / executor.row.folder), executor.row.cached, root)


def object_at(root: Path, key: str) -> bytes | None:
    """What is at a key of the bucket."""
    place = (root / key).resolve()
    if not place.is_relative_to(root.resolve()) or not place.is_file():
        return None
    return place.read_bytes()


def _said(file: str, words: str) -> str:
    return f"{_HEAD.format(file=file)}{words}\n"


def _pretty(message: Any, root: Path) -> str:
    """Files under the root are addresses in the store."""
    text = json.dumps(message, indent="\t", sort_keys=True)
    return text.replace(f'"{root}/', f'"minio://{BUCKET}/')
