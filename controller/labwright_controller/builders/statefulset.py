"""The StatefulSet of a Notebook, and through it the server's pod."""

from __future__ import annotations

import copy
from collections.abc import Collection
from typing import Any

from labwright_controller import claims
from labwright_controller.builders.common import labels, owned
from labwright_controller.kinds import NOTEBOOK_LABEL, STATEFULSET_LABEL, STOPPED, Object
from labwright_controller.names import safe, safe_container
from labwright_controller.settings import Settings

HOME = "/home/jovyan"
PORT = 8888
FS_GROUP = 100


class CannotBuild(ValueError):
    """The Notebook cannot become a server; the message is a sentence for its user."""


def stateful_set(
    notebook: Object,
    settings: Settings,
    image: str | None = None,
    needed_limits: Collection[str] = (),
) -> Object:
    """Build it as Kubeflow does, and with what the optional fields of the spec ask for.

    Args:
        notebook: the Notebook.
        settings: the cluster's.
        image: what the catalogue gives for `spec.image`.
        needed_limits: resources that a quota of the namespace wants limits of.
    """
    metadata = notebook["metadata"]
    name = safe(metadata["name"])
    pod = _pod_spec(notebook)
    server = pod["containers"][0]
    if image is not None:
        server["image"] = image
    if not server.get("image"):
        raise CannotBuild("The Notebook names no image for its first container.")
    _complete_server(server, notebook)
    volumes = claims.pod_volumes(notebook)
    if volumes:
        pod["volumes"] = [*(pod.get("volumes") or ()), *volumes]
    if settings.add_fsgroup and pod.get("securityContext") is None:
        pod["securityContext"] = {"fsGroup": FS_GROUP}
    for container in [*pod["containers"], *pod.get("initContainers", ())]:
        _meet_quota(container, needed_limits)
    annotations = {
        key: value
        for key, value in metadata.get("annotations", {}).items()
        if "kubectl" not in key and "notebook" not in key
    }
    own = {STATEFULSET_LABEL: name, NOTEBOOK_LABEL: labels(notebook)[NOTEBOOK_LABEL]}
    template: Object = {
        # Ours win: the selector must find the pod whatever labels the user has.
        "metadata": {"labels": {**metadata.get("labels", {}), **own}},
        "spec": pod,
    }
    if annotations:
        template["metadata"]["annotations"] = annotations
    return owned(
        notebook,
        {
            "apiVersion": "apps/v1",
            "kind": "StatefulSet",
            "metadata": {"name": name},
            "spec": {
                "replicas": 0 if STOPPED in metadata.get("annotations", {}) else 1,
                "selector": {"matchLabels": {STATEFULSET_LABEL: name}},
                "serviceName": "",
                # A change of the template waits until the server's user restarts it.
                "updateStrategy": {"type": "OnDelete"},
                "template": template,
            },
        },
    )


def _pod_spec(notebook: Object) -> Object:
    pod: Object = copy.deepcopy(notebook.get("spec", {}).get("template", {}).get("spec", {}))
    if not pod.get("containers"):
        if not notebook.get("spec", {}).get("image"):
            raise CannotBuild("The Notebook has neither a container nor an image.")
        pod["containers"] = [{"name": safe(notebook["metadata"]["name"])}]
    _without_doubles(pod)
    return pod


def _without_doubles(pod: Object) -> None:
    """Keep the last of entries with the same key, which is the one that Kubernetes follows.

    It takes such a pod with a warning; a server-side apply of it is refused.
    """
    _keep_last(pod, "imagePullSecrets", ("name",))
    for container in [*pod["containers"], *(pod.get("initContainers") or ())]:
        _keep_last(container, "env", ("name",))
        _keep_last(container, "ports", ("containerPort", "protocol"))


def _keep_last(holder: Object, field: str, keys: Collection[str]) -> None:
    last: dict[tuple[Any, ...], Object] = {}
    for entry in holder.get(field) or ():
        # Only a port's protocol may be left out, and is then TCP.
        key = tuple(entry.get(name, "TCP") for name in keys)
        last.pop(key, None)
        last[key] = entry
    if last:
        holder[field] = list(last.values())


def _complete_server(server: Object, notebook: Object) -> None:
    spec, metadata = notebook.get("spec", {}), notebook["metadata"]
    server["name"] = safe_container(server["name"])
    if not server.get("workingDir"):
        server["workingDir"] = HOME
    if server.get("ports") is None:
        server["ports"] = [{"containerPort": PORT, "name": "notebook-port", "protocol": "TCP"}]
    # Everything in front of the server goes by this prefix, so a user's own would break it.
    environment = [entry for entry in server.get("env") or () if entry.get("name") != "NB_PREFIX"]
    prefix = f"/notebook/{metadata['namespace']}/{metadata['name']}"
    server["env"] = [*environment, {"name": "NB_PREFIX", "value": prefix}]
    for which, quantities in spec.get("resources", {}).items():
        resources = server.setdefault("resources", {})
        resources[which] = {**resources.get(which, {}), **quantities}
    mounts = claims.mounts(notebook)
    if mounts:
        server["volumeMounts"] = [*(server.get("volumeMounts") or ()), *mounts]


def _meet_quota(container: Object, needed: Collection[str]) -> None:
    """Limit what a container requests to the request, where a quota wants limits."""
    resources = container.get("resources") or {}
    for resource in needed:
        request = resources.get("requests", {}).get(resource)
        if request is not None and resource not in resources.get("limits", {}):
            resources.setdefault("limits", {})[resource] = request
