"""A Python notebook executed in this process: `labwright exec` without a kernel."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

from .record import LANGUAGE_INFO, Record
from .saver import Saver

if TYPE_CHECKING:
    from ..runtime.cells import CellRunner


class Failure(NamedTuple):
    """The cell that stopped the notebook, and what it raised."""

    cell: dict[str, Any]
    ename: str
    evalue: str
    traceback: list[str]


class Outcome(NamedTuple):
    """How an execution ended. `executed` counts the code cells that ran."""

    failure: Failure | None
    executed: int


def execute(
    document: dict[str, Any],
    record: Record,
    saver: Saver,
    *,
    on_cell: Callable[[int, int], None] = lambda done, total: None,
) -> Outcome:
    """Run the cells of the document in order, up to the first that raises.

    A cell tagged `raises-exception` may raise; `exit()` and `sys.exit(0)` end the notebook well.
    """
    become_notebook()
    runner = _make_runner()
    cells = document["cells"]
    executed = 0
    failure = None
    for index, cell in enumerate(cells):
        on_cell(index, len(cells))
        source = "".join(cell["source"])
        runs = cell["cell_type"] == "code" and bool(source.strip())
        with saver.changing():
            started = record.cell_started(cell)
            if runs:
                cell["execution_count"] = runner.execution_count
        saver.save_if_cheap()
        if not runs:
            record.cell_finished(cell, started, executed=False, failed=False)
            continue
        result = runner.run(source)
        executed += 1
        leave, failed = verdict(cell, result)
        with saver.changing():
            cell["outputs"] = result.outputs
            cell["execution_count"] = result.execution_count
            record.cell_finished(cell, started, executed=True, failed=failed)
        if failed and result.error is not None:
            failure = Failure(cell, *result.error)
        if leave or failed:
            break
    with saver.changing():
        finish_metadata(document)
    return Outcome(failure, executed)


def _make_runner() -> CellRunner:
    """The notebook's session, made without the collector.

    Imports leave no garbage: looking for it meanwhile, and again when the process ends, takes a
    fifth of a short execution. What the notebook itself makes is collected as ever.
    """
    gc.disable()
    try:
        from ..runtime import cells

        cells.load()
        gc.freeze()
    finally:
        gc.enable()
    return cells.CellRunner(tee=False)


def verdict(cell: dict[str, Any], result: Any) -> tuple[bool, bool]:
    """Whether the notebook ends after this cell, and whether it failed."""
    if result.error is None:
        return result.exit, False
    if "raises-exception" in cell["metadata"].get("tags", ()):
        return False, False
    quiet = result.error.ename == "SystemExit" and result.error.evalue in ("", "0", "None")
    return True, not quiet


def become_notebook() -> None:
    """Give this process the look of a kernel: no arguments, and imports from the working folder.

    The folder comes after the standard library, so that a file there cannot stand in for it.
    """
    script_folder = os.path.dirname(os.path.abspath(sys.argv[0]))
    if sys.path and os.path.realpath(sys.path[0] or ".") == os.path.realpath(script_folder):
        del sys.path[0]
    if "" not in sys.path:
        names = [os.path.basename(path) for path in sys.path]
        found = [names.index(name) for name in ("site-packages", "dist-packages") if name in names]
        sys.path.insert(min(found, default=0), "")
    sys.argv[:] = [""]


def finish_metadata(document: dict[str, Any]) -> None:
    """What a kernel's client would add at the end: the language, and the state of widgets."""
    version = ".".join(map(str, sys.version_info[:3]))
    document["metadata"]["language_info"] = {**LANGUAGE_INFO, "version": version}
    widgets = sys.modules.get("ipywidgets")
    if widgets is None:
        return
    state = widgets.Widget.get_manager_state(drop_defaults=False)
    if state["state"]:
        document["metadata"]["widgets"] = {"application/vnd.jupyter.widget-state+json": state}
