"""The double answers as the real API server does: the same tests against both."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

Json = dict[str, Any]


def ir(name: str, command: list[str] | None = None) -> Json:
    """A pipeline of one step."""
    container = {"image": "nowhere/none", "command": command or ["echo", "hello"]}
    task = {"componentRef": {"name": "comp-say"}, "taskInfo": {"name": "say"}}
    return {
        "schemaVersion": "2.1.0",
        "sdkVersion": "kfp-2.17.0",
        "pipelineInfo": {"name": name},
        "components": {"comp-say": {"executorLabel": "exec-say"}},
        "deploymentSpec": {"executors": {"exec-say": {"container": container}}},
        "root": {"dag": {"tasks": {"say": task}}},
    }


@pytest.fixture(params=["double", "real"])
def client(request: pytest.FixtureRequest) -> Iterator[httpx.Client]:
    server = request.getfixturevalue({"double": "kfp_double", "real": "kfp"}[request.param])
    with httpx.Client(base_url=f"{server.endpoint}/apis/v2beta1", timeout=30) as client:
        yield client


@pytest.fixture
def name() -> str:
    """One that nothing else on the server has."""
    return f"test-{uuid.uuid4().hex[:12]}"


def answer(response: httpx.Response) -> Json:
    assert response.is_success, response.text
    found: Json = response.json()
    return found


def refused(response: httpx.Response, status: int, code: int) -> str:
    """The gateway's words; checks that it refuses in its own shape."""
    assert response.status_code == status, response.text
    body = response.json()
    assert body["code"] == code
    assert isinstance(body.get("details", []), list)
    message: str = body["message"]
    return message


def upload(client: httpx.Client, name: str, text: str | None = None, **query: str) -> Any:
    what = text if text is not None else json.dumps(ir(name))
    files = {"uploadfile": (f"{name}.yaml", what.encode())}
    if "pipelineid" in query:
        return client.post("/pipelines/upload_version", params={"name": name, **query}, files=files)
    return client.post("/pipelines/upload", params={"name": name, **query}, files=files)


def until(found: Callable[[], Any], seconds: float = 60) -> Any:
    deadline = time.monotonic() + seconds
    while not (value := found()):
        assert time.monotonic() < deadline, "it did not come to pass"
        time.sleep(0.1)
    return value


def equals(key: str, value: str) -> str:
    one = {"operation": "EQUALS", "key": key, "string_value": value}
    return json.dumps({"predicates": [one]})


def test_health(client: httpx.Client) -> None:
    health = answer(client.get("/healthz"))
    assert health["pipeline_store"] == "database"
    assert health["multi_user"] is False
    assert {"commit_sha", "tag_name"} <= set(health)


def test_an_experiment(client: httpx.Client, name: str) -> None:
    made = answer(client.post("/experiments", json={"display_name": name, "description": "why"}))
    assert made["storage_state"] == "AVAILABLE"
    assert made["last_run_created_at"] == "1970-01-01T00:00:00Z"
    path = f"/experiments/{made['experiment_id']}"
    assert answer(client.get(path))["description"] == "why"
    again = client.post("/experiments", json={"display_name": name})
    assert name in refused(again, 409, 6)
    listed = answer(client.get("/experiments", params={"filter": equals("display_name", name)}))
    assert [one["experiment_id"] for one in listed["experiments"]] == [made["experiment_id"]]
    assert listed["total_size"] == 1
    assert answer(client.post(f"{path}:archive")) == {}
    assert answer(client.get(path))["storage_state"] == "ARCHIVED"
    assert answer(client.delete(path)) == {}
    refused(client.get(path), 404, 5)


def test_an_unknown_field_is_refused(client: httpx.Client, name: str) -> None:
    response = client.post("/experiments", json={"display_name": name, "colour": "red"})
    assert "colour" in refused(response, 400, 3)


