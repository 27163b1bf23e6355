"""The operations by name, as the route table names them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from . import files, notebooks, place, runs, schedules, servers, volumes
from .reply import Reply

Operation = Callable[..., Awaitable[Any]]

OPERATIONS: dict[str, Operation] = {
    operation.__name__: operation
    for operation in (
        place.show_status,
        place.list_targets,
        place.show_schemas,
        place.show_openapi,
        notebooks.analyse_notebook,
        notebooks.preview_notebook,
        notebooks.suggest_steps,
        notebooks.compile_notebook,
        runs.list_experiments,
        runs.list_runs,
        runs.start_run,
        runs.compare_runs,
        runs.show_run,
        runs.delete_run,
        runs.cancel_run,
        runs.retry_run,
        runs.resume_run,
        runs.archive_run,
        runs.unarchive_run,
        files.show_source,
        files.download_file,
        files.read_log,
        files.show_executed,
        files.show_page,
        schedules.list_schedules,
        schedules.make_schedule,
        schedules.show_schedule,
        schedules.delete_schedule,
        schedules.pause_schedule,
        schedules.unpause_schedule,
        servers.list_servers,
        servers.create_server,
        servers.show_server,
        servers.change_server,
        servers.delete_server,
        servers.start_server,
        servers.stop_server,
        servers.restart_server,
        servers.read_server_log,
        servers.follow_server_log,
        servers.find_server,
        servers.show_server_options,
        volumes.list_volumes,
        volumes.create_volume,
        volumes.resize_volume,
        volumes.delete_volume,
        volumes.list_images,
    )
}

__all__ = ["OPERATIONS", "Operation", "Reply"]
