"""Servers of a real API server, with Labwright's controller; kwok makes their pods run."""

from __future__ import annotations

import asyncio
import secrets
from typing import Any

import pytest

from labwright.errors import LabwrightError
from labwright.servers.spec import ServerChange, VolumeSpec
from labwright.targets.errors import Conflict, Forbidden, NotFound, Refused
from labwright.targets.kubeflow.target import KubeflowTarget

from .bench import IMAGE, Bench


def test_a_server_starts_stops_and_goes_with_its_volume(bench: Bench) -> None:
    target, spec = bench.target(), bench.spec(cpu="500m", memory="1Gi", env={"A": "1"})
    made = bench.wait(target.create_server(spec))
    assert made["state"] in ("WAITING", "STARTING", "RUNNING")
    view = bench.state(target, spec.name, "RUNNING")
    assert {one["stage"]: one["state"] for one in view["progress"]}["ready"] == "done"
    assert (view["cpu"], view["memory"], view["env"]) == ("500m", "1Gi", {"A": "1"})
    assert view["started_at"]
    claim = f"{spec.name}-work"
    assert view["volumes"] == [
        {
            "name": "work",
            "path": "/home/jovyan",
            "claim": claim,
            "size": "1Gi",
            "read_only": False,
            "reclaim": "Retain",
            "existing": False,
        }
    ]
    assert bench.wait(target.stop_server(spec.name))["state"] in ("STOPPING", "STOPPED")
    view = bench.state(target, spec.name, "STOPPED")
    assert view["stopped_at"]
    assert view["progress"] == []
    assert bench.wait(target.start_server(spec.name))["state"] not in ("STOPPED", "STOPPING")
    bench.state(target, spec.name, "RUNNING")
    with pytest.raises(Conflict, match=f"volume '{claim}' is used by {spec.name}"):
        bench.wait(target.delete_volume(claim))
    bench.wait(target.delete_server(spec.name, volumes=True))
    bench.gone("Notebook", spec.name)
    bench.gone("PersistentVolumeClaim", claim, begun=True)


def test_a_volume_outlives_its_server_unless_asked(bench: Bench) -> None:
    target, spec = bench.target(), bench.spec()
    bench.wait(target.create_server(spec))
    bench.state(target, spec.name, "RUNNING")
    bench.wait(target.delete_server(spec.name))
    bench.gone("Notebook", spec.name)
    claim = f"{spec.name}-work"
    found = {one["name"]: one for one in bench.wait(target.volumes())}
    assert found[claim]["used_by"] == []
    assert found[claim]["state"] == "BOUND"
    with pytest.raises(Conflict, match="mount it as an existing one"):
        bench.wait(target.create_server(spec))
    assert bench.found("Notebook", spec.name) is None
    again = bench.spec(
        spec.name, volumes=[{"name": "work", "path": "/home/jovyan", "existing": claim}]
    )
    view = bench.wait(target.create_server(again))
    assert view["volumes"][0]["existing"]
    # It was not made for this server.
    bench.wait(target.delete_server(spec.name, volumes=True))
    bench.gone("Notebook", spec.name)
    there = bench.found("PersistentVolumeClaim", claim)
    assert there is not None
    assert "deletionTimestamp" not in there["metadata"]


def test_complaint_14_a_volume_that_another_server_uses_is_not_deleted(bench: Bench) -> None:
    target, spec = bench.target(), bench.spec()
    bench.wait(target.create_server(spec))
    bench.state(target, spec.name, "RUNNING")
    claim = f"{spec.name}-work"
    mount = {"name": "shared", "path": "/home/jovyan", "existing": claim}
    other = bench.spec(volumes=[mount])
    bench.wait(target.create_server(other))
    bench.wait(target.delete_server(spec.name, volumes=True))
    bench.gone("Notebook", spec.name)
    there = bench.found("PersistentVolumeClaim", claim)
    assert there is not None
    assert "deletionTimestamp" not in there["metadata"]


