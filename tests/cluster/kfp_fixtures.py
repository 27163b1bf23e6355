"""pytest's side of the KFP server: the fixtures, and one line when it cannot be had."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from cluster import kfp_programs as programs
from cluster.control_plane import ControlPlane
from cluster.kfp_server import Kfp
from cluster.supervisor import session_owner, shared

NO_SERVER = "there is no KFP server to test against"


@pytest.fixture(scope="session")
def kfp(control_plane: ControlPlane) -> Kfp:
    """KFP's API server for one user, with its agents and Argo's workflow controller."""
    return _start(control_plane)


@pytest.fixture(scope="session")
def kfp_multi_user(control_plane: ControlPlane) -> Kfp:
    """KFP's API server for many users: every request needs a token, and a right to its namespace.

    Its runs stay as they were made: see `kfp_server.start`.
    """
    return _start(control_plane, multi_user=True)


def _start(control_plane: ControlPlane, **arguments: Any) -> Kfp:
    missing = programs.missing()
    # A fresh machine cannot get KFP's own programs: without them CI skips too, and says so.
    if missing and os.environ.get("CI") and programs.VARIABLE in os.environ:
        pytest.fail(f"{NO_SERVER}: {missing}")
    if missing:
        pytest.skip(f"{NO_SERVER}: {missing}")
    folder = Path(control_plane.folder).with_name("-".join(["kfp", *arguments]))
    told = shared(
        "cluster.kfp_server:start", folder, session_owner(), plane=vars(control_plane), **arguments
    )
    return Kfp.of(told)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say once why the tests with KFP's server did not run."""
    skipped = terminalreporter.stats.get("skipped", ())
    count = sum(NO_SERVER in str(report.longrepr) for report in skipped)
    if count:
        terminalreporter.write_line(f"{count} tests skipped: {NO_SERVER}: {programs.missing()}")
