"""What each request of the API does to the world. Pure but for the world."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from kfp_double.errors import Refusal, UploadRefusal, check_fields
from kfp_double.lists import page
from kfp_double.schedules import check_trigger
from kfp_double.world import World, new_id, read_upload, stamp

Item = dict[str, Any]
RUN_FIELDS = {
    *("experiment_id", "display_name", "description", "pipeline_version_reference"),
    *("pipeline_spec", "runtime_config", "service_account", "storage_state", "run_id"),
    *("pipeline_version_id", "recurring_run_id", "plugins_input"),
}
CHANGEABLE = ("display_name", "description", "tags")
RECURRING_FIELDS = {
    *("display_name", "description", "experiment_id", "pipeline_version_reference"),
    *("pipeline_spec", "runtime_config", "service_account", "max_concurrency", "trigger"),
    *("mode", "no_catchup", "namespace", "recurring_run_id", "pipeline_version_id"),
}


@dataclass(frozen=True)
class Request:
    """`spaces` are the namespaces of who asks; None: all."""

    world: World
    query: dict[str, str]
    body: Item
    file: tuple[str, str] | None = None
    spaces: frozenset[str] | None = None
    keys: tuple[str, ...] = field(default=())

    def allow(self, namespace: str, what: str) -> None:
        if self.spaces is None or namespace in self.spaces:
            return
        if not namespace:
            raise Refusal("invalid", f"Invalid input error: {what} needs a namespace")
        raise Refusal(
            "forbidden",
            f"PermissionDenied: User is not authorized with reason: (request: {what} in "
            f"namespace {namespace}): Unauthorized access",
        )


Answer = Callable[..., Item]
ROUTES: list[tuple[str, re.Pattern[str], Answer]] = []


def route(method: str, path: str) -> Callable[[Answer], Answer]:
    pattern = re.compile(re.sub(r"\{\w+\}", "([^/:]+)", path) + "$")

    def keep(answer: Answer) -> Answer:
        ROUTES.append((method, pattern, answer))
        return answer

    return keep


@route("GET", "/experiments")
def list_experiments(asked: Request) -> Item:
    namespace = asked.query.get("namespace", "")
    asked.allow(namespace, "list experiments")
    listed = [
        one
        for one in asked.world.experiments.values()
        if asked.spaces is None or one["namespace"] == namespace
    ]
    return page(listed, asked.query, "experiments", "experiment_id")


@route("POST", "/experiments")
def create_experiment(asked: Request) -> Item:
    body = asked.body
    check_fields(body, {"display_name", "description", "namespace"}, "Experiment")
    if not body.get("display_name"):
        raise Refusal("invalid", "Invalid input error: Experiment name is empty")
    namespace = body.get("namespace", "") if asked.world.namespace is None else ""
    asked.allow(namespace, "create experiments")
    return asked.world.add_experiment(body["display_name"], body.get("description", ""), namespace)


@route("GET", "/experiments/{id}")
def get_experiment(asked: Request, key: str) -> Item:
    found = asked.world.experiment(key)
    asked.allow(found["namespace"], "get experiments")
    return found


@route("DELETE", "/experiments/{id}")
def delete_experiment(asked: Request, key: str) -> Item:
    get_experiment(asked, key)
    del asked.world.experiments[key]
    return {}


@route("POST", "/experiments/{id}:archive")
def archive_experiment(asked: Request, key: str) -> Item:
    get_experiment(asked, key)["storage_state"] = "ARCHIVED"
    for run in asked.world.runs.values():
        if run["experiment_id"] == key:
            run["storage_state"] = "ARCHIVED"
    return {}


@route("POST", "/experiments/{id}:unarchive")
def unarchive_experiment(asked: Request, key: str) -> Item:
    get_experiment(asked, key)["storage_state"] = "AVAILABLE"
    return {}


@route("GET", "/pipelines")
def list_pipelines(asked: Request) -> Item:
    namespace = asked.query.get("namespace", "")
    if namespace:
        asked.allow(namespace, "list pipelines")
    listed = [
        one
        for one in asked.world.pipelines.values()
        if asked.world.namespace is not None or one.get("namespace", "") == namespace
    ]
    return page(listed, asked.query, "pipelines", "pipeline_id")


@route("POST", "/pipelines")
def create_pipeline(asked: Request) -> Item:
    body = asked.body
    known = {"name", "display_name", "description", "namespace", "tags"}
    check_fields(body, known, "Pipeline")
    name = body.get("name") or body.get("display_name")
    if not name:
        raise Refusal("invalid", "Invalid input error: pipeline's name cannot be empty")
    more = {key: body.get(key) for key in ("description", "namespace", "tags")}
    if more["namespace"]:
        asked.allow(more["namespace"], "create pipelines")
    return asked.world.add_pipeline(name, body.get("display_name", ""), more)


def _upload(asked: Request) -> tuple[str, str, Item, Item]:
    """Name, shown name, IR and the rest of an upload."""
    if asked.file is None:
        raise UploadRefusal("invalid", "Failed to read pipeline from file")
    query = asked.query
    name = query.get("name") or query.get("display_name") or asked.file[0]
    if len(name) > 127:
        raise UploadRefusal("invalid", f"name {name[:20]}... exceeds the length of 127")
    try:
        spec = read_upload(asked.file[1])
    except Refusal as refusal:
        raise UploadRefusal("invalid", refusal.message) from None
    more: Item = {key: query.get(key) for key in ("description", "namespace")}
    more["tags"] = json.loads(query.get("tags") or "{}")
    return name, query.get("display_name", ""), spec, more


@route("POST", "/pipelines/upload")
def upload_pipeline(asked: Request) -> Item:
    name, shown, spec, more = _upload(asked)
    namespace = more["namespace"] or ""
    if asked.spaces is not None and namespace and namespace not in asked.spaces:
        raise UploadRefusal("invalid", "Failed to create a pipeline")
    try:
        made = asked.world.add_pipeline(name, shown, more)
    except Refusal:
        raise UploadRefusal(
            "exists", "Failed to create a pipeline and a pipeline version"
        ) from None
    described = {"description": more["description"], "tags": more["tags"]}
    asked.world.add_version(made["pipeline_id"], name, shown, spec, described)
    return made


@route("POST", "/pipelines/upload_version")
def upload_version(asked: Request) -> Item:
    name, shown, spec, more = _upload(asked)
    pipeline = asked.query.get("pipelineid", "")
    described = {"description": more["description"], "tags": more["tags"]}
    try:
        asked.allow(asked.world.pipeline(pipeline).get("namespace", ""), "create versions")
        return asked.world.add_version(pipeline, name, shown, spec, described)
    except Refusal as refusal:
        kind = "exists" if refusal.status == 409 else "invalid"
        raise UploadRefusal(kind, "Failed to create a pipeline version") from None


@route("GET", "/pipelines/names/{name}")
def pipeline_by_name(asked: Request, name: str) -> Item:
    namespace = asked.query.get("namespace", "") if asked.world.namespace is None else ""
    for one in asked.world.pipelines.values():
        if (one["name"], one.get("namespace", "")) == (name, namespace):
            return one
    raise Refusal("not_found", f"Failed to get pipeline by name {name}: not found")


@route("GET", "/pipelines/{id}")
def get_pipeline(asked: Request, key: str) -> Item:
    found = asked.world.pipeline(key)
    if found.get("namespace"):
        asked.allow(found["namespace"], "get pipelines")
    return found


@route("DELETE", "/pipelines/{id}")
def delete_pipeline(asked: Request, key: str) -> Item:
    get_pipeline(asked, key)
    left = [one for one, item in asked.world.versions.items() if item["pipeline_id"] == key]
    if left and asked.query.get("cascade") != "true":
        raise Refusal(
            "invalid",
            f"Invalid input error: Failed to delete pipeline with id {key} as it has existing "
            f"pipeline versions (e.g. {left[0]}). Set cascade=true to delete all versions",
        )
    for one in left:
        del asked.world.versions[one]
    del asked.world.pipelines[key]
    return {}


@route("PATCH", "/pipelines/{id}")
def update_pipeline(asked: Request, key: str) -> Item:
    found = get_pipeline(asked, key)
    found.update({name: asked.body[name] for name in CHANGEABLE if name in asked.body})
    return found


@route("GET", "/pipelines/{id}/versions")
def list_versions(asked: Request, key: str) -> Item:
    get_pipeline(asked, key)
    listed = [one for one in asked.world.versions.values() if one["pipeline_id"] == key]
    return page(listed, asked.query, "pipeline_versions", "pipeline_version_id")


@route("GET", "/pipelines/{id}/versions/{version}")
def get_version(asked: Request, pipeline: str, key: str) -> Item:
    get_pipeline(asked, pipeline)
    return asked.world.version(pipeline, key)


@route("PATCH", "/pipelines/{id}/versions/{version}")
def update_version(asked: Request, pipeline: str, key: str) -> Item:
    found = get_version(asked, pipeline, key)
    found.update({name: asked.body[name] for name in CHANGEABLE if name in asked.body})
    return found


@route("DELETE", "/pipelines/{id}/versions/{version}")
def delete_version(asked: Request, pipeline: str, key: str) -> Item:
    get_version(asked, pipeline, key)
    del asked.world.versions[key]
    return {}


def _allow_run(asked: Request, item: Item, what: str) -> None:
    asked.allow(asked.world.experiment(item["experiment_id"])["namespace"], what)


def _in_list(asked: Request, items: list[Item], what: str) -> list[Item]:
    """Those of the namespace or experiment that is asked for."""
    experiment, namespace = asked.query.get("experiment_id"), asked.query.get("namespace", "")
    if experiment:
        namespace = asked.world.experiment(experiment)["namespace"]
        items = [one for one in items if one["experiment_id"] == experiment]
    asked.allow(namespace, what)
    if asked.spaces is None:
        return items
    spaces = {key: one["namespace"] for key, one in asked.world.experiments.items()}
    return [one for one in items if spaces.get(one["experiment_id"]) == namespace]


@route("GET", "/runs")
def list_runs(asked: Request) -> Item:
    shown = [asked.world.run(key) for key in list(asked.world.runs)]
    return page(_in_list(asked, shown, "list runs"), asked.query, "runs", "run_id")


@route("POST", "/runs")
def create_run(asked: Request) -> Item:
    check_fields(asked.body, RUN_FIELDS, "Run")
    if not asked.body.get("display_name"):
        raise Refusal("invalid", "Invalid input error: The run name is empty")
    experiment = asked.body.get("experiment_id") or asked.query.get("experiment_id")
    body = {**asked.body, "experiment_id": experiment}
    _allow_run(
        asked,
        {"experiment_id": experiment or asked.world.default_experiment()["experiment_id"]},
        "create runs",
    )
    return asked.world.add_run(body)


@route("GET", "/runs/{id}")
def get_run(asked: Request, key: str) -> Item:
    found = asked.world.run(key)
    _allow_run(asked, found, "get runs")
    return found


@route("DELETE", "/runs/{id}")
def delete_run(asked: Request, key: str) -> Item:
    get_run(asked, key)
    asked.world.executions[key].end()
    del asked.world.runs[key]
    return {}


@route("POST", "/runs/{id}:archive")
def archive_run(asked: Request, key: str) -> Item:
    get_run(asked, key)
    asked.world.runs[key]["storage_state"] = "ARCHIVED"
    return {}


@route("POST", "/runs/{id}:unarchive")
def unarchive_run(asked: Request, key: str) -> Item:
    get_run(asked, key)
    asked.world.runs[key]["storage_state"] = "AVAILABLE"
    return {}


@route("POST", "/runs/{id}:terminate")
def terminate_run(asked: Request, key: str) -> Item:
    if get_run(asked, key)["state"] not in ("PENDING", "RUNNING"):
        raise Refusal(
            "invalid", f"Invalid input error: Failed to terminate a run {key}. Row not found"
        )
    asked.world.executions[key].terminate()
    return {}


@route("POST", "/runs/{id}:retry")
def retry_run(asked: Request, key: str) -> Item:
    if get_run(asked, key)["state"] != "FAILED":
        raise Refusal(
            "aborted",
            f"Failed to retry a run: Failed to retry run {key}: BadRequestError: Workflow must be "
            "Failed/Error to retry: workflow cannot be retried",
        )
    asked.world.executions[key].retry()
    return {}


@route("GET", "/recurringruns")
def list_recurring(asked: Request) -> Item:
    listed = _in_list(asked, list(asked.world.recurring.values()), "list recurring runs")
    return page(listed, asked.query, "recurringRuns", "recurring_run_id")


@route("POST", "/recurringruns")
def create_recurring(asked: Request) -> Item:
    body = asked.body
    check_fields(body, RECURRING_FIELDS, "RecurringRun")
    if not body.get("display_name"):
        raise Refusal("invalid", "Invalid input error: The recurring run name is empty")
    check_trigger(body)
    world = asked.world
    experiment = (
        world.experiment(body["experiment_id"])
        if body.get("experiment_id")
        else world.default_experiment()
    )
    asked.allow(experiment["namespace"], "create recurring runs")
    _, source = world.spec_of(body)
    moment = stamp()
    on = body.get("mode", "ENABLE") != "DISABLE"
    made = {
        **{key: value for key, value in body.items() if value and key != "mode"},
        **source,
        "recurring_run_id": new_id(),
        "experiment_id": experiment["experiment_id"],
        "namespace": experiment["namespace"] or world.namespace or "",
        "created_at": moment,
        "updated_at": moment,
        "mode": "ENABLE" if on else "DISABLE",
        "status": "ENABLED" if on else "DISABLED",
    }
    world.recurring[made["recurring_run_id"]] = made
    return made


@route("GET", "/recurringruns/{id}")
def get_recurring(asked: Request, key: str) -> Item:
    if key not in asked.world.recurring:
        raise Refusal("not_found", f"ResourceNotFoundError: Job {key} not found.")
    found = asked.world.recurring[key]
    _allow_run(asked, found, "get recurring runs")
    return found


@route("DELETE", "/recurringruns/{id}")
def delete_recurring(asked: Request, key: str) -> Item:
    get_recurring(asked, key)
    del asked.world.recurring[key]
    return {}


@route("POST", "/recurringruns/{id}:enable")
def enable_recurring(asked: Request, key: str) -> Item:
    get_recurring(asked, key).update(mode="ENABLE", status="ENABLED", updated_at=stamp())
    return {}


@route("POST", "/recurringruns/{id}:disable")
def disable_recurring(asked: Request, key: str) -> Item:
    get_recurring(asked, key).update(mode="DISABLE", status="DISABLED", updated_at=stamp())
    return {}
