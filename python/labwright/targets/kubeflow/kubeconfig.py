"""The login of a kubeconfig's context, by the `kubernetes` package: tokens, client certificates and
login plugins, as kubectl has them."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ...errors import LabwrightError
from ..errors import NotLoggedIn
from .discovery import kubeconfig_path


@dataclass(frozen=True)
class Login:
    """`headers` is asked before every request: a plugin's token is renewed when it has expired."""

    server: str
    headers: Callable[[], Mapping[str, str]]
    renews: bool
    trust: ssl.SSLContext | bool
    insecure: bool


def read_context(context: str, kubeconfig: str = "") -> Login:
    """Log in as a context says; runs its login plugin, if it has one."""
    try:
        from kubernetes import client, config
    except ImportError:
        raise LabwrightError(
            "kubeconfig contexts need the package `kubernetes`", hint="pip install kubernetes"
        ) from None
    path = kubeconfig_path(kubeconfig)
    settings: Any = client.Configuration()
    load: Any = config.load_kube_config
    try:
        load(config_file=path, context=context, client_configuration=settings, persist_config=False)
    except config.ConfigException as error:
        raise NotLoggedIn(
            f"context {context!r} cannot be used: {error}", where=path, hint="does kubectl work?"
        ) from None
    except (OSError, ValueError) as error:
        raise LabwrightError(f"cannot be read: {error}", where=path) from None
    return Login(
        settings.host,
        _Headers(settings),
        settings.refresh_api_key_hook is not None,
        _trust(settings),
        not settings.verify_ssl and settings.host.startswith("https"),
    )


class _Headers:
    """The context's authorization, one thread at a time: a plugin runs once, not twice."""

    def __init__(self, settings: Any) -> None:
        self._settings = settings
        self._lock = threading.Lock()

    def __call__(self) -> Mapping[str, str]:
        with self._lock:
            # Its refresh hook is called by this, before it reads the key.
            found = self._settings.get_api_key_with_prefix("authorization")
            found = found or self._settings.get_api_key_with_prefix("BearerToken")
        return {"Authorization": found} if found else {}


def _trust(settings: Any) -> ssl.SSLContext | bool:
    from .connection import tls_context

    if not settings.host.startswith("https"):
        return False
    return tls_context(
        settings.ssl_ca_cert or "",
        settings.cert_file or "",
        settings.key_file or "",
        insecure=not settings.verify_ssl,
    )
