"""How to get through to the Kubernetes API of a target, where its notebook servers are."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path

from ...config import KnownTarget
from ...errors import NotOffered
from ..connection import Connection, headers_of, tls_context
from ..discovery import NAMESPACE_FILE, contexts, own_namespace

ACCOUNT = Path(NAMESPACE_FILE).parent


def why_not(target: KnownTarget) -> str:
    """Why a target has no notebook servers; empty where it may have them."""
    if target.context:
        return ""
    if not target.in_cluster:
        return "only its Pipelines API is known, and servers are made through the Kubernetes API"
    if not (ACCOUNT / "token").is_file() or not os.environ.get("KUBERNETES_SERVICE_HOST"):
        return "this pod has no service account's token for the Kubernetes API"
    return ""


def not_offered(target: KnownTarget) -> NotOffered:
    hint = "add the target with --context, a context of your kubeconfig"
    if target.in_cluster:
        hint = "ask whoever runs the cluster to mount it (automountServiceAccountToken)"
    return NotOffered(
        f"it offers no notebook servers: {why_not(target)}",
        where=f"target {target.name}",
        hint=hint,
    )


def connect(target: KnownTarget, secret: Callable[[], str] | None) -> Connection:
    """Make ready to talk to the Kubernetes API. Reads files and may run a login plugin."""
    if why_not(target):
        raise not_offered(target)
    if target.context:
        from ..kubeconfig import read_context

        login = read_context(target.context, target.kubeconfig)
        own = target.auth.kind in ("token", "token-file")
        return Connection(
            login.server.rstrip("/"),
            "",
            headers_of(target.auth, secret) if own else login.headers,
            target.auth.kind == "token-file" if own else login.renews,
            login.trust,
        )
    host, port = os.environ["KUBERNETES_SERVICE_HOST"], os.environ.get("KUBERNETES_SERVICE_PORT")
    api = f"https://{f'[{host}]' if ':' in host else host}:{port or 443}"
    return Connection(api, "", _account, True, tls_context(str(ACCOUNT / "ca.crt"), "", ""))


def namespace_of(target: KnownTarget) -> str:
    """The namespace whose servers these are, as kubectl finds it."""
    if target.namespace:
        return target.namespace
    if target.in_cluster:
        return own_namespace() or "default"
    found = next((one for one in contexts(target.kubeconfig) if one.name == target.context), None)
    return (found.namespace if found else "") or "default"


def _account() -> Mapping[str, str]:
    token = (ACCOUNT / "token").read_text(encoding="utf-8").strip()
    return {"Authorization": f"Bearer {token}"}
