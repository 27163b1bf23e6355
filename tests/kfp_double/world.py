"""What the double knows: experiments, pipelines, versions, runs, recurring runs."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from kfp_double.errors import Refusal, missing
from kfp_double.execution import Execution, seconds
from kfp_double.nodes import Node
from labwright.errors import LabwrightError
from labwright.targets.local.events import now
from labwright.targets.local.ir import read_pipeline
from labwright.targets.local.store import Store

Item = dict[str, Any]


@dataclass
class World:
    """All tables. `namespace` is the one of a server for one user; None for one with many."""

    folder: Path
    namespace: str | None = None
    experiments: dict[str, Item] = field(default_factory=dict)
    pipelines: dict[str, Item] = field(default_factory=dict)
    versions: dict[str, Item] = field(default_factory=dict)
    runs: dict[str, Item] = field(default_factory=dict)
    recurring: dict[str, Item] = field(default_factory=dict)
    executions: dict[str, Execution] = field(default_factory=dict)
    lock: threading.RLock = field(default_factory=threading.RLock)

    def __post_init__(self) -> None:
        self.store = Store(self.folder / "home")
        self.store.experiments()  # opens the database before threads do it at the same time
        (self.folder / "work").mkdir(parents=True, exist_ok=True)
        if self.namespace is not None:
            self.add_experiment("Default", "All runs created without specifying an experiment", "")

    def add_experiment(self, name: str, description: str, namespace: str) -> Item:
        for one in self.experiments.values():
            if (one["display_name"], one["namespace"]) == (name, namespace):
                raise Refusal(
                    "exists",
                    f"Already exist error: Failed to create a new experiment. The name {name} "
                    "already exists. Please specify a new name",
                )
        made = {
            "experiment_id": new_id(),
            "display_name": name,
            "description": description,
            "created_at": stamp(),
            "namespace": namespace,
            "storage_state": "AVAILABLE",
            "last_run_created_at": "1970-01-01T00:00:00Z",
        }
        self.experiments[made["experiment_id"]] = made
        return made

    def add_pipeline(self, name: str, shown: str, more: Item) -> Item:
        taken = (name, more.get("namespace") or "")
        if any((one["name"], one.get("namespace", "")) == taken for one in self.pipelines.values()):
            raise Refusal(
                "exists",
                f"Already exist error: Failed to create a new pipeline. The name {name} already "
                "exists. Please specify a new name",
            )
        made = {
            "pipeline_id": new_id(),
            "name": name,
            "display_name": shown or name,
            "created_at": stamp(),
            **{key: value for key, value in more.items() if value},
        }
        self.pipelines[made["pipeline_id"]] = made
        return made

    def add_version(self, pipeline: str, name: str, shown: str, spec: Item, more: Item) -> Item:
        self.pipeline(pipeline)
        for one in self.versions.values():
            if (one["pipeline_id"], one["name"]) == (pipeline, name):
                raise Refusal(
                    "exists",
                    "Already exist error: Failed to create a new pipeline version. The name "
                    f"{name} already exists. Specify a new name",
                )
        made = {
            "pipeline_id": pipeline,
            "pipeline_version_id": new_id(),
            "name": name,
            "display_name": shown or name,
            "created_at": stamp(),
            "pipeline_spec": spec,
            **{key: value for key, value in more.items() if value},
        }
        self.versions[made["pipeline_version_id"]] = made
        return made

    def pipeline(self, key: str) -> Item:
        return _found(self.pipelines, key, "Pipeline")

    def version(self, pipeline: str, key: str) -> Item:
        found = _found(self.versions, key, "PipelineVersion")
        if pipeline and found["pipeline_id"] != pipeline:
            raise missing("PipelineVersion", key)
        return found

    def experiment(self, key: str) -> Item:
        return _found(self.experiments, key, "Experiment")

    def default_experiment(self) -> Item:
        if self.namespace is None:
            raise Refusal(
                "invalid", "Invalid input error: Experiment ID and parent resource not set"
            )
        return next(iter(self.experiments.values()))

    def spec_of(self, body: Mapping[str, Any]) -> tuple[Item, Item]:
        """The IR a run or recurring run is of, whole, and the field that says so."""
        source = body.get("pipeline_version_reference")
        if source:
            version = source.get("pipeline_version_id")
            if not version:
                listed = [
                    one
                    for one in self.versions.values()
                    if one["pipeline_id"] == source.get("pipeline_id")
                ]
                if not listed:
                    raise missing("PipelineVersion", str(source.get("pipeline_id")))
                version = listed[-1]["pipeline_version_id"]
            found = self.version(source.get("pipeline_id", ""), version)
            told = {"pipeline_id": found["pipeline_id"], "pipeline_version_id": version}
            return found["pipeline_spec"], {"pipeline_version_reference": told}
        if not body.get("pipeline_spec"):
            raise Refusal("invalid", "Invalid input error: Failed to fetch a template manifest")
        check_spec(body["pipeline_spec"])
        return body["pipeline_spec"], {"pipeline_spec": body["pipeline_spec"]}

    def add_run(self, body: Item, recurring: str = "") -> Item:
        with self.lock:
            whole, source = self.spec_of(body)
            where = body.get("experiment_id")
            experiment = self.experiment(where) if where else self.default_experiment()
            run_id, moment = new_id(), stamp()
            made = {
                "experiment_id": experiment["experiment_id"],
                "run_id": run_id,
                "display_name": body["display_name"],
                "storage_state": "AVAILABLE",
                "service_account": body.get("service_account") or "pipeline-runner",
                "created_at": moment,
                "scheduled_at": moment,
                **source,
            }
            for key in ("description", "runtime_config"):
                if body.get(key):
                    made[key] = body[key]
            if recurring:
                made["recurring_run_id"] = recurring
            spec, platform = parts(whole)
            work = {**body, "platform_spec": platform}
            execution = Execution(run_id, self.store, self.folder / "work", work, spec)
            self.runs[run_id] = made
            self.executions[run_id] = execution
            experiment["last_run_created_at"] = moment
        shown = self.run(run_id)
        execution.start()
        return shown

    def run(self, key: str) -> Item:
        """A run as the API shows it."""
        made = _found(self.runs, key, "Run")
        execution = self.executions[key]
        nodes = execution.nodes()
        shown = {
            **made,
            "state": execution.state,
            "state_history": list(execution.history),
            "finished_at": seconds(execution.finished_at),
        }
        if nodes:
            shown["run_details"] = {"task_details": list(self._tasks(key, execution, nodes))}
        return shown

    def _tasks(self, key: str, execution: Execution, nodes: list[Node]) -> Iterator[Item]:
        ids = {node.place: node.id(execution.workflow) for node in nodes}
        for node in nodes:
            task = {
                "run_id": key,
                "task_id": str(uuid.uuid5(uuid.UUID(key), node.place)),
                "display_name": node.display,
                "create_time": seconds(node.start),
                "start_time": seconds(node.start),
                "end_time": seconds(node.end),
                "state": node.state,
                "state_history": [{"update_time": seconds(node.start), "state": node.state}],
            }
            if children := [ids[one] for one in node.children if one in ids]:
                task["child_tasks"] = [{"pod_name": one} for one in children]
            yield task

    def end(self) -> None:
        for execution in list(self.executions.values()):
            execution.end()
        self.store.close()


def parts(whole: Item) -> tuple[Item, Item | None]:
    """The pipeline's and the platform's spec."""
    if "pipeline_spec" in whole:
        return whole["pipeline_spec"], whole.get("platform_spec")
    return whole, None


def read_upload(text: str) -> Item:
    """The IR of an uploaded YAML file, of one document or two."""
    try:
        documents = [one for one in yaml.safe_load_all(text) if one]
    except yaml.YAMLError as error:
        raise Refusal("invalid", f"Invalid input error: {error}") from None
    if len(documents) > 1:
        whole: Item = {"pipeline_spec": documents[0], "platform_spec": documents[1]}
    else:
        whole = documents[0] if documents else {}
    check_spec(whole)
    return whole


def check_spec(whole: Item) -> None:
    spec, _ = parts(whole)
    if not isinstance(spec, dict) or "pipelineInfo" not in spec or "root" not in spec:
        raise Refusal("invalid", "Invalid input error: unknown template format")
    try:
        read_pipeline(spec)
    except LabwrightError as error:
        raise Refusal("invalid", f"Invalid input error: {error.what}") from None


def new_id() -> str:
    return str(uuid.uuid4())


def stamp() -> str:
    return seconds(now())


def _found(table: Mapping[str, Item], key: str, kind: str) -> Item:
    if key not in table:
        raise missing(kind, key)
    return table[key]