def test_a_pipeline_and_its_versions(client: httpx.Client, name: str) -> None:
    made = answer(upload(client, name, description="why"))
    key = made["pipeline_id"]
    assert (made["name"], made["display_name"], made["description"]) == (name, name, "why")
    assert answer(client.get(f"/pipelines/names/{name}"))["pipeline_id"] == key
    second = answer(upload(client, f"{name}-2", pipelineid=key))
    listed = answer(client.get(f"/pipelines/{key}/versions", params={"sort_by": "created_at asc"}))
    names = [one["name"] for one in listed["pipeline_versions"]]
    assert sorted(names) == [name, f"{name}-2"]
    path = f"/pipelines/{key}/versions/{second['pipeline_version_id']}"
    assert answer(client.get(path))["pipeline_spec"] == ir(f"{name}-2")
    assert key in refused(client.delete(f"/pipelines/{key}"), 400, 3)
    assert answer(client.delete(path)) == {}
    refused(client.get(path), 404, 5)
    assert answer(client.delete(f"/pipelines/{key}", params={"cascade": "true"})) == {}
    refused(client.get(f"/pipelines/{key}"), 404, 5)


def test_platform_settings_come_back(client: httpx.Client, name: str) -> None:
    platform = {"platforms": {"kubernetes": {"deploymentSpec": {"executors": {"exec-say": {}}}}}}
    text = f"{json.dumps(ir(name))}\n---\n{json.dumps(platform)}"
    key = answer(upload(client, name, text))["pipeline_id"]
    [version] = answer(client.get(f"/pipelines/{key}/versions"))["pipeline_versions"]
    assert version["pipeline_spec"] == {"pipeline_spec": ir(name), "platform_spec": platform}


def test_uploads_are_refused_in_their_own_shape(client: httpx.Client, name: str) -> None:
    assert upload(client, name).is_success
    for response, status in (
        (upload(client, name), 409),
        (upload(client, f"{name}-bad", "{: nonsense"), 400),
        (upload(client, f"{name}-2", pipelineid=str(uuid.uuid4())), 400),
    ):
        assert response.status_code == status, response.text
        assert response.json()["error_message"]


def test_pages(client: httpx.Client, name: str) -> None:
    for number in range(5):
        answer(client.post("/experiments", json={"display_name": f"{name}-{number}"}))
    part = {"operation": "IS_SUBSTRING", "key": "display_name", "string_value": name}
    query = {"filter": json.dumps({"predicates": [part]}), "sort_by": "display_name desc"}
    seen: list[str] = []
    token = ""
    while True:
        page = answer(
            client.get("/experiments", params={**query, "page_size": 2, "page_token": token})
        )
        seen += [one["display_name"] for one in page["experiments"]]
        assert page["total_size"] == 5
        token = page.get("next_page_token", "")
        if not token:
            break
    assert seen == [f"{name}-{number}" for number in reversed(range(5))]


def test_a_page_of_another_list_is_refused(client: httpx.Client, name: str) -> None:
    for number in range(2):
        answer(client.post("/experiments", json={"display_name": f"{name}-{number}"}))
    page = answer(client.get("/experiments", params={"page_size": 1, "sort_by": "created_at desc"}))
    other = {"page_token": page["next_page_token"], "sort_by": "display_name asc"}
    refused(client.get("/experiments", params=other), 400, 3)
    refused(client.get("/experiments", params={"page_token": "nonsense"}), 400, 3)


@pytest.mark.parametrize(
    "query",
    [
        {"sort_by": "colour desc"},
        {"filter": equals("colour", "red")},
        {"filter": "{nonsense"},
        {"page_size": "-1"},
    ],
)
def test_a_senseless_list_is_refused(client: httpx.Client, query: dict[str, str]) -> None:
    refused(client.get("/runs", params=query), 400, 3)


