"""The straight run: a fresh process that performs a script and writes down what each cell shows.

Run by `verify` as `python -c`, with the script on stdin and the path of the report as argument. It
is here, and not there, so that the process imports no more than a notebook needs.
"""

from __future__ import annotations

import copy
import json
import sys
from collections.abc import Callable, Mapping
from typing import Any

from ..runtime import state
from ..runtime.cells import CellError, CellRunner
from .execute import become_notebook


class Stopped(Exception):
    """A cell raised: nothing after it runs, but `finally` steps do."""


class StraightRun:
    """Performs actions in one namespace. `outputs` has every run of every cell, in order."""

    def __init__(self) -> None:
        self.runner = CellRunner(tee=False)
        self.outputs: dict[int, list[Any]] = {}
        self.error: CellError | None = None
        self.failed: int | None = None
        self._skipped: set[str] = set()
        self._decided: dict[str, bool] = {}

    @property
    def names(self) -> dict[str, Any]:
        return self.runner.namespace

    def perform(self, actions: list[Mapping[str, Any]]) -> None:
        """All actions; after a failure only those behind the `finally` mark."""
        steps: dict[str, Callable[[Mapping[str, Any]], None]] = {
            "cell": self._cell_action,
            "set": lambda action: self.names.update(action["values"]),
            "step": self._step,
            "loop": self._loop,
        }
        stopped = False
        for action in actions:
            if action["do"] == "finally":
                stopped = False
                self.names["pipeline_status"] = self._status()
            elif not stopped:
                try:
                    steps[action["do"]](action)
                except Stopped:
                    stopped = True

    def _status(self) -> dict[str, Any]:
        """What a `finally` step is told, as Kubeflow tells it."""
        error = {"code": 1, "message": self.error.evalue} if self.error else {}
        return {
            "state": "FAILED" if self.error else "SUCCEEDED",
            "error": error,
            "pipelineJobResourceName": "",
            "pipelineTaskName": "",
        }

    def _cell_action(self, action: Mapping[str, Any]) -> None:
        if action["step"] not in self._skipped:
            self._cell(action["cell"], action["source"])

    def _cell(self, cell: int, source: str) -> None:
        if not source.strip():
            return
        result = self.runner.run(source)
        self.outputs.setdefault(cell, []).append(result.outputs)
        if result.error is not None:
            if self.error is None:
                self.error, self.failed = result.error, cell
            raise Stopped
        if result.exit:
            raise Stopped

    def _step(self, action: Mapping[str, Any]) -> None:
        for expression, key in zip(action["conditions"], action["keys"], strict=True):
            if not self._decide(expression, json.dumps(key)):
                self._skipped.add(action["step"])
                return

    def _decide(self, expression: str, key: str) -> bool:
        """The condition's truth; false where what it asks about was never bound."""
        if key not in self._decided:
            try:
                self._decided[key] = bool(eval(expression, self.names))
            except NameError:
                self._decided[key] = False
        return self._decided[key]

    def _loop(self, action: Mapping[str, Any]) -> None:
        if action["step"] in self._skipped:
            return
        items = list(eval(action["items"], self.names))
        before = {name: self.names[name] for name in action["inputs"] if name in self.names}
        chance = _chance()
        collected: dict[str, list[Any]] = {name: [] for name in action["outputs"]}
        for item in items:
            self.names.update(_copy(before))
            _restore(chance)
            self.names[action["variable"]] = item
            for cell in action["cells"]:
                self._cell(cell["cell"], cell["source"])
            for name, values in collected.items():
                if name in self.names:
                    values.append(self.names[name])
        _restore(chance)
        self.names.update(before)
        self.names.update(collected)


def _chance() -> dict[str, Any]:
    """The state of the random generators that are in use."""
    states = {name: state.capture(name, None) for name in state.HIDDEN}
    return {name: found for name, found in states.items() if found is not None}


def _restore(chance: Mapping[str, Any]) -> None:
    for name, found in chance.items():
        state.restore(name, found)


def _copy(values: dict[str, Any]) -> dict[str, Any]:
    """The values for one turn of a loop; what cannot be copied is shared."""
    try:
        return copy.deepcopy(values)
    except Exception:  # any class may refuse to be copied, in its own way
        return dict(values)


def main(report: str) -> None:
    """Perform the script on stdin; write the report."""
    actions = json.load(sys.stdin)
    become_notebook()
    run = StraightRun()
    run.perform(actions)
    with open(report, "w", encoding="utf-8") as file:
        json.dump({"outputs": run.outputs, "error": run.error, "failed": run.failed}, file)
