"""Every route of the HTTP API, once: the handlers, the OpenAPI file and the walks of the tests."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pydantic import Field

from . import models
from .models import Model, State

BASE = "labwright/api/v1"
RESOURCE = "labwright"
"""What Jupyter's authorizer is asked about."""

NOTEBOOK_JSON = "application/x-ipynb+json"
ANYTHING = "*/*"
LINES = "application/x-ndjson"

Action = Literal["read", "write", "execute"]
Method = Literal["GET", "POST", "PATCH", "DELETE"]


class TargetQuery(Model):
    target: str = Field("local", description="The target it is on.")


class WhichQuery(Model):
    target: str | None = Field(
        None, description="Of this target; where left out, of all that answer within two seconds."
    )


class RunQuery(WhichQuery):
    experiment: str | None = Field(None, description="Runs of this experiment.")
    state: State | None = Field(None, description="Runs in this state.")
    text: str | None = Field(None, description="What the name, id or notebook contains.")
    limit: int = Field(100, ge=1, le=500, description="How many runs at most.")
    cursor: str | None = Field(None, description="`next` of the page before.")


class ScheduleQuery(WhichQuery):
    experiment: str | None = Field(None, description="Schedules whose runs are in it.")
    text: str | None = Field(None, description="What the name or id contains.")
    limit: int = Field(100, ge=1, le=500, description="How many schedules at most.")
    cursor: str | None = Field(None, description="`next` of the page before.")


class OneScheduleQuery(Model):
    target: str = Field(description="The target it is on.")


class TurnQuery(TargetQuery):
    iteration: str | None = Field(
        None,
        description="The turn of a loop (`2`, `2.0` in nested loops); the first where left out.",
    )


class LogQuery(TurnQuery):
    offset: int = Field(0, ge=0, le=2**63 - 1, description="The byte to begin at.")
    limit: int = Field(65536, ge=4, le=1048576, description="How many bytes at most.")


class ServerLogQuery(TargetQuery):
    offset: int = Field(0, ge=0, le=2**63 - 1, description="The byte to begin at.")
    limit: int = Field(65536, ge=4, le=1048576, description="How many bytes at most.")


class FollowLogQuery(TargetQuery):
    offset: int = Field(0, ge=0, le=2**63 - 1, description="The byte of `log` to begin at.")
    log: str = Field(
        "", description="`log` of the last piece; another log is given from its beginning."
    )


class DeleteServerQuery(TargetQuery):
    volumes: bool = Field(
        False, description="With the volumes that were made for it and no other server has."
    )


class CompareQuery(Model):
    left: str = Field(description="A run's id.")
    right: str = Field(description="Another run's id.")
    left_target: str = Field("local", description="The target the one is on.")
    right_target: str = Field("local", description="The target the other is on.")


@dataclass(frozen=True)
class Route:
    """`operation` names the function that answers; `errors` are the statuses beside 200, 400, 403.

    `answer` is a model, a media type, or None for an answer without a body. `lines`: it is held
    open, and gives one such model a line.
    """

    method: Method
    path: str
    operation: str
    action: Action
    summary: str
    answer: type[Model] | str | None
    status: int = 200
    body: type[Model] | None = None
    query: type[Model] | None = None
    errors: tuple[int, ...] = ()
    lines: bool = False


_NOTEBOOK = (404,)
# 502: the target failed or refused. 503: it, or the agent, does not answer.
_RUN = (404, 500, 502, 503)
_ACT = (404, 409, 500, 502, 503)

