"""Admission webhooks: what they refuse and fill in, and that a dead controller blocks nobody."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any

import httpx
import pytest
import yaml

from cluster.control_plane import ControlPlane
from cluster.kube import Kube
from cluster.processes import free_port
from controller.objects import Object, notebook, server
from controller.processes import Controller, controller
from controller.webhooks import configurations
from labwright_controller import certificates
from labwright_controller.admission import defaults, notebook_problems

NOW = datetime(2026, 6, 1, tzinfo=timezone.utc)
FORM: Object = {
    "image": {"value": "jupyter:form"},
    "cpu": {"value": "0.5", "limitFactor": "1.2", "readOnly": False},
    "memory": {"value": "1.0Gi", "limitFactor": "none"},
}


def image(name: str, **spec: Any) -> Object:
    return {
        "apiVersion": "labwright.dev/v1alpha1",
        "kind": "NotebookImage",
        "metadata": {"name": name},
        "spec": {"reference": "jupyter:9", **spec},
    }


def test_what_is_wrong_with_a_notebook() -> None:
    assert notebook_problems(notebook(), {}) == []
    assert "no image gone" in notebook_problems(notebook(image="gone"), {})[0]
    claim = {"claim": {"size": "1Gi"}}
    twice = [
        {"name": "a", "mountPath": "/w", **claim},
        {"name": "b", "mountPath": "/w", **claim},
    ]
    assert notebook_problems(notebook(volumes=twice), {}) == ["Two volumes are mounted at /w."]
    body = notebook(culling={"idleAfter": "0m"})
    server(body)["resources"] = {"requests": {"cpu": "2"}, "limits": {"cpu": "500m"}}
    problems = notebook_problems(body, {})
    assert problems[0] == "The limit of cpu (500m) is below its request (2)."
    assert "idleAfter" in problems[1]


def test_spawner_config_fills_in_what_is_not_said() -> None:
    (patch,) = defaults(notebook(image="scipy"), FORM)
    assert patch["value"] == {
        "requests": {"cpu": "0.5", "memory": "1.0Gi"},
        "limits": {"cpu": "0.6"},
    }
    said = notebook(resources={"requests": {"cpu": "2"}})
    assert defaults(said, FORM) == []
    empty = {"metadata": {"name": "nb"}}
    assert [entry["path"] for entry in defaults(empty, FORM)] == ["/spec", "/spec/resources"]
    assert defaults(notebook(), {}) == []


def test_a_certificate_is_renewed_in_time_and_for_new_hosts() -> None:
    made, _ = certificates.make(["a.b.svc", "127.0.0.1"], NOW)
    assert certificates.serves(made, ["127.0.0.1"], NOW)
    assert not certificates.serves(made, ["c.b.svc"], NOW)
    assert not certificates.serves(made, ["a.b.svc"], NOW + timedelta(days=330))
    assert not certificates.serves(b"", [], NOW)


@dataclass
class Bench:
    """A namespace whose Notebooks go through the webhooks of a controller."""

    kube: Kube
    namespace: str
    controller: Controller
    prefix: str

    def create(self, name: str, **spec: Any) -> Object:
        body = notebook(name, self.namespace, **spec)
        del body["metadata"]["uid"]
        return self.kube.create(body)

    def image(self, name: str) -> str:
        return f"{self.prefix}-{name}"

    def image_path(self, name: str) -> str:
        return f"/apis/labwright.dev/v1alpha1/notebookimages/{self.image(name)}"


@pytest.fixture(scope="module")
def bench(control_plane: ControlPlane, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    namespace, port = control_plane.namespace("hook"), free_port()
    folder = tmp_path_factory.mktemp("webhooks")
    (folder / "spawner_ui_config.yaml").write_text(yaml.safe_dump({"spawnerFormDefaults": FORM}))
    bodies = configurations(namespace, port)
    with (
        control_plane.kube() as kube,
        controller(
            control_plane,
            folder,
            WATCH_NAMESPACES=namespace,
            POD_NAMESPACE=namespace,
            WEBHOOKS=f"127.0.0.1:{port}",
            WEBHOOK_CONFIGURATION=namespace,
            SPAWNER_CONFIG=str(folder / "spawner_ui_config.yaml"),
        ) as process,
    ):
        paths = [kube.path(kube.create(body)) for body in bodies]
        try:
            for path in paths:
                kube.wait(
                    path, lambda b: all("caBundle" in h["clientConfig"] for h in b["webhooks"])
                )
            found = Bench(kube, namespace, process, namespace)
            _wait_until_asked(found)
            yield found
        finally:
            for path in paths:
                kube.delete(path)


def _wait_until_asked(bench: Bench) -> None:
    # The API server learns of webhooks a moment after they are there.
    deadline = time.monotonic() + 30
    while True:
        try:
            path = bench.kube.path(bench.create("probe", image="no-such-image"))
        except httpx.HTTPStatusError:
            return
        bench.kube.delete(path)
        assert time.monotonic() < deadline
        time.sleep(0.2)


def refused(bench: Bench, body: Object) -> str:
    with pytest.raises(httpx.HTTPStatusError) as refusal:
        bench.kube.create(body)
    return str(refusal.value)


def test_an_unknown_image_is_refused(bench: Bench) -> None:
    body = notebook("bad", bench.namespace, image="no-such-image")
    del body["metadata"]["uid"]
    assert "There is no image no-such-image in the catalogue" in refused(bench, body)


def test_defaults_are_stored(bench: Bench) -> None:
    made = bench.create("defaults")
    assert made["spec"]["resources"]["limits"] == {"cpu": "0.6"}


def test_an_image_in_use_stays_and_its_servers_can_be_stopped(bench: Bench) -> None:
    name = bench.image("used")
    bench.kube.create(image(name))
    path = bench.kube.path(bench.create("user", image=name))
    with pytest.raises(httpx.HTTPStatusError, match=f"is used by {bench.namespace}/user"):
        bench.kube.delete(bench.image_path("used"))
    stop = {"metadata": {"annotations": {"kubeflow-resource-stopped": "2026-01-01T00:00:00Z"}}}
    bench.kube.patch(path, stop)
    bench.kube.delete(path)
    bench.kube.delete(bench.image_path("used"))


def test_redirects_must_end_somewhere(bench: Bench) -> None:
    first, second = bench.image("first"), bench.image("second")
    assert "There is no image" in refused(bench, image(first, redirect={"to": second}))
    bench.kube.create(image(first))
    bench.kube.create(image(second, redirect={"to": first}))
    with pytest.raises(httpx.HTTPStatusError, match="redirect to each other"):
        bench.kube.patch(bench.image_path("first"), {"spec": {"redirect": {"to": second}}})
    with pytest.raises(httpx.HTTPStatusError, match=f"where {second} redirects to"):
        bench.kube.delete(bench.image_path("first"))
    bench.kube.delete(bench.image_path("second"))
    bench.kube.delete(bench.image_path("first"))


def test_a_dead_controller_blocks_nobody(control_plane: ControlPlane) -> None:
    namespace = control_plane.namespace("dead")
    with control_plane.kube() as kube:
        paths = [kube.path(kube.create(b)) for b in configurations(namespace, free_port())]
        try:
            body = notebook("nb", namespace, image="no-such-image")
            del body["metadata"]["uid"]
            kube.create(body)
            kube.create(image(f"{namespace}-image"))
            kube.delete(f"/apis/labwright.dev/v1alpha1/notebookimages/{namespace}-image")
        finally:
            for path in paths:
                kube.delete(path)
