"""The way in: help, versions, and failures of every kind as readable messages."""

import subprocess
import sys
from pathlib import Path

import pytest

from labwright import __version__
from labwright.cli import main as cli
from labwright.errors import LabwrightError

LABWRIGHT = str(Path(sys.executable).parent / "labwright")


def run(*argv: str, **kwargs) -> subprocess.CompletedProcess[str]:
    return subprocess.run([LABWRIGHT, *argv], capture_output=True, text=True, **kwargs)


def test_help_names_every_command():
    done = run("--help")
    assert done.returncode == 0
    for command in ("run", "graph", "compile", "verify", "exec", "runs", "doctor"):
        assert f"\n  {command} " in done.stdout


def test_help_imports_no_command():
    code = (
        "import sys; from labwright.cli.main import guarded, dispatch\n"
        "guarded(lambda: dispatch(['--help']))\n"
        "heavy = {'rich', 'pydantic', 'nbformat', 'papermill', 'sqlalchemy', 'IPython', 'yaml'}\n"
        "print(sorted(m for m in sys.modules if m in heavy or 'cli.commands' in m))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_version():
    assert run("--version").stdout == f"labwright {__version__}\n"


def test_no_words_shows_the_help():
    assert "Commands:" in run().stdout


def test_help_of_a_command():
    done = run("exec", "--help")
    assert done.returncode == 0
    assert "NAME=VALUE" in done.stdout


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (["rnu"], ["rnu", "did you mean 'run'"]),
        (["runs", "sohw"], ["did you mean 'show'"]),
        (["exec"], ["IN"]),
        (["exec", "a", "b", "--nope"], ["--nope"]),
    ],
)
def test_a_wrong_line_exits_2_with_a_message(argv, words):
    done = run(*argv)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    for word in words:
        assert word in done.stderr


def test_completion_of_commands(tmp_path):
    import os

    environment = {
        **os.environ,
        "_LABWRIGHT_COMPLETE": "complete_bash",
        "COMP_WORDS": "labwright com",
        "COMP_CWORD": "1",
    }
    assert run(env=environment).stdout.split() == ["compile", "component"]


def failing(error: BaseException):
    def work() -> int:
        raise error

    return work


def test_bad_input_is_one_line(capsys):
    error = LabwrightError("no such file", where="a.ipynb", hint="check the path")
    assert cli.guarded(failing(error)) == 2
    assert capsys.readouterr().err == "labwright: a.ipynb: no such file (check the path)\n"


def test_an_interrupt_is_said(capsys):
    assert cli.guarded(failing(KeyboardInterrupt())) == 130
    assert "interrupted" in capsys.readouterr().err


def test_a_crash_leaves_its_story_in_a_file(capsys, tmp_path, monkeypatch):
    monkeypatch.setenv("LABWRIGHT_HOME", str(tmp_path))
    assert cli.guarded(failing(ZeroDivisionError("by nought"))) == 70
    message = capsys.readouterr().err
    assert "by nought" in message
    assert "Traceback" not in message
    (log,) = (tmp_path / "logs").glob("crash-*.log")
    assert str(log) in message
    assert "Traceback" in log.read_text()


def test_debug_shows_the_traceback(monkeypatch):
    monkeypatch.setenv("LABWRIGHT_DEBUG", "1")
    with pytest.raises(ZeroDivisionError):
        cli.guarded(failing(ZeroDivisionError()))
