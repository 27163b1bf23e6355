"""Pipelines that run by themselves."""

from __future__ import annotations

from datetime import datetime, timezone

from pydantic import AwareDatetime, Field, JsonValue, field_validator, model_validator

from .base import Model, Remark
from .notebooks import Diagnostic
from .runs import Submission


class ScheduleRequest(Submission):
    """Have a pipeline run by itself: by `cron`, or `every` so many seconds.

    The file is sent as it is now; later changes to it do not count.
    """

    target: str
    name: str | None = Field(None, min_length=1, max_length=256)
    cron: str | None = Field(
        None,
        min_length=1,
        max_length=256,
        description="Five fields as in crontab, or six, of which the first are seconds. In UTC.",
    )
    every: int | None = Field(None, ge=1, le=2**31 - 1, description="Seconds.")
    start: AwareDatetime | None = Field(None, description="Not before this time.")
    end: AwareDatetime | None = Field(None, description="Not after this time.")
    at_once: int = Field(1, ge=1, le=10, description="How many of its runs may overlap.")
    catch_up: bool = Field(True, description="Make up for turns that were missed.")

    @field_validator("start", "end")
    @classmethod
    def _in_utc(cls, moment: datetime | None) -> datetime | None:
        if moment is not None and not 1970 < moment.year < 9999:
            raise ValueError("it is in another age")
        return moment and moment.astimezone(timezone.utc)

    @model_validator(mode="after")
    def _makes_sense(self) -> ScheduleRequest:
        if bool(self.cron and self.cron.strip()) == bool(self.every):
            raise ValueError("say when it runs in one way, by cron or by every")
        if self.start and self.end and self.start >= self.end:
            raise ValueError("it ends before it starts")
        return self


class Schedule(Model):
    """A pipeline that runs by itself, by `cron` or `every` so many seconds."""

    schedule_id: str
    name: str
    target: str
    experiment: str | None
    enabled: bool = Field(description="false: paused.")
    cron: str | None
    every: int | None
    start: str | None
    end: str | None
    at_once: int
    catch_up: bool
    parameters: dict[str, JsonValue]
    path: str | None = Field(description="The notebook under the server's root; null elsewhere.")
    notebook: str | None = Field(description="The notebook's full path, where it is known.")
    created_at: str
    updated_at: str | None
    error: str | None = Field(description="What is wrong with it, in one line.")


class Scheduled(Schedule):
    """A schedule that was made, and what is to be known of it."""

    remarks: list[Diagnostic]


class ScheduleList(Model):
    """The newest first. `next` is the cursor of the next page; null at the end."""

    schedules: list[Schedule]
    next: str | None
    total: int
    remarks: list[Remark] = Field([])
