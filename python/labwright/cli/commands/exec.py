"""`labwright exec`: a notebook executed top to bottom, as papermill does, without its weight."""

import os
import signal
import sys
from pathlib import Path
from typing import Annotated, Any

from ...errors import LabwrightError
from ..console import err, out, out_json
from ..spec import Arg, Opt


def exec_(
    notebook: Annotated[str, Arg("The notebook to execute.", metavar="IN")],
    output: Annotated[str, Arg("Where the executed notebook goes.", metavar="OUT")],
    param: Annotated[
        list[str], Opt("-p", "--param", metavar="NAME=VALUE", help="Set a parameter. Repeatable.")
    ] = [],  # noqa: B006
    kernel: Annotated[
        str, Opt("-k", "--kernel", metavar="NAME", help="Use this kernel instead of its own.")
    ] = "",
    cwd: Annotated[str, Opt("--cwd", metavar="DIR", help="Execute in this folder.")] = "",
    as_json: Annotated[bool, Opt("--json", help="Print the outcome as JSON.")] = False,
) -> int:
    """Execute a notebook top to bottom and write it, outputs and all, to another file.

    Parameters are put into a cell after the one tagged `parameters`. A Python notebook runs in
    this process, without a kernel; other languages run in their kernels. The output is written as
    it grows, also when a cell fails. Exit status 1 says that one did.
    """
    from ...batch import parameters, session
    from ...notebook.read import parse_document, read_document

    document = read_document(notebook)
    parsed = parse_document(document, Path(notebook))
    session.complete(document, parsed)
    values = parameters.read(document["cells"], param, notebook)
    folder = _folder(cwd)
    foreign = session.foreign_kernel(parsed, kernel)
    if foreign is not None:
        outcome = session.run_in_kernel(notebook, output, values, foreign, folder)
    else:
        target = os.path.abspath(output)
        if folder:
            os.chdir(folder)
        signal.signal(signal.SIGTERM, _terminated)
        outcome = session.run_here(
            document, values, notebook, output, target, on_cell=_status_line()
        )
    _tell(outcome, as_json)
    return _exit_status(outcome)


def _folder(cwd: str) -> str | None:
    if cwd and not os.path.isdir(cwd):
        raise LabwrightError("no such folder", where=f"--cwd {cwd}")
    return cwd or None


def _terminated(number: int, frame: object) -> None:
    """A polite kill ends the running cell, so that the notebook is written before the end."""
    raise SystemExit(128 + number)


def _status_line() -> Any:
    if not sys.stderr.isatty():
        return lambda done, total: None

    def show(done: int, total: int) -> None:
        sys.stderr.write(f"\r\x1b[Kcell {done + 1} of {total}")
        sys.stderr.flush()

    return show


def _tell(outcome: dict[str, Any], as_json: bool) -> None:
    if sys.stderr.isatty():
        sys.stderr.write("\r\x1b[K")
    error = outcome["error"]
    if error is not None:
        err("\n".join(error["traceback"]))
        reason = ": ".join(part for part in (error["ename"], error["evalue"]) if part)
        err(f"labwright: cell {error['cell']} failed: {reason}")
    if as_json:
        out_json(outcome)
    elif error is None:
        out(f"{outcome['notebook']}  ({outcome['duration']:.2f} s)")


def _exit_status(outcome: dict[str, Any]) -> int:
    error = outcome["error"]
    if error is None:
        return 0
    if error["ename"] == "KeyboardInterrupt":
        return 130
    if error["ename"] == "SystemExit" and error["evalue"] == str(128 + signal.SIGTERM):
        return 128 + signal.SIGTERM
    return 1
