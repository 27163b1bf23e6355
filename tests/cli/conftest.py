"""Fixtures of the command line's tests."""

import json

import pytest

from cli.far import sky
from labwright.cli.main import dispatch, guarded

__all__ = ["ask", "say", "sky"]


@pytest.fixture
def say(capsys):
    """Runs a command in this process; its exit status, stdout and stderr."""

    def run(*argv: str) -> tuple[int, str, str]:
        status = guarded(lambda: dispatch(list(argv)))
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    return run


@pytest.fixture
def ask(say):
    """The JSON object that a command's stdout ends with."""

    def run(*argv: str, status: int = 0) -> dict:
        found, out, err = say(*argv)
        assert found == status, err
        return json.loads(out.splitlines()[-1])

    return run
