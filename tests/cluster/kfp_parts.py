"""The programs that a KFP server is made of, each started by a function."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import httpx

from cluster import kfp_objects as objects
from cluster.kfp_programs import need
from cluster.processes import Processes, free_port

if TYPE_CHECKING:
    from cluster.kfp_server import Kfp

HOST = "127.0.0.1"
USER_HEADER = "kubeflow-userid"
AUDIENCE = "pipelines.kubeflow.org"
BUCKET = "mlpipeline"
AGENT = "ml-pipeline-agents"
TOKENS = "/var/run/secrets/kubeflow/tokens"
# An agent reads its token at a fixed path, so it gets a /run of its own with the token there.
WITH_TOKEN = f'mount -t tmpfs none /run && mkdir -p {TOKENS} && cp "$0" {TOKENS}/ && exec "$@"'


@dataclass(frozen=True)
class Pods:
    """How the pods of workflows are to be. As it stands: for a node that runs no container."""

    workflow: dict[str, Any] = field(default_factory=dict)
    """What each workflow's spec has besides."""
    executor: dict[str, Any] = field(default_factory=lambda: {"name": "", "image": "argoexec"})
    """Argo's container."""
    env: dict[str, str] = field(default_factory=dict)
    """Where the API server says that KFP's programs are."""


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


def start_api_server(processes: Processes, kfp: Kfp, database: int, pods: Pods) -> None:
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
        "ARCHIVE_CONFIG_LOG_PATH_PREFIX": "artifacts",
        "MULTIUSER": str(kfp.multi_user).lower(),
        "KUBEFLOW_USERID_HEADER": USER_HEADER,
        "KUBEFLOW_USERID_PREFIX": "",
        "POD_NAMESPACE": kfp.namespace,
        "COMPILED_PIPELINE_SPEC_PATCH": json.dumps(pods.workflow),
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
    env = {**pods.env, "KUBECONFIG": kfp.plane.kubeconfig}
    processes.start("apiserver", command, env=env)
    processes.wait_for("apiserver", _answers(f"{kfp.endpoint}/apis/v2beta1/healthz"))


def start_agents(processes: Processes, kfp: Kfp) -> None:
    """What tells the API server how workflows go, and starts runs that are due."""
    with kfp.plane.kube() as kube:
        for body in objects.administrator(AGENT, kfp.namespace):
            kube.apply(body)
        request = {
            "apiVersion": "authentication.k8s.io/v1",
            "kind": "TokenRequest",
            "spec": {"audiences": [AUDIENCE], "expirationSeconds": 12 * 3600},
        }
        account = f"/api/v1/namespaces/{kfp.namespace}/serviceaccounts/{AGENT}"
        token: str = kube.post(f"{account}/token", request)["status"]["token"]
    server = [
        f"--kubeconfig={kfp.plane.kubeconfig}",
        f"--namespace={kfp.namespace}",
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


def start_argo(processes: Processes, kfp: Kfp, pods: Pods) -> None:
    """Argo's workflow controller, for the workflows that the API server makes."""
    settings = "workflow-controller-configmap"
    with kfp.plane.kube() as kube:
        given = (pods.executor, kfp.store, BUCKET)
        kube.apply(objects.argo_settings(settings, kfp.namespace, *given))
    command = [need("workflow-controller"), f"--kubeconfig={kfp.plane.kubeconfig}"]
    command += [f"--namespace={kfp.namespace}", "--namespaced", f"--configmap={settings}"]
    command += ["--qps=50", "--burst=100"]
    processes.start("workflow-controller", command, env={"LEADER_ELECTION_DISABLE": "true"})


def listens(port: int) -> bool:
    """Whether somebody answers at this loopback port."""
    with socket.create_connection((HOST, port), timeout=1):
        return True


def _answers(url: str) -> Callable[[], bool]:
    def ready() -> bool:
        try:
            return httpx.get(url).is_success
        except httpx.TransportError:
            return False

    return ready
