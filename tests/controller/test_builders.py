"""What a Notebook becomes: Kubeflow's table of behaviour, and what goes beyond it."""

from __future__ import annotations

import re
from typing import Any

import pytest

from controller.objects import Object, notebook, server
from labwright_controller.builders.network import network_objects
from labwright_controller.builders.statefulset import CannotBuild, stateful_set
from labwright_controller.settings import Settings, from_environment


def build(body: Object, settings: Settings | None = None, **more: Any) -> Object:
    return stateful_set(body, settings or Settings(), **more)


def network(body: Object, **environment: str) -> dict[str, Object]:
    return {o["kind"]: o for o in network_objects(body, from_environment(environment))}


def test_a_notebook_becomes_kubeflows_stateful_set() -> None:
    body = notebook()
    body["metadata"]["labels"] = {"access-ml-pipeline": "true"}
    made = build(body)
    assert made["metadata"]["name"] == "nb"
    assert made["metadata"]["namespace"] == "ada"
    assert made["metadata"]["ownerReferences"][0]["uid"] == "uid-of-nb"
    assert made["spec"]["replicas"] == 1
    assert made["spec"]["selector"] == {"matchLabels": {"statefulset": "nb"}}
    template = made["spec"]["template"]
    assert template["metadata"]["labels"] == {
        "statefulset": "nb",
        "notebook-name": "nb",
        "access-ml-pipeline": "true",
    }
    assert template["spec"]["securityContext"] == {"fsGroup": 100}
    assert server(made) == {
        "name": "nb",
        "image": "jupyter:1",
        "workingDir": "/home/jovyan",
        "ports": [{"containerPort": 8888, "name": "notebook-port", "protocol": "TCP"}],
        "env": [{"name": "NB_PREFIX", "value": "/notebook/ada/nb"}],
    }


def test_building_leaves_the_notebook_alone() -> None:
    body = notebook(volumes=[{"name": "w", "mountPath": "/w", "claim": {"size": "1Gi"}}])
    before = repr(body)
    build(body, image="other:2", needed_limits=["cpu"])
    assert repr(body) == before


@pytest.mark.parametrize("value", ["2026-01-02T03:04:05Z", "", "true"])
def test_the_stop_annotation_stops_whatever_it_says(value: str) -> None:
    body = notebook()
    body["metadata"]["annotations"] = {"kubeflow-resource-stopped": value}
    assert build(body)["spec"]["replicas"] == 0


def test_a_template_change_never_restarts_by_itself() -> None:
    assert build(notebook())["spec"]["updateStrategy"] == {"type": "OnDelete"}


def test_annotations_are_copied_but_those_of_kubectl_and_the_notebooks() -> None:
    body = notebook()
    body["metadata"]["annotations"] = {
        "team": "blue",
        "kubectl.kubernetes.io/last-applied-configuration": "{}",
        "notebooks.kubeflow.org/last-activity": "2026-01-02T03:04:05Z",
    }
    assert build(body)["spec"]["template"]["metadata"]["annotations"] == {"team": "blue"}


def test_no_label_of_a_user_breaks_the_selector() -> None:
    body = notebook()
    body["metadata"]["labels"] = {"statefulset": "other", "notebook-name": "other"}
    labels = build(body)["spec"]["template"]["metadata"]["labels"]
    assert labels == {"statefulset": "nb", "notebook-name": "nb"}


def test_what_the_user_sets_stays() -> None:
    body = notebook()
    server(body).update(
        workingDir="/work",
        ports=[{"containerPort": 8787, "name": "rstudio"}],
        env=[{"name": "A", "value": "1"}],
    )
    made = server(build(body))
    assert made["workingDir"] == "/work"
    assert made["ports"] == [{"containerPort": 8787, "name": "rstudio"}]
    assert [entry["name"] for entry in made["env"]] == ["A", "NB_PREFIX"]


def test_nb_prefix_is_always_the_servers_own() -> None:
    body = notebook()
    server(body)["env"] = [{"name": "NB_PREFIX", "value": "/mine"}, {"name": "A", "value": "1"}]
    prefixes = [e["value"] for e in server(build(body))["env"] if e["name"] == "NB_PREFIX"]
    assert prefixes == ["/notebook/ada/nb"]


