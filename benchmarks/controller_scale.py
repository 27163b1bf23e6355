"""700 Notebooks at once, many idle ones, and a restart: what the controller needs for them.

The peer's figures are those published for Kubeflow's controller: at its 20 queries a second, the
children of 700 Notebooks take at least 70 s. Needs `make cluster`. kwok makes the pods run.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from cluster.control_plane import ControlPlane
from cluster.kube import Kube
from cluster.supervisor import session_owner, shared
from controller.objects import notebook
from controller.processes import Controller, controller

AT_ONCE = int(os.environ.get("NOTEBOOKS", "700"))
IDLE = int(os.environ.get("IDLE_NOTEBOOKS", "2000"))
QUIET_SECONDS = int(os.environ.get("QUIET_SECONDS", "300"))
SILENT_SECONDS = 30


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        say("load of the machine before", os.getloadavg()[0], "")
        plane = ControlPlane(
            **shared("cluster.control_plane:start", folder / "plane", session_owner())
        )
        namespace = plane.namespace("scale")
        with plane.kube() as kube:
            with controller(plane, folder, show_log=False, WATCH_NAMESPACES=namespace) as first:
                create_at_once(kube, plane, namespace, first)
                stay_idle(kube, plane, namespace, first)
                first.kill()
            restart(plane, folder, namespace)


def create_at_once(kube: Kube, plane: ControlPlane, namespace: str, process: Controller) -> None:
    used = processor_time(process)
    began = time.monotonic()
    create_many(plane, namespace, range(AT_ONCE))
    created = time.monotonic()
    wait_for(lambda: count(kube, f"/apis/apps/v1/namespaces/{namespace}/statefulsets") == AT_ONCE)
    wait_for(lambda: count(kube, f"/api/v1/namespaces/{namespace}/services") == AT_ONCE)
    made = time.monotonic()
    used = processor_time(process) - used
    wait_for(lambda: process.metric("notebook_running") == AT_ONCE, 600)
    running = time.monotonic()
    say(f"{AT_ONCE} created in", created - began, "s")
    say("last create to all children", made - created, "s")
    say("processor time of the controller until then", used, "s")
    say("last create to all running in their status", running - created, "s")
    say("status behind the last ready pod", lag(kube, namespace), "s (of whole seconds)")
    say("memory", memory(process), "MB")


def stay_idle(kube: Kube, plane: ControlPlane, namespace: str, process: Controller) -> None:
    # Stopped, since the one node that kwok plays takes a thousand pods.
    stopped = {"kubeflow-resource-stopped": "2026-01-01T00:00:00Z"}
    create_many(plane, namespace, range(AT_ONCE, IDLE), stopped)
    states = '{state="Stopped"}'
    wait_for(lambda: process.metric(f"labwright_notebooks{states}") == IDLE - AT_ONCE, 600)
    wait_until_silent(kube, namespace)
    wait_for(lambda: process.metric("labwright_queue_length") == 0)
    before = process.writes()
    time.sleep(QUIET_SECONDS)
    say(f"writes in {QUIET_SECONDS} s with {IDLE} Notebooks", process.writes() - before, "")
    say("memory", memory(process), "MB")


def wait_until_silent(kube: Kube, namespace: str) -> None:
    """Wait until the cluster's own controllers have told what they did.

    They may write but some events a second, and so are minutes behind when 700 servers started at
    once; and each event is told again on its Notebook, by a write that is wanted.
    """
    path = f"/api/v1/namespaces/{namespace}/events"
    began = silent_since = time.monotonic()
    known, found = -1, []
    while time.monotonic() - silent_since < SILENT_SECONDS:
        found = kube.get(path, fieldSelector="involvedObject.kind!=Notebook")["items"]
        if len(found) != known:
            known, silent_since = len(found), time.monotonic()
        time.sleep(1)
    late = max(
        seconds(event["metadata"]["creationTimestamp"]) - seconds(event["lastTimestamp"])
        for event in found
        if event.get("lastTimestamp")
    )
    say("waited for the last of the cluster's own events", silent_since - began, "s")
    say("which it wrote after what they tell of, by", late, "s")


def restart(plane: ControlPlane, folder: Path, namespace: str) -> None:
    began = time.monotonic()
    with controller(plane, folder, show_log=False, WATCH_NAMESPACES=namespace) as second:
        wait_for(lambda: second.metric("labwright_reconciles_total") >= IDLE, 300)
        wait_for(lambda: second.metric("labwright_queue_length") == 0, 300)
        say("restart to settled", time.monotonic() - began, "s")
        say("writes of the restarted controller", second.writes(), "")
        say("memory", memory(second), "MB")


def create_many(
    plane: ControlPlane, namespace: str, numbers: range, annotations: dict[str, str] | None = None
) -> None:
    with plane.kube() as kube, ThreadPoolExecutor(8) as pool:

        def create(number: int) -> None:
            body = notebook(f"nb{number}", namespace)
            del body["metadata"]["uid"]
            body["metadata"]["annotations"] = annotations or {}
            kube.create(body)

        list(pool.map(create, numbers))


def lag(kube: Kube, namespace: str) -> float:
    """How much later the last status was written than the last pod got ready."""
    pods = kube.get(f"/api/v1/namespaces/{namespace}/pods")["items"]
    ready = max(
        c["lastTransitionTime"]
        for pod in pods
        for c in pod["status"]["conditions"]
        if c["type"] == "Ready"
    )
    written = max(
        entry["time"]
        for body in kube.get(f"/apis/kubeflow.org/v1/namespaces/{namespace}/notebooks")["items"]
        for entry in body["metadata"]["managedFields"]
        if entry.get("subresource") == "status"
    )
    return seconds(written) - seconds(ready)


def seconds(timestamp: str) -> float:
    return time.mktime(time.strptime(timestamp, "%Y-%m-%dT%H:%M:%SZ"))


def count(kube: Kube, path: str) -> int:
    found = kube.get(path, limit=1)
    return len(found["items"]) + int(found["metadata"].get("remainingItemCount", 0))


def memory(process: Controller) -> float:
    return float(psutil.Process(process.process.pid).memory_info().rss / 1e6)


def processor_time(process: Controller) -> float:
    times = psutil.Process(process.process.pid).cpu_times()
    return float(times.user + times.system)


def wait_for(done: Callable[[], bool], seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while not done():
        if time.monotonic() > deadline:
            raise TimeoutError("the cluster did not get there")
        time.sleep(0.1)


def say(what: str, value: float, unit: str) -> None:
    print(f"{what:50} {value:8.1f} {unit}", flush=True)


if __name__ == "__main__":
    main()
