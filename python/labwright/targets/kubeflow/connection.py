"""How to get through to a KFP server: where it is, who one is, whom to trust."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...errors import LabwrightError
from ..config import Auth, KnownTarget, Tls
from ..errors import UntrustedServer
from .discovery import api_of_service, default_endpoint, token_path

Headers = Mapping[str, str]


@dataclass(frozen=True)
class Connection:
    """`headers` gives what says who one is, anew for every request. `renews`: it may change by
    itself, so that a refusal may be over soon. `trust` is httpx's `verify`."""

    api: str
    ui: str
    headers: Callable[[], Headers]
    renews: bool
    trust: ssl.SSLContext | bool
    remarks: tuple[str, ...] = ()


def connect(target: KnownTarget, secret: Callable[[], str] | None) -> Connection:
    """Make ready to talk to a target. Reads files and may run a login plugin; sends nothing."""
    if target.context:
        from .kubeconfig import read_context

        login = read_context(target.context, target.kubeconfig)
        api = api_of_service(login.server, target.service)
        own = target.auth.kind != "none"
        return Connection(
            api,
            target.ui.rstrip("/") or api_of_service(login.server, _ui_service(target.service)),
            headers_of(target.auth, secret) if own else login.headers,
            _renews(target.auth) if own else login.renews,
            login.trust,
            ("the context trusts any server: its traffic can be read",) if login.insecure else (),
        )
    endpoint = (target.endpoint or default_endpoint()).rstrip("/")
    remarks = []
    if target.tls.insecure and endpoint.startswith("https"):
        remarks.append("TLS certificates are NOT checked: whoever is on the way can read along")
    if endpoint.startswith("http://") and target.auth.kind in ("token", "cookie", "header"):
        remarks.append("the login is sent over plain HTTP: whoever is on the way can read it")
    auth = target.auth
    if target.in_cluster and auth.kind == "none" and Path(token_path()).exists():
        auth = Auth("token-file", path=token_path())
    return Connection(
        endpoint,
        (target.ui or ui_of(endpoint)).rstrip("/"),
        headers_of(auth, secret),
        _renews(auth),
        trust_of(target.tls) if endpoint.startswith("https") else False,
        tuple(remarks),
    )


def ui_of(endpoint: str) -> str:
    """Where KFP's UI server is, which reads artifacts, going by where its API is.

    Behind the dashboard, and where the UI server's own port was forwarded, both are one; in a
    cluster they are two services side by side.
    """
    head, separator, rest = endpoint.partition("://ml-pipeline.")
    if separator:
        return f"{head}://ml-pipeline-ui.{rest.rpartition(':')[0] or rest}:80"
    return endpoint


def _ui_service(service: str) -> str:
    """The UI server's service beside that of the API."""
    return f"{service.partition(':')[0]}-ui"


def headers_of(auth: Auth, secret: Callable[[], str] | None) -> Callable[[], Headers]:
    """What gives the headers of a request."""

    def value() -> str:
        if secret is None:
            raise LabwrightError("the login has no value", hint="add the target again")
        return secret()

    if auth.kind == "token":
        return lambda: {"Authorization": f"Bearer {value()}"}
    if auth.kind == "token-file":
        return lambda: {"Authorization": f"Bearer {_read_token(auth.path)}"}
    if auth.kind == "header":
        return lambda: {auth.name: value()}
    if auth.kind == "cookie":
        return lambda: {"Cookie": value()}
    return dict


def trust_of(tls: Tls) -> ssl.SSLContext | bool:
    """The TLS context of a target's options; True for the system's own."""
    if tls.insecure and not tls.cert:
        return False
    if not (tls.ca or tls.cert):
        return True
    return tls_context(tls.ca, tls.cert, tls.key, insecure=tls.insecure)


def tls_context(
    ca: str, cert: str, key: str, *, insecure: bool = False, ca_data: str = ""
) -> ssl.SSLContext:
    """A TLS context that trusts `ca` (a file or folder) and shows `cert`."""
    try:
        place: Any = {"capath": ca} if ca and Path(ca).is_dir() else {"cafile": ca or None}
        context = ssl.create_default_context(cadata=ca_data or None, **place)
        if insecure:
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        if cert:
            context.load_cert_chain(cert, key or None)
    except FileNotFoundError:
        lost = next((one for one in (ca, cert, key) if one and not Path(one).exists()), ca)
        raise UntrustedServer("no such certificate file", where=lost) from None
    except (OSError, ssl.SSLError) as error:
        raise UntrustedServer(
            f"the certificate cannot be used: {error}", where=cert or ca
        ) from None
    return context


def _renews(auth: Auth) -> bool:
    return auth.kind == "token-file"


def _read_token(path: str) -> str:
    try:
        return Path(path).expanduser().read_text(encoding="utf-8").strip()
    except OSError as error:
        raise LabwrightError(
            f"the token cannot be read: {error.strerror}", where=path, hint="check the path"
        ) from None
