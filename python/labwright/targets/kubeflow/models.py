"""What the KFP API answers, as frozen dataclasses. Fields that are not known here stay in `raw`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

Json = Mapping[str, Any]
T = TypeVar("T")

FINAL = frozenset({"SUCCEEDED", "SKIPPED", "FAILED", "CANCELED"})
"""States of a run that change no more, unless it is retried."""


@dataclass(frozen=True)
class Page(Generic[T]):
    """`token` leads to the next page; it is empty on the last one."""

    items: list[T]
    token: str
    total: int


@dataclass(frozen=True)
class Health:
    version: str
    commit: str
    multi_user: bool
    store: str

    @classmethod
    def of(cls, data: Json) -> Health:
        return cls(
            _text(data, "tag_name"),
            _text(data, "commit_sha"),
            bool(data.get("multi_user", False)),
            _text(data, "pipeline_store") or "database",
        )


@dataclass(frozen=True)
class Experiment:
    experiment_id: str
    display_name: str
    description: str
    namespace: str
    created_at: str | None
    last_run_created_at: str | None
    storage_state: str

    @classmethod
    def of(cls, data: Json) -> Experiment:
        return cls(
            _text(data, "experiment_id"),
            _text(data, "display_name"),
            _text(data, "description"),
            _text(data, "namespace"),
            _time(data, "created_at"),
            _time(data, "last_run_created_at"),
            _text(data, "storage_state") or "AVAILABLE",
        )


@dataclass(frozen=True)
class Pipeline:
    """`name` cannot be changed; servers before 2.15 have only `display_name`."""

    pipeline_id: str
    name: str
    display_name: str
    description: str
    namespace: str
    created_at: str | None
    tags: Mapping[str, str]

    @classmethod
    def of(cls, data: Json) -> Pipeline:
        shown = _text(data, "display_name")
        return cls(
            _text(data, "pipeline_id"),
            _text(data, "name") or shown,
            shown or _text(data, "name"),
            _text(data, "description"),
            _text(data, "namespace"),
            _time(data, "created_at"),
            dict(data.get("tags") or {}),
        )


@dataclass(frozen=True)
class PipelineVersion:
    """`pipeline_spec` is the IR, or `{"pipeline_spec", "platform_spec"}`."""

    pipeline_id: str
    pipeline_version_id: str
    name: str
    display_name: str
    description: str
    created_at: str | None
    pipeline_spec: Json
    tags: Mapping[str, str]

    @classmethod
    def of(cls, data: Json) -> PipelineVersion:
        shown = _text(data, "display_name")
        return cls(
            _text(data, "pipeline_id"),
            _text(data, "pipeline_version_id"),
            _text(data, "name") or shown,
            shown or _text(data, "name"),
            _text(data, "description"),
            _time(data, "created_at"),
            data.get("pipeline_spec") or {},
            dict(data.get("tags") or {}),
        )

    @property
    def spec(self) -> Json:
        """The pipeline spec alone."""
        inner = self.pipeline_spec.get("pipeline_spec")
        return inner if isinstance(inner, Mapping) else self.pipeline_spec

    @property
    def platform(self) -> Json | None:
        found = self.pipeline_spec.get("platform_spec")
        return found if isinstance(found, Mapping) else None


@dataclass(frozen=True)
class Task:
    """One node of the run's workflow as the API tells of it."""

    task_id: str
    display_name: str
    state: str
    pod_name: str
    parent_task_id: str
    started_at: str | None
    finished_at: str | None
    children: tuple[str, ...]
    error: str
    raw: Json = field(repr=False, compare=False)

    @classmethod
    def of(cls, data: Json) -> Task:
        children = data.get("child_tasks") or []
        return cls(
            _text(data, "task_id"),
            _text(data, "display_name"),
            _state(data),
            _text(data, "pod_name"),
            _text(data, "parent_task_id"),
            _time(data, "start_time"),
            _time(data, "end_time"),
            tuple(_text(one, "pod_name") or _text(one, "task_id") for one in children),
            _words(data),
            data,
        )


