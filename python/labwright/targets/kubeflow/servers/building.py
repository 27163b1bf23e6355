"""The Notebook of a server, and changes to one: what nobody asks to change stays. Pure."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from ....errors import LabwrightError
from ....notebook.settings import GPU_VENDORS, byte_count, cpu_cores
from ....servers.spec import Mount, ServerSpec
from ....servers.words import HIDDEN, duration_text, size_text
from .claims import claim_names
from .kinds import (
    HEADERS,
    NOTEBOOK_LABEL,
    OWNER_UID,
    PRESET,
    RECLAIM,
    REQUEST,
    REWRITE,
    SERVER_TYPE,
    SHM,
    Object,
    container,
)

PORT_GROUPS = ("group-one", "group-two")
"""Kubeflow's names for servers that are no Jupyter: VS Code and RStudio. They know no prefix."""


@dataclass(frozen=True)
class Choice:
    """What the target decides about a server.

    `image` is a reference, or the catalogue's name where `catalogued`. `limits`: by how much what
    is asked for is multiplied, where the server does not say. `fields`: see `kube.Cluster`.
    `pod_defaults`: the labels that each PodDefault selects.
    """

    namespace: str
    fields: Collection[str] = ()
    image: str = ""
    catalogued: bool = False
    server_type: str = ""
    pull_policy: str = ""
    limits: Mapping[str, float] = field(default_factory=dict)
    pod_defaults: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    affinity: Mapping[str, Any] | None = None
    service_account: str = ""
    shm: bool = True


KEYS = (
    "image", "resources", "volumes", "env", "idle_after", "configurations", "tolerations",
    "node_selector", "preset",
)  # fmt: skip
_DEVICE = re.compile(r"[a-z0-9.-]+/([a-z0-9.]*(gpu|gaudi|neuron|tpu|npu)[a-z0-9._-]*|mig-.+)")
_RESOURCES = ("cpu", "memory", "gpu", "limit_factor")
_NUMBERS = {"cpu": cpu_cores, "memory": byte_count}


def new_notebook(spec: ServerSpec, choice: Choice, version: str, request: str) -> Object:
    """The Notebook to make. `request` says which request made it."""
    pod: Object = {"containers": [{"name": spec.name}]}
    if choice.service_account:
        pod["serviceAccountName"] = choice.service_account
    if choice.affinity:
        pod["affinity"] = dict(choice.affinity)
    if choice.shm:
        pod["volumes"] = [{"name": SHM, "emptyDir": {"medium": "Memory"}}]
        pod["containers"][0]["volumeMounts"] = [{"name": SHM, "mountPath": "/dev/shm"}]
    body: Object = {
        "apiVersion": f"kubeflow.org/{version}",
        "kind": "Notebook",
        "metadata": {
            "name": spec.name,
            "namespace": choice.namespace,
            "labels": {"app": spec.name},
            "annotations": {REQUEST: request},
        },
        "spec": {"template": {"spec": pod}},
    }
    _write(body, spec, KEYS, choice)
    return body


def changed(notebook: Object, spec: ServerSpec, given: Collection[str], choice: Choice) -> Object:
    """The Notebook with what was `given` as the spec has it."""
    body = copy.deepcopy(notebook)
    if not container(body):
        body["spec"].setdefault("template", {})["spec"] = {"containers": [{"name": spec.name}]}
    _write(body, spec, [key for key in KEYS if key in given], choice)
    _some_resources(body, spec, choice, given)
    return body


def new_claims(
    spec: ServerSpec, mounts: Collection[Mount], namespace: str, request: str
) -> list[Object]:
    """The claims that a server needs made for it, where its controller makes none."""
    return [
        claim(
            mount.claim(spec.name),
            namespace,
            mount.size or "",
            mount.storage_class,
            "ReadWriteOnce",
            labels={NOTEBOOK_LABEL: spec.name},
            annotations={REQUEST: request, RECLAIM: mount.reclaim},
        )
        for mount in mounts
        if mount.existing is None
    ]


def claim(
    name: str,
    namespace: str,
    size: str,
    storage_class: str | None,
    access_mode: str,
    **metadata: Any,
) -> Object:
    """A claim to make."""
    body: Object = {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": name, "namespace": namespace, **metadata},
        "spec": {"accessModes": [access_mode], "resources": {"requests": {"storage": size}}},
    }
    if storage_class:
        body["spec"]["storageClassName"] = storage_class
    return body


def owner_patch(notebook: Object) -> Object:
    """What marks a claim as made for a Notebook."""
    return {"metadata": {"annotations": {OWNER_UID: notebook["metadata"]["uid"]}}}


