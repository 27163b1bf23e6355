"""What the API server accepts as a Notebook, and what it refuses, saying why."""

from __future__ import annotations

import httpx
import pytest

from cluster.control_plane import ControlPlane
from controller.objects import Object, notebook


def create(control_plane: ControlPlane, body: Object) -> Object:
    body["metadata"] = {"name": body["metadata"]["name"], "namespace": control_plane.namespace()}
    with control_plane.kube() as kube:
        return kube.create(body)


@pytest.mark.parametrize("version", ["v1", "v1beta1", "v1alpha1"])
def test_every_version_of_kubeflow_is_served(control_plane: ControlPlane, version: str) -> None:
    body = notebook()
    body["apiVersion"] = f"kubeflow.org/{version}"
    made = create(control_plane, body)
    assert made["spec"] == notebook()["spec"]


def test_a_pod_spec_is_kept_whole(control_plane: ControlPlane) -> None:
    body = notebook()
    pod = body["spec"]["template"]["spec"]
    pod.update(
        tolerations=[{"key": "gpu", "operator": "Exists"}],
        initContainers=[{"name": "i", "image": "i", "restartPolicy": "Always"}],
        volumes=[{"name": "dshm", "emptyDir": {"medium": "Memory"}}],
    )
    assert create(control_plane, body)["spec"]["template"]["spec"] == pod


@pytest.mark.parametrize("spec", [{}, {"template": {}}, {"template": {"spec": {"containers": []}}}])
def test_what_kubeflow_accepts_is_accepted(control_plane: ControlPlane, spec: Object) -> None:
    body = notebook()
    body["spec"] = spec
    assert create(control_plane, body)["spec"] == spec


CLAIM = {"size": "5Gi"}


@pytest.mark.parametrize(
    ("spec", "why"),
    [
        ({"volumes": [{"name": "w", "mountPath": "/w"}]}, "either a claim or an existingClaim"),
        (
            {"volumes": [{"name": "w", "mountPath": "w", "claim": CLAIM}]},
            "mountPath must be absolute",
        ),
        (
            {
                "volumes": [
                    {"name": "w", "mountPath": "/w", "existingClaim": "c", "reclaim": "Delete"}
                ]
            },
            "an existingClaim is never deleted",
        ),
        (
            {"volumes": [{"name": "w", "mountPath": "/w", "claim": {"size": "lots"}}]},
            "should match",
        ),
        ({"volumes": [{"name": "W", "mountPath": "/w", "claim": CLAIM}]}, "should match"),
        ({"volumes": [{"name": "w", "mountPath": "/w", "claim": CLAIM}] * 2}, "Duplicate value"),
        ({"culling": {"idleAfter": "soon"}}, "should match"),
        ({"resources": {"requests": {"cpu": "many"}}}, "should match"),
        ({"image": ""}, "at least 1"),
    ],
)
def test_what_makes_no_sense_is_refused(
    control_plane: ControlPlane, spec: Object, why: str
) -> None:
    with pytest.raises(httpx.HTTPStatusError, match=why):
        create(control_plane, notebook(**spec))


def test_a_claim_keeps_its_storage_class(control_plane: ControlPlane) -> None:
    claim = {"size": "5Gi", "storageClassName": "fast"}
    body = notebook(volumes=[{"name": "w", "mountPath": "/w", "claim": claim}])
    made = create(control_plane, body)
    assert made["spec"]["volumes"][0]["reclaim"] == "Retain"
    with control_plane.kube() as kube:
        claim["size"] = "6Gi"
        kube.patch(kube.path(made), {"spec": body["spec"]})
        claim["storageClassName"] = "slow"
        with pytest.raises(httpx.HTTPStatusError, match="storageClassName cannot be changed"):
            kube.patch(kube.path(made), {"spec": body["spec"]})


@pytest.mark.parametrize(
    ("spec", "why"),
    [
        ({"reference": "r@sha256:1", "digest": f"sha256:{'0' * 64}"}, "given twice"),
        ({"reference": "r", "digest": "sha256:1"}, "should match"),
        ({}, "Required"),
    ],
)
def test_an_image_that_makes_no_sense_is_refused(
    control_plane: ControlPlane, spec: Object, why: str
) -> None:
    with control_plane.kube() as kube, pytest.raises(httpx.HTTPStatusError, match=why):
        kube.create(
            {
                "apiVersion": "labwright.dev/v1alpha1",
                "kind": "NotebookImage",
                "metadata": {"name": "bad"},
                "spec": spec,
            }
        )


def test_no_image_redirects_to_itself(control_plane: ControlPlane) -> None:
    with control_plane.kube() as kube, pytest.raises(httpx.HTTPStatusError, match="to itself"):
        kube.create(
            {
                "apiVersion": "labwright.dev/v1alpha1",
                "kind": "NotebookImage",
                "metadata": {"name": "loop"},
                "spec": {"reference": "r", "redirect": {"to": "loop"}},
            }
        )
