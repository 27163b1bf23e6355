"""What there is: targets, the agent, the forms."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, JsonValue

from .base import Model


class Gpu(Model):
    id: str
    name: str
    memory_bytes: int | None
    free: bool


class Capabilities(Model):
    """What a target can do; what it cannot is answered with the code `not-offered`."""

    resume: bool = Field(description="Runs that were interrupted can go on.")
    archive: bool = Field(description="Runs can be taken out of the lists, and put back.")
    schedules: bool = Field(description="Pipelines can run by a timetable.")
    own_machine: bool = Field(description="Steps run on the Jupyter server's machine.")
    watches_files: bool = Field(description="Its cache sees which files a step reads.")
    live_logs: bool = Field(description="Logs can be read while a step goes on.")
    sources: bool = Field(description="Runs keep the notebook they were made of.")
    servers: bool = Field(description="Notebook servers run there.")


class Target(Model):
    """Where pipelines run. CPUs, memory and GPUs are told of this machine only."""

    name: str
    kind: Literal["local", "kubeflow"]
    where: str = Field(description="For people: this machine, a URL, a kubeconfig's context.")
    ui: str | None = Field(None, description="Where people look at it; null where nobody said.")
    capabilities: Capabilities
    available: bool = Field(description="It answers.")
    reason: str | None = Field(None, description="Why it does not.")
    version: str | None = None
    namespace: str | None = None
    multi_user: bool | None = None
    remarks: list[str] = Field([])
    milliseconds: float | None = Field(None, description="How long its answer took.")
    cpus: int | None = None
    memory_bytes: int | None = None
    gpus: list[Gpu] = Field([])


class Targets(Model):
    """This machine first."""

    targets: list[Target]


class AgentStatus(Model):
    """`running` false: none is needed now; the next run starts one."""

    running: bool
    pid: int | None = None
    version: str | None = None
    epoch: str | None = None
    active: int = 0
    queued: int = 0
    max_runs: int | None = None


class Status(Model):
    version: str
    agent: AgentStatus


class Schemas(Model):
    """JSON schemas for JupyterLab's FormComponent."""

    step: dict[str, JsonValue] = Field(description="Cell metadata `labwright`.")
    pipeline: dict[str, JsonValue] = Field(description="Notebook metadata `labwright.pipeline`.")
