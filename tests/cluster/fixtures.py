"""pytest's side of the cluster: the fixture, and one line when its programs are not built."""

from __future__ import annotations

import os
from dataclasses import asdict
from pathlib import Path

import pytest

from cluster import control_plane as plane
from cluster import programs
from cluster.control_plane import ControlPlane
from cluster.node import Node
from cluster.supervisor import session_owner, shared

NOT_BUILT = "the cluster's programs are not built: `make cluster` builds them"
NO_NODE = "no real node: `make cluster-node`, as root, says what it needs"


@pytest.fixture(scope="session")
def control_plane(tmp_path_factory: pytest.TempPathFactory) -> ControlPlane:
    """The session's control plane, the same for all of pytest-xdist's workers."""
    _need(plane.missing(), NOT_BUILT)
    folder = _session_folder(tmp_path_factory) / "control-plane"
    return ControlPlane(**shared("cluster.control_plane:start", folder, session_owner()))


@pytest.fixture(scope="session")
def node(control_plane: ControlPlane, tmp_path_factory: pytest.TempPathFactory) -> Node:
    """A node of the control plane that really runs pods."""
    _need(programs.node_lacks(), NO_NODE)
    folder = _session_folder(tmp_path_factory) / "node"
    plane = asdict(control_plane)
    return Node(**shared("cluster.node:start", folder, session_owner(), plane=plane))


def _need(missing: list[str], why: str) -> None:
    # Who is not root is not asked to be.
    if missing and os.environ.get("CI") and "root" not in missing:
        pytest.fail(f"{why} (missing: {', '.join(missing)})")
    if missing:
        pytest.skip(why)


def _session_folder(factory: pytest.TempPathFactory) -> Path:
    base = factory.getbasetemp()
    return base.parent if "PYTEST_XDIST_WORKER" in os.environ else base


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say once why the cluster tests did not run."""
    skipped = terminalreporter.stats.get("skipped", ())
    for why in (NOT_BUILT, NO_NODE):
        count = sum(why in str(report.longrepr) for report in skipped)
        if count:
            terminalreporter.write_line(f"{count} cluster tests skipped: {why}")
