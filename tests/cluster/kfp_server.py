"""KFP's own API server on a control plane, with a database, a store, its agents and Argo."""

from __future__ import annotations

import base64
import json
import os
import secrets
import socket
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import httpx
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from cluster import kfp_objects as objects
from cluster.control_plane import ControlPlane
from cluster.kfp_programs import need
from cluster.kube import Object
from cluster.processes import Processes, free_port

HOST = "127.0.0.1"
NAMESPACE = "kubeflow"
USER_HEADER = "kubeflow-userid"
AUDIENCE = "pipelines.kubeflow.org"
BUCKET = "mlpipeline"
AGENT = "ml-pipeline-agents"
TOKENS = "/var/run/secrets/kubeflow/tokens"
# An agent reads its token at a fixed path, so it gets a /run of its own with the token there.
WITH_TOKEN = f'mount -t tmpfs none /run && mkdir -p {TOKENS} && cp "$0" {TOKENS}/ && exec "$@"'


@dataclass(frozen=True)
class Kfp:
    """A running KFP server."""

    endpoint: str
    grpc_port: int
    namespace: str
    multi_user: bool
    store: str
    access_key: str
    secret_key: str
    plane: ControlPlane

    @classmethod
    def of(cls, told: dict[str, Any]) -> Kfp:
        """From what `start` gave back."""
        return cls(**{**told, "plane": ControlPlane(**told["plane"])})

    def prepare(self, namespace: str) -> None:
        """Make a namespace one in which runs can run."""
        self._apply(objects.namespace(namespace, self.store, self.access_key, self.secret_key))

    def user(self, name: str, *namespaces: str) -> str:
        """The token, for this server, of a new user who may use these namespaces."""
        token = self.plane.user(name, audiences=[AUDIENCE])
        who = self.subject(token)
        for namespace in namespaces:
            self.prepare(namespace)
            role = who.rpartition(":")[2]
            self._apply(objects.grant(namespace, role, objects.USER_RULES, who))
        return token

    @staticmethod
    def subject(token: str) -> str:
        """Whose token it is, as the cluster names users."""
        return str(_decode(token.split(".")[1])["sub"])

    def expired(self, token: str) -> str:
        """The same token a minute after its end, signed as the cluster signs."""
        header, claims, _ = token.split(".")
        past = {**_decode(claims), "exp": int(time.time()) - 60}
        signed = f"{header}.{_encode(json.dumps(past).encode())}"
        key = load_pem_private_key((Path(self.plane.folder) / "accounts.key").read_bytes(), None)
        assert isinstance(key, EllipticCurvePrivateKey)
        r, s = decode_dss_signature(key.sign(signed.encode(), ECDSA(SHA256())))
        return f"{signed}.{_encode(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"

    def _apply(self, made: list[Object]) -> None:
        with self.plane.kube() as kube:
            for body in made:
                kube.apply(body)


def start(processes: Processes, plane: dict[str, Any], multi_user: bool = False) -> dict[str, Any]:
    """Start everything on this control plane; the answer is for `Kfp.of`.

    A multi-user server goes without agents: they report every workflow they see, and the server
    deletes those it does not know. So there its runs stay as they were made.
    """
    database, store = free_port(), free_port()
    kfp = Kfp(
        endpoint=f"http://{HOST}:{free_port()}",
        grpc_port=free_port(),
        namespace=NAMESPACE,
        multi_user=multi_user,
        store=f"{HOST}:{store}",
        access_key=secrets.token_hex(8),
        secret_key=secrets.token_hex(16),
        plane=ControlPlane(**plane),
    )
    start_database(processes, database)
    start_store(processes, store, kfp)
    with kfp.plane.kube() as kube:
        for kind in objects.kinds():
            kube.apply(kind)
    if not multi_user:
        kfp.prepare(NAMESPACE)
    processes.wait_for("database", lambda: listens(database))
    processes.wait_for("store", lambda: listens(store))
    start_api_server(processes, kfp, database)
    if not multi_user:
        start_agents(processes, kfp)
        start_argo(processes, kfp)
    return asdict(kfp)


def start_database(processes: Processes, port: int) -> None:
    """An empty MariaDB. It lets anybody on this machine in, and is safe only from tests."""
    data = processes.scratch("database")
    (data / "mysql").mkdir(parents=True)
    settings = {
        "datadir": data,
        "socket": data / "socket",
        "pid-file": data / "pid",
        "bind-address": HOST,
        "port": port,
        # Nothing here outlives the tests: no waiting for the disk.
        "innodb-flush-log-at-trx-commit": 0,
        "innodb-doublewrite": 0,
        "innodb-log-file-size": "8M",
        "innodb-buffer-pool-size": "32M",
    }
    user = ["--user=root"] if os.getuid() == 0 else []
    command = [need("mariadbd"), "--no-defaults", "--skip-grant-tables", *user]
    processes.start("database", command + [f"--{key}={value}" for key, value in settings.items()])


def start_store(processes: Processes, port: int, kfp: Kfp) -> None:
    """An S3 server; the objects are files of the same name in the folder `store`."""
    files, attributes = processes.scratch("store"), processes.scratch("attributes")
    (files / BUCKET).mkdir(parents=True)
    attributes.mkdir()
    command = [need("versitygw"), "--port", f"{HOST}:{port}"]
    command += ["posix", "--sidecar", str(attributes), str(files)]
    keys = {"ROOT_ACCESS_KEY": kfp.access_key, "ROOT_SECRET_KEY": kfp.secret_key}
    processes.start("store", command, env=keys)


