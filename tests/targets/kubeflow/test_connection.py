"""How one gets through to a server: addresses, logins, kubeconfig contexts."""

from __future__ import annotations

import socket
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from cluster.control_plane import ControlPlane
from labwright.errors import LabwrightError
from labwright.targets.blocking import BlockingTarget
from labwright.targets.config import Auth, KnownTarget
from labwright.targets.kubeflow import discovery
from labwright.targets.kubeflow.connection import connect, headers_of, ui_of
from labwright.targets.kubeflow.discovery import api_of_service, checked, contexts
from labwright.targets.kubeflow.target import KubeflowTarget

from .broken import HEALTH, serving, told


@pytest.mark.parametrize(
    ("endpoint", "ui"),
    [
        ("https://kf.example/pipeline", "https://kf.example/pipeline"),
        ("http://ml-pipeline.kubeflow:8888", "http://ml-pipeline-ui.kubeflow:80"),
        ("http://ml-pipeline.kubeflow", "http://ml-pipeline-ui.kubeflow:80"),
        ("http://localhost:8080", "http://localhost:8080"),
    ],
)
def test_where_the_ui_server_is(endpoint: str, ui: str) -> None:
    assert ui_of(endpoint) == ui


@pytest.mark.parametrize(
    ("auth", "headers"),
    [
        (Auth(), {}),
        (Auth("token"), {"Authorization": "Bearer s"}),
        (Auth("cookie"), {"Cookie": "s"}),
        (Auth("header", name="kubeflow-userid"), {"kubeflow-userid": "s"}),
    ],
)
def test_who_one_is(auth: Auth, headers: dict[str, str]) -> None:
    assert headers_of(auth, lambda: "s")() == headers


def test_a_login_over_plain_http_is_remarked() -> None:
    known = KnownTarget("kf", endpoint="http://kf.example", auth=Auth("token"))
    [remark] = connect(known, lambda: "s").remarks
    assert "plain HTTP" in remark


def test_the_pods_own_token_is_used_inside(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("own\n")
    monkeypatch.setenv(discovery.TOKEN_VARIABLE, str(token))
    found = connect(KnownTarget("cluster", in_cluster=True), None)
    assert (found.api, found.renews) == (discovery.IN_CLUSTER, True)
    assert found.headers() == {"Authorization": "Bearer own"}
    token.write_text("renewed")
    assert found.headers() == {"Authorization": "Bearer renewed"}


@pytest.mark.parametrize("service", ["ml-pipeline", "/x", "kubeflow/"])
def test_no_service(service: str) -> None:
    with pytest.raises(LabwrightError, match="names no service"):
        api_of_service("https://k", service)


def test_a_service_is_reached_through_the_api() -> None:
    assert api_of_service("https://k/", "kubeflow/ml-pipeline:8888") == (
        "https://k/api/v1/namespaces/kubeflow/services/ml-pipeline:8888/proxy"
    )


def config(path: Path, current: str, **servers: str) -> Path:
    data = {
        "current-context": current,
        "contexts": [
            {"name": name, "context": {"cluster": name, "user": "ada", "namespace": "space"}}
            for name in servers
        ],
        "clusters": [{"name": name, "cluster": {"server": url}} for name, url in servers.items()],
        "users": [{"name": "ada", "user": {"token": "t"}}],
    }
    path.write_text(yaml.safe_dump(data))
    return path


def test_contexts_of_several_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = config(tmp_path / "a", "", one="https://one")
    second = config(tmp_path / "b", "two", two="https://two", one="https://other")
    monkeypatch.setenv("KUBECONFIG", f"{first}:{second}:{tmp_path / 'none'}")
    found = [(one.name, one.server, one.namespace, one.current) for one in contexts()]
    assert found == [
        ("two", "https://two", "space", True),
        ("one", "https://one", "space", False),
    ]
    first.write_text("{")
    with pytest.raises(LabwrightError, match="cannot be read"):
        contexts()


def test_a_context_says_who_one_is(tmp_path: Path) -> None:
    file = config(tmp_path / "config", "one", one="http://one.example")
    known = checked(KnownTarget("kf", context="one", kubeconfig=str(file)))
    found = connect(known, None)
    assert (
        found.api == "http://one.example/api/v1/namespaces/kubeflow/services/ml-pipeline:http/proxy"
    )
    assert found.ui.endswith("/services/ml-pipeline-ui:http/proxy")
    assert found.headers() == {"Authorization": "Bearer t"}
    own = connect(replace(known, auth=Auth("header", name="x")), lambda: "s")
    assert own.headers() == {"x": "s"}


def test_through_the_api_of_a_real_cluster(control_plane: ControlPlane) -> None:
    """Its API server stands between: TLS, its token, its proxy, its words."""
    context = contexts(control_plane.kubeconfig)[0].name
    namespace = control_plane.namespace()
    known = KnownTarget(
        "kf",
        context=context,
        kubeconfig=control_plane.kubeconfig,
        service=f"{namespace}/ml-pipeline",
    )
    with BlockingTarget(KubeflowTarget(checked(known))) as target:
        reason = str(target.reach().reason)
        assert "ml-pipeline" in reason
        assert any(one in reason for one in ("not found", "404", "503")), reason

        def answer(method: str, path: str, headers: dict[str, str]) -> Any:
            return told(HEALTH if path.endswith("healthz") else {"total_size": 0})

        # Endpoints on loopback are refused, so the server has to be reached by another address.
        host = _address()
        if host is None:
            return
        with serving(answer, host=host) as (server, _):
            _publish(control_plane, namespace, host, server.server_address[1])
            deadline = time.monotonic() + 30
            while not (reach := target.reach()).available:
                assert time.monotonic() < deadline, reach.reason
            assert ("GET", "/apis/v2beta1/runs") in server.asked


def _address() -> str | None:
    """An address of this machine that is not loopback, or None. Nothing is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError:
            return None
        host: str = probe.getsockname()[0]
        return None if host.startswith("127.") else host


def _publish(plane: ControlPlane, namespace: str, host: str, port: int) -> None:
    ports = [{"name": "http", "port": port, "protocol": "TCP"}]
    about = {"name": "ml-pipeline", "namespace": namespace}
    with plane.kube() as kube:
        kube.create(
            {"apiVersion": "v1", "kind": "Service", "metadata": about, "spec": {"ports": ports}}
        )
        # The API server sends nobody to an address that is no pod's. This one is never scheduled.
        spec = {"schedulerName": "nobody", "containers": [{"name": "main", "image": "none"}]}
        pod = {"apiVersion": "v1", "kind": "Pod", "metadata": about, "spec": spec}
        kube.create(pod)
        kube.patch(
            f"{kube.path(pod)}/status", {"status": {"podIP": host, "podIPs": [{"ip": host}]}}
        )
        address = {"ip": host, "targetRef": {"kind": "Pod", **about}}
        subsets = [{"addresses": [address], "ports": ports}]
        kube.create(
            {"apiVersion": "v1", "kind": "Endpoints", "metadata": about, "subsets": subsets}
        )
