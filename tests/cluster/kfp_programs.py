"""Where Kubeflow Pipelines' programs are, and what they stand on.

KFP's own programs come as images and as no package, so they are given by a folder named in
LABWRIGHT_KFP_BIN. The S3 server and Argo's controller are built once, by
`python -m cluster.kfp_programs`; MariaDB is the machine's (Debian: mariadb-server-core).
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from cluster.build import build
from cluster.programs import Module, cache

VARIABLE = "LABWRIGHT_KFP_BIN"
API_SERVER = "apiserver"
# Carry news between the cluster and the API server: of workflows, and of what is due.
AGENTS = ["persistence", "scheduledworkflow"]
# Run in the pods of a pipeline.
IN_PODS = ["driver", "launcher-v2", "argoexec"]

STORE = Module("store", {"versitygw": "github.com/versity/versitygw/cmd/versitygw"})
_controller = "github.com/argoproj/argo-workflows/v4/cmd/workflow-controller"
ARGO = Module("argo", {"workflow-controller": _controller})
MODULES = [STORE, ARGO]


def find(program: str) -> Path | None:
    """A program of KFP or of what it stands on."""
    given = os.environ.get(VARIABLE)
    if given and os.access(Path(given) / program, os.X_OK):
        return Path(given).resolve() / program
    for module in MODULES:
        if program in module.packages and (built := module.find(program)):
            return built
    # Debian keeps servers where an ordinary user's PATH does not look.
    found = shutil.which(program, path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin")
    return Path(found) if found else None


def need(program: str) -> str:
    """The program as a command's first word."""
    found = find(program)
    if found is None:
        raise FileNotFoundError(f"{program} is missing: {missing()}")
    return str(found)


def metadata_python() -> Path:
    """The Python that has ml-metadata."""
    named = os.environ.get("LABWRIGHT_METADATA_PYTHON")
    return Path(named) if named else cache() / "ml-metadata-1.17.1" / "bin" / "python"


def missing() -> str | None:
    """One line on what a KFP server lacks here and where that comes from; None where it has all."""
    if not all(map(find, [API_SERVER, *AGENTS])):
        programs = ", ".join([API_SERVER, *AGENTS])
        return f"{VARIABLE} names no folder with KFP's programs ({programs})"
    if not all(find(program) for module in MODULES for program in module.packages):
        return "run `make cluster-kfp`, which builds the S3 server and Argo's controller"
    if not find("mariadbd"):
        return "install MariaDB's server (Debian: mariadb-server-core)"
    return None


def pods_lack() -> str | None:
    """One line on what the pods of a KFP run lack here; None where they have all."""
    if not all(map(find, IN_PODS)):
        return f"{VARIABLE} names no folder with {', '.join(IN_PODS)}"
    if not metadata_python().exists():
        return f"there is no ml-metadata 1.17.1 at {metadata_python()}"
    return None


if __name__ == "__main__":
    for module in MODULES:
        build(module, list(module.packages))
        print(f"{', '.join(module.packages)}: in {module.folder}")
