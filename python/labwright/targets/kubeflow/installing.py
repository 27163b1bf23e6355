"""The notebook controller's manifests, which travel with Labwright, and how a cluster gets them."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from ...errors import LabwrightError
from .discovery import contexts
from .kubeconfig import read_context

Object = dict[str, Any]

OVERLAYS = ("standalone", "kubeflow", "istio")
MANAGER = "labwright-install"
IMAGE = "labwright-controller"
NAMESPACE = "kubeflow"
_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
_FIRST = ("Namespace", "CustomResourceDefinition")
ESTABLISHED_WITHIN = 60.0
NOT_FOUND = 404


def manifests() -> Path:
    """The folder of the manifests: in the wheel beside the controller, in a clone above it."""
    found = find_spec("labwright_controller")
    if found is not None and found.origin:
        package = Path(found.origin).parent
        for folder in (package / "manifests", package.parent / "manifests"):
            if (folder / "base").is_dir():
                return folder
    raise LabwrightError("the controller's manifests are missing", hint="install Labwright anew")


def objects(overlay: str, image: str = "", namespace: str = NAMESPACE) -> list[Object]:
    """What an overlay has; of the controller's image, if one is given, and in its namespace."""
    if overlay not in OVERLAYS:
        raise LabwrightError(
            f"there is no overlay {overlay!r}", hint=f"there is {', '.join(OVERLAYS)}"
        )
    if not _LABEL.fullmatch(namespace):
        raise LabwrightError(
            f"a namespace cannot be called {namespace!r}",
            hint="it has up to 63 of the characters a-z, 0-9 and -",
        )
    found = _kustomized(manifests() / "overlays" / overlay)
    for body in found:
        _move(body, namespace)
        if image and body["kind"] == "Deployment":
            _containers(body)[0]["image"] = image
    return sorted(found, key=lambda body: (*(body["kind"] != kind for kind in _FIRST),))


def _kustomized(folder: Path) -> list[Object]:
    """What `kubectl kustomize` makes of our folders: resources, and patches that add."""
    import yaml

    layer: Object = yaml.safe_load((folder / "kustomization.yaml").read_text())
    found: list[Object] = []
    for name in layer.get("resources", ()):
        path = folder / name
        found += _kustomized(path) if path.is_dir() else yaml.safe_load_all(path.read_text())
    for patch in layer.get("patches", ()):
        for body in found:
            target = patch["target"]
            if (body["kind"], body["metadata"]["name"]) == (target["kind"], target["name"]):
                for change in yaml.safe_load(patch["patch"]):
                    _add(body, change)
    return found


def _add(body: Any, change: Object) -> None:
    if change["op"] != "add":
        raise ValueError(f"patches of overlays can only add, not {change['op']}")
    # In a JSON pointer, ~1 is a slash and ~0 a tilde.
    steps = change["path"].strip("/").split("/")
    *way, last = (step.replace("~1", "/").replace("~0", "~") for step in steps)
    for step in way:
        body = body[int(step)] if isinstance(body, list) else body[step]
    if last == "-":
        body.append(change["value"])
    else:
        body[last] = change["value"]


def _move(body: Object, namespace: str) -> None:
    """Put an object, and what it names, into a namespace; the controller's Lease follows its pod.

    Certificates do too: they are made for the hosts that the webhooks name.
    """
    metadata = body["metadata"]
    if body["kind"] == "Namespace":
        metadata["name"] = namespace
    if "namespace" in metadata:
        metadata["namespace"] = namespace
    for subject in body.get("subjects", ()):
        if subject["kind"] == "ServiceAccount":
            subject["namespace"] = namespace
    for hook in body.get("webhooks", ()):
        hook["clientConfig"]["service"]["namespace"] = namespace


def _containers(body: Object) -> list[Object]:
    containers: list[Object] = body["spec"]["template"]["spec"]["containers"]
    return containers


