"""The words the controller and the cluster share: groups, annotations, labels, objects."""

from __future__ import annotations

from typing import Any

Object = dict[str, Any]
Key = tuple[str, str]
"""Namespace and safe name (`names.safe`) of a Notebook, and so of its StatefulSet and Service."""

MANAGER = "labwright-controller"

GROUP = "kubeflow.org"
VERSION = "v1"
NOTEBOOKS = "notebooks"
IMAGES_GROUP = "labwright.dev"
IMAGES_VERSION = "v1alpha1"
IMAGES = "notebookimages"

# Kubeflow's own annotations, which its web app reads and writes too.
STOPPED = "kubeflow-resource-stopped"
LAST_ACTIVITY = "notebooks.kubeflow.org/last-activity"
LAST_CHECK = "notebooks.kubeflow.org/last_activity_check_timestamp"
REWRITE = "notebooks.kubeflow.org/http-rewrite-uri"
HEADERS = "notebooks.kubeflow.org/http-headers-request-set"
SERVER_TYPE = "notebooks.kubeflow.org/server-type"

# Ours. Keys with "notebook" in them are not copied to pods.
RESTARTED = "notebooks.labwright.dev/restarted-at"
STOP_REASON = "notebooks.labwright.dev/stop-reason"
ACTIVITY_PATH = "notebooks.labwright.dev/activity-path"
APPLIED = "notebooks.labwright.dev/applied"
RECLAIM = "notebooks.labwright.dev/reclaim"
OWNER_UID = "notebooks.labwright.dev/notebook-uid"

STATEFULSET_LABEL = "statefulset"
NOTEBOOK_LABEL = "notebook-name"
REVISION_LABEL = "controller-revision-hash"
