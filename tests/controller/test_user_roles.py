"""What the roles of every cluster, and those of Kubeflow, let people do with Notebooks, images."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass

import httpx
import pytest

from cluster.control_plane import ControlPlane
from cluster.kube import Kube
from controller.objects import Object, notebook
from labwright.targets.kubeflow.installing import objects

RBAC = "/apis/rbac.authorization.k8s.io/v1"
IMAGES = "/apis/labwright.dev/v1alpha1/notebookimages"
STOP = {"metadata": {"annotations": {"kubeflow-resource-stopped": "2026-01-01T00:00:00Z"}}}


@pytest.fixture(scope="module")
def admin(control_plane: ControlPlane) -> Iterator[Kube]:
    """The administrator, who has installed the roles of users, those beside Kubeflow."""
    with control_plane.kube() as kube:
        for body in objects("kubeflow"):
            if body["kind"] == "ClusterRole" and "labels" in body["metadata"]:
                kube.apply(body)
        yield kube


@dataclass
class Person:
    """Somebody with a role in a namespace, and what they try."""

    kube: Kube
    namespace: str

    def notebooks(self, namespace: str = "") -> str:
        return f"/apis/kubeflow.org/v1/namespaces/{namespace or self.namespace}/notebooks"

    def create(self, namespace: str = "") -> str:
        create(self.kube, namespace or self.namespace)
        return f"{self.notebooks(namespace)}/nb"

    def may(self, verb: str, group: str, resource: str, namespace: str = "") -> bool:
        """What the API server answers to who asks before."""
        version = "authorization.k8s.io/v1"
        asked = {"verb": verb, "group": group, "resource": resource, "namespace": namespace}
        review = {
            "apiVersion": version,
            "kind": "SelfSubjectAccessReview",
            "spec": {"resourceAttributes": asked},
        }
        answer = self.kube.post(f"/apis/{version}/selfsubjectaccessreviews", review)
        return bool(answer["status"]["allowed"])

    def wait_until_may(self, *what: str) -> None:
        """Roles are put together, and taken up, a moment after they were written."""
        deadline = time.monotonic() + 30
        while not self.may(*what):
            assert time.monotonic() < deadline, f"{what} is not allowed"
            time.sleep(0.05)

    def who(self) -> str:
        """How the API server calls them."""
        version = "authentication.k8s.io/v1"
        review = {"apiVersion": version, "kind": "SelfSubjectReview"}
        path = f"/apis/{version}/selfsubjectreviews"
        name: str = self.kube.post(path, review)["status"]["userInfo"]["username"]
        return name


def create(kube: Kube, namespace: str) -> None:
    body = notebook("nb", namespace)
    del body["metadata"]["uid"]
    kube.create(body)


@contextmanager
def person(control_plane: ControlPlane, role: str) -> Iterator[Person]:
    namespace = control_plane.namespace("role")
    with control_plane.kube(control_plane.user("ada", [namespace], role)) as kube:
        found = Person(kube, namespace)
        found.wait_until_may("get", "kubeflow.org", "notebooks", namespace)
        yield found


def refused() -> AbstractContextManager[object]:
    return pytest.raises(httpx.HTTPStatusError, match="403")


def makes_stops_and_deletes(ada: Person) -> None:
    ada.wait_until_may("create", "kubeflow.org", "notebooks", ada.namespace)
    path = ada.create()
    assert ada.kube.patch(path, STOP)["metadata"]["annotations"]
    assert len(ada.kube.get(ada.notebooks())["items"]) == 1
    # What became of it is said by the controller alone.
    with refused():
        ada.kube.patch(f"{path}/status", {"status": {"state": "Running"}})
    ada.kube.delete(path)
    assert not ada.kube.get(ada.notebooks())["items"]


def only_reads(vic: Person, admin: Kube) -> None:
    create(admin, vic.namespace)
    path = f"{vic.notebooks()}/nb"
    assert vic.kube.get(path)["metadata"]["name"] == "nb"
    assert len(vic.kube.get(vic.notebooks())["items"]) == 1
    with refused():
        vic.kube.patch(path, STOP)
    with refused():
        vic.kube.delete(path)
    with refused():
        vic.create()


def test_edit_makes_stops_and_deletes_notebooks(control_plane: ControlPlane, admin: Kube) -> None:
    with person(control_plane, "edit") as ada:
        makes_stops_and_deletes(ada)


def test_edit_ends_with_the_namespace(control_plane: ControlPlane, admin: Kube) -> None:
    other = control_plane.namespace("other")
    create(admin, other)
    with person(control_plane, "edit") as ada:
        path = f"{ada.notebooks(other)}/nb"
        with refused():
            ada.create(other)
        with refused():
            ada.kube.patch(path, STOP)
        with refused():
            ada.kube.delete(path)
        with refused():
            ada.kube.get(ada.notebooks(other))
        with refused():
            ada.kube.get("/apis/kubeflow.org/v1/notebooks")


def test_view_only_reads(control_plane: ControlPlane, admin: Kube) -> None:
    with person(control_plane, "view") as vic:
        only_reads(vic, admin)


@pytest.mark.parametrize("part", ["view", "edit"])
def test_people_of_kubeflows_profiles_have_the_same(
    control_plane: ControlPlane, admin: Kube, part: str
) -> None:
    role = f"kubeflow-{part}-{secrets.token_hex(4)}"
    label = f"rbac.authorization.kubeflow.org/aggregate-to-kubeflow-{part}"
    rule = {"clusterRoleSelectors": [{"matchLabels": {label: "true"}}]}
    version = "rbac.authorization.k8s.io/v1"
    body = {"apiVersion": version, "kind": "ClusterRole", "metadata": {"name": role}}
    admin.create({**body, "aggregationRule": rule, "rules": []})
    with person(control_plane, role) as ada:
        if part == "edit":
            makes_stops_and_deletes(ada)
        else:
            only_reads(ada, admin)


def test_all_read_the_catalogue_and_few_change_it(control_plane: ControlPlane, admin: Kube) -> None:
    (binding,) = (
        body
        for body in objects("standalone")
        if body["kind"] == "ClusterRoleBinding" and body["metadata"]["name"].endswith("-view")
    )
    assert [subject["name"] for subject in binding["subjects"]] == ["system:authenticated"]
    image: Object = {
        "apiVersion": "labwright.dev/v1alpha1",
        "kind": "NotebookImage",
        "metadata": {"name": f"image-{secrets.token_hex(4)}"},
        "spec": {"reference": "image:1"},
    }
    with person(control_plane, "edit") as ada:
        # Of all that are authenticated, this test takes one: others must not have the right.
        binding["metadata"]["name"] = f"images-{ada.namespace}"
        binding["subjects"] = [{**binding["subjects"][0], "kind": "User", "name": ada.who()}]
        with refused():
            ada.kube.get(IMAGES)
        admin.create(binding)
        ada.wait_until_may("list", "labwright.dev", "notebookimages")
        ada.kube.get(IMAGES)
        with refused():
            ada.kube.create(image)
        # Who has `edit` everywhere may.
        everywhere = {**binding, "metadata": {"name": f"edit-{ada.namespace}"}}
        everywhere["roleRef"] = {**binding["roleRef"], "name": "edit"}
        admin.create(everywhere)
        ada.wait_until_may("create", "labwright.dev", "notebookimages")
        ada.kube.delete(ada.kube.path(ada.kube.create(image)))
