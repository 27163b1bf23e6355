"""The CRDs, in the session's control plane."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from cluster.control_plane import ControlPlane

CRDS = Path(__file__).parents[2] / "controller" / "manifests" / "crds"


@pytest.fixture(scope="session")
def crds(control_plane: ControlPlane) -> ControlPlane:
    """The control plane, which knows Notebook and NotebookImage."""
    teach(control_plane)
    return control_plane


def teach(plane: ControlPlane) -> None:
    """Have a control plane know Notebook and NotebookImage."""
    with plane.kube() as kube:
        for path in sorted(CRDS.glob("notebook*.yaml")):
            for crd in yaml.safe_load_all(path.read_text()):
                kube.apply(crd)
                kube.wait(
                    kube.path(crd),
                    lambda crd: any(
                        c["type"] == "Established" and c["status"] == "True"
                        for c in crd.get("status", {}).get("conditions") or ()
                    ),
                )
