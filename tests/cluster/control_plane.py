"""A Kubernetes control plane on loopback: etcd, API server, controllers, scheduler, kwok.

Every certificate and token is made for this one; RBAC and node authorization are on. kwok plays
a node: pods that are scheduled get Running at once, and those of a Job Succeeded. Notebook and
NotebookImage are known from the start.
"""

from __future__ import annotations

import random
import secrets
import ssl
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import httpx
import yaml

from cluster.kube import Kube, established
from cluster.processes import Processes, free_port
from cluster.programs import CONTROL_PLANE, KUBERNETES

CRDS = Path(__file__).parents[2] / "controller" / "manifests" / "crds"
USERS = "labwright-users"
NODE = "kwok"
NODE_USER = "system:node:labwright"
# Who is known by a token from the start; everybody else is a ServiceAccount.
COMPONENTS = {
    "admin": "system:masters",
    "system:kube-controller-manager": "",
    "system:kube-scheduler": "",
    "kwok": "system:masters",
    # The kubelet of a real node (see node.py).
    NODE_USER: "system:nodes",
}


@dataclass(frozen=True)
class ControlPlane:
    """A control plane that runs, and what its administrator does."""

    server: str
    ca: str
    kubeconfig: str
    admin_token: str
    folder: str
    service_ip: str
    """Where pods look for the API server, which is there once there is a real node."""
    started_in: float
    """Seconds from the first process to a node that takes pods."""

    def kube(self, token: str | None = None) -> Kube:
        """A client with a token; the administrator's, if none is given."""
        return Kube(self.server, self.ca, token or self.admin_token)

    def namespace(self, prefix: str = "test") -> str:
        """A new namespace, ready for pods."""
        name = f"{prefix}-{secrets.token_hex(4)}"
        with self.kube() as kube:
            kube.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
            # Pods are refused until its controller has made it.
            kube.wait(f"/api/v1/namespaces/{name}/serviceaccounts/default", lambda _: True)
        return name

    def user(
        self,
        name: str = "user",
        namespaces: list[str] | tuple[str, ...] = (),
        role: str = "edit",
        audiences: list[str] | tuple[str, ...] = (),
        seconds: int = 3600,
    ) -> str:
        """The token of a new ordinary user, who has a ClusterRole in some namespaces."""
        account = f"{name}-{secrets.token_hex(4)}"
        subject = {"kind": "ServiceAccount", "name": account, "namespace": USERS}
        reference = {
            "apiGroup": "rbac.authorization.k8s.io",
            "kind": "ClusterRole",
            "name": role,
        }
        with self.kube() as kube:
            kube.create(
                {
                    "apiVersion": "v1",
                    "kind": "ServiceAccount",
                    "metadata": {"name": account, "namespace": USERS},
                }
            )
            for namespace in namespaces:
                kube.create(
                    {
                        "apiVersion": "rbac.authorization.k8s.io/v1",
                        "kind": "RoleBinding",
                        "metadata": {"name": account, "namespace": namespace},
                        "roleRef": reference,
                        "subjects": [subject],
                    }
                )
            request = {
                "apiVersion": "authentication.k8s.io/v1",
                "kind": "TokenRequest",
                "spec": {"audiences": list(audiences), "expirationSeconds": seconds},
            }
            path = f"/api/v1/namespaces/{USERS}/serviceaccounts/{account}/token"
            token: str = kube.post(path, request)["status"]["token"]
            return token


def start(processes: Processes) -> dict[str, Any]:
    """Start a control plane in the processes' folder; gives the fields of ControlPlane."""
    began = time.monotonic()
    folder = processes.folder
    tokens = {name: secrets.token_urlsafe(24) for name in COMPONENTS}
    server = f"https://127.0.0.1:{free_port()}"
    # Of loopback too, so that no service is more than a relay away.
    services = f"127.{random.randrange(64, 250)}.0"
    ca = _write_secrets(folder, tokens, f"{services}.1")
    kubeconfigs = {
        name: _write_kubeconfig(folder / f"{name.rpartition(':')[2]}.kubeconfig", server, ca, token)
        for name, token in tokens.items()
    }
    _start_etcd_and_api_server(processes, server, f"{services}.0/16")
    with Kube(server, str(ca), tokens["admin"]) as kube:
        # The garbage collector sees what kinds there are when it starts, then every 30 s; what is
        # left of a deleted owner of a kind that came later may lie there for minutes.
        _teach(kube)

    def start_client(program: str, user: str, *flags: str) -> None:
        command = [_find(program), f"--kubeconfig={kubeconfigs[user]}", *flags]
        processes.start(program, command)

    start_client(
        "kube-controller-manager",
        "system:kube-controller-manager",
        "--leader-elect=false",
        "--secure-port=0",
        "--use-service-account-credentials",
        # kwok's node is seldom heard of; taken for dead, its pods would be ready no more.
        "--node-monitor-grace-period=24h",
        f"--root-ca-file={ca}",
        f"--service-account-private-key-file={folder}/accounts.key",
    )
    start_client(
        "kube-scheduler", "system:kube-scheduler", "--leader-elect=false", "--secure-port=0"
    )
    start_client(
        "kwok",
        "kwok",
        f"--manage-single-node={NODE}",
        "--node-ip=127.0.0.1",
        f"--node-port={free_port()}",
        f"--server-address=127.0.0.1:{free_port()}",
        f"--tls-cert-file={folder}/server.pem",
        f"--tls-private-key-file={folder}/server.key",
    )
    with Kube(server, str(ca), tokens["admin"]) as kube:
        _set_up(kube)
    told = ControlPlane(
        server=server,
        ca=str(ca),
        kubeconfig=str(kubeconfigs["admin"]),
        admin_token=tokens["admin"],
        folder=str(folder),
        service_ip=f"{services}.1",
        started_in=round(time.monotonic() - began, 2),
    )
    return asdict(told)