def test_a_run_is_terminated(client: httpx.Client, name: str) -> None:
    spec = ir(name, ["sleep", "60"])
    made = answer(client.post("/runs", json={"display_name": name, "pipeline_spec": spec}))
    assert made["state"] == "PENDING"
    assert made["storage_state"] == "AVAILABLE"
    assert made["service_account"] == "pipeline-runner"
    assert made["pipeline_spec"] == spec
    path = f"/runs/{made['run_id']}"
    until(lambda: answer(client.get(path)).get("state") == "RUNNING")
    refused(client.post(f"{path}:retry"), 409, 10)
    assert answer(client.post(f"{path}:terminate")) == {}
    ended = until(lambda: (now := answer(client.get(path))).get("state") == "FAILED" and now)
    states = [one["state"] for one in ended["state_history"] if "state" in one]
    assert states[0] == "PENDING"
    assert states[-2:] == ["CANCELING", "FAILED"]
    refused(client.post(f"{path}:terminate"), 400, 3)
    assert answer(client.post(f"{path}:archive")) == {}
    assert answer(client.get(path))["storage_state"] == "ARCHIVED"
    assert answer(client.post(f"{path}:unarchive")) == {}
    assert answer(client.delete(path)) == {}
    refused(client.get(path), 404, 5)


def test_a_run_of_a_version_says_of_which(client: httpx.Client, name: str) -> None:
    key = answer(upload(client, name))["pipeline_id"]
    [version] = answer(client.get(f"/pipelines/{key}/versions"))["pipeline_versions"]
    source = {"pipeline_id": key, "pipeline_version_id": version["pipeline_version_id"]}
    body = {"display_name": name, "pipeline_version_reference": source}
    made = answer(client.post("/runs", json=body))
    assert made["pipeline_version_reference"] == source
    assert "pipeline_spec" not in made
    path = f"/runs/{made['run_id']}"

    def tasks() -> list[Json]:
        found = answer(client.get(path)).get("run_details", {}).get("task_details", [])
        return found if any(one["display_name"] == "root-driver" for one in found) else []

    assert all("pod_name" not in task for task in until(tasks))


@pytest.mark.parametrize(
    "body", [{"pipeline_spec": {"nonsense": 1}}, {"pipeline_spec": ir("p"), "display_name": ""}]
)
def test_a_senseless_run_is_refused(client: httpx.Client, body: Json) -> None:
    response = client.post("/runs", json={"display_name": "x", **body})
    assert response.status_code in (400, 500), response.text
    assert response.json()["message"]


def test_there_is_no_such_run(client: httpx.Client) -> None:
    path = f"/runs/{uuid.uuid4()}"
    for response in (client.get(path), client.post(f"{path}:terminate"), client.delete(path)):
        refused(response, 404, 5)


def test_a_recurring_run(client: httpx.Client, name: str) -> None:
    body = {
        "display_name": name,
        "pipeline_spec": ir(name),
        "trigger": {"cron_schedule": {"cron": "0 0 0 1 1 *"}},
        "max_concurrency": "2",
        "mode": "ENABLE",
        "no_catchup": True,
    }
    made = answer(client.post("/recurringruns", json=body))
    assert (made["status"], made["max_concurrency"]) == ("ENABLED", "2")
    assert made["trigger"]["cron_schedule"]["cron"] == "0 0 0 1 1 *"
    path = f"/recurringruns/{made['recurring_run_id']}"
    listed = answer(client.get("/recurringruns", params={"filter": equals("display_name", name)}))
    [found] = listed["recurringRuns"]
    assert found["no_catchup"] is True
    assert answer(client.post(f"{path}:disable")) == {}
    assert answer(client.get(path))["status"] == "DISABLED"
    assert answer(client.post(f"{path}:enable")) == {}
    assert answer(client.get(path))["status"] == "ENABLED"
    assert answer(client.delete(path)) == {}
    refused(client.get(path), 404, 5)


@pytest.mark.parametrize(
    "wrong",
    [
        {"trigger": {"cron_schedule": {"cron": "often"}}},
        {"max_concurrency": "0"},
    ],
)
def test_a_senseless_recurring_run_is_refused(client: httpx.Client, name: str, wrong: Json) -> None:
    body = {
        "display_name": name,
        "pipeline_spec": ir(name),
        "trigger": {"periodic_schedule": {"interval_second": "3600"}},
        "max_concurrency": "1",
        "mode": "ENABLE",
        **wrong,
    }
    refused(client.post("/recurringruns", json=body), 400, 3)