def test_of_entries_with_one_key_the_last_counts() -> None:
    body = notebook()
    entries = [("A", "1"), ("B", "2"), ("A", "3"), ("A", "3")]
    server(body)["env"] = [{"name": name, "value": value} for name, value in entries]
    server(body)["ports"] = [
        {"containerPort": 8888, "name": "one"},
        {"containerPort": 8888, "protocol": "UDP"},
        {"containerPort": 8888, "protocol": "TCP", "name": "two"},
    ]
    made = server(build(body))
    assert [(e["name"], e["value"]) for e in made["env"][:-1]] == [("B", "2"), ("A", "3")]
    assert [port.get("name") for port in made["ports"]] == [None, "two"]


@pytest.mark.parametrize("context", [{}, {"runAsUser": 1000}])
def test_fs_group_is_left_to_who_sets_a_security_context(context: Object) -> None:
    body = notebook()
    body["spec"]["template"]["spec"]["securityContext"] = context
    assert build(body)["spec"]["template"]["spec"]["securityContext"] == context


def test_fs_group_can_be_switched_off() -> None:
    made = build(notebook(), from_environment({"ADD_FSGROUP": "false"}))
    assert "securityContext" not in made["spec"]["template"]["spec"]


@pytest.mark.parametrize("name", ["a" * 52, "a" * 53, "a" * 253, "1st", "team.nb"])
def test_names_of_any_length_are_safe(name: str) -> None:
    body = notebook(name)
    made = build(body)
    service = network(body)["Service"]
    assert len(made["metadata"]["name"]) <= 52
    assert service["metadata"]["name"] == made["metadata"]["name"]
    assert len(service["spec"]["ports"][0]["name"]) <= 63
    # The prefix is what people type: it has the name as it is.
    assert server(made)["env"][-1]["value"] == f"/notebook/ada/{name}"
    for value in made["spec"]["template"]["metadata"]["labels"].values():
        assert re.fullmatch(r"[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?", value)


def test_an_image_of_the_catalogue_needs_no_template() -> None:
    body = notebook(image="scipy")
    del body["spec"]["template"]
    made = build(body, image="jupyter/scipy@sha256:00")
    assert server(made)["image"] == "jupyter/scipy@sha256:00"
    assert server(made)["name"] == "nb"


@pytest.mark.parametrize("spec", [{}, {"template": {"spec": {"containers": []}}}])
def test_a_notebook_without_a_container_is_told_so(spec: Object) -> None:
    body = notebook()
    body["spec"] = spec
    with pytest.raises(CannotBuild, match="neither a container nor an image"):
        build(body)


def test_resources_of_the_spec_are_the_servers() -> None:
    body = notebook(resources={"requests": {"cpu": "2"}, "limits": {"nvidia.com/gpu": 1}})
    server(body)["resources"] = {"requests": {"cpu": "1", "memory": "1Gi"}}
    assert server(build(body))["resources"] == {
        "requests": {"cpu": "2", "memory": "1Gi"},
        "limits": {"nvidia.com/gpu": 1},
    }


def test_complaint_19_limits_are_set_where_a_quota_needs_them() -> None:
    body = notebook()
    server(body)["resources"] = {"requests": {"cpu": "500m"}}
    sidecar = {"name": "proxy", "image": "p", "resources": {"limits": {"cpu": "1"}}}
    body["spec"]["template"]["spec"]["containers"].append(sidecar)
    made = build(body, needed_limits=["cpu", "memory"])
    containers = made["spec"]["template"]["spec"]["containers"]
    assert [c["resources"]["limits"] for c in containers] == [{"cpu": "500m"}, {"cpu": "1"}]


def test_volumes_are_mounted_into_the_server() -> None:
    body = notebook(
        volumes=[
            {"name": "work", "mountPath": "/home/jovyan", "claim": {"size": "5Gi"}},
            {"name": "data", "mountPath": "/data", "existingClaim": "team", "readOnly": True},
        ]
    )
    made = build(body)
    assert server(made)["volumeMounts"] == [
        {"name": "work", "mountPath": "/home/jovyan"},
        {"name": "data", "mountPath": "/data", "readOnly": True},
    ]
    assert made["spec"]["template"]["spec"]["volumes"] == [
        {"name": "work", "persistentVolumeClaim": {"claimName": "nb-work"}},
        {"name": "data", "persistentVolumeClaim": {"claimName": "team"}},
    ]


