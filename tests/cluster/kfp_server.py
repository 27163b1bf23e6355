"""KFP's own API server on a control plane, with a database, a store, its agents and Argo."""

from __future__ import annotations

import base64
import json
import secrets
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from cluster import kfp_objects as objects
from cluster import kfp_parts as parts
from cluster.control_plane import ControlPlane
from cluster.kfp_node import start_pods
from cluster.kfp_parts import AUDIENCE, HOST
from cluster.kube import Object
from cluster.node import Node
from cluster.processes import Processes, free_port

NAMESPACE = "kubeflow"


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


def start(
    processes: Processes,
    plane: dict[str, Any],
    multi_user: bool = False,
    node: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """Start everything on this control plane; the answer is for `Kfp.of`.

    With a node its runs really run there. A multi-user server goes without agents: they report
    every workflow they see, and the server deletes those it does not know. So there its runs stay
    as they were made.
    """
    database, store = free_port(), free_port()
    kfp = Kfp(
        endpoint=f"http://{HOST}:{free_port()}",
        grpc_port=free_port(),
        # The agents of one server are not to see the workflows of another.
        namespace=f"{NAMESPACE}-node" if node else NAMESPACE,
        multi_user=multi_user,
        store=f"{HOST}:{store}",
        access_key=secrets.token_hex(8),
        secret_key=secrets.token_hex(16),
        plane=ControlPlane(**plane),
    )
    parts.start_database(processes, database)
    parts.start_store(processes, store, kfp)
    with kfp.plane.kube() as kube:
        for kind in objects.kinds():
            kube.apply(kind)
    if not multi_user:
        kfp.prepare(kfp.namespace)
    pods = (
        start_pods(processes, kfp.namespace, kfp.grpc_port, Node(**node)) if node else parts.Pods()
    )
    processes.wait_for("database", lambda: parts.listens(database))
    processes.wait_for("store", lambda: parts.listens(store))
    parts.start_api_server(processes, kfp, database, pods)
    if not multi_user:
        parts.start_agents(processes, kfp)
        parts.start_argo(processes, kfp, pods)
    return asdict(kfp)


def _decode(part: str) -> dict[str, Any]:
    decoded: dict[str, Any] = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return decoded


def _encode(part: bytes) -> str:
    return base64.urlsafe_b64encode(part).rstrip(b"=").decode()
