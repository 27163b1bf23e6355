"""`%%step NAME …` in a live notebook: the cell runs as it would in the notebook's pipeline.

Without `--when` and `--foreach` it is an ordinary cell: its first line becomes a comment before
IPython looks at it, so that everything a cell can do (await, magics, a value at its end) works.
"""

from __future__ import annotations

import re
import symtable
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from IPython.core.error import UsageError
from IPython.core.magic import Magics, cell_magic, magics_class

from ..errors import LabwrightError
from ..notebook.settings import StepSettings, loop_parts, step_settings
from ..notebook.stepline import parse_step_line

_STEP = re.compile(r"\s*%%step(?:\s|$)")
_WHERE = "this cell"


def plain_steps(lines: list[str]) -> list[str]:
    """Turn the `%%step` line of a cell that simply runs into a comment.

    A line that is wrong, or says when the cell runs, is left to the magic.
    """
    first = next((i for i, line in enumerate(lines) if line.strip()), None)
    if first is None or not _STEP.match(lines[first]):
        return lines
    try:
        _, settings = read_line(lines[first].strip()[len("%%step") :])
    except LabwrightError:
        return lines
    if settings.when or settings.foreach:
        return lines
    return [*lines[:first], "# " + lines[first].lstrip(), *lines[first + 1 :]]


def read_line(arguments: str) -> tuple[str, StepSettings]:
    """The step's name and its settings, checked."""
    line = parse_step_line(arguments, _WHERE)
    return line.name, step_settings(line.settings, _WHERE)


@magics_class
class StepMagics(Magics):
    """The cell magic `%%step`."""

    shell: Any

    @cell_magic
    def step(self, line: str, cell: str) -> None:
        """Run the cell when its condition is true, and once for each item of its list."""
        __tracebackhide__ = True
        try:
            name, settings = read_line(line)
        except LabwrightError as error:
            raise UsageError(str(error)) from None
        namespace = self.shell.user_ns
        if settings.when and not eval(settings.when, namespace):
            self._say(f"step {name} not run: {settings.when} is false")
            return
        if settings.foreach is None:
            self._run(cell)
            return
        variable, items = loop_parts(settings.foreach)
        self._repeat(name, cell, variable, list(eval(items, namespace)))

    def _repeat(self, name: str, cell: str, variable: str, items: list[Any]) -> None:
        """Run the cell for each item; every name it binds becomes the list of its values."""
        __tracebackhide__ = True
        namespace = self.shell.user_ns
        bound = bound_names(self.shell.transform_cell(cell)) - {variable}
        before = {name: namespace[name] for name in bound if name in namespace}
        collected: dict[str, list[Any]] = {name: [] for name in bound}
        for item in items:
            namespace.update(before)
            namespace[variable] = item
            self._run(cell)
            for each, values in collected.items():
                if each in namespace:
                    values.append(namespace[each])
        namespace.update(collected)
        self._say(f"step {name} run {len(items)} times, for {variable} in {items!r:.60}")

    def _run(self, cell: str) -> None:
        """Run the cell; what it raises is raised here, and shown once."""
        __tracebackhide__ = True
        with self._quiet_errors():
            result = self.shell.run_cell(cell)
        error = result.error_before_exec or result.error_in_exec
        if error is not None:
            raise error

    @contextmanager
    def _quiet_errors(self) -> Iterator[None]:
        """Keep the inner run from showing a traceback that the outer cell shows as well."""

        def quiet(*_: Any, **__: Any) -> None:
            pass

        saved = self.shell.showtraceback, self.shell.showsyntaxerror
        self.shell.showtraceback = self.shell.showsyntaxerror = quiet
        try:
            yield
        finally:
            self.shell.showtraceback, self.shell.showsyntaxerror = saved

    def _say(self, text: str) -> None:
        import sys

        sys.stdout.write(text + "\n")


def bound_names(source: str) -> set[str]:
    """The variables that a cell binds; not its imports, functions and classes."""
    try:
        table = symtable.symtable(source, "<cell>", "exec")
    except SyntaxError:
        return set()
    return {
        symbol.get_name()
        for symbol in table.get_symbols()
        if symbol.is_assigned() and not symbol.is_imported() and not symbol.is_namespace()
    }