def test_the_service_has_port_80_for_the_first_port() -> None:
    body = notebook()
    assert network(body)["Service"]["spec"] == {
        "type": "ClusterIP",
        "selector": {"statefulset": "nb"},
        "ports": [{"name": "http-nb", "port": 80, "targetPort": 8888, "protocol": "TCP"}],
    }
    server(body)["ports"] = [{"containerPort": 8787}, {"containerPort": 9}]
    assert network(body)["Service"]["spec"]["ports"][0]["targetPort"] == 8787


def test_no_route_unless_asked_for() -> None:
    assert set(network(notebook())) == {"Service"}


def test_istio_gets_a_virtual_service() -> None:
    made = network(notebook(), USE_ISTIO="true", CLUSTER_DOMAIN="corp.local")["VirtualService"]
    assert made["metadata"]["name"] == "notebook-ada-nb"
    assert made["spec"]["hosts"] == ["*"]
    assert made["spec"]["gateways"] == ["kubeflow/kubeflow-gateway"]
    (route,) = made["spec"]["http"]
    assert route["match"] == [{"uri": {"prefix": "/notebook/ada/nb/"}}]
    assert route["rewrite"] == {"uri": "/notebook/ada/nb/"}
    destination = {"host": "nb.ada.svc.corp.local", "port": {"number": 80}}
    assert route["route"] == [{"destination": destination}]


def test_annotations_rewrite_and_set_headers() -> None:
    body = notebook()
    body["metadata"]["annotations"] = {
        "notebooks.kubeflow.org/http-rewrite-uri": "/",
        "notebooks.kubeflow.org/http-headers-request-set": '{"X-RStudio-Root-Path": "/n/"}',
    }
    made = network(
        body,
        USE_ISTIO="true",
        ISTIO_GATEWAY="g/w",
        ISTIO_HOST="nb.example.org",
        GATEWAY="net/main",
    )
    (route,) = made["VirtualService"]["spec"]["http"]
    assert route["rewrite"] == {"uri": "/"}
    assert route["headers"] == {"request": {"set": {"X-RStudio-Root-Path": "/n/"}}}
    assert made["VirtualService"]["spec"]["hosts"] == ["nb.example.org"]
    assert made["HTTPRoute"]["spec"]["parentRefs"] == [{"name": "main", "namespace": "net"}]
    (rule,) = made["HTTPRoute"]["spec"]["rules"]
    assert [f["type"] for f in rule["filters"]] == ["RequestHeaderModifier", "URLRewrite"]


@pytest.mark.parametrize("text", ["{", "[]", '{"a": 1}', ""])
def test_headers_that_make_no_sense_are_none(text: str) -> None:
    body = notebook()
    body["metadata"]["annotations"] = {"notebooks.kubeflow.org/http-headers-request-set": text}
    made = network(body, USE_ISTIO="true")["VirtualService"]
    assert made["spec"]["http"][0]["headers"] == {"request": {"set": {}}}


def test_a_network_policy_lets_in_the_namespace_and_those_named() -> None:
    made = network(notebook(), NETWORK_POLICY="true", NETWORK_POLICY_FROM="istio-system")
    spec = made["NetworkPolicy"]["spec"]
    assert spec["podSelector"] == {"matchLabels": {"statefulset": "nb"}}
    assert len(spec["ingress"][0]["from"]) == 2


@pytest.mark.parametrize(
    ("variable", "value"),
    [("USE_ISTIO", "maybe"), ("CULL_IDLE_TIME", "-1"), ("CULL_IDLE_TIME", "x"), ("GATEWAY", "g")],
)
def test_a_setting_that_makes_no_sense_is_named(variable: str, value: str) -> None:
    with pytest.raises(ValueError, match=variable):
        from_environment({variable: value})
