"""The words that the cluster, Kubeflow and Labwright's controller share."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

Object = dict[str, Any]

# Kubeflow's annotations and label.
STOPPED = "kubeflow-resource-stopped"
LAST_ACTIVITY = "notebooks.kubeflow.org/last-activity"
REWRITE = "notebooks.kubeflow.org/http-rewrite-uri"
HEADERS = "notebooks.kubeflow.org/http-headers-request-set"
SERVER_TYPE = "notebooks.kubeflow.org/server-type"
NOTEBOOK_LABEL = "notebook-name"

# Those of Labwright's controller.
RESTARTED = "notebooks.labwright.dev/restarted-at"
STOP_REASON = "notebooks.labwright.dev/stop-reason"
RECLAIM = "notebooks.labwright.dev/reclaim"
OWNER_UID = "notebooks.labwright.dev/notebook-uid"

# Ours. What has "notebook" in its key is not copied to pods.
PRESET = "notebooks.labwright.dev/preset"
REQUEST = "notebooks.labwright.dev/request"
"""Which request made an object, so that one that is sent twice makes one."""

SHM = "dshm"
"""What Kubeflow's web app calls the volume of shared memory."""


@dataclass(frozen=True)
class Kind:
    """Where objects of a kind are. `title` is what errors call them."""

    prefix: str
    plural: str
    title: str

    def path(self, namespace: str = "", name: str = "", part: str = "") -> str:
        words = [self.prefix]
        if namespace:
            words += ["namespaces", quote(namespace, safe="")]
        words.append(self.plural)
        words += [quote(name, safe="")] if name else []
        words += [part] if part else []
        return "/" + "/".join(words)


PODS = Kind("api/v1", "pods", "pods")
EVENTS = Kind("api/v1", "events", "events")
CLAIMS = Kind("api/v1", "persistentvolumeclaims", "volumes")
NODES = Kind("api/v1", "nodes", "nodes")
CONFIG_MAPS = Kind("api/v1", "configmaps", "settings of Kubeflow's notebooks")
ACCOUNTS = Kind("api/v1", "serviceaccounts", "service accounts")
CLASSES = Kind("apis/storage.k8s.io/v1", "storageclasses", "storage classes")
IMAGES = Kind("apis/labwright.dev/v1alpha1", "notebookimages", "notebook images")
DEFAULTS = Kind("apis/kubeflow.org/v1alpha1", "poddefaults", "configurations (PodDefaults)")


def notebooks(version: str) -> Kind:
    return Kind(f"apis/kubeflow.org/{version}", "notebooks", "servers")


def belongs(name: str, other: str) -> bool:
    """Whether an object of this name is a server's: called like it, or, where its name does not
    fit, by the start of it and a hash, as Labwright's controller does."""
    return other == name or other.endswith(f"---{hashlib.sha256(name.encode()).hexdigest()[:8]}")


def annotations_of(body: Object) -> dict[str, str]:
    found: dict[str, str] = body["metadata"].get("annotations") or {}
    return found


def labels_of(body: Object) -> dict[str, str]:
    found: dict[str, str] = body["metadata"].get("labels") or {}
    return found


def pod_spec(notebook: Object) -> Object:
    found: Object = ((notebook.get("spec") or {}).get("template") or {}).get("spec") or {}
    return found


def container(notebook: Object) -> Object:
    """The server's container, as the Notebook has it."""
    found: list[Object] = pod_spec(notebook).get("containers") or [{}]
    return found[0]


def container_status(pod: Object, name: str) -> Object:
    """What is said about the server's container in its pod."""
    found: list[Object] = (pod.get("status") or {}).get("containerStatuses") or []
    own = next((one for one in found if belongs(name, one["name"])), None)
    return own or (found[0] if found else {})


def running(notebook: Object) -> bool:
    """Whether it is meant to run."""
    return (
        STOPPED not in annotations_of(notebook) and "deletionTimestamp" not in notebook["metadata"]
    )
