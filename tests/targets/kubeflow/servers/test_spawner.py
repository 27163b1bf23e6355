"""Kubeflow's spawner_ui_config.yaml, the catalogue, and the GPUs of nodes."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from labwright.errors import LabwrightError
from labwright.servers.spec import HOME, Gpu, Mount, ServerSpec
from labwright.targets.kubeflow.servers.devices import gpus
from labwright.targets.kubeflow.servers.kube import OPTIONAL, Cluster
from labwright.targets.kubeflow.servers.offering import Known, check, filled_in, not_offered
from labwright.targets.kubeflow.servers.spawner import Offer, catalogue, default_image, offer_of

CONFIG = """
spawnerFormDefaults:
  allowCustomImage: false
  hideRegistry: true
  hideTag: true
  imagePullPolicy: {value: IfNotPresent, readOnly: false}
  image:
    value: registry.test/org/scipy:v1
    options: [registry.test/org/scipy:v1, "registry.test:5000/org/torch:v2", plain]
  imageGroupOne: {value: code:1, options: [code:1]}
  imageGroupTwo: {value: rstudio:1, options: []}
  cpu: {value: '0.5', limitFactor: "1.2", readOnly: false}
  memory: {value: 1.0Gi, limitFactor: "none", readOnly: true}
  gpus:
    readOnly: false
    value:
      vendors: [{limitsKey: "nvidia.com/gpu", uiName: NVIDIA}, {limitsKey: a.b/x, uiName: X}]
      vendor: "a.b/x"
      num: "2"
  workspaceVolume:
    value:
      mount: /home/jovyan
      newPvc:
        metadata: {name: '{notebook-name}-workspace'}
        spec: {resources: {requests: {storage: 5Gi}}, accessModes: [ReadWriteOnce]}
  dataVolumes:
    value:
      - mount: /data
        existingSource: {persistentVolumeClaim: {claimName: shared, readOnly: true}}
  affinityConfig:
    value: spread
    options: [{configKey: spread, displayName: Spread, affinity: {podAntiAffinity: {}}}]
  tolerationGroup:
    value: gpu
    options: [{groupKey: gpu, displayName: G, tolerations: [{key: gpu, operator: Exists}]}]
  shm: {value: false}
  configurations: {value: [s3]}