ROUTES = (
    Route("GET", "/status", "show_status", "read", "The version, and how the agent is.",
          models.Status),
    Route("GET", "/targets", "list_targets", "read", "Where a pipeline can run.", models.Targets),
    Route("GET", "/schemas", "show_schemas", "read", "JSON schemas of the settings' forms.",
          models.Schemas),
    Route("GET", "/openapi.json", "show_openapi", "read", "This description.", "application/json"),
    Route("POST", "/notebooks/analyse", "analyse_notebook", "read",
          "A notebook's pipeline, found by reading its code.", models.Analysis,
          body=models.NotebookSource, errors=_NOTEBOOK),
    Route("POST", "/notebooks/preview", "preview_notebook", "read",
          "What a run would take from the cache, and what it would do.", models.Preview,
          body=models.PreviewRequest, errors=(404, 500)),
    Route("POST", "/notebooks/suggest", "suggest_steps", "read",
          "Tags that would split a notebook into steps.", models.Suggestions,
          body=models.NotebookSource, errors=_NOTEBOOK),
    Route("POST", "/notebooks/compile", "compile_notebook", "read",
          "A notebook's pipeline as KFP IR.", models.Compiled,
          body=models.NotebookSource, errors=_NOTEBOOK),
    Route("GET", "/experiments", "list_experiments", "read", "The experiments of all runs.",
          models.Experiments, query=WhichQuery, errors=_RUN),
    Route("GET", "/runs", "list_runs", "read", "Runs, the newest first.", models.RunList,
          query=RunQuery, errors=_RUN),
    Route("POST", "/runs", "start_run", "execute", "Start a run.", models.Started, 201,
          body=models.RunRequest, errors=_ACT),
    Route("GET", "/runs/compare", "compare_runs", "read", "Two runs side by side.",
          models.Comparison, query=CompareQuery, errors=_RUN),
    Route("GET", "/runs/{run_id}", "show_run", "read", "A run with its steps.", models.Run,
          query=TargetQuery, errors=_RUN),
    Route("DELETE", "/runs/{run_id}", "delete_run", "write", "Forget a run that is over.", None,
          204, query=TargetQuery, errors=_ACT),
    Route("POST", "/runs/{run_id}/cancel", "cancel_run", "execute", "Stop a run.",
          models.RunSummary, query=TargetQuery, errors=_ACT),
    Route("POST", "/runs/{run_id}/retry", "retry_run", "execute",
          "Run the failed steps of a run again.", models.RunSummary, query=TargetQuery,
          errors=_ACT),
    Route("POST", "/runs/{run_id}/resume", "resume_run", "execute",
          "Go on with a run that was interrupted.", models.RunSummary, query=TargetQuery,
          errors=_ACT),
    Route("POST", "/runs/{run_id}/archive", "archive_run", "write",
          "Take a run out of the lists; all of it is kept.", None, 204, query=TargetQuery,
          errors=_ACT),
    Route("POST", "/runs/{run_id}/unarchive", "unarchive_run", "write",
          "Put an archived run back into the lists.", None, 204, query=TargetQuery, errors=_ACT),
    Route("GET", "/runs/{run_id}/notebook", "show_source", "read",
          "The notebook as it was when the run began.", NOTEBOOK_JSON, query=TargetQuery,
          errors=_RUN),
    Route("GET", "/runs/{run_id}/files/{artifact}", "download_file", "read",
          "A file of the run; `artifact` may contain slashes.", ANYTHING, query=TargetQuery,
          errors=_RUN),
    Route("GET", "/runs/{run_id}/steps/{step}/log", "read_log", "read", "What a step printed.",
          models.LogChunk, query=LogQuery, errors=_RUN),
    Route("GET", "/runs/{run_id}/steps/{step}/notebook", "show_executed", "read",
          "A step's executed notebook.", NOTEBOOK_JSON, query=TurnQuery, errors=_RUN),
    Route("GET", "/runs/{run_id}/steps/{step}/html", "show_page", "read",
          "A step's executed notebook as a page.", "text/html", query=TurnQuery, errors=_RUN),
    Route("GET", "/schedules", "list_schedules", "read", "Schedules, the newest first.",
          models.ScheduleList, query=ScheduleQuery, errors=_RUN),
    Route("POST", "/schedules", "make_schedule", "execute",
          "Have a pipeline run by a timetable.", models.Scheduled, 201,
          body=models.ScheduleRequest, errors=_ACT),
    Route("GET", "/schedules/{schedule_id}", "show_schedule", "read", "A schedule.",
          models.Schedule, query=OneScheduleQuery, errors=_RUN),
    Route("DELETE", "/schedules/{schedule_id}", "delete_schedule", "write",
          "End a schedule; the runs it made are kept.", None, 204, query=OneScheduleQuery,
          errors=_ACT),
    Route("POST", "/schedules/{schedule_id}/pause", "pause_schedule", "execute",
          "Have a schedule make no more runs for now.", models.Schedule, query=OneScheduleQuery,
          errors=_ACT),
    Route("POST", "/schedules/{schedule_id}/unpause", "unpause_schedule", "execute",
          "Have a paused schedule go on.", models.Schedule, query=OneScheduleQuery,
          errors=_ACT),
    Route("GET", "/servers", "list_servers", "read", "Notebook servers, the newest first.",
          models.ServerList, query=WhichQuery, errors=_ACT),
    Route("POST", "/servers", "create_server", "execute", "Make a server, and start it.",
          models.Server, 201, body=models.ServerRequest, errors=_ACT),
    Route("GET", "/servers/{server}", "show_server", "read", "A server.", models.Server,
          query=TargetQuery, errors=_ACT),
    Route("PATCH", "/servers/{server}", "change_server", "execute",
          "Make a server different; one that runs, from its next start on.", models.Server,
          body=models.ServerChangeRequest, query=TargetQuery, errors=_ACT),
    Route("DELETE", "/servers/{server}", "delete_server", "write", "Delete a server.", None, 204,
          query=DeleteServerQuery, errors=_ACT),
    Route("POST", "/servers/{server}/start", "start_server", "execute", "Start a server.",
          models.Server, query=TargetQuery, errors=_ACT),
    Route("POST", "/servers/{server}/stop", "stop_server", "execute",
          "Stop a server; its volumes stay.", models.Server, query=TargetQuery, errors=_ACT),
    Route("POST", "/servers/{server}/restart", "restart_server", "execute",
          "Stop a server and start it again.", models.Server, query=TargetQuery, errors=_ACT),
    Route("GET", "/servers/{server}/log", "read_server_log", "read", "What a server printed.",
          models.ServerLog, query=ServerLogQuery, errors=_ACT),
    Route("GET", "/servers/{server}/log/follow", "follow_server_log", "read",
          "What a server prints, as it prints it, until it stops.", models.FollowedLog,
          query=FollowLogQuery, errors=_ACT, lines=True),
    Route("GET", "/servers/{server}/address", "find_server", "execute",
          "Where a browser opens a server.", models.ServerAddress, query=TargetQuery,
          errors=_ACT),
    Route("GET", "/server-options", "show_server_options", "read",
          "What can be chosen for a server, and its form.", models.ServerOptions,
          query=TargetQuery, errors=_ACT),
    Route("GET", "/volumes", "list_volumes", "read", "Volumes, the newest first.",
          models.VolumeList, query=WhichQuery, errors=_ACT),
    Route("POST", "/volumes", "create_volume", "execute", "Make a volume.", models.Volume, 201,
          body=models.VolumeRequest, errors=_ACT),
    Route("PATCH", "/volumes/{volume}", "resize_volume", "execute", "Make a volume larger.",
          models.Volume, body=models.VolumeResize, query=TargetQuery, errors=_ACT),
    Route("DELETE", "/volumes/{volume}", "delete_volume", "write",
          "Delete a volume that no server has, with its files.", None, 204, query=TargetQuery,
          errors=_ACT),
    Route("GET", "/images", "list_images", "read", "What servers can be made of.",
          models.ImageList, query=WhichQuery, errors=_ACT),
)  # fmt: skip
"""In the order they are tried: `/runs/compare` comes before `/runs/{run_id}`."""
