"""The controller against a real API server; kwok makes its pods run."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from cluster.control_plane import ControlPlane
from cluster.kube import Kube
from controller.objects import Object, notebook, server
from controller.processes import Controller, controller

NUMBERS = count()
CLAIM = {"size": "1Gi"}


@dataclass
class Bench:
    """A namespace with a controller of its own."""

    kube: Kube
    namespace: str
    controller: Controller

    def create(self, body: Object | None = None, **spec: Any) -> Object:
        made = body or notebook(f"nb{next(NUMBERS)}", **spec)
        made["metadata"].pop("uid", None)
        made["metadata"]["namespace"] = self.namespace
        return self.kube.create(made)

    def path(self, kind: str, name: str) -> str:
        version = {"StatefulSet": "apps/v1", "Notebook": "kubeflow.org/v1"}.get(kind, "v1")
        metadata = {"name": name, "namespace": self.namespace}
        return self.kube.path({"apiVersion": version, "kind": kind, "metadata": metadata})

    def wait(self, kind: str, name: str, ready: Callable[[Object], bool]) -> Object:
        return self.kube.wait(self.path(kind, name), ready)

    def state(self, name: str, state: str, message: str = "") -> Object:
        """Wait for a state, and a part of its message."""

        def ready(body: Object) -> bool:
            status = body.get("status") or {}
            return status.get("state") == state and message in status.get("message", "")

        return self.wait("Notebook", name, ready)["status"]  # type: ignore[no-any-return]

    def exists(self, kind: str, name: str) -> bool:
        return self.kube.http.get(self.path(kind, name)).is_success

    def gone(self, kind: str, name: str) -> None:
        deadline = time.monotonic() + 30
        while self.exists(kind, name):
            assert time.monotonic() < deadline, f"{kind} {name} is still there"
            time.sleep(0.05)

    def annotate(self, name: str, **annotations: str | None) -> None:
        pairs = {key.replace("__", "/").replace("_", "-"): v for key, v in annotations.items()}
        self.kube.patch(self.path("Notebook", name), {"metadata": {"annotations": pairs}})


@pytest.fixture(scope="module")
def bench(control_plane: ControlPlane, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    namespace = control_plane.namespace("nb")
    folder = tmp_path_factory.mktemp("controller")
    with (
        control_plane.kube() as kube,
        controller(
            control_plane, folder, WATCH_NAMESPACES=namespace, POD_NAMESPACE=namespace
        ) as process,
    ):
        yield Bench(kube, namespace, process)


def test_a_notebook_becomes_a_running_server(bench: Bench) -> None:
    name = bench.create()["metadata"]["name"]
    bench.state(name, "Running")
    status = running(bench, name)
    assert status["observedGeneration"] == 1
    assert "startedAt" in status["containerState"]["running"]
    assert {"Ready", "PodScheduled"} <= {c["type"] for c in status["conditions"]}
    assert all(c["lastProbeTime"] for c in status["conditions"])
    service = bench.kube.get(bench.path("Service", name))
    assert service["spec"]["ports"][0]["targetPort"] == 8888


def test_nothing_is_written_when_nothing_differs(
    control_plane: ControlPlane, tmp_path: Path
) -> None:
    namespace = control_plane.namespace("quiet")
    with control_plane.kube() as kube:
        with controller(control_plane, tmp_path, WATCH_NAMESPACES=namespace) as process:
            bench = Bench(kube, namespace, process)
            name = bench.create()["metadata"]["name"]
            running(bench, name)
            before = settled(process)
            looks = process.metric("labwright_reconciles_total")
            # An annotation that is not the pod's has it look, and find nothing to do.
            bench.annotate(name, notebook="a")
            deadline = time.monotonic() + 30
            while process.metric("labwright_reconciles_total") == looks:
                assert time.monotonic() < deadline
                time.sleep(0.1)
            assert settled(process) == before
        with controller(control_plane, tmp_path, WATCH_NAMESPACES=namespace) as restarted:
            running(Bench(kube, namespace, restarted), name)
            assert settled(restarted) == 0


def running(bench: Bench, name: str) -> Object:
    # The StatefulSet counts its pod a moment after the pod is ready.
    return bench.wait(
        "Notebook", name, lambda nb: (nb.get("status") or {}).get("readyReplicas") == 1
    )["status"]  # type: ignore[no-any-return]


def settled(controller: Controller) -> float:
    """How often it wrote, once it writes no more."""
    deadline = time.monotonic() + 60
    writes, since = controller.writes(), time.monotonic()
    while time.monotonic() - since < 3:
        time.sleep(0.2)
        if controller.writes() != writes:
            writes, since = controller.writes(), time.monotonic()
        assert time.monotonic() < deadline, "it writes on and on"
    return writes


def test_stop_and_start(bench: Bench) -> None:
    name = bench.create()["metadata"]["name"]
    bench.state(name, "Running")
    bench.annotate(name, kubeflow_resource_stopped="2026-01-02T03:04:05Z")
    status = bench.state(name, "Stopped")
    assert status["stoppedAt"] == "2026-01-02T03:04:05Z"
    assert status["containerState"] == {}
    assert not bench.exists("Pod", f"{name}-0")
    bench.annotate(name, kubeflow_resource_stopped=None)
    assert "stoppedAt" not in bench.state(name, "Running")


def test_a_change_waits_until_its_user_restarts(bench: Bench) -> None:
    body = bench.create()
    name = body["metadata"]["name"]
    bench.state(name, "Running")
    pod = bench.kube.get(bench.path("Pod", f"{name}-0"))
    server(body)["image"] = "jupyter:2"
    server(body)["env"] = [{"name": "A", "value": "1"}]
    bench.kube.patch(bench.path("Notebook", name), {"spec": body["spec"]})
    status = bench.state(name, "Running", "Changes wait for its restart")
    assert status["pendingRestart"]
    assert (
        bench.kube.get(bench.path("Pod", f"{name}-0"))["metadata"]["uid"] == pod["metadata"]["uid"]
    )
    # Times have seconds only: the pod must be older than the request.
    time.sleep(1.1)
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    bench.annotate(name, notebooks_labwright_dev__restarted_at=None)
    annotation = {"notebooks.labwright.dev/restarted-at": now}
    bench.kube.patch(bench.path("Notebook", name), {"metadata": {"annotations": annotation}})
    bench.wait("Pod", f"{name}-0", lambda found: server_of(found)["image"] == "jupyter:2")
    bench.wait("Notebook", name, lambda nb: nb["status"]["pendingRestart"] is False)


def server_of(pod: Object) -> Object:
    containers: list[Object] = pod["spec"]["containers"]
    return containers[0]


def test_what_is_removed_from_the_notebook_goes(bench: Bench) -> None:
    body = notebook(f"nb{next(NUMBERS)}")
    server(body)["env"] = [{"name": "A", "value": "1"}]
    name = bench.create(body)["metadata"]["name"]
    bench.wait("StatefulSet", name, lambda s: len(server(s)["env"]) == 2)
    server(body)["env"] = []
    bench.kube.patch(bench.path("Notebook", name), {"spec": body["spec"]})
    bench.wait("StatefulSet", name, lambda s: len(server(s)["env"]) == 1)


def test_drift_is_put_right(bench: Bench) -> None:
    name = bench.create()["metadata"]["name"]
    bench.state(name, "Running")
    bench.kube.patch(bench.path("Service", name), {"spec": {"selector": {"statefulset": "x"}}})
    bench.wait("Service", name, lambda s: s["spec"]["selector"]["statefulset"] == name)
    bench.kube.delete(bench.path("StatefulSet", name))
    bench.wait("StatefulSet", name, lambda s: "deletionTimestamp" not in s["metadata"])


@pytest.mark.parametrize("name", ["a" * 52, "b" * 100, "1st", "team.nb"])
def test_complaint_18_names_of_any_length_run(bench: Bench, name: str) -> None:
    bench.create(notebook(name))
    bench.state(name, "Running")


def test_events_are_told_again_once(bench: Bench) -> None:
    name = bench.create()["metadata"]["name"]
    bench.state(name, "Running")

    def told() -> list[Object]:
        found = bench.kube.get(
            f"/api/v1/namespaces/{bench.namespace}/events",
            fieldSelector=f"involvedObject.kind=Notebook,involvedObject.name={name}",
        )
        items: list[Object] = found["items"]
        return items

    deadline = time.monotonic() + 20
    messages: list[str] = []
    while not all(
        any(message.startswith(f"Reissued from {source}: ") for message in messages)
        for source in (f"pod/{name}-0", f"statefulset/{name}")
    ):
        assert time.monotonic() < deadline, messages
        time.sleep(0.1)
        messages = [event["message"] for event in told()]
    assert len(messages) == len(set(messages))


def test_complaint_9_a_quota_is_named(control_plane: ControlPlane, bench: Bench) -> None:
    bench.kube.create(
        {
            "apiVersion": "v1",
            "kind": "ResourceQuota",
            "metadata": {"name": "gpus", "namespace": bench.namespace},
            "spec": {"hard": {"requests.nvidia.com/gpu": "1"}},
        }
    )
    bench.kube.wait(
        f"/api/v1/namespaces/{bench.namespace}/resourcequotas/gpus",
        lambda quota: quota.get("status", {}).get("hard"),
    )
    name = bench.create(resources={"limits": {"nvidia.com/gpu": "2"}})["metadata"]["name"]
    status = bench.state(name, "Failed", "The quota gpus of this namespace is used up")
    assert "requests.nvidia.com/gpu=2" in status["message"]


def test_no_node_is_said_and_why(bench: Bench) -> None:
    name = bench.create(resources={"requests": {"cpu": "1000"}})["metadata"]["name"]
    status = bench.state(name, "Waiting", "No node has enough cpu left")
    scheduled = next(c for c in status["conditions"] if c["type"] == "PodScheduled")
    assert scheduled["reason"] == "Unschedulable"


def test_a_variable_that_is_named_twice_runs(bench: Bench) -> None:
    body = notebook(f"nb{next(NUMBERS)}")
    server(body)["env"] = [{"name": "A", "value": "1"}, {"name": "A", "value": "2"}]
    name = bench.create(body)["metadata"]["name"]
    bench.state(name, "Running")


def test_what_the_api_server_refuses_is_said(bench: Bench) -> None:
    body = notebook(f"nb{next(NUMBERS)}")
    server(body)["ports"] = [{"containerPort": 99999}]
    name = bench.create(body)["metadata"]["name"]
    bench.state(name, "Failed", "must be between 1 and 65535")


def test_claims_are_made_grown_and_kept(bench: Bench) -> None:
    volume = {"name": "work", "mountPath": "/w", "claim": {**CLAIM, "storageClassName": "grows"}}
    body = bench.create(volumes=[volume])
    name = body["metadata"]["name"]
    claim = bench.wait("PersistentVolumeClaim", f"{name}-work", bool)
    assert claim["spec"]["resources"]["requests"]["storage"] == "1Gi"
    volume["claim"] = {"size": "500Mi", "storageClassName": "grows"}
    bench.kube.patch(bench.path("Notebook", name), {"spec": {"volumes": [volume]}})
    bench.state(name, "Failed", "cannot be made smaller")
    bench.kube.delete(bench.path("Notebook", name))
    bench.gone("Notebook", name)
    assert bench.exists("PersistentVolumeClaim", f"{name}-work")


def test_complaint_13_a_claim_goes_with_its_notebook_if_asked(bench: Bench) -> None:
    volume = {"name": "tmp", "mountPath": "/t", "claim": CLAIM, "reclaim": "Delete"}
    name = bench.create(volumes=[volume])["metadata"]["name"]
    bench.wait("PersistentVolumeClaim", f"{name}-tmp", bool)
    bench.kube.delete(bench.path("Notebook", name))
    deadline = time.monotonic() + 30
    while True:
        answer = bench.kube.http.get(bench.path("PersistentVolumeClaim", f"{name}-tmp"))
        if answer.status_code == 404 or "deletionTimestamp" in answer.json()["metadata"]:
            return
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_complaint_14_a_shared_claim_is_never_deleted(bench: Bench) -> None:
    volume = {"name": "tmp", "mountPath": "/t", "claim": CLAIM, "reclaim": "Delete"}
    name = bench.create(volumes=[volume])["metadata"]["name"]
    bench.wait("PersistentVolumeClaim", f"{name}-tmp", bool)
    shared = {"name": "tmp", "mountPath": "/t", "existingClaim": f"{name}-tmp"}
    other = bench.create(volumes=[shared])["metadata"]["name"]
    bench.wait("StatefulSet", other, bool)
    bench.kube.delete(bench.path("Notebook", name))
    bench.gone("Notebook", name)
    time.sleep(1)
    claim = bench.kube.get(bench.path("PersistentVolumeClaim", f"{name}-tmp"))
    assert "deletionTimestamp" not in claim["metadata"]


def test_a_claim_of_somebody_else_is_used_but_not_touched(bench: Bench) -> None:
    name = f"nb{next(NUMBERS)}"
    foreign = bench.kube.create(
        {
            "apiVersion": "v1",
            "kind": "PersistentVolumeClaim",
            "metadata": {"name": f"{name}-work", "namespace": bench.namespace},
            "spec": {
                "accessModes": ["ReadWriteOnce"],
                "resources": {"requests": {"storage": "2Gi"}},
            },
        }
    )
    volume = {"name": "work", "mountPath": "/w", "claim": CLAIM, "reclaim": "Delete"}
    bench.create(notebook(name, volumes=[volume]))
    bench.wait("StatefulSet", name, bool)
    bench.kube.delete(bench.path("Notebook", name))
    bench.gone("Notebook", name)
    time.sleep(1)
    after = bench.kube.get(bench.path("PersistentVolumeClaim", f"{name}-work"))
    assert after["metadata"]["uid"] == foreign["metadata"]["uid"]
    assert after["spec"]["resources"] == foreign["spec"]["resources"]
    assert "labels" not in after["metadata"]


def test_an_image_of_the_catalogue(bench: Bench) -> None:
    suffix = bench.namespace
    for image, spec in {
        f"new-{suffix}": {"reference": "jupyter:9", "digest": f"sha256:{'a' * 64}"},
        f"old-{suffix}": {"reference": "jupyter:8", "redirect": {"to": f"new-{suffix}"}},
    }.items():
        bench.kube.create(
            {
                "apiVersion": "labwright.dev/v1alpha1",
                "kind": "NotebookImage",
                "metadata": {"name": image},
                "spec": spec,
            }
        )
    body = notebook(f"nb{next(NUMBERS)}", image=f"old-{suffix}")
    del body["spec"]["template"]
    name = bench.create(body)["metadata"]["name"]
    status = bench.state(name, "Running", "is not used any more")
    assert status["image"] == f"jupyter:9@sha256:{'a' * 64}"
    missing = notebook(f"nb{next(NUMBERS)}", image="no-such-image")
    name = bench.create(missing)["metadata"]["name"]
    bench.state(name, "Failed", "There is no image no-such-image in the catalogue")
