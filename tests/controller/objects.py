"""Notebooks for tests."""

from __future__ import annotations

from typing import Any

Object = dict[str, Any]


def notebook(name: str = "nb", namespace: str = "ada", **spec: Any) -> Object:
    """A Notebook as the API server gives it; `spec` are the optional fields."""
    container = {"name": name, "image": "jupyter:1"}
    return {
        "apiVersion": "kubeflow.org/v1",
        "kind": "Notebook",
        "metadata": {"name": name, "namespace": namespace, "uid": f"uid-of-{name}"},
        "spec": {"template": {"spec": {"containers": [container]}}, **spec},
    }


def server(body: Object) -> Object:
    """The first container of a Notebook or of a StatefulSet."""
    containers: list[Object] = body["spec"]["template"]["spec"]["containers"]
    return containers[0]
