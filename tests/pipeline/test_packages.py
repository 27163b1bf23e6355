"""What runs before the loader where a step names packages."""

from __future__ import annotations

import subprocess
import sys

from labwright.pipeline.packages import installing


def run(source: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", source], capture_output=True, text=True)


def test_without_packages_the_loader_is_left_alone() -> None:
    assert installing([], "print(1)") == "print(1)"


def test_nothing_is_installed_that_is_there() -> None:
    from importlib.metadata import version

    calls = "import subprocess\nsubprocess.call = lambda command: print('pip', command) or 0\n"
    there = ["pytest", f"pytest=={version('pytest')}"]
    done = run(calls + installing(there, "print('loader')"))
    assert done.stdout == "loader\n"
    missing = ["pytest==0.0.1", "no-such-thing-at-all", "pytest>=1"]
    done = run(calls + installing([*there, *missing], "print('loader')"))
    first, second = done.stdout.splitlines()
    assert first.startswith("pip [")
    assert first.endswith(f"{missing!r}"[1:])
    assert second == "loader"


def test_a_failed_installation_ends_the_step_in_one_line() -> None:
    fails = "import subprocess\nsubprocess.call = lambda command: 1\n"
    done = run(fails + installing(["no-such-thing-at-all"], "print('loader')"))
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.strip() == "labwright: could not install no-such-thing-at-all"
