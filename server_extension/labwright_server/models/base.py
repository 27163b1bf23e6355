"""What all shapes have in common, and the words they use."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, JsonValue

State = Literal["PENDING", "RUNNING", "SUCCEEDED", "SKIPPED", "FAILED", "CANCELING", "CANCELED"]
Role = Literal["parameters", "imports", "functions", "step", "skip"]
Severity = Literal["info", "warning", "error"]
ParameterType = Literal["int", "float", "str", "bool", "list", "dict"]
Iteration = int | str | None
"""The number of a loop's turn, `outer.inner` in nested loops, null outside a loop."""


class Model(BaseModel):
    """A strict shape: a field nobody knows is an error, not a wish that is dropped.

    Answers are given with every field, so what reads them need not think of missing ones.
    """

    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
        json_schema_serialization_defaults_required=True,
    )


class Error(Model):
    """The one shape of every failure. `code` is stable (`bad-request`, `not-found`, …)."""

    code: str
    message: str
    detail: JsonValue = None


class Remark(Model):
    """A target that is left out of an answer, and why."""

    target: str
    message: str
