"""What a real cluster offers, and who asks for it; answers that get lost; addresses and logs."""

from __future__ import annotations

import asyncio
import secrets
from contextlib import aclosing
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from cluster.node import Node
from labwright.errors import LabwrightError
from labwright.servers.spec import ServerChange, ServerSpec
from labwright.targets.config import KnownTarget
from labwright.targets.errors import Conflict, NotFound, NotOffered, TargetUnreachable
from labwright.targets.kubeflow.servers import access
from labwright.targets.kubeflow.servers.kinds import Kind, Object
from labwright.targets.kubeflow.servers.kube import Kube
from labwright.targets.kubeflow.servers.service import gateway_of
from labwright.targets.kubeflow.target import KubeflowTarget

from .bench import IMAGE, Bench

CONFIG = """
spawnerFormDefaults:
  allowCustomImage: false
  image: {value: jupyter:7, options: [jupyter:7]}
  cpu: {value: "1", limitFactor: "2", readOnly: true}
  workspaceVolume: {value: null}
"""


@pytest.fixture
def pod_defaults(bench: Bench) -> None:
    """The cluster knows PodDefault, and the namespace has one."""
    anything = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    crd = {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "poddefaults.kubeflow.org"},
        "spec": {
            "group": "kubeflow.org",
            "scope": "Namespaced",
            "names": {"kind": "PodDefault", "plural": "poddefaults"},
            "versions": [
                {
                    "name": "v1alpha1",
                    "served": True,
                    "storage": True,
                    "schema": {"openAPIV3Schema": anything},
                }
            ],
        },
    }
    bench.kube.apply(crd)
    path = f"/apis/kubeflow.org/v1alpha1/namespaces/{bench.namespace}/poddefaults"

    async def served() -> None:
        while not bench.kube.http.get(path).is_success:
            await asyncio.sleep(0.1)

    bench.wait(served())
    body = {
        "apiVersion": "kubeflow.org/v1alpha1",
        "kind": "PodDefault",
        "metadata": {"name": "s3", "namespace": bench.namespace},
        "spec": {"desc": "S3", "selector": {"matchLabels": {"add-s3": "true"}}},
    }
    bench.kube.apply(body)


def test_a_configuration_is_the_labels_it_selects(bench: Bench, pod_defaults: None) -> None:
    target = bench.target()
    options = bench.wait(target.server_options())
    assert options["configurations"] == ["s3"]
    assert options["schema"]["properties"]["configurations"]["items"]["enum"] == ["s3"]
    spec = bench.spec(configurations=["s3"])
    bench.wait(target.create_server(spec))
    notebook = bench.found("Notebook", spec.name)
    assert notebook is not None
    assert notebook["metadata"]["labels"]["add-s3"] == "true"
    for wanted in ([], ["s3"], []):
        change = ServerChange.from_json({"configurations": wanted})
        view = bench.wait(target.change_server(spec.name, change))
        assert view["configurations"] == wanted
        notebook = bench.found("Notebook", spec.name)
        assert notebook is not None
        assert ("add-s3" in notebook["metadata"]["labels"]) == bool(wanted)

    async def told() -> Any:
        async with aclosing(target.watch_servers()) as changes:
            async for change in changes:
                if change["type"] == "server" and change["server"]["name"] == spec.name:
                    return change["server"]["configurations"]
        raise AssertionError("a watch has no end")

    bench.wait(target.change_server(spec.name, ServerChange.from_json({"configurations": ["s3"]})))
    assert bench.wait(told()) == ["s3"]
    with pytest.raises(LabwrightError, match="no configuration 's4'"):
        bench.wait(target.create_server(bench.spec(configurations=["s4"])))


