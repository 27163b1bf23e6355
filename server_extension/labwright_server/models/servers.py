"""Notebook servers, what they keep, and what they are made of."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, JsonValue

from .base import Model, Remark

ServerState = Literal[
    "WAITING", "STARTING", "RUNNING", "FAILED", "STOPPING", "STOPPED", "TERMINATING"
]
VolumeState = Literal["BOUND", "WAITING", "RESIZING", "LOST", "TERMINATING"]
AccessMode = Literal["ReadWriteOnce", "ReadOnlyMany", "ReadWriteMany", "ReadWriteOncePod"]


class GpuRequest(Model):
    """GPUs of one kind; `vendor` is a resource's name, as nvidia.com/gpu."""

    count: int = Field(1, ge=0, le=1024)
    vendor: str = "nvidia.com/gpu"


class MountRequest(Model):
    """A volume in a server: a new one of `size`, or the `existing` one of that name."""

    name: str
    path: str = Field(description="Its folder in the server.")
    size: str | None = Field(None, description="Of a new one, as 20Gi.")
    existing: str | None = Field(None, description="A volume that is there.")
    read_only: bool = False
    reclaim: Literal["Retain", "Delete"] = Field(
        "Retain", description="Whether a new one goes with its server."
    )
    storage_class: str | None = None


class ServerFields(Model):
    """What a server asks for; what is left out, or null, is the target's choice."""

    image: str | None = Field(None, description="An image of the list, or another.")
    cpu: str | None = Field(None, description="Cores, as 2 or 500m.")
    memory: str | None = Field(None, description="As 8Gi.")
    gpu: GpuRequest | None = None
    limit_factor: float | None = Field(None, description="Limits are so many times that.")
    volumes: list[MountRequest] | None = None
    env: dict[str, str] | None = Field(None, description="Variables; they are no secrets.")
    idle_after: int | str | None = Field(
        None, description="Seconds, or as 8h; never, or 0, for no end."
    )
    configurations: list[str] | None = Field(None, description="PodDefaults by name.")
    tolerations: list[dict[str, JsonValue]] | None = None
    node_selector: dict[str, str] | None = None
    preset: str | None = Field(None, description="Fills in what is not said of resources.")


class ServerRequest(ServerFields):
    """Make a server, and start it."""

    name: str = Field(description="Small letters, digits and `-`.")
    target: str = "local"


class ServerChangeRequest(ServerFields):
    """What is to be different; what is left out stays, null is the target's choice."""


class ServerGpu(Model):
    count: int
    vendor: str


class Mount(Model):
    """A volume in a server."""

    name: str
    path: str
    claim: str = Field(description="The volume's own name.")
    size: str | None
    read_only: bool
    reclaim: Literal["Retain", "Delete"]
    existing: bool = Field(description="It was there before the server.")


class Stage(Model):
    """A part of a start."""

    stage: Literal["scheduled", "volumes", "image", "started", "ready"]
    state: Literal["waiting", "doing", "done", "failed"]
    message: str | None
    at: str | None


class Server(Model):
    """A notebook server. Sizes are quantities (`20Gi`)."""

    name: str
    target: str
    state: ServerState
    message: str | None = Field(description="Why it is so, in one sentence.")
    progress: list[Stage] = Field(description="How far its start is; empty where it is stopped.")
    image: str | None
    image_name: str | None = Field(description="For people.")
    cpu: str | None
    memory: str | None
    gpu: ServerGpu | None
    limit_factor: float | None = Field(
        description="Limits are so many times what is asked for; null where cores and memory"
        " differ in that, or have none."
    )
    volumes: list[Mount]
    env: dict[str, str]
    configurations: list[str] = Field(description="PodDefaults that select its pods, by name.")
    tolerations: list[dict[str, JsonValue]]
    node_selector: dict[str, str]
    created_at: str
    started_at: str | None
    last_activity: str | None
    idle_after: int | None = Field(description="Seconds without use; 0: it is never stopped.")
    stop_at: str | None = Field(description="When it is stopped, unless it is used before.")
    stopped_at: str | None
    stop_reason: str | None
    pending_restart: bool = Field(description="A change takes effect when it starts again.")
    preset: str | None
    owner_kind: Literal["labwright", "kubeflow", "local"]


class ServerList(Model):
    """The newest first."""

    servers: list[Server]
    remarks: list[Remark] = Field([])


class ServerAddress(Model):
    """Where a browser opens it. `proxied`: through this Jupyter server, by a path of its own."""

    url: str
    proxied: bool


class ServerLog(Model):
    """A piece of a server's log; `next` is where the next one begins. `end`: it is over."""

    text: str
    offset: int
    next: int
    end: bool


class FollowedLog(ServerLog):
    """A piece of a log that is followed; `log` names the start of the server that prints it."""

    log: str


class OfferedGpu(Model):
    vendor: str
    name: str
    total: int
    free: int


class Preset(Model):
    """A resource profile."""

    id: str
    display_name: str
    description: str
    cpu: str
    memory: str
    gpu: int


class Volume(Model):
    """A folder that outlives servers."""

    name: str
    target: str
    size: str | None
    used_bytes: int | None
    state: VolumeState
    message: str | None
    storage_class: str | None
    access_mode: AccessMode
    used_by: list[str] = Field(description="Servers, by name.")
    created_at: str
    path: str | None = Field(description="Its folder, on this machine.")


class VolumeRequest(Model):
    """Make a volume that no server needs yet."""

    name: str
    size: str = Field(description="As 20Gi.")
    storage_class: str | None = None
    access_mode: AccessMode = "ReadWriteOnce"
    target: str = "local"


class VolumeResize(Model):
    size: str = Field(description="Larger than it is.")


class VolumeList(Model):
    """The newest first."""

    volumes: list[Volume]
    remarks: list[Remark] = Field([])


class Image(Model):
    """What a server can be made of."""

    name: str
    target: str
    display_name: str
    description: str
    reference: str
    packages: list[str]
    gpu_vendor: str | None
    deprecated: bool
    message: str | None
    redirect: str | None = Field(description="The image to take instead.")
    hidden: bool
    used_by: int = Field(description="How many servers have it.")


class ImageList(Model):
    images: list[Image]
    remarks: list[Remark] = Field([])


class ServerOptions(Model):
    """What can be chosen for a server of a target; `form` is made of the rest."""

    form: dict[str, Any] = Field(alias="schema", description="For JupyterLab's FormComponent.")
    presets: list[Preset]
    images: list[Image]
    gpus: list[OfferedGpu]
    storage_classes: list[str]
    volumes: list[Volume]
    configurations: list[str]
    defaults: dict[str, JsonValue]
    not_offered: dict[str, str] = Field(description="Fields that are left out, and why.")
