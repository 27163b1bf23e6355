"""pytest's side of the KFP server: the fixtures, and one line when it cannot be had."""

from __future__ import annotations

import os
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from cluster import kfp_programs as programs
from cluster.control_plane import ControlPlane
from cluster.kfp_server import Kfp
from cluster.node import Node
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


@pytest.fixture(scope="session")
def kfp_node(control_plane: ControlPlane, request: pytest.FixtureRequest) -> Kfp:
    """The same as `kfp` on the real node: its runs run, and end."""
    _need(programs.missing())
    _need(programs.pods_lack())
    node: Node = request.getfixturevalue("node")
    return _start(control_plane, node=asdict(node))


def _start(control_plane: ControlPlane, **arguments: Any) -> Kfp:
    _need(programs.missing())
    folder = Path(control_plane.folder).with_name("-".join(["kfp", *arguments]))
    told = shared(
        "cluster.kfp_server:start", folder, session_owner(), plane=vars(control_plane), **arguments
    )
    return Kfp.of(told)


def _need(missing: str | None) -> None:
    # A fresh machine cannot get KFP's own programs: without them CI skips too, and says so.
    if missing and os.environ.get("CI") and programs.VARIABLE in os.environ:
        pytest.fail(f"{NO_SERVER}: {missing}")
    if missing:
        pytest.skip(f"{NO_SERVER}: {missing}")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say once why the tests with KFP's server did not run."""
    skipped = terminalreporter.stats.get("skipped", ())
    count = sum(NO_SERVER in str(report.longrepr) for report in skipped)
    if count:
        why = programs.missing() or programs.pods_lack()
        terminalreporter.write_line(f"{count} tests skipped: {NO_SERVER}: {why}")