def test_a_name_is_taken_once(bench: Bench) -> None:
    target, spec = bench.target(), bench.spec(volumes=[])
    bench.wait(target.create_server(spec))
    before = bench.found("Notebook", spec.name)
    with pytest.raises(Conflict, match=f"there is a server '{spec.name}' already"):
        bench.wait(target.create_server(spec))
    after = bench.found("Notebook", spec.name)
    assert before is not None
    assert after is not None
    assert after["metadata"]["uid"] == before["metadata"]["uid"]


def restarted(bench: Bench, target: KubeflowTarget, name: str) -> dict[str, Any]:
    """The server's pod, once it runs with what was changed."""
    bench.wait(target.restart_server(name))
    bench.until(
        target, name, lambda view: view["state"] == "RUNNING" and not view["pending_restart"]
    )
    pod = bench.found("Pod", f"{name}-0")
    assert pod is not None
    return pod


def test_complaint_17_a_change_waits_for_a_restart(bench: Bench) -> None:
    target, spec = bench.target(), bench.spec(volumes=[], cpu="100m")
    bench.wait(target.create_server(spec))
    bench.state(target, spec.name, "RUNNING")
    change = ServerChange.from_json({"cpu": "250m", "env": {"B": "2"}, "idle_after": "8h"})
    view = bench.wait(target.change_server(spec.name, change))
    assert (view["pending_restart"], view["cpu"], view["env"]) == (True, "250m", {"B": "2"})
    assert view["idle_after"] == 8 * 3600
    bench.until(target, spec.name, lambda view: view["pending_restart"])
    pod = restarted(bench, target, spec.name)
    assert pod["spec"]["containers"][0]["resources"]["requests"]["cpu"] == "250m"


def test_an_edit_reaches_the_pod(bench: Bench) -> None:
    target, spec = bench.target(), bench.spec(volumes=[], cpu="100m", memory="64Mi")
    bench.wait(target.create_server(spec))
    bench.state(target, spec.name, "RUNNING")
    # Node labels are left for the end: no node of the bench has any.
    taint = {"key": "gpu", "operator": "Exists", "effect": "NoSchedule"}
    wanted = {"limit_factor": 1.5, "tolerations": [taint]}
    view = bench.wait(target.change_server(spec.name, ServerChange.from_json(wanted)))
    assert {key: view[key] for key in wanted} == wanted
    assert view["pending_restart"]
    pod = restarted(bench, target, spec.name)
    assert pod["spec"]["containers"][0]["resources"] == {
        "requests": {"cpu": "100m", "memory": "64Mi"},
        "limits": {"cpu": "150m", "memory": "96Mi"},
    }
    assert taint in pod["spec"]["tolerations"]
    labels = {"node_selector": {"disk": "ssd"}}
    view = bench.wait(target.change_server(spec.name, ServerChange.from_json(labels)))
    assert view["node_selector"] == {"disk": "ssd"}

    async def placed() -> None:
        path = f"/apis/apps/v1/namespaces/{bench.namespace}/statefulsets/{spec.name}"
        while bench.kube.get(path)["spec"]["template"]["spec"].get("nodeSelector") != {
            "disk": "ssd"
        }:
            await asyncio.sleep(0.1)

    bench.wait(target.stop_server(spec.name))
    bench.state(target, spec.name, "STOPPED")
    bench.wait(target.start_server(spec.name))
    bench.wait(placed())