def test_kubeflows_own_options_hold(bench: Bench) -> None:
    namespace = bench.plane.namespace("cfg")
    bench.kube.create(
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {
                "name": "jupyter-web-app-config-5d8f",
                "namespace": namespace,
                "labels": {"app": "jupyter-web-app"},
            },
            "data": {"spawner_ui_config.yaml": CONFIG},
        }
    )
    target = bench.target(namespace=namespace)
    options = bench.wait(target.server_options())
    assert options["defaults"]["image"] == "jupyter:7"
    assert "administrator has fixed it: 1" in options["not_offered"]["cpu"]
    assert "cpu" not in options["schema"]["properties"]
    with pytest.raises(LabwrightError, match="'own:1' is not one of those that are offered"):
        bench.wait(target.create_server(ServerSpec("ada", image="own:1")))
    with pytest.raises(LabwrightError, match="`cpu` cannot be chosen"):
        bench.wait(target.create_server(ServerSpec("ada", cpu="2")))
    view = bench.wait(target.create_server(ServerSpec("ada")))
    assert (view["image"], view["cpu"], view["volumes"]) == ("jupyter:7", "1", [])
    notebook = bench.kube.get(f"/apis/kubeflow.org/v1/namespaces/{namespace}/notebooks/ada")
    assert notebook["spec"]["resources"]["limits"] == {"cpu": "2000m"}


def test_an_administrator_sees_what_is_free(bench: Bench) -> None:
    name = f"gpus-{secrets.token_hex(3)}"
    devices = {"capacity": {"example.com/gpu": "4"}, "allocatable": {"example.com/gpu": "4"}}
    bench.kube.create(
        {
            "apiVersion": "v1",
            "kind": "Node",
            "metadata": {"name": name},
            "status": devices,
        }
    )
    try:
        options = bench.wait(bench.target().server_options())
        (found,) = [one for one in options["gpus"] if one["vendor"] == "example.com/gpu"]
        assert (found["total"], found["free"]) == (4, 4)
        assert bench.storage in options["storage_classes"]
        assert "gpus" not in options["not_offered"]
    finally:
        bench.kube.delete(f"/api/v1/nodes/{name}")


@pytest.mark.parametrize("managed", [True, False])
def test_a_lost_answer_makes_nothing_twice(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, managed: bool
) -> None:
    from labwright.targets.kubeflow.servers import kube

    if not managed:
        monkeypatch.setattr(kube, "fields_of", lambda _: frozenset())
    real = Kube.create

    async def lost(self: Kube, kind: Kind, body: Object) -> Object:
        await real(self, kind, body)
        raise TargetUnreachable("the connection was lost")

    monkeypatch.setattr(Kube, "create", lost)
    target, spec = bench.target(), bench.spec()
    bench.wait(target.create_server(spec))
    bench.state(target, spec.name, "RUNNING")
    assert bench.found("PersistentVolumeClaim", f"{spec.name}-work") is not None
    with pytest.raises(Conflict, match="already"):
        bench.wait(target.create_server(bench.spec(spec.name, volumes=[])))


def test_a_log_is_read_in_pieces_and_a_crash_is_told(
    bench: Bench, node: Node, tmp_path: Path
) -> None:
    target, name = bench.target(), f"s{secrets.token_hex(3)}"
    code = "import time; print('hällo', flush=True); time.sleep(600)"
    talk = "import time\nwhile True: print('ä', time.time(), flush=True); time.sleep(0.2)"

    def notebook(name: str, code: str) -> Object:
        # Pods of the node share its network, and so its ports.
        container = {"name": name, "image": node.image, "ports": [], "workingDir": "/"}
        container["command"] = ["python3", "-c", code]
        pod = node.pod_spec(containers=[container])
        pod.pop("restartPolicy", None)
        # Python as a container's first process does not end when it is asked to.
        pod["terminationGracePeriodSeconds"] = 1
        return {
            "apiVersion": "kubeflow.org/v1",
            "kind": "Notebook",
            "metadata": {"name": name, "namespace": bench.namespace},
            "spec": {"template": {"spec": pod}},
        }

    bench.kube.create(notebook(name, code))
    bench.kube.create(notebook(f"{name}x", "raise SystemExit(3)"))
    bench.kube.create(notebook(f"{name}y", talk))
    bench.state(target, name, "RUNNING")

    async def read() -> Any:
        while not (piece := await target.server_log(name))["text"]:
            await asyncio.sleep(0.1)
        return (
            piece,
            await target.server_log(name, offset=2),
            await target.server_log(name, limit=2),
        )

    piece, rest, cut = bench.wait(read())
    assert (piece["text"], piece["next"], piece["end"]) == ("hällo\n", 7, False)
    assert (rest["text"], rest["offset"]) == ("\ufffdllo\n", 2)
    assert (cut["text"], cut["next"]) == ("h", 1)

    async def follow(count: int, **since: Any) -> list[Any]:
        """So many pieces that say something."""
        told = []
        async with aclosing(target.follow_server_log(f"{name}y", **since)) as pieces:
            async for piece in pieces:
                told += [piece] if piece["text"] else []
                if len(told) == count:
                    break
        return told

    told = bench.wait(follow(5))
    assert told[0]["text"].startswith("ä ")
    assert all(one["offset"] == before["next"] for before, one in pairwise(told))
    log, known = told[-1]["log"], told[-1]["next"]
    (more,) = bench.wait(follow(1, log=log, offset=known))
    assert (more["offset"], more["log"]) == (known, log)
    # Of another log, or one that was cut off, there is no such place.
    for since in ({"log": "another", "offset": known}, {"log": log, "offset": known + 10**6}):
        (anew,) = bench.wait(follow(1, **since))
        assert (anew["offset"], anew["log"]) == (0, log)

    async def to_its_end() -> Any:
        async with aclosing(target.follow_server_log(f"{name}y")) as pieces:
            await anext(pieces)
            await target.stop_server(f"{name}y")
            async for piece in pieces:
                if piece["end"]:
                    return piece["log"]
        raise AssertionError("it ended without its end")

    assert bench.wait(to_its_end()) == log
    bench.state(target, f"{name}x", "FAILED")
    for one in (name, f"{name}x", f"{name}y"):
        bench.wait(target.delete_server(one))


