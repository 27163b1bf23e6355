"""A Notebook whose server really runs, on the real node, and what its user does there."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import websocket

from cluster.control_plane import ControlPlane
from cluster.kube import Kube
from cluster.node import Node
from cluster.processes import free_port
from controller.objects import Object
from controller.processes import controller

START = "/usr/local/bin/start-notebook"
CHECK = "/usr/local/bin/check-notebook"
NAME = "ada"


class RealServer:
    """A Notebook on the real node, its volume a folder of this machine."""

    def __init__(self, kube: Kube, namespace: str, port: int) -> None:
        self.kube = kube
        self.namespace = namespace
        self.path = f"/apis/kubeflow.org/v1/namespaces/{namespace}/notebooks/{NAME}"
        self.pod = f"/api/v1/namespaces/{namespace}/pods/{NAME}-0"
        self.claim = f"/api/v1/namespaces/{namespace}/persistentvolumeclaims/{NAME}-home"
        self.url = f"http://127.0.0.1:{port}/notebook/{namespace}/{NAME}"

    def wait(self, state: str, seconds: float = 60) -> Object:
        """Wait until the Notebook says so; its status."""
        told = self.kube.wait(
            self.path, lambda nb: nb.get("status", {}).get("state") == state, seconds
        )
        status: Object = told["status"]
        return status

    def wait_for_pod(self, which: Callable[[Object], bool], seconds: float = 60) -> None:
        """Wait until a pod like this answers."""

        def ready(pod: Object) -> bool:
            conditions = pod["status"].get("conditions", ())
            return which(pod) and any(
                c["type"] == "Ready" and c["status"] == "True" for c in conditions
            )

        self.kube.wait(self.pod, ready, seconds)

    def wait_until_gone(self, path: str, seconds: float = 60) -> None:
        """Wait until there is no such object."""
        deadline = time.monotonic() + seconds
        while self.kube.http.get(path).status_code != 404:
            assert time.monotonic() < deadline, f"{path} is still there"
            time.sleep(0.1)

    def read(self, file: str) -> str:
        """A file of the home, as the server gives it."""
        answer = httpx.get(f"{self.url}/api/contents/{file}", params={"content": 1})
        return str(answer.raise_for_status().json()["content"])

    def run(self, code: str) -> str:
        """Run code in a new kernel, as JupyterLab does; what it prints."""
        with httpx.Client(base_url=self.url, timeout=30) as browser:
            # The page brings the cookie against forged requests.
            browser.get("/lab").raise_for_status()
            token = {"X-XSRFToken": browser.cookies["_xsrf"]}
            kernels = browser.post("/api/kernels", json={"name": "python3"}, headers=token)
            kernel = kernels.raise_for_status().json()["id"]
            printed = self._execute(kernel, code)
            browser.delete(f"/api/kernels/{kernel}", headers=token).raise_for_status()
        return printed

    def _execute(self, kernel: str, code: str) -> str:
        request = uuid.uuid4().hex
        header = {"msg_id": request, "msg_type": "execute_request", "session": request}
        content = {"code": code, "silent": False, "store_history": False}
        message = {
            "channel": "shell",
            "header": {**header, "username": "", "version": "5.3"},
            "parent_header": {},
            "metadata": {},
            "content": content,
        }
        channels = f"{self.url}/api/kernels/{kernel}/channels".replace("http", "ws", 1)
        socket = websocket.create_connection(channels, timeout=30)
        try:
            socket.send(json.dumps(message))
            printed = ""
            while True:
                told = json.loads(socket.recv())
                if told["parent_header"].get("msg_id") != request:
                    continue
                if told["msg_type"] == "stream":
                    printed += told["content"]["text"]
                if told["msg_type"] == "error":
                    raise RuntimeError("\n".join(told["content"]["traceback"]))
                if told["content"].get("execution_state") == "idle":
                    return printed
        finally:
            socket.close()


@contextmanager
def real_server(
    plane: ControlPlane, node: Node, image: str, folder: Path, **container: Any
) -> Iterator[RealServer]:
    """Create a Notebook of an image, with a volume in `folder`/home, and a controller for it."""
    namespace, port = plane.namespace("real"), free_port()
    home = folder / "home"
    home.mkdir()
    with plane.kube() as kube:
        for body in (
            _volume(namespace, home, node),
            _catalogued(namespace, image),
            _notebook(namespace, port, node, container),
        ):
            kube.create(body)
        settings = {
            "WATCH_NAMESPACES": namespace,
            "IDLENESS_CHECK_PERIOD": "0.02",
            # There is no cluster DNS here.
            "PROBE_URL": f"http://127.0.0.1:{port}",
        }
        try:
            with controller(plane, folder, **settings):
                yield RealServer(kube, namespace, port)
        finally:
            kube.delete(f"/apis/labwright.dev/v1alpha1/notebookimages/{namespace}")
            # All else goes with it.
            kube.delete(f"/api/v1/namespaces/{namespace}")


def _volume(namespace: str, home: Path, node: Node) -> Object:
    on_the_node = {
        "key": "kubernetes.io/hostname",
        "operator": "In",
        "values": [node.name],
    }
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {"name": namespace},
        "spec": {
            "capacity": {"storage": "1Gi"},
            "accessModes": ["ReadWriteOnce"],
            "persistentVolumeReclaimPolicy": "Retain",
            "storageClassName": namespace,
            "local": {"path": str(home)},
            "nodeAffinity": {
                "required": {"nodeSelectorTerms": [{"matchExpressions": [on_the_node]}]}
            },
        },
    }


def _catalogued(namespace: str, image: str) -> Object:
    return {
        "apiVersion": "labwright.dev/v1alpha1",
        "kind": "NotebookImage",
        "metadata": {"name": namespace},
        "spec": {"reference": image},
    }


def _notebook(namespace: str, port: int, node: Node, container: Object) -> Object:
    server = {
        "name": NAME,
        "ports": [{"containerPort": port}],
        # The machine's network is the pod's.
        "env": [{"name": "JUPYTER_PORT", "value": str(port)}],
        "readinessProbe": {"exec": {"command": [CHECK]}, "periodSeconds": 1, "timeoutSeconds": 10},
        # A cluster with a restricted profile asks for these.
        "securityContext": {"runAsNonRoot": True, "allowPrivilegeEscalation": False},
        **container,
    }
    volume = {
        "name": "home",
        "mountPath": "/home/jovyan",
        "claim": {"size": "1Gi", "storageClassName": namespace},
    }
    return {
        "apiVersion": "kubeflow.org/v1",
        "kind": "Notebook",
        "metadata": {"name": NAME, "namespace": namespace},
        "spec": {
            "template": {"spec": node.pod_spec(containers=[server], restartPolicy="Always")},
            "image": namespace,
            "volumes": [volume],
            "culling": {"idleAfter": "never"},
        },
    }
