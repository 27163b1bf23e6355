"""The magics that work without IPython, for steps whose image does not have it."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import time
from typing import Any, Callable, Dict


def _nothing(shell: Any, line: str, cell: str = "") -> None:
    """Options of the interactive session that mean nothing in a step."""


def _cd(shell: Any, line: str) -> None:
    os.chdir(os.path.expanduser(line.strip().strip("'\"") or "~"))
    print(os.getcwd())


def _pwd(shell: Any, line: str) -> str:
    return os.getcwd()


def _env(shell: Any, line: str) -> Any:
    if not line.strip():
        return dict(os.environ)
    name, found, value = line.partition("=")
    if not found:
        name, _, value = line.strip().partition(" ")
    name, value = name.strip(), value.strip()
    if not value and not found:
        return os.environ.get(name)
    os.environ[name] = value
    print("env: %s=%s" % (name, value))
    return None


def _set_env(shell: Any, line: str) -> None:
    name, _, value = line.strip().replace("=", " ", 1).partition(" ")
    os.environ[name] = value.strip()
    print("env: %s=%s" % (name, value.strip()))


def _clock(seconds: float) -> str:
    for size, unit in ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs")):
        if seconds >= size:
            return "%.3g %s" % (seconds / size, unit)
    return "%.3g ns" % (seconds * 1e9)


def _run_timed(shell: Any, source: str) -> None:
    wall, cpu = time.perf_counter(), time.process_time()
    try:
        shell._run(source, "<timed cell>")
    finally:
        cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
        print("CPU times: total: %s\nWall time: %s" % (_clock(cpu), _clock(wall)))


def _time(shell: Any, line: str, cell: str = "") -> None:
    _run_timed(shell, (line + "\n" + cell) if line.strip() else cell)


def _script(program: str) -> Callable[[Any, str, str], None]:
    def run(shell: Any, line: str, cell: str) -> None:
        sys.stdout.flush()
        done = subprocess.run(
            [program], input=cell.encode(), stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        sys.stdout.write(done.stdout.decode("utf-8", "replace"))
        sys.stderr.write(done.stderr.decode("utf-8", "replace"))
        if done.returncode:
            raise subprocess.CalledProcessError(done.returncode, [program])

    return run


def _writefile(shell: Any, line: str, cell: str) -> None:
    words = line.split()
    append = "-a" in words or "--append" in words
    path = os.path.expanduser([word for word in words if not word.startswith("-")][-1])
    exists = os.path.exists(path)
    with io.open(path, "a" if append else "w", encoding="utf-8") as file:
        file.write(cell)
    verb = "Appending to" if append else "Overwriting" if exists else "Writing"
    print("%s %s" % (verb, path))


class Captured:
    """What `%%capture name` leaves in the variable."""

    def __init__(self, stdout: str, stderr: str) -> None:
        self.stdout = stdout
        self.stderr = stderr

    def __str__(self) -> str:
        return self.stdout

    def show(self) -> None:
        sys.stdout.write(self.stdout)
        sys.stderr.write(self.stderr)

    __call__ = show


def _capture(shell: Any, line: str, cell: str) -> None:
    saved = sys.stdout, sys.stderr
    out, err = io.StringIO(), io.StringIO()
    recorder, shell.recorder = shell.recorder, type(shell.recorder)()
    sys.stdout, sys.stderr = out, err
    try:
        shell._run(cell, "<captured cell>")
    finally:
        sys.stdout, sys.stderr = saved
        shell.recorder = recorder
    names = [word for word in line.split() if not word.startswith("-")]
    if names:
        shell.user_ns[names[0]] = Captured(out.getvalue(), err.getvalue())


QUIET = ("matplotlib", "load_ext", "reload_ext", "autoreload", "config", "precision", "pylab")

LINE: Dict[str, Callable[..., Any]] = dict.fromkeys(QUIET, _nothing)
LINE.update(cd=_cd, pwd=_pwd, env=_env, set_env=_set_env, time=_time)

CELL: Dict[str, Callable[..., Any]] = {
    "time": _time,
    "bash": _script("bash"),
    "sh": _script("sh"),
    "writefile": _writefile,
    "file": _writefile,
    "capture": _capture,
}
for _name in ("html", "markdown", "javascript", "js", "latex", "svg"):
    _mime = {"js": "application/javascript", "javascript": "application/javascript"}.get(
        _name, {"svg": "image/svg+xml"}.get(_name, "text/" + _name)
    )

    def _show(shell: Any, line: str, cell: str, mime: str = _mime) -> None:
        shell.recorder.display({mime: cell}, {})

    CELL[_name] = _show