"""
OFFER = offer_of(yaml.safe_load(CONFIG))
DEFAULT = {"storageclass.kubernetes.io/is-default-class": "true"}
CLASSES = [{"metadata": {"name": "fast", "annotations": DEFAULT}}]


def known(**more: Any) -> Known:
    cluster = Cluster("v1", frozenset(OPTIONAL), False, False)
    return Known(**{"cluster": cluster, "offer": Offer(), "classes": CLASSES, **more})


def test_kubeflows_file_is_read_as_its_web_app_reads_it() -> None:
    shown = {one.name: (one.title, one.server_type) for one in OFFER.images}
    assert shown == {
        "registry.test/org/scipy:v1": ("org/scipy", "jupyter"),
        "registry.test:5000/org/torch:v2": ("org/torch", "jupyter"),
        "plain": ("plain", "jupyter"),
        "code:1": ("code", "group-one"),
        "rstudio:1": ("rstudio", "group-two"),
    }
    assert not OFFER.own_image
    assert OFFER.limits == {"cpu": 1.2}
    assert OFFER.fixed == {"memory"}
    assert OFFER.pull_policy == "IfNotPresent"
    assert not OFFER.shm
    assert OFFER.affinity == {"podAntiAffinity": {}}
    assert OFFER.vendors == {"nvidia.com/gpu": "NVIDIA", "a.b/x": "X"}


@pytest.mark.parametrize("config", [None, [], "text", {}, {"spawnerFormDefaults": None}])
def test_a_file_without_the_form_offers_nothing(config: Any) -> None:
    assert offer_of(config) == Offer()


def test_what_the_administrator_says_is_filled_in() -> None:
    found = filled_in(ServerSpec("ada"), known(offer=OFFER))
    assert found == ServerSpec(
        "ada",
        image="registry.test/org/scipy:v1",
        cpu="0.5",
        memory="1.0Gi",
        gpu=Gpu(2, "a.b/x"),
        volumes=(
            Mount("workspace", HOME, size="5Gi"),
            Mount("data-1", "/data", existing="shared", read_only=True),
        ),
        tolerations=found.tolerations,
        configurations=("s3",),
    )
    assert found.tolerations[0].key == "gpu"
    # Who says something has that: no GPU is a wish, too.
    own = ServerSpec.from_json({"name": "ada", "gpu": 0, "cpu": "3", "volumes": [
        {"name": "w", "path": "/home/jovyan", "size": "1Gi"}]})  # fmt: skip
    found = filled_in(own, known(offer=OFFER))
    assert (found.gpu, found.cpu, len(found.volumes)) == (Gpu(0), "3", 1)


def test_what_is_fixed_cannot_be_chosen() -> None:
    offer = known(offer=OFFER)
    assert not_offered(offer)["memory"] == "the cluster's administrator has fixed it: 1.0Gi"
    with pytest.raises(LabwrightError, match=r"`memory` cannot be chosen: .* fixed it: 1.0Gi"):
        filled_in(ServerSpec("ada", memory="9Gi"), offer)
    assert filled_in(ServerSpec("ada", memory="1.0Gi"), offer).memory == "1.0Gi"


def test_a_server_has_a_volume_for_its_own_files() -> None:
    spec = ServerSpec("ada", image="x")
    assert filled_in(spec, known()).volumes == (Mount("workspace", HOME, size="10Gi"),)
    # One that was kept from an earlier server of that name is found again.
    kept = known(claims={"ada-workspace": {}})
    (mount,) = filled_in(spec, kept).volumes
    assert mount.existing == "ada-workspace"
    # Where no volume would be provided, the server would wait for ever.
    assert filled_in(spec, known(classes=[])).volumes == ()
    assert filled_in(spec, known(offer=Offer(workspace=False))).volumes == ()


def test_which_image_a_server_gets_that_names_none() -> None:
    images = catalogue(
        {"metadata": {"name": name}, "spec": {"reference": f"{name}:1", **spec}}
        for name, spec in {
            "b": {},
            "a": {"hidden": True},
            "c": {"redirect": {"to": "b", "message": "gone"}},
            "d": {"deprecated": True, "digest": "sha256:1"},
        }.items()
    )
    assert [one.reference for one in images] == ["a:1", "b:1", "c:1", "d:1@sha256:1"]
    assert default_image(Offer(), images) == "b"
    with pytest.raises(LabwrightError, match="say which image"):
        filled_in(ServerSpec("ada"), known())


def test_what_is_not_there_is_said_before_anything_is_made() -> None:
    lost = ServerSpec("ada", image="x", volumes=(Mount("v", "/v", existing="lost"),))
    with pytest.raises(LabwrightError, match="no volume 'lost' in namespace team"):
        check(lost, known(), "team")
    slow = ServerSpec("ada", volumes=(Mount("v", "/v", size="1Gi", storage_class="slow"),))
    with pytest.raises(LabwrightError, match=r"no storage class 'slow'.*there is fast"):
        check(slow, known(), "team")
    chosen = ServerSpec("ada", configurations=("s3",))
    with pytest.raises(LabwrightError, match="no configuration 's3' in namespace team"):
        check(chosen, known(pod_defaults={"git": {"git": "true"}}), "team")
    both = ServerSpec("ada", configurations=("s3", "old-s3"))
    defaults = {"s3": {"s3": "new"}, "old-s3": {"s3": "old"}, "log": {"s3": "new", "log": "yes"}}
    with pytest.raises(LabwrightError, match="'old-s3' and another one exclude each other"):
        check(both, known(pod_defaults=defaults), "team")
    before = ServerSpec("ada", configurations=("log", "s3"))
    after = ServerSpec("ada", configurations=("log",))
    with pytest.raises(LabwrightError, match="'s3' cannot be left out alone"):
        check(after, known(pod_defaults=defaults), "team", before)
    check(chosen, known(pod_defaults=defaults), "team", before)
    # What may not be read may well be there.
    check(lost, known(unknown={"volumes.existing": "403"}), "team")
    check(slow, known(unknown={"storage_classes": "403"}), "team")


def pod(node: str, *counts: int, phase: str = "Running", init: int = 0) -> dict[str, Any]:
    def containers(*numbers: int) -> list[dict[str, Any]]:
        return [{"resources": {"limits": {"nvidia.com/gpu": str(n)}}} for n in numbers]

    spec = {
        "nodeName": node,
        "containers": containers(*counts),
        "initContainers": containers(*([init] if init else [])),
    }
    return {"spec": spec, "status": {"phase": phase}}


def node(name: str, model: str = "", closed: bool = False, **devices: int) -> dict[str, Any]:
    labels = {"nvidia.com/gpu.product": model} if model else {}
    allocatable = {"cpu": "8", **{f"{key}.com/gpu": str(n) for key, n in devices.items()}}
    return {
        "metadata": {"name": name, "labels": labels},
        "spec": {"unschedulable": closed},
        "status": {"allocatable": allocatable},
    }


def test_complaint_16_how_many_gpus_are_free() -> None:
    nodes = [
        node("a", "Tesla-T4", nvidia=4),
        node("b", "Tesla-T4", nvidia=4),
        node("c", "A100", nvidia=8, amd=1),
        node("d", "A100", closed=True, nvidia=8),
        node("e"),
    ]
    pods = [pod("a", 1, 2), pod("b", 4, phase="Succeeded"), pod("c", 1, init=3), pod("", 8)]
    assert gpus(nodes, pods, {"amd.com/gpu": "AMD"}) == [
        {"vendor": "amd.com/gpu", "name": "AMD", "total": 1, "free": 1},
        {"vendor": "nvidia.com/gpu", "name": "A100", "total": 8, "free": 5},
        {"vendor": "nvidia.com/gpu", "name": "Tesla T4", "total": 8, "free": 5},
    ]
