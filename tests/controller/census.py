"""What became of many Notebooks, whatever went wrong meanwhile."""

from __future__ import annotations

import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from cluster.control_plane import ControlPlane
from cluster.kube import Kube
from controller.objects import Object, notebook

STOPPED = "kubeflow-resource-stopped"


@dataclass(frozen=True)
class Amiss:
    """Names, none of them when everything is as its users want it."""

    lost: list[str] = field(default_factory=list)
    """Notebooks without their objects, or whose status is not true."""
    duplicated: list[str] = field(default_factory=list)
    """Objects that no Notebook should have, and events told more often than they happened."""
    stopped: list[str] = field(default_factory=list)
    """Servers that nobody wanted stopped."""
    restarted: list[str] = field(default_factory=list)
    """Servers whose pod is another one now."""


@dataclass
class Crowd:
    """Notebooks of one namespace, and what their users want."""

    plane: ControlPlane
    namespace: str
    running: set[str] = field(default_factory=set)
    stopped: set[str] = field(default_factory=set)
    pods: dict[str, str] = field(default_factory=dict)
    """The uid of each pod that was seen running."""

    def create(self, *names: str, **spec: Any) -> None:
        """Make some; they are to run."""

        def create(name: str) -> None:
            body = notebook(name, self.namespace, **spec)
            del body["metadata"]["uid"]
            with self.plane.kube() as kube:
                kube.create(body)

        with ThreadPoolExecutor(4) as pool:
            list(pool.map(create, names))
        self.running.update(names)

    def stop(self, *names: str) -> None:
        """Have some stopped by their users."""
        patch = {"metadata": {"annotations": {STOPPED: "2026-01-01T00:00:00Z"}}}
        with self.plane.kube() as kube:
            for name in names:
                kube.patch(f"{self._notebooks}/{name}", patch)
        self.running.difference_update(names)
        self.stopped.update(names)

    def delete(self, *names: str) -> None:
        """Have some deleted by their users."""
        with self.plane.kube() as kube:
            for name in names:
                kube.delete(f"{self._notebooks}/{name}")
        self.running.difference_update(names)
        self.stopped.difference_update(names)

    def settle(self, seconds: float = 120) -> Amiss:
        """Wait until everything is as wanted; gives what is not, if that takes too long."""
        deadline = time.monotonic() + seconds
        with self.plane.kube() as kube:
            while True:
                found = self._look(kube)
                if found == Amiss() or time.monotonic() > deadline:
                    return found
                time.sleep(0.3)

    @property
    def _notebooks(self) -> str:
        return f"/apis/kubeflow.org/v1/namespaces/{self.namespace}/notebooks"

    def _look(self, kube: Kube) -> Amiss:
        core, apps = (
            f"/api/v1/namespaces/{self.namespace}",
            f"/apis/apps/v1/namespaces/{self.namespace}",
        )
        notebooks = _by_name(kube, self._notebooks)
        sets, services = _by_name(kube, f"{apps}/statefulsets"), _by_name(kube, f"{core}/services")
        pods = _by_name(kube, f"{core}/pods")
        events = kube.get(f"{core}/events")["items"]
        wanted = self.running | self.stopped
        states = {name: (body.get("status") or {}).get("state") for name, body in notebooks.items()}
        well = {name for name in self.running if states.get(name) == "Running"}
        well = {name for name in well if f"{name}-0" in pods}
        well |= {name for name in self.stopped if states.get(name) == "Stopped"}
        well &= sets.keys() & services.keys()
        extra = {
            "Notebook": notebooks.keys() - wanted,
            "StatefulSet": sets.keys() - wanted,
            "Service": services.keys() - wanted,
            "Pod": pods.keys() - {f"{name}-0" for name in self.running},
        }
        duplicated = [f"{kind} {name}" for kind, names in extra.items() for name in names]
        uids = {name: pods[f"{name}-0"]["metadata"]["uid"] for name in well & self.running}
        self.pods = uids | self.pods
        return Amiss(
            lost=sorted(wanted - well),
            duplicated=sorted([*duplicated, *_told_too_often(events).elements()]),
            stopped=sorted(
                name
                for name in self.running & notebooks.keys()
                if STOPPED in notebooks[name]["metadata"].get("annotations", {})
            ),
            restarted=sorted(name for name, uid in uids.items() if uid != self.pods[name]),
        )


def _told_too_often(events: list[Object]) -> Counter[str]:
    """What was told of more often than it happened, and how much more often."""
    told: Counter[str] = Counter()
    happened: Counter[str] = Counter()
    for event in events:
        about = event["involvedObject"]
        if about["kind"] == "Notebook":
            told[event["message"]] += event["message"].startswith("Reissued")
        else:
            source = f"{about['kind'].lower()}/{about['name']}"
            happened[f"Reissued from {source}: {event['message']}"[:1024]] += 1
    return told - happened


def _by_name(kube: Kube, path: str) -> dict[str, Object]:
    return {body["metadata"]["name"]: body for body in kube.get(path)["items"]}
