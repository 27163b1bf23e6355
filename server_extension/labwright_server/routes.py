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

Action = Literal["read", "write", "execute"]
Method = Literal["GET", "POST", "DELETE"]


class RunQuery(Model):
    target: str | None = Field(None, description="Runs on this target.")
    experiment: str | None = Field(None, description="Runs of this experiment.")
    state: State | None = Field(None, description="Runs in this state.")
    text: str | None = Field(None, description="What the name, id or notebook contains.")
    limit: int = Field(100, ge=1, le=500, description="How many runs at most.")
    cursor: str | None = Field(None, description="`next` of the page before.")


class TurnQuery(Model):
    iteration: str | None = Field(
        None,
        description="The turn of a loop (`2`, `2.0` in nested loops); the first where left out.",
    )


class LogQuery(TurnQuery):
    offset: int = Field(0, ge=0, le=2**63 - 1, description="The byte to begin at.")
    limit: int = Field(65536, ge=4, le=1048576, description="How many bytes at most.")


class CompareQuery(Model):
    left: str = Field(description="A run's id.")
    right: str = Field(description="Another run's id.")


@dataclass(frozen=True)
class Route:
    """`operation` names the function that answers; `errors` are the statuses beside 200, 400, 403.

    `answer` is a model, a media type, or None for an answer without a body.
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


_NOTEBOOK = (404,)
_RUN = (404, 500)
_AGENT = (404, 409, 500, 503)

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
          models.Experiments, errors=(500,)),
    Route("GET", "/runs", "list_runs", "read", "Runs, the newest first.", models.RunList,
          query=RunQuery, errors=(500,)),
    Route("POST", "/runs", "start_run", "execute", "Start a run.", models.RunSummary, 201,
          body=models.RunRequest, errors=_AGENT),
    Route("GET", "/runs/compare", "compare_runs", "read", "Two runs side by side.",
          models.Comparison, query=CompareQuery, errors=_RUN),
    Route("GET", "/runs/{run_id}", "show_run", "read", "A run with its steps.", models.Run,
          errors=_RUN),
    Route("DELETE", "/runs/{run_id}", "delete_run", "write", "Forget a run that is over.", None,
          204, errors=_AGENT),
    Route("POST", "/runs/{run_id}/cancel", "cancel_run", "execute", "Stop a run.",
          models.RunSummary, errors=_AGENT),
    Route("POST", "/runs/{run_id}/retry", "retry_run", "execute",
          "Run the failed steps of a run again.", models.RunSummary, errors=_AGENT),
    Route("POST", "/runs/{run_id}/resume", "resume_run", "execute",
          "Go on with a run that was interrupted.", models.RunSummary, errors=_AGENT),
    Route("GET", "/runs/{run_id}/notebook", "show_source", "read",
          "The notebook as it was when the run began.", NOTEBOOK_JSON, errors=_RUN),
    Route("GET", "/runs/{run_id}/files/{artifact}", "download_file", "read",
          "A file of the run; `artifact` may contain slashes.", ANYTHING, errors=_RUN),
    Route("GET", "/runs/{run_id}/steps/{step}/log", "read_log", "read", "What a step printed.",
          models.LogChunk, query=LogQuery, errors=_RUN),
    Route("GET", "/runs/{run_id}/steps/{step}/notebook", "show_executed", "read",
          "A step's executed notebook.", NOTEBOOK_JSON, query=TurnQuery, errors=_RUN),
    Route("GET", "/runs/{run_id}/steps/{step}/html", "show_page", "read",
          "A step's executed notebook as a page.", "text/html", query=TurnQuery, errors=_RUN),
)  # fmt: skip
"""In the order they are tried: `/runs/compare` comes before `/runs/{run_id}`."""