@dataclass(frozen=True)
class Run:
    """`error` is why the server cannot tell of it, or what failed."""

    run_id: str
    display_name: str
    description: str
    experiment_id: str
    state: str
    storage_state: str
    created_at: str | None
    scheduled_at: str | None
    finished_at: str | None
    recurring_run_id: str
    pipeline_id: str
    pipeline_version_id: str
    pipeline_spec: Json = field(repr=False)
    parameters: Mapping[str, Any]
    service_account: str
    error: str
    tasks: tuple[Task, ...] = field(repr=False)
    history: tuple[tuple[str, str | None], ...]
    raw: Json = field(repr=False, compare=False)

    @classmethod
    def of(cls, data: Json) -> Run:
        source = data.get("pipeline_version_reference") or {}
        details = (data.get("run_details") or {}).get("task_details") or []
        return cls(
            _text(data, "run_id"),
            _text(data, "display_name"),
            _text(data, "description"),
            _text(data, "experiment_id"),
            _state(data),
            _text(data, "storage_state") or "AVAILABLE",
            _time(data, "created_at"),
            _time(data, "scheduled_at"),
            _time(data, "finished_at"),
            _text(data, "recurring_run_id"),
            _text(source, "pipeline_id"),
            _text(source, "pipeline_version_id") or _text(data, "pipeline_version_id"),
            data.get("pipeline_spec") or {},
            dict((data.get("runtime_config") or {}).get("parameters") or {}),
            _text(data, "service_account"),
            _words(data),
            tuple(Task.of(one) for one in details),
            tuple(
                (_state(one), _time(one, "update_time")) for one in data.get("state_history") or []
            ),
            data,
        )

    @property
    def over(self) -> bool:
        return self.state in FINAL


@dataclass(frozen=True)
class RecurringRun:
    recurring_run_id: str
    display_name: str
    description: str
    experiment_id: str
    namespace: str
    enabled: bool
    cron: str | None
    every: int | None
    start: str | None
    end: str | None
    max_concurrency: int
    catch_up: bool
    created_at: str | None
    updated_at: str | None
    pipeline_id: str
    pipeline_version_id: str
    pipeline_spec: Json = field(repr=False)
    parameters: Mapping[str, Any]
    error: str

    @classmethod
    def of(cls, data: Json) -> RecurringRun:
        trigger = data.get("trigger") or {}
        by_cron, by_time = trigger.get("cron_schedule"), trigger.get("periodic_schedule")
        schedule = by_cron or by_time or {}
        source = data.get("pipeline_version_reference") or {}
        every = (by_time or {}).get("interval_second")
        return cls(
            _text(data, "recurring_run_id"),
            _text(data, "display_name"),
            _text(data, "description"),
            _text(data, "experiment_id"),
            _text(data, "namespace"),
            (_text(data, "status") or "ENABLED") == "ENABLED",
            (by_cron or {}).get("cron"),
            int(every) if every is not None else None,
            _time(schedule, "start_time"),
            _time(schedule, "end_time"),
            int(data.get("max_concurrency") or 1),
            not data.get("no_catchup", False),
            _time(data, "created_at"),
            _time(data, "updated_at"),
            _text(source, "pipeline_id"),
            _text(source, "pipeline_version_id") or _text(data, "pipeline_version_id"),
            data.get("pipeline_spec") or {},
            dict((data.get("runtime_config") or {}).get("parameters") or {}),
            _words(data),
        )


def page_of(data: Json, key: str, make: Callable[[Json], T]) -> Page[T]:
    """A page of a list; `key` is where the items are."""
    items: Iterable[Json] = data.get(key) or []
    listed = [make(one) for one in items]
    return Page(listed, _text(data, "next_page_token"), int(data.get("total_size") or len(listed)))


def _text(data: Json, key: str) -> str:
    found = data.get(key)
    return found if isinstance(found, str) else "" if found is None else str(found)


def _time(data: Json, key: str) -> str | None:
    """A time; what has not happened yet is written as the beginning of 1970, or before it."""
    found = _text(data, key)
    return None if not found or found < "1970-01-02" else found


def _state(data: Json) -> str:
    state = _text(data, "state")
    return "PENDING" if state in ("", "RUNTIME_STATE_UNSPECIFIED") else state


def _words(data: Json) -> str:
    error = data.get("error")
    return _text(error, "message") if isinstance(error, Mapping) else ""
