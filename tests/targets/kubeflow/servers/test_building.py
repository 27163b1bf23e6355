"""A server as a Notebook, and back; what others wrote stays."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from labwright.notebook.settings import byte_count
from labwright.servers.spec import ServerSpec
from labwright.targets.kubeflow.servers.building import (
    Choice,
    changed,
    is_device,
    new_claims,
    new_notebook,
    owner_patch,
)
from labwright.targets.kubeflow.servers.kinds import container
from labwright.targets.kubeflow.servers.kube import OPTIONAL, fields_of
from labwright.targets.kubeflow.servers.reading import mounts, resources, spec_of, tolerations

Object = dict[str, Any]
DEFAULTS = {"s3": {"s3": "true"}, "spark": {"spark": "true", "s3": "true"}, "git": {"git": "true"}}
OURS = Choice("team", OPTIONAL, "jupyter:1", pod_defaults=DEFAULTS)
STOCK = Choice("team", (), "jupyter:1", pod_defaults=DEFAULTS)
WHOLE = {
    "name": "ada",
    "image": "jupyter:1",
    "cpu": "2",
    "memory": "8Gi",
    "gpu": {"count": 2, "vendor": "amd.com/gpu"},
    "limit_factor": 1.5,
    "volumes": [
        {"name": "work", "path": "/home/jovyan", "size": "20Gi", "storage_class": "fast"},
        {"name": "data", "path": "/data", "existing": "shared", "read_only": True},
        {"name": "tmp", "path": "/tmp/x", "size": "1Gi", "reclaim": "Delete"},
    ],
    "env": {"A": "1"},
    "configurations": ["git"],
    "tolerations": [{"key": "gpu", "operator": "Exists"}],
    "node_selector": {"zone": "a"},
    "preset": "small-training",
}


def spec(**data: Any) -> ServerSpec:
    return ServerSpec.from_json({**WHOLE, **data})


def made(wanted: ServerSpec, choice: Choice) -> tuple[Object, dict[str, Object]]:
    """A Notebook as it is once its claims are there."""
    notebook = new_notebook(wanted, choice, "v1", "r1")
    notebook["metadata"] |= {"uid": "u1", "creationTimestamp": "2026-01-01T00:00:00Z"}
    claims = {}
    for one in new_claims(wanted, wanted.volumes, "team", "r1"):
        one["metadata"]["annotations"] |= owner_patch(notebook)["metadata"]["annotations"]
        claims[one["metadata"]["name"]] = one
    return notebook, claims


@pytest.mark.parametrize(("choice", "idle"), [(OURS, 8 * 3600), (STOCK, None)])
def test_what_is_asked_for_is_read_back(choice: Choice, idle: int | None) -> None:
    wanted = spec(idle_after=idle)
    notebook, claims = made(wanted, choice)
    assert spec_of(notebook, claims, DEFAULTS) == wanted


def test_a_stock_notebook_has_nothing_that_its_crd_does_not_know() -> None:
    notebook, _ = made(spec(), STOCK)
    assert set(notebook["spec"]) == {"template"}
    pod = notebook["spec"]["template"]["spec"]
    claims = {one["name"]: one["persistentVolumeClaim"]["claimName"] for one in pod["volumes"][1:]}
    assert claims == {"work": "ada-work", "data": "shared", "tmp": "ada-tmp"}
    assert pod["containers"][0]["resources"] == {
        "requests": {"cpu": "2", "memory": "8Gi"},
        "limits": {"cpu": "3000m", "memory": "12Gi", "amd.com/gpu": "2"},
    }


def test_the_crds_fields_are_used_where_they_are() -> None:
    notebook, _ = made(spec(idle_after=0), OURS)
    above = notebook["spec"]
    assert above["culling"] == {"idleAfter": "never"}
    assert [one["name"] for one in above["volumes"]] == ["work", "data", "tmp"]
    assert above["volumes"][0]["claim"] == {
        "name": "ada-work",
        "size": "20Gi",
        "storageClassName": "fast",
    }
    assert above["volumes"][1]["existingClaim"] == "shared"
    assert "resources" not in above["template"]["spec"]["containers"][0]
    (shm,) = above["template"]["spec"]["volumes"]
    assert shm["emptyDir"] == {"medium": "Memory"}


def test_only_what_is_given_is_changed() -> None:
    notebook, _ = made(spec(idle_after=60), OURS)
    pod = notebook["spec"]["template"]["spec"]
    pod["containers"].append({"name": "side", "image": "side:1"})
    pod["affinity"] = {"nodeAffinity": {}}
    notebook["spec"]["culling"]["keepWhileConnected"] = True
    notebook["spec"]["volumes"][0]["subPath"] = "home"
    notebook["spec"]["resources"]["requests"]["ephemeral-storage"] = "1Gi"
    before = copy.deepcopy(notebook)
    after = changed(notebook, spec(cpu="4", gpu=None), ["cpu", "gpu"], OURS)
    assert notebook == before
    assert after["spec"].pop("resources") == {
        "requests": {"cpu": "4", "memory": "8Gi", "ephemeral-storage": "1Gi"},
        "limits": {"cpu": "6000m", "memory": "12Gi"},
    }
    del before["spec"]["resources"]
    assert after == before
    after = changed(notebook, spec(idle_after=None), ["idle_after"], OURS)
    assert after["spec"]["culling"] == {"keepWhileConnected": True}
    grown = spec(volumes=[{**WHOLE["volumes"][0], "size": "30Gi"}])
    after = changed(notebook, grown, ["volumes"], OURS)
    (volume,) = after["spec"]["volumes"]
    assert (volume["subPath"], volume["claim"]["size"]) == ("home", "30Gi")
    assert after["spec"]["template"] == notebook["spec"]["template"]


def test_a_volume_of_the_template_stays_there() -> None:
    notebook, claims = made(spec(), STOCK)
    after = changed(notebook, spec(volumes=[*WHOLE["volumes"], NEW]), ["volumes"], OURS)
    assert [one["name"] for one in after["spec"]["volumes"]] == ["new"]
    assert after["spec"]["template"] == notebook["spec"]["template"]
    after = changed(notebook, spec(volumes=[]), ["volumes"], STOCK)
    assert mounts(after, claims) == []
    assert [one["name"] for one in after["spec"]["template"]["spec"]["volumes"]] == ["dshm"]


NEW = {"name": "new", "path": "/new", "size": "1Gi"}


def test_a_secret_that_was_hidden_is_kept() -> None:
    notebook, _ = made(spec(env={"API_KEY": "k", "A": "1"}), OURS)
    shown = {"API_KEY": "(hidden)", "A": "2"}
    after = changed(notebook, spec(env=shown), ["env"], OURS)
    env = after["spec"]["template"]["spec"]["containers"][0]["env"]
    assert env == [{"name": "API_KEY", "value": "k"}, {"name": "A", "value": "2"}]


def test_configurations_share_labels() -> None:
    notebook, _ = made(spec(configurations=["spark"]), OURS)
    notebook["metadata"]["labels"]["team"] = "x"
    assert spec_of(notebook, {}, DEFAULTS).configurations == ("s3", "spark")
    after = changed(notebook, spec(configurations=["s3"]), ["configurations"], OURS)
    assert after["metadata"]["labels"] == {"app": "ada", "team": "x", "s3": "true"}


def test_an_image_of_the_catalogue_takes_the_place_of_the_containers() -> None:
    notebook, _ = made(spec(), OURS)
    named = Choice("team", OPTIONAL, "science", catalogued=True)
    after = changed(notebook, spec(image="science"), ["image"], named)
    assert after["spec"]["image"] == "science"
    assert "image" not in after["spec"]["template"]["spec"]["containers"][0]
    back = changed(after, spec(), ["image"], OURS)
    assert back == notebook


def test_servers_that_are_no_jupyter_get_kubeflows_annotations() -> None:
    studio = Choice("team", (), "rstudio:1", server_type="group-two", pod_defaults=DEFAULTS)
    marks = new_notebook(spec(), studio, "v1", "r")["metadata"]["annotations"]
    assert marks["notebooks.kubeflow.org/server-type"] == "group-two"
    assert marks["notebooks.kubeflow.org/http-rewrite-uri"] == "/"
    assert marks["notebooks.kubeflow.org/http-headers-request-set"] == (
        '{"X-RStudio-Root-Path": "/notebook/team/ada/"}'
    )


def test_the_target_says_by_how_much_limits_are_larger() -> None:
    choice = Choice("team", (), "jupyter:1", limits={"memory": 1.2}, pod_defaults=DEFAULTS)
    notebook = new_notebook(spec(limit_factor=None, gpu=None), choice, "v1", "r")
    assert container(notebook)["resources"]["limits"] == {"memory": "10307921510"}
    # Cores have no limit: no one factor says how it is.
    assert resources(notebook)["limit_factor"] is None


@pytest.mark.parametrize(
    ("limits", "factor"),
    [
        ({"cpu": "3", "memory": "12Gi"}, 1.5),
        ({"cpu": "2", "memory": "8Gi"}, 1),
        ({"cpu": "3", "memory": "8Gi"}, None),
        ({"memory": "12Gi"}, None),
        ({}, None),
        # A third of a core is told in whole thousandths.
        ({"cpu": "3333m", "memory": "14316557653"}, 1.667),
    ],
)
def test_one_factor_is_told_where_there_is_one(
    limits: dict[str, str], factor: float | None
) -> None:
    notebook, _ = made(spec(gpu=None), STOCK)
    requests = {"cpu": "2", "memory": "8Gi"}
    container(notebook)["resources"] = {"requests": requests, "limits": limits}
    assert resources(notebook)["limit_factor"] == factor
    # What nobody asks to change stays: by how much a limit is larger, and what cores have.
    after = changed(notebook, spec(memory="16Gi", limit_factor=factor), ["memory"], STOCK)
    found = container(after)["resources"]
    assert found["requests"] == {"cpu": "2", "memory": "16Gi"}
    left = found.get("limits", {})
    assert left.get("cpu") == limits.get("cpu")
    grown = {key: byte_count(one) * 2 for key, one in limits.items() if key == "memory"}
    assert {key: byte_count(one) for key, one in left.items() if key == "memory"} == grown


def test_a_factor_that_is_given_holds_for_all_that_is_asked_for() -> None:
    notebook, _ = made(spec(limit_factor=None), STOCK)
    after = changed(notebook, spec(limit_factor=2), ["limit_factor"], STOCK)
    assert container(after)["resources"] == {
        "requests": {"cpu": "2", "memory": "8Gi"},
        "limits": {"cpu": "4000m", "memory": "16Gi", "amd.com/gpu": "2"},
    }
    # The target's choice again.
    after = changed(after, spec(limit_factor=None), ["limit_factor"], STOCK)
    assert after == notebook


def test_tolerations_that_no_server_of_ours_has_stay() -> None:
    notebook, _ = made(spec(), OURS)
    strange = {"key": "load", "operator": "Lt", "value": "5", "effect": "NoSchedule"}
    pod = notebook["spec"]["template"]["spec"]
    pod["tolerations"] = [strange, {"key": "gpu", "value": "x"}]
    assert tolerations(notebook) == [{"key": "gpu", "operator": "Equal", "value": "x"}]
    after = changed(notebook, spec(), ["tolerations"], OURS)
    assert after["spec"]["template"]["spec"]["tolerations"] == [
        strange,
        {"key": "gpu", "operator": "Exists"},
    ]
    after = changed(notebook, spec(tolerations=[]), ["tolerations"], OURS)
    assert after["spec"]["template"]["spec"]["tolerations"] == [strange]


def test_what_no_server_of_ours_says_is_left_out() -> None:
    notebook = {
        "metadata": {"name": "old", "uid": "u"},
        "spec": {
            "template": {
                "spec": {
                    "containers": [
                        {
                            "name": "old",
                            "image": "x",
                            "resources": {"requests": {"cpu": "1e1", "memory": "1Gi"}},
                            "volumeMounts": [{"name": "v" * 50, "mountPath": "/v"}],
                        }
                    ],
                    "volumes": [{"name": "v" * 50, "persistentVolumeClaim": {"claimName": "c"}}],
                }
            }
        },
    }
    found = spec_of(notebook, {}, {})
    assert (found.cpu, found.memory, found.volumes) == (None, "1Gi", ())
    after = changed(notebook, found, ["env"], STOCK)
    assert after == notebook


@pytest.mark.parametrize(
    ("resource", "device"),
    [
        ("nvidia.com/gpu", True),
        ("nvidia.com/mig-1g.5gb", True),
        ("gpu.intel.com/i915", True),
        ("amd.com/gpu", True),
        ("habana.ai/gaudi", True),
        ("cpu", False),
        ("ephemeral-storage", False),
        ("rdma/hca", False),
    ],
)
def test_which_resources_are_devices(resource: str, device: bool) -> None:
    assert is_device(resource) is device


def test_the_crds_fields_are_found_in_what_the_api_server_says_of_it() -> None:
    def told(**fields: Any) -> Object:
        kind = {"group": "kubeflow.org", "kind": "Notebook", "version": "v1"}
        properties = {"spec": {"properties": {"template": {}, **fields}}}
        notebook = {"x-kubernetes-group-version-kind": [kind], "properties": properties}
        other = {"properties": {"spec": {"properties": {"volumes": {}}}}}
        return {"components": {"schemas": {"other": other, "org.kubeflow.v1.Notebook": notebook}}}

    assert fields_of(told()) == frozenset()
    assert fields_of(told(image={}, volumes={}, more={})) == {"image", "volumes"}
    assert fields_of({}) == frozenset()
