"""Where the cluster's programs are: KUBEBUILDER_ASSETS, or the cache that `make cluster` fills."""

from __future__ import annotations

import hashlib
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent


@dataclass(frozen=True)
class Module:
    """A Go module of ours that pins programs: its folder, and each program's package."""

    name: str
    packages: dict[str, str]
    stamp: str = ""
    """What the linker sets in them (`-X name=value …`), such as the version they tell."""

    @property
    def source(self) -> Path:
        """The folder with its go.mod."""
        return HERE / "go" / self.name

    @property
    def folder(self) -> Path:
        """Where its programs are built to; another pin, another folder."""
        pins = b"".join((self.source / file).read_bytes() for file in ("go.mod", "go.sum"))
        key = hashlib.sha256(pins + self.stamp.encode()).hexdigest()[:12]
        return cache() / f"cluster-{self.name}-{key}" / "bin"

    def missing(self, programs: list[str] | None = None) -> list[str]:
        """Those of the programs (of all, if none is named) that are neither built nor given."""
        return [name for name in programs or self.packages if self.find(name) is None]

    def find(self, program: str) -> Path | None:
        """The program, where there is one."""
        given = os.environ.get("KUBEBUILDER_ASSETS")
        for folder in ([Path(given)] if given else []) + [self.folder]:
            if os.access(folder / program, os.X_OK):
                return folder / program
        return None


def cache() -> Path:
    """Labwright's folder in the user's cache."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "labwright"


KUBERNETES_VERSION = "1.33.13"
_version = "k8s.io/component-base/version"
KUBERNETES = Module(
    "kubernetes",
    {
        "etcd": "go.etcd.io/etcd/server/v3",
        "kube-apiserver": "k8s.io/kubernetes/cmd/kube-apiserver",
        "kube-controller-manager": "k8s.io/kubernetes/cmd/kube-controller-manager",
        "kube-scheduler": "k8s.io/kubernetes/cmd/kube-scheduler",
        "kwok": "sigs.k8s.io/kwok/cmd/kwok",
        "kubelet": "k8s.io/kubernetes/cmd/kubelet",
    },
    stamp=(
        f"-X {_version}.gitVersion=v{KUBERNETES_VERSION}"
        f" -X {_version}.gitMajor=1 -X {_version}.gitMinor={KUBERNETES_VERSION.split('.')[1]}"
    ),
)
CONTROL_PLANE = ["etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kwok"]
NODE = ["kubelet"]


def node_lacks() -> list[str]:
    """What a real node wants and this machine does not have."""
    # The last is what its pods run.
    wanted = ["containerd", "ctr", "runc", "unshare", "nsenter", "/usr/bin/python3"]
    lacking = [program for program in wanted if not shutil.which(program)]
    lacking += KUBERNETES.missing(NODE)
    return lacking if os.geteuid() == 0 else ["root", *lacking]
