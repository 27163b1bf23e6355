"""A namespace of a real control plane, with Labwright's controller and volumes to be had."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

from cluster.control_plane import ControlPlane
from cluster.kube import Kube, Object
from controller.processes import controller
from labwright.servers.spec import ServerSpec
from labwright.targets.blocking import Loop
from labwright.targets.config import KnownTarget
from labwright.targets.kubeflow.target import KubeflowTarget

from .storage import make_class, provisioner

View = dict[str, Any]
IMAGE = "jupyter:1"
DOCS = Path(__file__).parents[4] / "docs" / "servers.md"


@dataclass
class Bench:
    """`storage` is the class of volumes that are there at once; `spare` a second namespace."""

    plane: ControlPlane
    kube: Kube
    namespace: str
    spare: str
    storage: str
    folder: Path
    loop: Loop = field(default_factory=Loop)
    _opened: list[KubeflowTarget] = field(default_factory=list)

    def target(self, token: str = "", namespace: str = "", **known: Any) -> KubeflowTarget:
        """The administrator's target, or that of whoever has a token; closed with the bench."""
        made = self.lent(token, namespace, **known)
        self._opened.append(made)
        return made

    def lent(self, token: str = "", namespace: str = "", **known: Any) -> KubeflowTarget:
        """The same for an event loop of one's own, on which it is to be closed, too."""
        config: Any = yaml.safe_load(Path(self.plane.kubeconfig).read_text())
        config["contexts"][0]["context"]["namespace"] = namespace or self.namespace
        config["users"][0]["user"]["token"] = token or self.plane.admin_token
        path = self.folder / f"{secrets.token_hex(4)}.kubeconfig"
        path.write_text(yaml.safe_dump(config))
        return KubeflowTarget(
            KnownTarget("kf", context="test", kubeconfig=str(path), **known), None
        )

    def user(self, namespace: str = "") -> str:
        """The token of somebody who has in a namespace the rights that the docs ask for."""
        role = f"servers-{secrets.token_hex(4)}"
        rules = DOCS.read_text().partition("```yaml\n")[2].partition("```")[0]
        self.kube.create(
            {
                "apiVersion": "rbac.authorization.k8s.io/v1",
                "kind": "ClusterRole",
                "metadata": {"name": role},
                "rules": yaml.safe_load(rules),
            }
        )
        return self.plane.user("ada", [namespace or self.namespace], role)

    def wait(self, work: Awaitable[Any], seconds: float = 60) -> Any:
        async def limited() -> Any:
            return await asyncio.wait_for(work, seconds)

        return self.loop.wait(limited())

    def until(
        self, target: KubeflowTarget, name: str, ready: Callable[[View], bool], seconds: float = 40
    ) -> View:
        """A server's view, once it is so."""

        async def look() -> View:
            while True:
                view = await target.server(name)
                if ready(view):
                    return view
                await asyncio.sleep(0.1)

        try:
            found: View = self.wait(look(), seconds)
        except asyncio.TimeoutError:
            raise AssertionError(self.wait(target.server(name))) from None
        return found

    def state(self, target: KubeflowTarget, name: str, *states: str) -> View:
        return self.until(target, name, lambda view: view["state"] in states)

    def spec(self, name: str = "", **data: Any) -> ServerSpec:
        data = {"image": IMAGE, "volumes": [self.home()], **data}
        return ServerSpec.from_json({"name": name or f"s{secrets.token_hex(3)}", **data})

    def home(self, **more: Any) -> View:
        """A volume that is there at once."""
        mount = {"name": "work", "path": "/home/jovyan", "size": "1Gi"}
        return {**mount, "storage_class": self.storage, **more}

    def path(self, kind: str, name: str) -> str:
        version = "kubeflow.org/v1" if kind == "Notebook" else "v1"
        metadata = {"name": name, "namespace": self.namespace}
        return self.kube.path({"apiVersion": version, "kind": kind, "metadata": metadata})

    def found(self, kind: str, name: str) -> Object | None:
        answer = self.kube.http.get(self.path(kind, name))
        return answer.json() if answer.is_success else None

    def gone(self, kind: str, name: str, *, begun: bool = False) -> None:
        """Wait until there is no such object any more. `begun`: it may wait for a pod to go, which
        takes a new control plane half a minute."""

        async def look() -> None:
            while (there := self.found(kind, name)) is not None:
                if begun and "deletionTimestamp" in there["metadata"]:
                    return
                await asyncio.sleep(0.1)

        try:
            self.wait(look(), 30)
        except asyncio.TimeoutError:
            raise AssertionError(self.found(kind, name)) from None

    def wipe(self, namespace: str) -> None:
        """Have nothing of servers in a namespace, without waiting for the garbage collector."""
        kinds = [
            f"/apis/kubeflow.org/v1/namespaces/{namespace}/notebooks",
            f"/apis/apps/v1/namespaces/{namespace}/statefulsets",
            f"/api/v1/namespaces/{namespace}/pods",
            f"/api/v1/namespaces/{namespace}/persistentvolumeclaims",
        ]

        async def look() -> None:
            while any(self.kube.get(kind)["items"] for kind in kinds):
                for kind in kinds:
                    self.kube.http.delete(kind, params={"gracePeriodSeconds": 0})
                await asyncio.sleep(0.2)

        # The controller may have been about to put something right.
        for _ in range(2):
            self.wait(look())

    def close(self) -> None:
        for target in self._opened:
            self.wait(target.close())
        self.loop.close()


@pytest.fixture(scope="session")
def bench(control_plane: ControlPlane, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """Namespaces of the control plane, with a controller of their own."""
    namespace, spare = control_plane.namespace("srv"), control_plane.namespace("srv")
    folder = tmp_path_factory.mktemp("servers")
    with control_plane.kube() as kube:
        _published(kube)
        storage = make_class(kube, namespace)
        watch = {"WATCH_NAMESPACES": f"{namespace},{spare}", "POD_NAMESPACE": namespace}
        with (
            provisioner(control_plane, [namespace, spare]),
            controller(control_plane, folder, **watch),
        ):
            bench = Bench(control_plane, kube, namespace, spare, storage, folder)
            try:
                yield bench
            finally:
                bench.close()


def _published(kube: Kube) -> None:
    """The API server says a moment later what a new kind looks like."""
    kube.wait(
        "/openapi/v3/apis/kubeflow.org/v1",
        lambda found: "idleAfter" in str(found.get("components")),
    )
