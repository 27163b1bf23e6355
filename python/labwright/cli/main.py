"""The way in: parse quickly, run the command, and turn every failure into a readable message."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable

from ..errors import LabwrightError
from .console import err, out

BAD_INPUT = 2
CRASHED = 70  # EX_SOFTWARE
INTERRUPTED = 130  # as a shell reports SIGINT


def main(argv: list[str] | None = None) -> None:
    """The console script."""
    status = guarded(lambda: dispatch(sys.argv[1:] if argv is None else argv))
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        _forget_stdout()
    sys.exit(status)


def dispatch(argv: list[str]) -> int:
    """Run the command that the words ask for; its exit status."""
    from . import quick, spec, tree

    if argv == ["--version"]:
        from .. import __version__

        out(f"labwright {__version__}")
        return 0
    if "_LABWRIGHT_COMPLETE" not in os.environ:
        found = tree.find(argv)
        if found is not None:
            handler = tree.load(found[0])
            values = quick.parse(spec.params(handler), found[1])
            if values is not None:
                return handler(**values)
    from . import typer_app

    call = typer_app.parse(argv)
    return call if isinstance(call, int) else call.handler(**call.values)


def guarded(work: Callable[[], int]) -> int:
    """The exit status of the work; a failure becomes one message on stderr."""
    try:
        return work()
    except LabwrightError as error:
        if os.environ.get("LABWRIGHT_DEBUG"):
            raise
        err(f"labwright: {error}")
        return BAD_INPUT
    except KeyboardInterrupt:
        err("labwright: interrupted")
        return INTERRUPTED
    except BrokenPipeError:
        _forget_stdout()
        return 1
    except Exception as error:
        if os.environ.get("LABWRIGHT_DEBUG"):
            raise
        from .crash import report

        err(report(error))
        return CRASHED


def _forget_stdout() -> None:
    """The reader went away (`| head`): nothing more can be said, not even at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