def test_what_others_wrote_into_a_notebook_stays(bench: Bench) -> None:
    target, name = bench.target(), f"s{secrets.token_hex(3)}"
    field = {"valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}
    container = {
        "name": name,
        "image": IMAGE,
        "args": ["--x"],
        "env": [{"name": "POD", **field}, {"name": "A", "value": "1"}],
    }
    sidecar = {"name": "side", "image": "side:1"}
    bench.kube.create(
        {
            "apiVersion": "kubeflow.org/v1",
            "kind": "Notebook",
            "metadata": {"name": name, "namespace": bench.namespace, "labels": {"team": "x"}},
            "spec": {"template": {"spec": {"containers": [container, sidecar]}}},
        }
    )
    bench.wait(target.change_server(name, ServerChange.from_json({"env": {"A": "2"}})))
    after = bench.found("Notebook", name)
    assert after is not None
    pod = after["spec"]["template"]["spec"]
    assert pod["containers"][1] == sidecar
    assert pod["containers"][0]["args"] == ["--x"]
    assert pod["containers"][0]["env"] == [{"name": "POD", **field}, {"name": "A", "value": "2"}]
    assert after["metadata"]["labels"] == {"team": "x"}


def test_a_volume_is_made_grown_and_deleted(bench: Bench) -> None:
    target, name = bench.target(), f"v{secrets.token_hex(3)}"
    bench.wait(target.create_volume(VolumeSpec(name, "1Gi", bench.storage)))
    with pytest.raises(Conflict, match="there is a volume"):
        bench.wait(target.create_volume(VolumeSpec(name, "1Gi", bench.storage)))
    with pytest.raises(LabwrightError, match="cannot shrink from 1Gi to 500Mi"):
        bench.wait(target.resize_volume(name, "500Mi"))
    bench.wait(target.delete_volume(name))
    bench.gone("PersistentVolumeClaim", name)
    with pytest.raises(NotFound, match="has no volume"):
        bench.wait(target.delete_volume(name))


def test_a_volume_of_a_server_grows_with_it(bench: Bench) -> None:
    target, spec = bench.target(), bench.spec()
    bench.wait(target.create_server(spec))
    bench.state(target, spec.name, "RUNNING")
    claim = f"{spec.name}-work"
    bench.wait(target.resize_volume(claim, "2Gi"))
    view = bench.until(target, spec.name, lambda view: view["volumes"][0]["size"] == "2Gi")
    # The Notebook asks for as much, so that its controller finds nothing amiss.
    assert (view["state"], view["message"]) == ("RUNNING", None)
    notebook = bench.found("Notebook", spec.name)
    assert notebook is not None
    assert notebook["spec"]["volumes"][0]["claim"]["size"] == "2Gi"
    change = ServerChange.from_json({"volumes": [bench.home(size="3Gi")]})
    view = bench.wait(target.change_server(spec.name, change))
    assert view["pending_restart"] is False
    there = bench.found("PersistentVolumeClaim", claim)
    assert there is not None
    assert there["spec"]["resources"]["requests"]["storage"] == "3Gi"
    smaller = ServerChange.from_json({"volumes": [bench.home(size="1Gi")]})
    with pytest.raises(LabwrightError, match="cannot shrink"):
        bench.wait(target.change_server(spec.name, smaller))


def test_an_image_of_the_catalogue_by_its_name(bench: Bench) -> None:
    target, name = bench.target(), f"im-{bench.namespace}"
    bench.kube.create(
        {
            "apiVersion": "labwright.dev/v1alpha1",
            "kind": "NotebookImage",
            "metadata": {"name": name},
            "spec": {"reference": "jupyter:9", "displayName": "Science", "packages": ["numpy"]},
        }
    )
    listed = {one["name"]: one for one in bench.wait(target.images())}
    assert listed[name]["display_name"] == "Science"
    spec = bench.spec(volumes=[], image=name)
    bench.wait(target.create_server(spec))
    view = bench.state(target, spec.name, "RUNNING")
    assert (view["image"], view["image_name"]) == (name, "Science")
    pod = bench.found("Pod", f"{spec.name}-0")
    assert pod is not None
    assert pod["spec"]["containers"][0]["image"] == "jupyter:9"
    (found,) = [one for one in bench.wait(target.images()) if one["name"] == name]
    assert found["used_by"] == 1
    change = ServerChange.from_json({"image": "other:2"})
    assert bench.wait(target.change_server(spec.name, change))["image"] == "other:2"


def test_without_a_controller_that_makes_volumes_they_are_made_and_taken_back(
    bench: Bench, plain: None
) -> None:
    target, spec = bench.target(), bench.spec()
    bench.wait(target.create_server(spec))
    view = bench.state(target, spec.name, "RUNNING")
    assert view["volumes"][0]["claim"] == f"{spec.name}-work"
    assert not view["volumes"][0]["existing"]
    notebook = bench.found("Notebook", spec.name)
    assert notebook is not None
    assert set(notebook["spec"]) == {"template"}
    with pytest.raises(Conflict, match="would be restarted at once"):
        bench.wait(target.change_server(spec.name, ServerChange.from_json({"cpu": "2"})))
    with pytest.raises(LabwrightError, match="one idle time for all servers"):
        bench.wait(target.create_server(bench.spec(volumes=[], idle_after="8h")))
    bench.wait(target.stop_server(spec.name))
    bench.state(target, spec.name, "STOPPED")
    bench.wait(target.change_server(spec.name, ServerChange.from_json({"cpu": "2"})))
    bench.wait(target.delete_server(spec.name, volumes=True))
    bench.gone("PersistentVolumeClaim", f"{spec.name}-work", begun=True)


def test_complaint_13_no_volume_is_left_of_a_server_that_could_not_be_made(
    bench: Bench, plain: None
) -> None:
    # The namespace takes no more Notebooks, which is found after the claims were made.
    namespace = bench.plane.namespace("full")
    bench.kube.create(
        {
            "apiVersion": "v1",
            "kind": "ResourceQuota",
            "metadata": {"name": "full", "namespace": namespace},
            "spec": {"hard": {"count/notebooks.kubeflow.org": "0"}},
        }
    )
    bench.kube.wait(
        f"/api/v1/namespaces/{namespace}/resourcequotas/full",
        lambda quota: quota.get("status", {}).get("hard"),
    )
    target, spec = bench.target(namespace=namespace), bench.spec()
    with pytest.raises(Refused, match="quota: full"):
        bench.wait(target.create_server(spec))
    claims = bench.kube.get(f"/api/v1/namespaces/{namespace}/persistentvolumeclaims")
    assert all("deletionTimestamp" in one["metadata"] for one in claims["items"])


@pytest.fixture
def plain(monkeypatch: pytest.MonkeyPatch) -> None:
    """The cluster's Notebook has none of Labwright's fields, as Kubeflow's own has not."""
    from labwright.targets.kubeflow.servers import kube

    monkeypatch.setattr(kube, "fields_of", lambda _: frozenset())


def test_who_may_not_is_told_in_the_servers_own_words(bench: Bench) -> None:
    token = bench.user()
    mine = bench.target(token)
    spec = bench.spec()
    bench.wait(mine.create_server(spec))
    bench.state(mine, spec.name, "RUNNING")
    bench.wait(mine.change_server(spec.name, ServerChange.from_json({"cpu": "1"})))
    bench.wait(mine.restart_server(spec.name))
    assert [one["name"] for one in bench.wait(mine.volumes())]
    other = bench.plane.namespace("other")
    with pytest.raises(Forbidden, match=r'notebooks.kubeflow.org is forbidden: User ".+" cannot'):
        bench.wait(bench.target(token, other).servers())
    with pytest.raises(Forbidden, match=f'in the namespace "{other}"'):
        bench.wait(bench.target(token, other).create_server(bench.spec(volumes=[])))
    with pytest.raises(Forbidden, match="persistentvolumeclaims is forbidden"):
        bench.wait(bench.target(token, other).create_volume(VolumeSpec("v", "1Gi")))
    options = bench.wait(mine.server_options())
    assert "nodes is forbidden" in options["not_offered"]["gpus"]
    assert "storageclasses.storage.k8s.io is forbidden" in options["not_offered"]["storage_classes"]
    assert "notebookimages.labwright.dev is forbidden" in options["not_offered"]["images"]
    bench.wait(mine.delete_server(spec.name, volumes=True))


def test_what_a_restricted_namespace_refuses_is_said(bench: Bench) -> None:
    path, label = f"/api/v1/namespaces/{bench.spare}", "pod-security.kubernetes.io/enforce"
    bench.kube.patch(path, {"metadata": {"labels": {label: "restricted"}}})
    try:
        target, spec = bench.target(bench.user(bench.spare), bench.spare), bench.spec(volumes=[])
        bench.wait(target.create_server(spec))
        # The cluster's own event is there a moment before the controller's sentence.
        said = "This namespace does not allow such a pod"
        view = bench.until(target, spec.name, lambda view: said in (view["message"] or ""))
        assert view["state"] == "FAILED"
        assert "allowPrivilegeEscalation" in view["message"]
        assert view["progress"][0]["state"] == "failed"
    finally:
        bench.kube.patch(path, {"metadata": {"labels": {label: None}}})
        bench.wipe(bench.spare)


def test_a_volume_of_another_namespace_cannot_be_had(bench: Bench) -> None:
    target, other = bench.target(), bench.plane.namespace("other")
    bench.wait(bench.target(namespace=other).create_volume(VolumeSpec("theirs", "1Gi")))
    mount = {"name": "x", "path": "/x", "existing": "theirs"}
    spec = bench.spec(volumes=[mount])
    with pytest.raises(NotFound, match=f"no volume 'theirs' in namespace {bench.namespace}"):
        bench.wait(target.create_server(spec))
    assert bench.found("Notebook", spec.name) is None


def test_all_who_look_on_share_one_watch(bench: Bench) -> None:
    target, spec = bench.target(), bench.spec(volumes=[])

    async def see() -> tuple[set[str], int]:
        states: set[str] = set()

        async def look_on() -> None:
            async for change in target.watch_servers():
                if change["type"] == "server" and change["server"]["name"] == spec.name:
                    states.add(change["server"]["state"])
                if change == {"type": "server-deleted", "name": spec.name}:
                    return

        people = [asyncio.create_task(look_on()) for _ in range(3)]
        await asyncio.sleep(0.5)
        await target.create_server(spec)
        while "RUNNING" not in states:
            await asyncio.sleep(0.05)
        watches = len(target._watching._tasks)
        await target.delete_server(spec.name)
        await asyncio.gather(*people)
        return states, watches

    states, watches = bench.wait(see())
    assert "RUNNING" in states
    cluster = bench.wait(target._kube.cluster())
    # Notebooks, pods, events, claims and images; and configurations where there are any.
    assert watches == 5 + cluster.pod_defaults
    assert not target._watching._tasks


def test_a_watch_goes_on_after_what_breaks_it(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    from labwright.targets.errors import TargetUnreachable
    from labwright.targets.kubeflow.servers.kube import Expired, Kube

    target, spec = bench.target(), bench.spec(volumes=[])
    real, troubles = Kube.watch, [TargetUnreachable("lost"), Expired()] * 5

    def broken(self: Kube, *words: object, **more: str) -> object:
        async def breaks() -> object:
            raise troubles.pop()
            yield

        return breaks() if troubles else real(self, *words, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(Kube, "watch", broken)
    monkeypatch.setattr("labwright.targets.kubeflow.servers.watching.FIRST", 0.05)

    async def see() -> None:
        made = False
        async for change in target.watch_servers():
            if not made:
                made = True
                await target.create_server(spec)
            if change["type"] == "server" and change["server"]["name"] == spec.name:
                return

    # The namespace may be empty, and then nothing is told before something is made.
    bench.wait(target.create_server(bench.spec(volumes=[])))
    bench.wait(see())
    assert not troubles
