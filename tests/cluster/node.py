"""A node that really runs pods: Debian's containerd and runc, and the kubelet.

It shares the machine's network and has all else to itself. Pods must ask for `hostNetwork`, as
there is no other network here; the API server is where in-cluster clients look for it.
"""

from __future__ import annotations

import subprocess
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import httpx
import yaml

from cluster import cgroups, programs
from cluster.control_plane import NODE_USER, ControlPlane
from cluster.image import PYTHON_IMAGE, write_python_image
from cluster.processes import Processes, free_port

NAME = NODE_USER.rpartition(":")[2]
# Only pods that mean this node come here; all others go to the one that kwok plays.
TAINT = {"key": "labwright.test/real", "value": "true", "effect": "NoSchedule"}

_CONTAINERD = """\
version = 2
root = "{folder}/containerd"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "{image}"
  # A lower one may not be set without CAP_SYS_RESOURCE.
  restrict_oom_score_adj = true
  disable_apparmor = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    conf_dir = "{folder}/cni"
"""
# The kubelet wants a network before it takes pods; one that asks for it is told what is wrong.
_NO_NETWORK = (
    '{"cniVersion": "0.4.0", "name": "none", "plugins": [{"type": "only-host-network-here"}]}'
)


@dataclass(frozen=True)
class Node:
    """A node that runs, and how to get a pod to it."""

    name: str
    folder: str
    init: int
    """Its first process."""
    image: str = PYTHON_IMAGE

    def pod_spec(self, **fields: Any) -> dict[str, Any]:
        """What a pod that is to run here has in its spec, with more fields."""
        toleration = {**{key: TAINT[key] for key in ("key", "value", "effect")}}
        return {
            "nodeSelector": {"kubernetes.io/hostname": self.name},
            "tolerations": [toleration],
            "hostNetwork": True,
            "restartPolicy": "Never",
            **fields,
        }

    def run(self, *command: str) -> str:
        """Run a command where the node's programs are, such as `ctr`."""
        entered = ["nsenter", f"--target={self.init}", "--mount", "--pid", *command]
        return subprocess.run(entered, check=True, capture_output=True, text=True).stdout

    def load_image(self, archive: Path) -> None:
        """Bring in an image (see image.py)."""
        self.run("ctr", "--namespace", "k8s.io", "images", "import", str(archive))


def start(processes: Processes, plane: dict[str, Any]) -> dict[str, Any]:
    """Start a node and join it to a control plane; gives the fields of Node."""
    control_plane = ControlPlane(**plane)
    folder = processes.folder
    processes.scratch("containerd")
    processes.scratch("kubelet")
    group = cgroups.make()
    processes.at_end(lambda: cgroups.remove(group))
    _write_files(folder, Path(control_plane.folder), group)
    relay = [sys.executable, "-m", "cluster.relay", f"{control_plane.service_ip}:443"]
    relay.append(control_plane.server.removeprefix("https://"))
    processes.start("relay", relay, cwd=programs.HERE.parent)
    command = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]
    command += ["bash", str(programs.HERE / "node-init.sh"), str(folder)]
    command += [str(programs.KUBERNETES.find("kubelet"))]
    command += [f"{control_plane.folder}/{NAME}.kubeconfig", NAME]
    processes.start("node", command)
    with control_plane.kube() as kube:
        path = f"/api/v1/nodes/{NAME}"

        def registered() -> bool:
            return bool(kube.http.get(path).is_success)

        processes.wait_for("node", registered, 90)
        _set_address(kube.http, path)

        def ready() -> bool:
            conditions = kube.get(path)["status"].get("conditions", ())
            return any(c["type"] == "Ready" and c["status"] == "True" for c in conditions)

        processes.wait_for("node", ready, 90)
    children = Path(f"/proc/{processes.pid('node')}/task/{processes.pid('node')}/children")
    return asdict(Node(name=NAME, folder=str(folder), init=int(children.read_text().split()[0])))


def _set_address(http: httpx.Client, path: str) -> None:
    # A kubelet refuses to have a loopback address; a cloud provider may give it one, and then
    # takes its taint away. Here that is us.
    headers = {"Content-Type": "application/merge-patch+json"}
    addresses = [
        {"type": "InternalIP", "address": "127.0.0.1"},
        {"type": "Hostname", "address": NAME},
    ]
    for where, change in (
        (f"{path}/status", {"status": {"addresses": addresses}}),
        (path, {"spec": {"taints": [TAINT]}}),
    ):
        http.patch(where, json=change, headers=headers).raise_for_status()


def _write_files(folder: Path, secrets: Path, group: str) -> None:
    (folder / "cni").mkdir()
    (folder / "cni" / "none.conflist").write_text(_NO_NETWORK)
    (folder / "containerd.toml").write_text(_CONTAINERD.format(folder=folder, image=PYTHON_IMAGE))
    write_python_image(folder / "image.tar")
    kubelet = {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "containerRuntimeEndpoint": "unix:///run/containerd/containerd.sock",
        "address": "127.0.0.1",
        "port": free_port(),
        "healthzPort": 0,
        "tlsCertFile": f"{secrets}/server.pem",
        "tlsPrivateKeyFile": f"{secrets}/server.key",
        "authentication": {
            "anonymous": {"enabled": False},
            "x509": {"clientCAFile": f"{secrets}/ca.pem"},
        },
        "cgroupDriver": "cgroupfs",
        "cgroupRoot": f"/{group}",
        "failSwapOn": False,
        "oomScoreAdj": 0,
        "podLogsDir": f"{folder}/pods",
        # The disk is the machine's, and its matter.
        "evictionHard": {
            "memory.available": "100Mi",
            "nodefs.available": "0%",
            "imagefs.available": "0%",
        },
        "imageGCHighThresholdPercent": 100,
        "fileCheckFrequency": "0s",
        "syncFrequency": "10s",
        "resolvConf": "",
        "registerWithTaints": [TAINT],
    }
    (folder / "kubelet.yaml").write_text(yaml.safe_dump(kubelet))
