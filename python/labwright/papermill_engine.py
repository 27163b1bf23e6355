"""papermill's engine `labwright`: the same notebook, executed without starting a kernel.

`papermill --engine labwright IN OUT`. Notebooks for other kernels go to papermill's own engine.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from papermill.engines import Engine, NBClientEngine

if TYPE_CHECKING:
    from .batch.child import CellProcess


class LabwrightEngine(Engine):  # type: ignore[misc]
    """Executes a Python notebook in a fresh process with IPython in it, and no kernel."""

    @classmethod
    def execute_managed_notebook(
        cls,
        nb_man: Any,
        kernel_name: str,
        *,
        log_output: bool = False,
        stdout_file: Any = None,
        stderr_file: Any = None,
        execution_timeout: int | None = None,
        **kwargs: Any,
    ) -> None:
        """Run the notebook's cells, keeping papermill's own record of them."""
        from .batch.child import CellProcess
        from .batch.session import runs_here

        if not runs_here(kernel_name, cls.nb_language(nb_man.nb)):
            NBClientEngine.execute_managed_notebook(
                nb_man,
                kernel_name,
                log_output=log_output,
                stdout_file=stdout_file,
                stderr_file=stderr_file,
                execution_timeout=execution_timeout,
                **kwargs,
            )
            return
        with CellProcess() as process:
            run = _Run(
                nb_man,
                process,
                timeout=execution_timeout or kwargs.get("timeout"),
                log_output=log_output,
                files={"stdout": stdout_file, "stderr": stderr_file},
            )
            run.cells()
            run.finish()


class _Run:
    """One notebook on its way through a cell process."""

    def __init__(
        self,
        nb_man: Any,
        process: CellProcess,
        *,
        timeout: float | None,
        log_output: bool,
        files: Mapping[str, Any],
    ) -> None:
        self.nb_man = nb_man
        self.process = process
        self.timeout = timeout
        self.log_output = log_output
        self.files = files
        self.executed: list[int] = []

    def cells(self) -> None:
        """All cells in order, up to the first that fails."""
        for index, cell in enumerate(self.nb_man.nb.cells):
            self.nb_man.cell_start(cell, index)
            over = False
            try:
                if cell.cell_type == "code" and cell.source.strip():
                    over = self.cell(index)
            finally:
                self.nb_man.cell_complete(self.nb_man.nb.cells[index], cell_index=index)
            if over:
                return

    def cell(self, index: int) -> bool:
        """Run one cell; whether the notebook ends with it."""
        from nbclient.exceptions import CellTimeoutError, DeadKernelError

        from .batch.child import Died
        from .batch.execute import verdict
        from .batch.record import now, timing

        cell = self.nb_man.nb.cells[index]
        started = now()
        try:
            reply = self.process.run(
                cell.source,
                timeout=self.timeout,
                on_partial=lambda outputs: self.show(index, outputs),
            )
        except TimeoutError:
            self.nb_man.cell_exception(cell, cell_index=index)
            raise CellTimeoutError.error_from_timeout_and_cell(
                "Cell execution timed out", int(self.timeout or 0), cell
            ) from None
        except Died as died:
            self.nb_man.cell_exception(cell, cell_index=index)
            raise DeadKernelError(str(died)) from None
        self.executed.append(index)
        cell.outputs = _nodes(reply.outputs)
        cell.execution_count = reply.execution_count
        cell.metadata["execution"] = timing(started, now())
        self.log(reply.outputs)
        over, failed = verdict(cell, reply)
        if failed:
            self.nb_man.cell_exception(cell, cell_index=index)
        return over

    def show(self, index: int, outputs: list[dict[str, Any]]) -> None:
        self.nb_man.nb.cells[index].outputs = _nodes(outputs)
        self.nb_man.autosave_cell()

    def log(self, outputs: list[dict[str, Any]]) -> None:
        """What papermill's options ask for: a copy of the streams in files, or in the log."""
        from papermill.log import logger

        for output in outputs:
            if output["output_type"] != "stream":
                continue
            name, text = output["name"], output["text"]
            if self.log_output:
                (logger.info if name == "stdout" else logger.warning)(text)
            if self.files[name] is not None:
                self.files[name].write(text)
                self.files[name].flush()

    def finish(self) -> None:
        """Late changes to displays, the language, and the state of widgets."""
        changed, metadata = self.process.finish()
        for position, outputs in changed.items():
            self.nb_man.nb.cells[self.executed[position]].outputs = _nodes(outputs)
        self.nb_man.nb.metadata.update(metadata)


def _nodes(outputs: list[dict[str, Any]]) -> list[Any]:
    """The outputs as nbformat's own objects, which papermill reads by attribute."""
    from nbformat import from_dict

    return [from_dict(output) for output in outputs]  # type: ignore[no-untyped-call]