def apply(bodies: list[Object], context: str, kubeconfig: str, say: Callable[[str], None]) -> None:
    """Put objects into a cluster, or change those that are there to be so."""
    import httpx

    if not context:
        context = next((one.name for one in contexts(kubeconfig) if one.current), "")
    if not context:
        raise LabwrightError(
            "no cluster is chosen", hint="name a context of your kubeconfig with --context"
        )
    login = read_context(context, kubeconfig)
    with httpx.Client(
        base_url=login.server, verify=login.trust, headers=dict(login.headers()), timeout=30
    ) as http:
        try:
            _look_before(http, bodies)
            for body in bodies:
                path = _path(http, body)
                _call(
                    http,
                    "PATCH",
                    path,
                    json=body,
                    params={"fieldManager": MANAGER, "force": "true"},
                    headers={"Content-Type": "application/apply-patch+yaml"},
                )
                say(f"{body['kind']} {body['metadata']['name']}")
                if body["kind"] == "CustomResourceDefinition":
                    _wait_until_established(http, path)
        except httpx.TransportError as error:
            raise LabwrightError(f"the cluster does not answer: {error}", where=context) from None


def _look_before(http: Any, bodies: list[Object]) -> None:
    """Refuse, before anything is written, what would end half done."""
    made = {body["metadata"]["name"] for body in bodies if body["kind"] == "Namespace"}
    used = {body["metadata"].get("namespace") for body in bodies} - {None} - made
    for namespace in sorted(used):
        if _find(http, f"/api/v1/namespaces/{namespace}") is None:
            raise LabwrightError(
                f"there is no namespace {namespace}", hint=f"kubectl create namespace {namespace}"
            )
    for body in bodies:
        if body["kind"] != "ClusterRoleBinding":
            continue
        live = _find(http, _path(http, body)) or {}
        elsewhere = _namespaces(live) - _namespaces(body)
        if elsewhere:
            where = elsewhere.pop()
            # Its rights would move here, and it would stay there without any.
            raise LabwrightError(
                f"the controller is installed already, in the namespace {where}",
                hint=f"install it there (--namespace {where}), or take that one away first:"
                f" labwright install OVERLAY --namespace {where}, without the CRDs and the"
                " Namespace, for kubectl delete -f -",
            )


def _namespaces(binding: Object) -> set[str]:
    subjects = binding.get("subjects") or ()
    return {subject["namespace"] for subject in subjects if subject.get("namespace")}


def _find(http: Any, path: str) -> Object | None:
    """An object, if there is one."""
    answer = http.get(path)
    return None if answer.status_code == NOT_FOUND else _read(answer, path)


def _path(http: Any, body: Object) -> str:
    version = body["apiVersion"]
    base = f"/apis/{version}" if "/" in version else f"/api/{version}"
    resource = next(
        found
        for found in _call(http, "GET", base)["resources"]
        if found["kind"] == body["kind"] and "/" not in found["name"]
    )
    metadata = body["metadata"]
    where = f"/namespaces/{metadata['namespace']}" if resource["namespaced"] else ""
    return f"{base}{where}/{resource['name']}/{metadata['name']}"


def _call(http: Any, verb: str, path: str, **options: Any) -> Object:
    return _read(http.request(verb, path, **options), path)


def _read(answer: Any, path: str) -> Object:
    if answer.is_error:
        try:
            why = answer.json()["message"]
        except (ValueError, KeyError, TypeError):
            why = answer.text.strip() or f"HTTP {answer.status_code}"
        raise LabwrightError(f"the cluster refuses: {why}", where=path)
    found: Object = answer.json()
    return found


def _wait_until_established(http: Any, path: str) -> None:
    deadline = time.monotonic() + ESTABLISHED_WITHIN
    while not any(
        condition["type"] == "Established" and condition["status"] == "True"
        for condition in _call(http, "GET", path).get("status", {}).get("conditions") or ()
    ):
        if time.monotonic() > deadline:
            raise LabwrightError("the cluster does not take the CRD up", where=path)
        time.sleep(0.1)


def as_yaml(bodies: list[Object]) -> str:
    """The objects, as `kubectl apply -f -` takes them."""
    import yaml

    class Plain(yaml.SafeDumper):
        def ignore_aliases(self, data: Any) -> bool:
            return True

    return yaml.dump_all(bodies, Dumper=Plain, sort_keys=False, width=100)
