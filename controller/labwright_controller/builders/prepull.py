"""The DaemonSet that brings images of the catalogue to all nodes before anybody waits for them."""

from __future__ import annotations

from collections.abc import Iterable

from labwright_controller import catalogue
from labwright_controller.kinds import Object
from labwright_controller.names import LABEL, safe

NAME = "labwright-prepull"


def prepull(images: Iterable[Object], namespace: str) -> Object | None:
    """It has a container an image, which sleeps; None if no image is to be pulled."""
    wanted = {
        image["metadata"]["name"]: catalogue.pinned(image["spec"])
        for image in images
        if image["spec"].get("prePull") and "redirect" not in image["spec"]
    }
    if not wanted:
        return None
    labels = {"app": NAME}
    # Beside each other: one that cannot be pulled does not hold up the others.
    containers = [_container(name, reference) for name, reference in sorted(wanted.items())]
    return {
        "apiVersion": "apps/v1",
        "kind": "DaemonSet",
        "metadata": {"name": NAME, "namespace": namespace, "labels": labels},
        "spec": {
            "selector": {"matchLabels": labels},
            "updateStrategy": {
                "type": "RollingUpdate",
                "rollingUpdate": {"maxUnavailable": "100%"},
            },
            "template": {
                "metadata": {"labels": labels},
                "spec": {
                    "containers": containers,
                    "automountServiceAccountToken": False,
                    "terminationGracePeriodSeconds": 0,
                    "tolerations": [{"key": "nvidia.com/gpu", "operator": "Exists"}],
                    "securityContext": {
                        "runAsNonRoot": True,
                        "runAsUser": 1000,
                        "seccompProfile": {"type": "RuntimeDefault"},
                    },
                },
            },
        },
    }


def _container(name: str, reference: str) -> Object:
    return {
        "name": safe(name, LABEL),
        "image": reference,
        "command": ["sleep", "infinity"],
        "resources": {
            "requests": {"cpu": "1m", "memory": "4Mi"},
            "limits": {"memory": "32Mi"},
        },
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
        },
    }
