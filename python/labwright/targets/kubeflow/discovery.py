"""Where a KFP server may be: in the cluster one is in, in a kubeconfig's contexts, or by hand."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import quote, urlsplit

from ...errors import LabwrightError
from ..config import KnownTarget

ENDPOINT_VARIABLE = "KF_PIPELINES_ENDPOINT"
TOKEN_VARIABLE = "KF_PIPELINES_SA_TOKEN_PATH"
TOKEN = "/var/run/secrets/kubeflow/pipelines/token"
NAMESPACE_FILE = "/var/run/secrets/kubernetes.io/serviceaccount/namespace"
_LOGIN = re.compile(r"secret|token|password|passwd|^key$|access_?key|credential", re.IGNORECASE)
IN_CLUSTER = "http://ml-pipeline.kubeflow:8888"


@dataclass(frozen=True)
class Context:
    """A context of a kubeconfig. `current`: kubectl uses it."""

    name: str
    cluster: str
    user: str
    namespace: str
    server: str
    current: bool


def in_cluster() -> bool:
    """Whether this process runs in a pod of a cluster that has, or may have, Kubeflow."""
    return bool(os.environ.get(ENDPOINT_VARIABLE)) or Path(token_path()).exists()


def token_path() -> str:
    return os.environ.get(TOKEN_VARIABLE) or TOKEN


def default_endpoint() -> str:
    """The API's address for a process inside the cluster."""
    return os.environ.get(ENDPOINT_VARIABLE) or IN_CLUSTER


def own_namespace() -> str:
    """The namespace of the pod one is in, or empty."""
    try:
        return Path(NAMESPACE_FILE).read_text(encoding="utf-8").strip()
    except OSError:
        return ""


def kubeconfig_path(given: str = "") -> str:
    """The kubeconfig that counts: the given one, `KUBECONFIG`'s, or the usual."""
    return given or os.environ.get("KUBECONFIG") or str(Path.home() / ".kube" / "config")


def contexts(kubeconfig: str = "") -> list[Context]:
    """The contexts of a kubeconfig, the current one first; none where there is no such file."""
    import yaml

    found: dict[str, Context] = {}
    clusters: dict[str, str] = {}
    current = ""
    documents = []
    for path in kubeconfig_path(kubeconfig).split(os.pathsep):
        if not path or not Path(path).expanduser().is_file():
            continue
        try:
            data = yaml.safe_load(Path(path).expanduser().read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
            said = " ".join(str(error).split())
            raise LabwrightError(f"cannot be read: {said}", where=path) from None
        if isinstance(data, dict):
            documents.append(data)
    for data in documents:
        current = current or str(data.get("current-context") or "")
        for one in data.get("clusters") or []:
            clusters.setdefault(one["name"], str((one.get("cluster") or {}).get("server") or ""))
    for data in documents:
        for one in data.get("contexts") or []:
            about = one.get("context") or {}
            cluster = str(about.get("cluster") or "")
            found.setdefault(
                one["name"],
                Context(
                    one["name"],
                    cluster,
                    str(about.get("user") or ""),
                    str(about.get("namespace") or ""),
                    clusters.get(cluster, ""),
                    one["name"] == current,
                ),
            )
    return sorted(found.values(), key=lambda one: (not one.current, one.name))


def api_of_service(server: str, service: str) -> str:
    """KFP's API through the Kubernetes API of its cluster. `service`: NAMESPACE/NAME[:PORT]."""
    namespace, _, name = service.partition("/")
    if not namespace or not name:
        raise LabwrightError(
            f"{service!r} names no service", hint="NAMESPACE/NAME, as in kubeflow/ml-pipeline"
        )
    name, _, port = name.partition(":")
    where = f"namespaces/{quote(namespace)}/services/{quote(name)}:{port or 'http'}"
    return f"{server.rstrip('/')}/api/v1/{where}/proxy"


def checked(target: KnownTarget) -> KnownTarget:
    """A target as it is kept; LabwrightError where its parts do not go together."""
    where = f"target {target.name}"
    ways = [bool(target.endpoint), bool(target.context), target.in_cluster]
    if target.kind != "kubeflow":
        raise LabwrightError(f"a target of kind {target.kind!r} is not added", where=where)
    if sum(ways) != 1:
        raise LabwrightError(
            "say where it is in one way", where=where, hint="--endpoint, --context or --in-cluster"
        )
    auth, tls = target.auth, target.tls
    if auth.kind == "header" and not auth.name:
        raise LabwrightError("the header has no name", where=where, hint="kubeflow-userid, say")
    if auth.kind == "token-file" and not auth.path:
        raise LabwrightError("the token's file has no path", where=where)
    logins = [name for name in target.storage if _LOGIN.search(name)]
    if logins:
        raise LabwrightError(
            f"{logins[0]} has no place in a target's storage: its file holds no secrets",
            where=where,
            hint="the store's own environment variables or profile give the login",
        )
    if tls.key and not tls.cert:
        raise LabwrightError("a key without its certificate", where=where)
    if target.context:
        api_of_service("https://k", target.service)
        if tls != type(tls)():
            raise LabwrightError("the context says whom to trust", where=where)
        known = [one.name for one in contexts(target.kubeconfig)]
        if target.context not in known:
            raise LabwrightError(
                f"there is no context {target.context!r} in {kubeconfig_path(target.kubeconfig)}",
                where=where,
                hint=f"there is {', '.join(known) or 'none'}",
            )
    return replace(
        target,
        endpoint=_url(target.endpoint, where) if target.endpoint else "",
        ui=_url(target.ui, where) if target.ui else "",
    )


def _url(text: str, where: str) -> str:
    """A URL as it is kept; a bare host gets the scheme it must mean."""
    if "://" not in text:
        text = (
            f"http://{text}"
            if text.startswith(("localhost", "127.", "[::1]"))
            else f"https://{text}"
        )
    try:
        parts = urlsplit(text)
        known = parts.port is None or parts.port > 0
    except ValueError:  # the port is no number, or too great
        known = False
    if not known or parts.scheme not in ("http", "https") or not parts.hostname:
        raise LabwrightError(f"{text!r} is no URL", where=where, hint="http://… or https://…")
    if parts.username or parts.password:
        raise LabwrightError(
            "a password has no place in a URL", where=where, hint="use --token, --cookie"
        )
    path = parts.path
    # Copied from the browser's address bar, or from the API's own documentation.
    for tail in ("/apis/v2beta1", "/apis", "/_/pipeline"):
        if path.rstrip("/").endswith(tail):
            path = path.rstrip("/")[: -len(tail)] + ("/pipeline" if "pipeline" in tail else "")
    return f"{parts.scheme}://{parts.netloc}{path.rstrip('/')}"
