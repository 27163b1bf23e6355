"""The image of the notebook server one is in, as the cluster tells it."""

from __future__ import annotations

import asyncio
import ssl
from pathlib import Path
from typing import Any

import pytest
import trustme

from labwright.targets.kubeflow import own_image as module
from labwright.targets.kubeflow.own_image import own_image

from .broken import serving, told


@pytest.fixture(autouse=True)
def _nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("JUPYTER_IMAGE_SPEC", "JUPYTER_IMAGE", "KUBERNETES_SERVICE_HOST"):
        monkeypatch.delenv(name, raising=False)


def test_jupyterhub_says_it(monkeypatch: pytest.MonkeyPatch) -> None:
    assert asyncio.run(own_image()) == ""
    monkeypatch.setenv("JUPYTER_IMAGE_SPEC", "hub/image:1")
    assert asyncio.run(own_image()) == "hub/image:1"


@pytest.mark.parametrize(
    ("status", "image"), [(200, "team/notebook:2"), (403, ""), (500, ""), (0, "")]
)
def test_the_pod_says_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, status: int, image: str
) -> None:
    authority, context = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    authority.cert_pem.write_to_path(str(tmp_path / "ca.crt"))
    (tmp_path / "token").write_text("mine\n")
    containers = [
        {"name": "istio-proxy", "image": "istio/proxy:1"},
        {"name": "ada", "image": "team/notebook:2"},
    ]

    def answer(method: str, path: str, headers: dict[str, str]) -> Any:
        known = {name.lower(): value for name, value in headers.items()}
        assert known["authorization"] == "Bearer mine"
        assert path == "/api/v1/namespaces/space/pods/ada-0"
        return told({"spec": {"containers": containers}}, status) if status else None

    with serving(answer, context) as (_, url):
        monkeypatch.setattr(module, "_ACCOUNT", tmp_path)
        monkeypatch.setattr(module, "own_namespace", lambda: "space")
        monkeypatch.setenv("HOSTNAME", "ada-0")
        monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "127.0.0.1")
        monkeypatch.setenv("KUBERNETES_SERVICE_PORT", url.rpartition(":")[2])
        assert asyncio.run(own_image()) == image