def _start_etcd_and_api_server(processes: Processes, server: str, services: str) -> None:
    folder = processes.folder
    etcd = f"https://127.0.0.1:{free_port()}"
    peer = f"http://127.0.0.1:{free_port()}"
    processes.start(
        "etcd",
        [
            _find("etcd"),
            f"--data-dir={processes.scratch('etcd')}",
            f"--listen-client-urls={etcd}",
            f"--advertise-client-urls={etcd}",
            f"--listen-peer-urls={peer}",
            f"--initial-advertise-peer-urls={peer}",
            f"--initial-cluster=default={peer}",
            f"--cert-file={folder}/server.pem",
            f"--key-file={folder}/server.key",
            f"--trusted-ca-file={folder}/ca.pem",
            "--client-cert-auth",
            # Nothing here is to survive a crash.
            "--unsafe-no-fsync",
        ],
    )
    processes.start(
        "kube-apiserver",
        [
            _find("kube-apiserver"),
            f"--etcd-servers={etcd}",
            f"--etcd-cafile={folder}/ca.pem",
            f"--etcd-certfile={folder}/apiserver.pem",
            f"--etcd-keyfile={folder}/apiserver.key",
            "--bind-address=127.0.0.1",
            f"--secure-port={httpx.URL(server).port}",
            f"--tls-cert-file={folder}/server.pem",
            f"--tls-private-key-file={folder}/server.key",
            f"--client-ca-file={folder}/ca.pem",
            f"--token-auth-file={folder}/tokens.csv",
            "--authorization-mode=Node,RBAC",
            "--anonymous-auth=false",
            "--allow-privileged",
            f"--service-cluster-ip-range={services}",
            # There is one API server, and no pod could reach its loopback address anyhow.
            "--endpoint-reconciler-type=none",
            "--service-account-issuer=https://kubernetes.default.svc",
            f"--service-account-key-file={folder}/accounts.key",
            f"--service-account-signing-key-file={folder}/accounts.key",
            f"--kubelet-certificate-authority={folder}/ca.pem",
            f"--kubelet-client-certificate={folder}/apiserver.pem",
            f"--kubelet-client-key={folder}/apiserver.key",
            "--kubelet-preferred-address-types=InternalIP",
        ],
    )
    trust = ssl.create_default_context(cafile=str(folder / "ca.pem"))
    tokens = (folder / "tokens.csv").read_text()

    def ready() -> bool:
        try:
            token = tokens.split(",")[0]
            headers = {"Authorization": f"Bearer {token}"}
            return httpx.get(f"{server}/readyz", verify=trust, headers=headers).is_success
        except httpx.TransportError:
            return False

    processes.wait_for("kube-apiserver", ready)


def _teach(kube: Kube) -> None:
    for path in sorted(CRDS.glob("notebook*.yaml")):
        for crd in yaml.safe_load_all(path.read_text()):
            kube.apply(crd)
            kube.wait(kube.path(crd), established)


def _set_up(kube: Kube) -> None:
    """Make the node that kwok plays, and the namespace of the ordinary users."""
    kube.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": USERS}})
    kube.create(
        {
            "apiVersion": "v1",
            "kind": "Node",
            "metadata": {"name": NODE, "labels": {"kubernetes.io/hostname": NODE}},
            "status": {
                "allocatable": {"cpu": "64", "memory": "256Gi", "pods": "1000"},
                "capacity": {"cpu": "64", "memory": "256Gi", "pods": "1000"},
            },
        }
    )
    # The taint of a new node goes when the controllers have seen that it is ready.
    kube.wait(
        f"/api/v1/nodes/{NODE}",
        lambda node: (
            not node["spec"].get("taints")
            and any(c["type"] == "Ready" for c in node["status"].get("conditions", ()))
        ),
    )


def _write_secrets(folder: Path, tokens: dict[str, str], service_ip: str) -> Path:
    # Only who starts one needs it, and every test session imports this module.
    import trustme

    folder.chmod(0o700)
    authority = trustme.CA()
    authority.cert_pem.write_to_path(folder / "ca.pem")
    issued = {
        "server": authority.issue_cert("127.0.0.1", "localhost", service_ip),
        # Whom etcd and kubelets let in.
        "apiserver": authority.issue_cert(
            "kube-apiserver", common_name="kube-apiserver", organization_name="system:masters"
        ),
        "accounts": authority.issue_cert("service-accounts"),
    }
    for name, certificate in issued.items():
        certificate.private_key_pem.write_to_path(folder / f"{name}.key")
        for pem in certificate.cert_chain_pems:
            pem.write_to_path(folder / f"{name}.pem", append=True)
    rows = (f"{tokens[name]},{name},{name},{group}\n" for name, group in COMPONENTS.items())
    (folder / "tokens.csv").write_text("".join(rows))
    return folder / "ca.pem"


def _write_kubeconfig(path: Path, server: str, ca: Path, token: str) -> Path:
    entry = {"cluster": "test", "user": "test"}
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "test",
        "contexts": [{"name": "test", "context": entry}],
        "clusters": [
            {"name": "test", "cluster": {"server": server, "certificate-authority": str(ca)}}
        ],
        "users": [{"name": "test", "user": {"token": token}}],
    }
    path.write_text(yaml.safe_dump(config))
    return path


def _find(program: str) -> str:
    found = KUBERNETES.find(program)
    if found is None:
        raise FileNotFoundError(f"{program} is not built: run `make cluster`")
    return str(found)


def missing() -> list[str]:
    """Which of the control plane's programs are not built yet."""
    return KUBERNETES.missing(CONTROL_PLANE)
