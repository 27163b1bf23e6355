"""How a server is reached: its Service, the route of a gateway, and who is let in."""

from __future__ import annotations

import json

from labwright_controller.builders.common import owned
from labwright_controller.builders.statefulset import PORT
from labwright_controller.kinds import HEADERS, REWRITE, STATEFULSET_LABEL, Object
from labwright_controller.names import LABEL, safe, safe_subdomain
from labwright_controller.settings import Settings

SERVICE_PORT = 80


def network_objects(notebook: Object, settings: Settings) -> list[Object]:
    """All objects of the network that a Notebook has under these settings."""
    found = [service(notebook)]
    if settings.use_istio:
        found.append(virtual_service(notebook, settings))
    if settings.gateway:
        found.append(http_route(notebook, settings))
    if settings.network_policy:
        found.append(network_policy(notebook, settings))
    return found


def service(notebook: Object) -> Object:
    """The server's address inside the cluster."""
    name = safe(notebook["metadata"]["name"])
    port = {
        # Istio knows the protocol by the start of the name.
        "name": safe(f"http-{name}", LABEL),
        "port": SERVICE_PORT,
        "targetPort": _container_port(notebook),
        "protocol": "TCP",
    }
    return owned(
        notebook,
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": name},
            "spec": {
                "type": "ClusterIP",
                "selector": {STATEFULSET_LABEL: name},
                "ports": [port],
            },
        },
    )


def virtual_service(notebook: Object, settings: Settings) -> Object:
    """The way from Istio's gateway to the server."""
    metadata = notebook["metadata"]
    prefix = f"{_prefix(notebook)}/"
    host = f"{safe(metadata['name'])}.{metadata['namespace']}.svc.{settings.cluster_domain}"
    route = {
        "headers": {"request": {"set": _headers(notebook)}},
        "match": [{"uri": {"prefix": prefix}}],
        "rewrite": {"uri": metadata.get("annotations", {}).get(REWRITE) or prefix},
        "route": [{"destination": {"host": host, "port": {"number": SERVICE_PORT}}}],
    }
    return owned(
        notebook,
        {
            "apiVersion": "networking.istio.io/v1alpha3",
            "kind": "VirtualService",
            "metadata": {"name": _route_name(notebook)},
            "spec": {
                "hosts": [settings.istio_host],
                "gateways": [settings.istio_gateway],
                "http": [route],
            },
        },
    )


def http_route(notebook: Object, settings: Settings) -> Object:
    """The way from a Gateway of the Gateway API to the server."""
    metadata = notebook["metadata"]
    namespace, gateway = settings.gateway.split("/")
    rewrite = metadata.get("annotations", {}).get(REWRITE)
    headers = _headers(notebook)
    filters: list[Object] = []
    if headers:
        pairs = [{"name": name, "value": value} for name, value in headers.items()]
        filters.append({"type": "RequestHeaderModifier", "requestHeaderModifier": {"set": pairs}})
    if rewrite:
        path = {"type": "ReplacePrefixMatch", "replacePrefixMatch": rewrite}
        filters.append({"type": "URLRewrite", "urlRewrite": {"path": path}})
    rule: Object = {
        "matches": [{"path": {"type": "PathPrefix", "value": _prefix(notebook)}}],
        "backendRefs": [{"name": safe(metadata["name"]), "port": SERVICE_PORT}],
    }
    if filters:
        rule["filters"] = filters
    return owned(
        notebook,
        {
            "apiVersion": "gateway.networking.k8s.io/v1",
            "kind": "HTTPRoute",
            "metadata": {"name": _route_name(notebook)},
            "spec": {"parentRefs": [{"name": gateway, "namespace": namespace}], "rules": [rule]},
        },
    )


def network_policy(notebook: Object, settings: Settings) -> Object:
    """Only pods of the server's namespace and of those named in the settings reach it."""
    name = safe(notebook["metadata"]["name"])
    sources: list[Object] = [{"podSelector": {}}]
    for namespace in settings.network_policy_from:
        labels = {"kubernetes.io/metadata.name": namespace}
        sources.append({"namespaceSelector": {"matchLabels": labels}})
    return owned(
        notebook,
        {
            "apiVersion": "networking.k8s.io/v1",
            "kind": "NetworkPolicy",
            "metadata": {"name": name},
            "spec": {
                "podSelector": {"matchLabels": {STATEFULSET_LABEL: name}},
                "policyTypes": ["Ingress"],
                "ingress": [{"from": sources}],
            },
        },
    )


def _prefix(notebook: Object) -> str:
    metadata = notebook["metadata"]
    return f"/notebook/{metadata['namespace']}/{metadata['name']}"


def _route_name(notebook: Object) -> str:
    metadata = notebook["metadata"]
    return safe_subdomain(f"notebook-{metadata['namespace']}-{metadata['name']}")


def _container_port(notebook: Object) -> int:
    pod = notebook.get("spec", {}).get("template", {}).get("spec", {})
    ports = (pod.get("containers") or [{}])[0].get("ports")
    return int(ports[0]["containerPort"]) if ports else PORT


def _headers(notebook: Object) -> dict[str, str]:
    """Headers from the annotation; like Kubeflow, none if it is not an object of strings."""
    text = notebook["metadata"].get("annotations", {}).get(HEADERS)
    try:
        found = json.loads(text) if text else {}
    except ValueError:
        return {}
    fits = isinstance(found, dict) and all(isinstance(value, str) for value in found.values())
    return found if fits else {}