@pytest.mark.parametrize("name", ["", "..", ".", "a/b", "../pods", "A"])
def test_what_is_no_name_is_not_found(bench: Bench, name: str) -> None:
    target = bench.target()
    for ask in (target.server(name), target.delete_server(name), target.delete_volume(name)):
        with pytest.raises(NotFound):
            bench.wait(ask)


def test_where_a_browser_finds_a_server(bench: Bench) -> None:
    spec = bench.spec()
    target = bench.target(ui="https://kubeflow.example/pipeline")
    bench.wait(target.create_server(spec))
    bench.state(target, spec.name, "RUNNING")
    assert bench.wait(target.server_address(spec.name)) == {
        "url": f"https://kubeflow.example/notebook/{bench.namespace}/{spec.name}/",
        "proxied": False,
    }
    with pytest.raises(NotOffered, match=r"gateway is not known.*--ui.*port-forward"):
        bench.wait(bench.target().server_address(spec.name))
    assert gateway_of(KnownTarget("x", in_cluster=True)) == ""


def test_a_target_without_the_kubernetes_api_says_that_it_has_no_servers(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    plain = KubeflowTarget(KnownTarget("kf", endpoint="http://127.0.0.1:9"), None)
    assert not plain.capabilities.servers
    with pytest.raises(NotOffered, match=r"only its Pipelines API is known.*--context"):
        bench.wait(plain.servers())
    inside = KnownTarget("here", in_cluster=True)
    monkeypatch.setattr(access, "ACCOUNT", tmp_path)
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    assert "no service account's token" in access.why_not(inside)


def test_a_pod_uses_its_service_accounts_token(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "token").write_text(bench.user())
    (tmp_path / "ca.crt").write_bytes(Path(bench.plane.ca).read_bytes())
    host, _, port = bench.plane.server.removeprefix("https://").partition(":")
    monkeypatch.setattr(access, "ACCOUNT", tmp_path)
    monkeypatch.setattr(access, "own_namespace", lambda: bench.namespace)
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", host)
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", port)
    target = KubeflowTarget(KnownTarget("here", in_cluster=True), None)
    assert target.capabilities.servers
    spec = bench.spec()
    bench.wait(target.create_server(spec))
    bench.state(target, spec.name, "RUNNING")
    assert bench.wait(target.server_address(spec.name))["url"] == (
        f"/notebook/{bench.namespace}/{spec.name}/"
    )
    bench.wait(target.close())


def test_a_cluster_without_notebooks_says_so(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    async def serves(self: Kube, kind: Kind) -> bool:
        return False

    monkeypatch.setattr(Kube, "_serves", serves)
    with pytest.raises(LabwrightError, match=r"does not know Notebook.*install"):
        bench.wait(bench.target().servers())


def test_a_server_of_the_cluster_is_made_of_the_image_that_is_asked_for(bench: Bench) -> None:
    target, spec = bench.target(), bench.spec()
    view = bench.wait(target.create_server(spec))
    assert (view["image"], view["image_name"]) == (IMAGE, IMAGE)
