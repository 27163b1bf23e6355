"""Who the controller is to the API server: its pod's service account, or a kubeconfig."""

from __future__ import annotations

import os

import kopf


def login() -> kopf.ConnectionInfo:
    """Credentials, read anew each time: tokens in files are renewed."""
    settings = kopf.OperatorSettings()
    found = None
    if not os.environ.get("KUBECONFIG"):
        found = kopf.login_with_service_account(settings=settings)
    found = found or kopf.login_with_kubeconfig(settings=settings)
    if found is None:
        raise kopf.LoginError("no service account and no kubeconfig: set KUBECONFIG")
    return found
