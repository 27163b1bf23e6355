"""The image of the notebook server that this process runs in, when it is in a cluster."""

from __future__ import annotations

import os
import ssl
from pathlib import Path

from .discovery import own_namespace

_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
_TIMEOUT = 5.0
_VARIABLES = ("JUPYTER_IMAGE_SPEC", "JUPYTER_IMAGE")
"""JupyterHub says it here."""


async def own_image() -> str:
    """Its name, or empty where that cannot be known."""
    for name in _VARIABLES:
        if os.environ.get(name):
            return os.environ[name]
    host, port = (
        os.environ.get("KUBERNETES_SERVICE_HOST"),
        os.environ.get("KUBERNETES_SERVICE_PORT", "443"),
    )
    namespace, pod = own_namespace(), os.environ.get("HOSTNAME", "")
    if not (host and namespace and pod and (_ACCOUNT / "token").is_file()):
        return ""
    import httpx

    token = (_ACCOUNT / "token").read_text(encoding="utf-8").strip()
    url = f"https://{f'[{host}]' if ':' in host else host}:{port}"
    try:
        trust = ssl.create_default_context(cafile=str(_ACCOUNT / "ca.crt"))
        async with httpx.AsyncClient(verify=trust, timeout=_TIMEOUT) as client:
            answer = await client.get(
                f"{url}/api/v1/namespaces/{namespace}/pods/{pod}",
                headers={"Authorization": f"Bearer {token}"},
            )
        containers = answer.json()["spec"]["containers"] if answer.is_success else []
    except (httpx.HTTPError, OSError, ValueError, KeyError, TypeError):
        return ""
    # A notebook's container is named as its server; others were put beside it.
    own = next((one for one in containers if pod.startswith(f"{one.get('name')}-")), None)
    return str((own or (containers or [{}])[0]).get("image") or "")