def _write(body: Object, spec: ServerSpec, keys: Collection[str], choice: Choice) -> None:
    for key in keys:
        _WRITERS[key](body, spec, choice)


def _image(body: Object, spec: ServerSpec, choice: Choice) -> None:
    server = container(body)
    if choice.catalogued:
        body["spec"]["image"] = choice.image
        server.pop("image", None)
    else:
        body["spec"].pop("image", None)
        server["image"] = choice.image
    if choice.pull_policy:
        server["imagePullPolicy"] = choice.pull_policy
    marks = body["metadata"].setdefault("annotations", {})
    for key in (SERVER_TYPE, REWRITE, HEADERS):
        marks.pop(key, None)
    if choice.server_type:
        marks[SERVER_TYPE] = choice.server_type
    if choice.server_type in PORT_GROUPS:
        marks[REWRITE] = "/"
    if choice.server_type == "group-two":
        root = f"/notebook/{choice.namespace}/{body['metadata']['name']}/"
        marks[HEADERS] = json.dumps({"X-RStudio-Root-Path": root})


def _resources(body: Object, spec: ServerSpec, choice: Choice) -> None:
    _some_resources(body, spec, choice, _RESOURCES)


def _some_resources(body: Object, spec: ServerSpec, choice: Choice, given: Collection[str]) -> None:
    """Write what was given of resources; what is larger by a factor stays so where none is."""
    again = "limit_factor" in given
    asked = {
        key: value
        for key, value in (("cpu", spec.cpu), ("memory", spec.memory))
        if key in given or (again and value is not None)
    }
    times = {**choice.limits, **({} if again else factors(*quantities(body)))}
    ours = {*asked, *([spec.gpu.vendor] if spec.gpu and "gpu" in given else ())}
    server = container(body)
    places = [body["spec"].get("resources") or {}, server.get("resources") or {}]
    # What is neither cores, memory nor devices, such as ephemeral-storage, is not ours to change.
    kept: list[dict[str, Object]] = [
        {
            which: {
                key: value
                for key, value in (place.get(which) or {}).items()
                if key not in ours and not ("gpu" in given and is_device(key))
            }
            for which in ("requests", "limits")
        }
        for place in places
    ]
    managed = "resources" in choice.fields
    target = kept[0 if managed else 1]
    for key, value in asked.items():
        if value is None:
            continue
        target["requests"][key] = value
        factor = (again and spec.limit_factor) or times.get(key)
        if factor:
            target["limits"][key] = _more(key, value, factor)
    if "gpu" in given and spec.gpu is not None and spec.gpu.count:
        target["limits"][spec.gpu.vendor] = str(spec.gpu.count)
    for place, name, resources in ((body["spec"], "spec", kept[0]), (server, "container", kept[1])):
        place.pop("resources", None)
        found = {which: quantities for which, quantities in resources.items() if quantities}
        if found and (managed or name == "container"):
            place["resources"] = found


def is_device(resource: str) -> bool:
    """Whether a resource is one of accelerators, which carry their vendor's name."""
    return resource in GPU_VENDORS.values() or bool(_DEVICE.fullmatch(resource))


def quantities(notebook: Object) -> tuple[dict[str, str], dict[str, str]]:
    """The requests and the limits of a server."""
    requests: dict[str, str] = {}
    limits: dict[str, str] = {}
    for place in (container(notebook), notebook.get("spec") or {}):
        for which, found in (("requests", requests), ("limits", limits)):
            given = (place.get("resources") or {}).get(which) or {}
            found |= {key: str(value) for key, value in given.items()}
    return requests, limits


def factors(requests: Mapping[str, str], limits: Mapping[str, str]) -> dict[str, float | None]:
    """By how much limits are larger, of each that is asked for; None where there is no limit."""
    found: dict[str, float | None] = {}
    for key, number in _NUMBERS.items():
        try:
            if key in limits:
                found[key] = number(limits[key]) / number(requests.get(key, limits[key]))
            elif key in requests:
                found[key] = None
        except (ValueError, ZeroDivisionError):
            continue
    return found


def _more(key: str, quantity: str, factor: float) -> str:
    if key == "cpu":
        return f"{round(cpu_cores(quantity) * factor * 1000)}m"
    return size_text(round(byte_count(quantity) * factor, 3))


def _volumes(body: Object, spec: ServerSpec, choice: Choice) -> None:
    pod, server = body["spec"]["template"]["spec"], container(body)
    managed = "volumes" in choice.fields
    old = {one["name"]: one for one in body["spec"].get("volumes") or ()}
    plain = {one["name"] for one in pod.get("volumes") or () if claim_names([one])}
    # A volume of the template stays there, whoever makes volumes now.
    in_template = [one for one in spec.volumes if not managed or one.name in plain]
    above = [one for one in spec.volumes if one not in in_template]
    _template_volumes(pod, server, in_template, plain, spec.name)
    body["spec"].pop("volumes", None)
    if above:
        body["spec"]["volumes"] = [_managed(one, old.get(one.name), spec.name) for one in above]