def start_api_server(processes: Processes, kfp: Kfp, database: int) -> None:
    """The API server itself."""
    host, _, store_port = kfp.store.partition(":")
    mysql = {"Host": HOST, "Port": str(database), "User": "root", "DBName": "mlpipeline"}
    config = {
        "DBDriverName": "mysql",
        "DBConfig": {
            "MySQLConfig": {**mysql, "GroupConcatMaxLen": "4194304"},
            "ConMaxLifeTime": "120s",
        },
        "ObjectStoreConfig": {
            "Host": host,
            "Port": store_port,
            "AccessKey": kfp.access_key,
            "SecretAccessKey": kfp.secret_key,
            "BucketName": BUCKET,
            "PipelinePath": "pipelines",
        },
        "InitConnectionTimeout": "1m",
        "DEFAULTPIPELINERUNNERSERVICEACCOUNT": objects.RUNNER,
        "ARCHIVE_CONFIG_LOG_FILE_NAME": "main.log",
        "ARCHIVE_CONFIG_LOG_PATH_PREFIX": "/artifacts",
        "MULTIUSER": str(kfp.multi_user).lower(),
        "KUBEFLOW_USERID_HEADER": USER_HEADER,
        "KUBEFLOW_USERID_PREFIX": "",
        "POD_NAMESPACE": NAMESPACE,
        "ClientQPS": 100,
        "ClientBurst": 200,
        # Asked for at start; nothing listens there, and only KFP 1's interface would call it.
        "ML_PIPELINE_VISUALIZATIONSERVER_SERVICE_HOST": HOST,
        "ML_PIPELINE_VISUALIZATIONSERVER_SERVICE_PORT": "9",
    }
    folder = processes.folder / "config"
    folder.mkdir()
    (folder / "config.json").touch(mode=0o600)
    (folder / "config.json").write_text(json.dumps(config, indent=1))
    command = [need("apiserver"), f"--config={folder}", "--logtostderr=true"]
    # It dials its gRPC port by the flag's own words, which therefore cannot name an address.
    command += [
        f"--httpPortFlag={httpx.URL(kfp.endpoint).netloc.decode()}",
        f"--rpcPortFlag=:{kfp.grpc_port}",
    ]
    processes.start("apiserver", command, env={"KUBECONFIG": kfp.plane.kubeconfig})
    processes.wait_for("apiserver", _answers(f"{kfp.endpoint}/apis/v2beta1/healthz"))


def start_agents(processes: Processes, kfp: Kfp) -> None:
    """What tells the API server how workflows go, and starts runs that are due."""
    with kfp.plane.kube() as kube:
        for body in objects.administrator(AGENT, NAMESPACE):
            kube.apply(body)
        request = {
            "apiVersion": "authentication.k8s.io/v1",
            "kind": "TokenRequest",
            "spec": {"audiences": [AUDIENCE], "expirationSeconds": 12 * 3600},
        }
        account = f"/api/v1/namespaces/{NAMESPACE}/serviceaccounts/{AGENT}"
        token: str = kube.post(f"{account}/token", request)["status"]["token"]
    server = [
        f"--kubeconfig={kfp.plane.kubeconfig}",
        f"--namespace={NAMESPACE}",
        f"--mlPipelineAPIServerName={HOST}",
        f"--mlPipelineServiceGRPCPort={kfp.grpc_port}",
        "--clientQPS=50",
        "--clientBurst=100",
    ]
    http = httpx.URL(kfp.endpoint).port
    _start_agent(
        processes,
        [need("persistence"), *server, f"--mlPipelineServiceHttpPort={http}"],
        kfp.plane.kubeconfig,
        persistenceagent=token,
    )
    _start_agent(
        processes,
        [
            need("scheduledworkflow"),
            *server,
            f"--metricsPort={free_port()}",
            "--recurringRunResyncIntervalSeconds=1",
        ],
        kfp.plane.kubeconfig,
        scheduledworkflow=token,
    )


def _start_agent(processes: Processes, command: list[str], kubeconfig: str, **token: str) -> None:
    [(name, secret)] = token.items()
    file = processes.folder / f"{name}-sa-token"
    file.touch(mode=0o600)
    file.write_text(secret)
    as_root = [] if os.getuid() == 0 else ["--map-root-user"]
    unshare = ["unshare", "--mount", *as_root, "sh", "-ec", WITH_TOKEN, str(file)]
    processes.start(name, [*unshare, *command], env={"KUBECONFIG": kubeconfig})


def start_argo(processes: Processes, kfp: Kfp) -> None:
    """Argo's workflow controller, for the workflows that the API server makes."""
    settings = "workflow-controller-configmap"
    with kfp.plane.kube() as kube:
        kube.apply(objects.argo_settings(settings, NAMESPACE, {"name": "", "image": "argoexec"}))
    command = [need("workflow-controller"), f"--kubeconfig={kfp.plane.kubeconfig}"]
    command += [f"--namespace={NAMESPACE}", "--namespaced", f"--configmap={settings}"]
    command += ["--executor-image=argoexec", "--qps=50", "--burst=100"]
    processes.start("workflow-controller", command, env={"LEADER_ELECTION_DISABLE": "true"})


def listens(port: int) -> bool:
    """Whether somebody answers at this loopback port."""
    with socket.create_connection((HOST, port), timeout=1):
        return True


def _decode(part: str) -> dict[str, Any]:
    decoded: dict[str, Any] = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return decoded


def _encode(part: bytes) -> str:
    return base64.urlsafe_b64encode(part).rstrip(b"=").decode()


def _answers(url: str) -> Callable[[], bool]:
    def ready() -> bool:
        try:
            return httpx.get(url).is_success
        except httpx.TransportError:
            return False

    return ready
