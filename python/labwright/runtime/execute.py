"""One step: bind its inputs, run its cells, write what it gives."""

from __future__ import annotations

import os
import re
import time
from typing import Any, Dict, List, Optional

from . import state as hidden_state
from .cells import CellRunner
from .describe import describe, type_name
from .executed import ExecutedNotebook
from .fingerprint import Fingerprint, fingerprint
from .given import enter_workdir, given_parameters
from .interrupt import Interrupted
from .report import NAME as REPORT_NAME
from .report import Report
from .task import HTML, METRICS, NOTEBOOK, Task
from .tracking import FileTracker, keep_settled_bytecode, local_modules, module_states
from .values import UNBOUND, MarshalError, read_meta, read_values, write_values

SAVE_EVERY = 0.5


class StepFailed(Exception):
    """The step cannot go on; the report says why."""


class Step:
    """One run of one step: `run`, then `finish`; the report tells how it went."""

    def __init__(self, program: Dict[str, Any], task: Task, runner: Optional[CellRunner] = None):
        self.program = program
        self.task = task
        self.report = Report()
        self.parameters = given_parameters(program, task.parameters)
        self.notebook = ExecutedNotebook(program, self.parameters)
        self.notebook.path = task.output_path(NOTEBOOK)
        self.tracker = FileTracker([task.folder])
        self.runner = runner
        self.groups: Dict[str, str] = {}
        self.cell: Optional[str] = None
        self._held: Dict[str, Any] = {}
        self._saved = 0.0

    @property
    def namespace(self) -> Dict[str, Any]:
        assert self.runner is not None
        return self.runner.namespace

    def run(self) -> None:
        try:
            self._run()
        except StepFailed:
            pass
        except Interrupted as stop:
            self.report.fail(stop.ename, str(stop), cell=self.cell)
        except MarshalError as error:
            self.report.fail("MarshalError", str(error), cell=self.cell)
        except OSError as error:
            self.report.fail(type(error).__name__, _storage_error(error), cell=self.cell)
        except BaseException as error:
            import traceback

            self.report.fail(type(error).__name__, str(error), traceback.format_exc(), self.cell)
        if self.report.error is not None:
            self.report.state = "FAILED"

    def _run(self) -> None:
        enter_workdir(self.program)
        self.notebook.write()
        self.runner = self.runner or CellRunner()
        keep_settled_bytecode()
        self.tracker.start()
        # Replayed code may read parameters; nothing it does may change them.
        self.namespace.update(self.parameters)
        self._replay(self.program.get("setup"))
        self.namespace.update(self.parameters)
        states = self._load_inputs()
        self._replay(self.program.get("late_setup"))
        for name, value in states.items():
            hidden_state.restore(name, value)
        if self._passes_through():
            self.report.state = "SKIPPED"
        else:
            before, modules = self._fingerprints(), module_states()
            self._run_cells()
            self._check_guards(before)
            self._check_modules(modules)
            self.report.state = "SUCCEEDED"
        self.cell = None
        self._write_outputs()

    # -- before the cells ----------------------------------------------------------------------

    def _replay(self, fragments: Optional[List[Dict[str, Any]]]) -> None:
        assert self.runner is not None
        for fragment in fragments or ():
            error = self.runner.replay(fragment["source"], fragment.get("python"))
            if error is None:
                continue
            if not fragment.get("optional"):
                traceback = "\n".join(error.traceback)
                self.report.fail(error.ename, error.evalue, traceback, fragment.get("cell"))
                raise StepFailed
            if error.ename not in ("ModuleNotFoundError", "ImportError"):
                self.report.diagnose(
                    "warning",
                    "replay-skipped",
                    "could not repeat %r here: %s: %s"
                    % (fragment["source"], error.ename, error.evalue),
                    fragment.get("cell"),
                )

    def _load_inputs(self) -> Dict[str, Any]:
        """Bind the inputs; gives the hidden states among them, to be restored last."""
        inputs = self.program.get("inputs") or {}
        collected = [name for name in self.program.get("collected") or () if name in inputs]
        folders = {}
        for name, artifact in inputs.items():
            paths = self.task.input_paths(artifact)
            if name not in collected and paths:
                folders[name] = paths[0]
        for name, folder in folders.items():
            group = read_meta(folder).get("group")
            if group:
                self.groups[name] = group
        mates: Dict[str, Any] = {}
        values = read_values(folders, self.namespace, mates)
        for name in self.program.get("guards") or ():
            if name in mates and name not in folders:
                self.groups[name], self._held[name] = mates[name]
        values.update(
            self._load_collected({n: self.task.input_paths(inputs[n]) for n in collected})
        )
        states = {n: v for n, v in values.items() if n in hidden_state.HIDDEN and v is not UNBOUND}
        for name, value in values.items():
            if name in hidden_state.HIDDEN:
                continue
            if value is UNBOUND:
                self.namespace.pop(name, None)
            else:
                self.namespace[name] = value
        return states

    def _load_collected(self, paths: Dict[str, List[str]]) -> Dict[str, Any]:
        """Lists of what each iteration gave; one iteration's values share what they shared."""
        lists: Dict[str, Any] = {name: [] for name in paths}
        for spot in range(max(map(len, paths.values()), default=0)):
            folders = {name: each[spot] for name, each in paths.items() if spot < len(each)}
            for name, value in read_values(folders, self.namespace).items():
                if value is not UNBOUND:
                    lists[name].append(value)
        return lists

    def _passes_through(self) -> bool:
        expression = self.program.get("soft_when")
        if not expression:
            return False
        try:
            return not eval(expression, self.namespace)
        except Exception as error:
            message = "the condition %r: %s" % (expression, error)
            self.report.fail(type(error).__name__, message)
            raise StepFailed from error

    # -- the cells -----------------------------------------------------------------------------

    def _run_cells(self) -> None:
        assert self.runner is not None
        cells = self.program["cells"]
        for spot, cell in enumerate(cells):
            self.cell = cell["id"]
            self.tracker.mentioned(cell["source"])
            self.notebook.start(cell["id"])
            result = self.runner.run(cell["source"], cell.get("python"))
            self.notebook.finish(cell["id"], result.outputs, result.execution_count)
            self._save_now_and_then()
            if result.error is not None:
                error = result.error
                name, text = error.ename, error.evalue
                if name == "SystemExit":
                    text = "the cell ended the notebook by sys.exit(%s)" % text
                self.report.fail(name, text, "\n".join(error.traceback), cell["id"])
                raise StepFailed
            if result.exit and spot < len(cells) - 1:
                self.report.fail(
                    "SystemExit", "the cell ended the notebook by exit()", "", self.cell
                )
                raise StepFailed

    def _save_now_and_then(self) -> None:
        """Keep the notebook on disk fresh, so that even a kill leaves what was done."""
        now = time.monotonic()
        if now - self._saved > SAVE_EVERY:
            self._saved = now
            self.notebook.write()

    def _fingerprints(self) -> Dict[str, Fingerprint]:
        """What later steps also read, as it is before the cells run."""
        for name in self.program.get("guards") or ():
            if name in self.namespace:
                self._held[name] = self.namespace[name]
        found = {}
        for name, value in self._held.items():
            try:
                found[name] = fingerprint(value)
            except Exception as error:
                message = "%s (a %s) cannot be watched for changes: %s: %s"
                shown = message % (name, type_name(value), type(error).__name__, error)
                self.report.diagnose("info", "not-watched", shown, self._cell_naming(name))
        for name in self._hidden_guards():
            found[name] = fingerprint(hidden_state.capture(name, UNBOUND))
        return found

    def _hidden_guards(self) -> List[str]:
        inputs = self.program.get("inputs") or {}
        guards = self.program.get("guards") or ()
        return [name for name in guards if name in hidden_state.HIDDEN and name in inputs]

    def _check_guards(self, before: Dict[str, Fingerprint]) -> None:
        """Fail rather than let later steps see a value that the notebook would have changed."""
        outputs = set(self.program.get("outputs") or ())
        for name in self._hidden_guards():
            if before.pop(name).differs(fingerprint(hidden_state.capture(name, UNBOUND))):
                self.report.diagnose(
                    "warning",
                    "seed-replayed",
                    "step %r drew from the generator %s, which the analysis did not see: later "
                    "steps draw the same numbers again. Draw from it by name in the step, or give "
                    "what draws a seed of its own" % (self.program.get("step"), name),
                )
        for name, old in before.items():
            if not old.differs(fingerprint(self._held[name], like=old)):
                continue
            cell = self._cell_naming(name)
            mates = [
                other
                for other, group in self.groups.items()
                if other != name and group == self.groups.get(name) and other in outputs
            ]
            if mates:
                code = "shared-object-split"
                message = (
                    "step %r changed %s, which shares an object with %s; only %s is passed on, so "
                    "later steps would see the old %s. Write `%s = %s` after the change"
                    % (self.program.get("step"), name, mates[0], mates[0], name, name, name)
                )
            else:
                code = "missed-mutation"
                message = (
                    "step %r changed %s, but the analysis did not see it, so later steps would "
                    "get the value from before. Write `%s = %s` after the change, so that it is "
                    "passed on" % (self.program.get("step"), name, name, name)
                )
            self.report.diagnose("error", code, message, cell)
            self.report.fail("MissedMutation", message, "", cell)
        if self.report.error is not None:
            raise StepFailed

    def _check_modules(self, before: Dict[str, Fingerprint]) -> None:
        """State that a local module keeps stays in this process: say so."""
        after = module_states() if before else {}
        for name, old in before.items():
            if name in after and old.differs(after[name]):
                self.report.diagnose(
                    "warning",
                    "module-state",
                    "step %r changed what the module %s keeps in its globals: steps that import it "
                    "later start afresh. Keep it in a variable of the notebook, which is passed on"
                    % (self.program.get("step"), name),
                    self._cell_naming(name),
                )

    def _cell_naming(self, name: str) -> Optional[str]:
        pattern = re.compile(r"\b%s\b" % re.escape(name))
        for cell in self.program["cells"]:
            if pattern.search(cell["source"]):
                return str(cell["id"])
        return None

    # -- after the cells -----------------------------------------------------------------------

    def _write_outputs(self) -> None:
        outputs = self.program.get("outputs") or {}
        values, folders = {}, {}
        for name, artifact in outputs.items():
            path = self.task.output_path(artifact)
            if path is None:
                continue
            folders[name] = path
            if name in hidden_state.HIDDEN:
                values[name] = hidden_state.capture(name, UNBOUND)
            else:
                values[name] = self.namespace.get(name, UNBOUND)
        known = {*outputs, *(self.program.get("inputs") or ())}
        stored = write_values(values, folders, self.namespace, known)
        for name, entry in stored.items():
            about = {"type": "unbound"} if values[name] is UNBOUND else {}
            about = about or describe(values[name], folders[name], entry.format)
            self.task.describe(outputs[name], about)
        self._write_parameters()
        self._collect_metrics()

    def _write_parameters(self) -> None:
        for name, (parameter, kind) in (self.program.get("values") or {}).items():
            if name not in self.namespace:
                self.report.fail("NameError", "%s has no value at the end of the step" % name)
                raise StepFailed
            try:
                self.task.set_parameter(parameter, self.namespace[name], kind)
            except (TypeError, ValueError) as error:
                self.report.fail(
                    "TypeError", "%s decides how the pipeline goes on: %s" % (name, error)
                )
                raise StepFailed from error

    def _collect_metrics(self) -> None:
        for name in self.program.get("metrics") or ():
            value = self.namespace.get(name)
            item = getattr(value, "item", None)
            if callable(item) and getattr(value, "shape", None) == ():
                value = item()
            if isinstance(value, (bool, int, float)):
                finite = not isinstance(value, float) or abs(value) < float("inf")
                self.report.metrics[name] = value if finite else str(value)
        if self.report.metrics:
            self.task.describe(METRICS, self.report.metrics)

    def finish(self) -> None:
        """Leave the notebook, its page, the results and, last, the report. Each is tried."""
        self.tracker.stop()
        steps = [self.notebook.write, self._write_page, self._note_dependencies]
        if self.report.error is None:
            steps.append(self.task.write_output)
        for step in steps:
            try:
                step()
            except OSError as error:
                self.report.fail(type(error).__name__, _storage_error(error))
                self.report.state = "FAILED"
        try:
            self.report.write(os.path.join(self.task.folder, REPORT_NAME))
        except OSError:  # the exit status still tells
            pass

    def _write_page(self) -> None:
        path = self.task.output_path(HTML)
        if path:
            from .page import write_page

            write_page(path, self.notebook, self.report)

    def _note_dependencies(self) -> None:
        self.report.files = self.tracker.report()
        self.report.modules = local_modules()
        metrics = self.task.output_path(METRICS)
        if metrics:
            from .paths import write_json

            write_json(metrics, self.report.metrics)


def _storage_error(error: OSError) -> str:
    import errno

    if error.errno == errno.ENOSPC:
        return "no space left on the device%s: free some, or move the run's folder" % (
            " (%s)" % error.filename if error.filename else ""
        )
    return str(error)
