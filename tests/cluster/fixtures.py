"""pytest's side of the cluster: the fixture, and one line when its programs are not built."""

from __future__ import annotations

import os

import pytest

from cluster import control_plane as plane
from cluster.control_plane import ControlPlane
from cluster.supervisor import session_owner, shared

NOT_BUILT = "the cluster's programs are not built: `make cluster` builds them"


@pytest.fixture(scope="session")
def control_plane(tmp_path_factory: pytest.TempPathFactory) -> ControlPlane:
    """The session's control plane, the same for all of pytest-xdist's workers."""
    missing = plane.missing()
    if missing and os.environ.get("CI"):
        pytest.fail(f"{NOT_BUILT} (missing: {', '.join(missing)})")
    if missing:
        pytest.skip(NOT_BUILT)
    folder = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = folder.parent
    told = shared("cluster.control_plane:start", folder / "control-plane", session_owner())
    return ControlPlane(**told)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say once why the cluster tests did not run."""
    skipped = terminalreporter.stats.get("skipped", ())
    count = sum(NOT_BUILT in str(report.longrepr) for report in skipped)
    if count:
        terminalreporter.write_line(f"{count} cluster tests skipped: {NOT_BUILT}")