def _managed(mount: Mount, old: Object | None, server: str) -> Object:
    """A volume that the controller makes, or mounts."""
    found: Object = {**(old or {}), "name": mount.name, "mountPath": mount.path}
    found["readOnly"], found["reclaim"] = mount.read_only, mount.reclaim
    if mount.existing is not None:
        found.pop("claim", None)
        return {**found, "existingClaim": mount.existing}
    found.pop("existingClaim", None)
    before = found.get("claim") or {"name": mount.claim(server)}
    found["claim"] = {**before, "size": mount.size}
    if mount.storage_class:
        found["claim"]["storageClassName"] = mount.storage_class
    return found


def _template_volumes(
    pod: Object, server: Object, mounts: Collection[Mount], plain: Collection[str], name: str
) -> None:
    others = [one for one in pod.get("volumes") or () if one["name"] not in plain]
    before = {one["name"]: one for one in pod.get("volumes") or () if one["name"] in plain}
    has = {one["name"]: one for one in server.get("volumeMounts") or () if one["name"] in plain}
    left = [one for one in server.get("volumeMounts") or () if one["name"] not in plain]
    volumes = [
        before.get(one.name)
        or {"name": one.name, "persistentVolumeClaim": {"claimName": one.claim(name)}}
        for one in mounts
    ]
    places = [
        {
            **has.get(one.name, {}),
            "name": one.name,
            "mountPath": one.path,
            "readOnly": one.read_only,
        }
        for one in mounts
    ]
    for place, key, found in (
        (pod, "volumes", [*others, *volumes]),
        (server, "volumeMounts", [*left, *places]),
    ):
        if found:
            place[key] = found
        else:
            place.pop(key, None)


def _env(body: Object, spec: ServerSpec, choice: Choice) -> None:
    server = container(body)
    before = {one["name"]: one for one in server.get("env") or ()}
    found = [one for name, one in before.items() if "value" not in one and name not in spec.env]
    for name, value in spec.env.items():
        hidden = value == HIDDEN and name in before
        found.append(before[name] if hidden else {"name": name, "value": value})
    if found:
        server["env"] = found
    else:
        server.pop("env", None)


def _idle(body: Object, spec: ServerSpec, choice: Choice) -> None:
    culling = body["spec"].pop("culling", None) or {}
    culling.pop("idleAfter", None)
    if spec.idle_after is not None:
        culling["idleAfter"] = duration_text(spec.idle_after)
    if culling:
        body["spec"]["culling"] = culling


def _configurations(body: Object, spec: ServerSpec, choice: Choice) -> None:
    labels = body["metadata"].setdefault("labels", {})
    wanted: dict[str, str] = {}
    for name in spec.configurations:
        wanted |= choice.pod_defaults[name]
    for name, selected in choice.pod_defaults.items():
        if name not in spec.configurations and selected.items() <= labels.items():
            for key in selected.keys() - wanted.keys():
                del labels[key]
    labels |= wanted


def is_toleration(one: Any) -> bool:
    """Whether it is one that a server of ours can have."""
    try:
        ServerSpec.from_json({"name": "x", "tolerations": [one]})
    except LabwrightError:
        return False
    return True


def _tolerations(body: Object, spec: ServerSpec, choice: Choice) -> None:
    before = body["spec"]["template"]["spec"].get("tolerations") or ()
    others = [one for one in before if not is_toleration(one)]
    _put(body, "tolerations", [*others, *spec.to_json()["tolerations"]])


def _node_selector(body: Object, spec: ServerSpec, choice: Choice) -> None:
    _put(body, "nodeSelector", dict(spec.node_selector))


def _put(body: Object, key: str, value: Any) -> None:
    pod = body["spec"]["template"]["spec"]
    pod.pop(key, None)
    if value:
        pod[key] = value


def _preset(body: Object, spec: ServerSpec, choice: Choice) -> None:
    marks = body["metadata"].setdefault("annotations", {})
    marks.pop(PRESET, None)
    if spec.preset:
        marks[PRESET] = spec.preset


_WRITERS = {
    "image": _image,
    "resources": _resources,
    "volumes": _volumes,
    "env": _env,
    "idle_after": _idle,
    "configurations": _configurations,
    "tolerations": _tolerations,
    "node_selector": _node_selector,
    "preset": _preset,
}
