"""A notebook server and a volume as people ask for them: the same on every target.

`from_json` is the way in: it checks everything and names what is wrong. Quantities are Kubernetes'
(`500m`, `8Gi`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any, Literal, TypeVar

from ..errors import LabwrightError
from ..notebook.records import (
    Reader,
    Unfit,
    at,
    boolean,
    by,
    list_of,
    not_allowed,
    number,
    one_of,
    optional,
    record,
    text,
    texts_by_key,
    whole,
)
from ..notebook.settings import (
    GPU_VENDORS,
    Toleration,
    read_cpu,
    read_size,
    read_variable,
)
from .env import kept_env
from .presets import PRESETS
from .words import read_idle, size_bytes

T = TypeVar("T")
HOME = "/home/jovyan"
"""Where a server's own files are, in every image of a notebook server."""
AccessMode = Literal["ReadWriteOnce", "ReadOnlyMany", "ReadWriteMany", "ReadWriteOncePod"]
ACCESS_MODES = ("ReadWriteOnce", "ReadOnlyMany", "ReadWriteMany", "ReadWriteOncePod")
_LABEL = r"[a-z0-9](?:[-a-z0-9]*[a-z0-9])?"
_SUBDOMAIN = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")


def read_name(value: Any) -> str:
    """Reads a server's name: a DNS label that begins with a letter, as Services have."""
    if not isinstance(value, str) or not re.fullmatch(rf"(?=[a-z]){_LABEL}", value):
        raise not_allowed(value, f"small letters, digits and `-`, a letter first{_better(value)}")
    if len(value) > 63:
        raise not_allowed(value, "63 characters at most")
    return value


def _better(value: Any) -> str:
    """A name near what was given, if there is one."""
    near = re.sub(r"[^a-z0-9]+", "-", str(value).lower()).strip("-0123456789")[:63].strip("-")
    return f"; such as {near}" if near else ""


def _volume_name(value: Any) -> str:
    if not isinstance(value, str) or not re.fullmatch(_LABEL, value) or len(value) > 40:
        raise not_allowed(value, "small letters, digits and `-`, 40 characters at most")
    return value


def _claim_name(value: Any) -> str:
    if not isinstance(value, str) or not _SUBDOMAIN.fullmatch(value) or len(value) > 253:
        raise not_allowed(value, "small letters, digits, `-` and `.`")
    return value


def _path(value: Any) -> str:
    """A folder by its whole path; one that is relative is under the server's home."""
    word = text(value)
    parts = word.split("/")
    if ".." in parts or "\0" in word:
        raise not_allowed(value, "a path without `..`")
    steps = [part for part in parts if part not in ("", ".")]
    whole_path = "/" + "/".join(steps) if word.startswith("/") else "/".join([HOME, *steps])
    if whole_path == "/":
        raise not_allowed(value, f"a folder, as {HOME} or /data")
    return whole_path


def _vendor(value: Any) -> str:
    known = GPU_VENDORS.get(value, value) if isinstance(value, str) else value
    if not isinstance(known, str) or "/" not in known:
        raise not_allowed(value, f"{', '.join(GPU_VENDORS)}, or a resource such as nvidia.com/gpu")
    return known


def _factor(value: Any) -> float:
    return float(number(1)(value))


def _env(value: Any) -> dict[str, str]:
    found: dict[str, str] = texts_by_key(read_variable)(value)
    return found


def _tuple_of(read: Reader) -> Reader:
    return lambda value: tuple(list_of(read)(value))


@dataclass(frozen=True)
class Gpu:
    """`count` devices; `vendor` is the resource's name. A count of 0 is a wish for none."""

    count: int = field(default=1, metadata=by(whole(0)))
    vendor: str = field(default="nvidia.com/gpu", metadata=by(_vendor))


@dataclass(frozen=True)
class Mount:
    """A volume in a server, at `path`: a new one of `size`, or the `existing` one of that name.

    `reclaim`: whether a new one goes with its server. One that is retained only goes when the
    server is deleted together with its volumes.
    """

    name: str = field(metadata=by(_volume_name))
    path: str = field(metadata=by(_path))
    size: str | None = field(default=None, metadata=by(optional(read_size)))
    existing: str | None = field(default=None, metadata=by(optional(_claim_name)))
    read_only: bool = field(default=False, metadata=by(boolean))
    reclaim: Literal["Retain", "Delete"] = field(
        default="Retain", metadata=by(one_of("Retain", "Delete"))
    )
    storage_class: str | None = field(default=None, metadata=by(optional(text)))

    def __post_init__(self) -> None:
        if (self.size is None) == (self.existing is None):
            what = "has both a size (a new volume) and an existing volume"
            raise Unfit(
                "has neither `size` nor `existing`" if self.size is None else what, "give one"
            )
        if self.existing and self.reclaim == "Delete":
            raise Unfit("is Delete for an existing volume", "only new ones can go", ("reclaim",))
        if self.existing and self.storage_class:
            raise Unfit("is given for an existing volume", "leave it out", ("storage_class",))

    def claim(self, server: str) -> str:
        """The volume's own name."""
        return self.existing or f"{server}-{self.name}"


def _mounts(value: Any) -> tuple[Mount, ...]:
    found: tuple[Mount, ...] = _tuple_of(record(Mount))(value)
    for one in ("name", "path", "existing"):
        seen: set[Any] = set()
        for index, mount in enumerate(found):
            word = getattr(mount, one)
            if word is not None and word in seen:
                raise Unfit(f"is {word!r} a second time", "keep one", (index, one))
            seen.add(word)
    return found


@dataclass(frozen=True)
class ServerSpec:
    """A server. What is None is the target's choice, or the preset's (see `with_preset`).

    `limit_factor`: limits are so many times what is asked for; None: the target's choice.
    `idle_after`: seconds without use after which it is stopped; 0 is never. `configurations` are
    PodDefaults by name.
    """

    name: str = field(metadata=by(read_name))
    image: str | None = field(default=None, metadata=by(optional(text)))
    cpu: str | None = field(default=None, metadata=by(optional(read_cpu)))
    memory: str | None = field(default=None, metadata=by(optional(read_size)))
    gpu: Gpu | None = field(default=None, metadata=by(optional(record(Gpu, shorthand="count"))))
    limit_factor: float | None = field(default=None, metadata=by(optional(_factor)))
    volumes: tuple[Mount, ...] = field(default=(), metadata=by(_mounts))
    env: Mapping[str, str] = field(default_factory=dict, metadata=by(_env))
    idle_after: int | None = field(default=None, metadata=by(optional(read_idle)))
    configurations: tuple[str, ...] = field(default=(), metadata=by(_tuple_of(_claim_name)))
    tolerations: tuple[Toleration, ...] = field(
        default=(), metadata=by(_tuple_of(record(Toleration)))
    )
    node_selector: Mapping[str, str] = field(default_factory=dict, metadata=by(texts_by_key(text)))
    preset: str | None = field(default=None, metadata=by(optional(one_of(*PRESETS))))

    @classmethod
    def from_json(cls, data: Any, *, where: str = "server") -> ServerSpec:
        return _read(record(cls), data, where)

    def to_json(self) -> dict[str, Any]:
        data: dict[str, Any] = _plain(asdict(self))
        data["tolerations"] = [_toleration(one) for one in self.tolerations]
        return data


@dataclass(frozen=True)
class VolumeSpec:
    """A volume that no server needs yet."""

    name: str = field(metadata=by(_claim_name))
    size: str = field(metadata=by(read_size))
    storage_class: str | None = field(default=None, metadata=by(optional(text)))
    access_mode: AccessMode = field(default="ReadWriteOnce", metadata=by(one_of(*ACCESS_MODES)))

    @classmethod
    def from_json(cls, data: Any, *, where: str = "volume") -> VolumeSpec:
        return _read(record(cls), data, where)

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class ServerChange:
    """What is to be different about a server. What is not `given` stays; null is the default."""

    given: Mapping[str, Any]

    @classmethod
    def from_json(cls, data: Any, *, where: str = "change") -> ServerChange:
        return _read(_change, data, where)

    def to_json(self) -> dict[str, Any]:
        return dict(self.given)

    def apply(self, spec: ServerSpec) -> ServerSpec:
        """The server as it is to be. A new preset is to be filled in anew (`with_preset`).

        Raises:
            LabwrightError: a volume would shrink, or become another one.
        """
        open_again = ("cpu", "memory", "gpu") if self.given.get("preset") else ()
        before = {**spec.to_json(), **dict.fromkeys(open_again)}
        given = dict(self.given)
        if "env" in given:
            given["env"] = kept_env(spec.env, given["env"])
        after = ServerSpec.from_json({**before, **given}, where=spec.name)
        after = replace(after, volumes=_same_class(spec.volumes, after.volumes))
        check_volumes(spec.volumes, after.volumes, where=spec.name)
        return after


def with_preset(spec: ServerSpec, vendor: str = "nvidia.com/gpu") -> ServerSpec:
    """The server with what its preset says where it says nothing itself; GPUs are `vendor`'s."""
    if spec.preset is None:
        return spec
    preset = PRESETS[spec.preset]
    data = spec.to_json()
    gpu = {"count": preset.gpu, "vendor": vendor} if preset.gpu else None
    for key, value in (("cpu", preset.cpu), ("memory", preset.memory), ("gpu", gpu)):
        if data[key] is None:
            data[key] = value
    return ServerSpec.from_json(data, where=spec.name)


def check_limits(spec: ServerSpec) -> None:
    """See that a limit factor has something to multiply."""
    if spec.limit_factor is not None and spec.cpu is None and spec.memory is None:
        raise LabwrightError(
            "`limit_factor` has nothing to multiply: the server asks for neither CPUs nor memory",
            where=spec.name,
            hint="say `cpu` or `memory`, too",
        )


def check_volumes(before: Sequence[Mount], after: Sequence[Mount], *, where: str) -> None:
    """See that volumes that stay only grow."""
    known = {one.name: one for one in before}
    for mount in after:
        old = known.get(mount.name)
        if old is None:
            continue
        place = f"{where}, volume {mount.name}"
        if old.existing != mount.existing or old.storage_class != mount.storage_class:
            hint = "give it another name, or delete the server and make it anew"
            raise LabwrightError("a volume cannot become another one", where=place, hint=hint)
        if old.size and mount.size and size_bytes(mount.size) < size_bytes(old.size):
            raise LabwrightError(
                f"a volume cannot shrink from {old.size} to {mount.size}", where=place
            )


def _same_class(before: Sequence[Mount], after: Sequence[Mount]) -> tuple[Mount, ...]:
    """Volumes that stay are of the storage class that they are of, unless another is named."""
    known = {one.name: one.storage_class for one in before if one.size}
    return tuple(
        replace(one, storage_class=known.get(one.name))
        if one.size and one.storage_class is None
        else one
        for one in after
    )


def needs_restart(before: ServerSpec, after: ServerSpec) -> bool:
    """Whether a server that runs as `before` must be started again to be `after`."""
    return _process(before) != _process(after)


def _process(spec: ServerSpec) -> dict[str, Any]:
    """What a server only takes up when it starts."""
    data = spec.to_json()
    for key in ("idle_after", "preset"):
        del data[key]
    for mount in data["volumes"]:
        del mount["size"], mount["reclaim"]
    data["configurations"].sort()
    return data


def _change(data: Any) -> ServerChange:
    if not isinstance(data, Mapping):
        raise not_allowed(data, "an object")
    readers = {one.name: one.metadata["read"] for one in fields(ServerSpec)}
    del readers["name"]
    for key, value in data.items():
        if key not in readers:
            what = "cannot be changed" if key == "name" else "is unknown"
            raise Unfit(what, f"allowed: {', '.join(readers)}", (key,))
        if value is not None:
            at(key, readers[key], value)
    defaults = ServerSpec("x").to_json()
    return ServerChange({k: defaults[k] if v is None else v for k, v in data.items()})


def _read(read: Callable[[Any], T], data: Any, where: str) -> T:
    try:
        return read(data)
    except Unfit as error:
        name = f"`{error.key}` " if error.path else ""
        raise LabwrightError(f"{name}{error.what}", where=where, hint=error.hint) from None


def _plain(value: Any) -> Any:
    """JSON has no tuples."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, (list, tuple)) else value


def _toleration(one: Toleration) -> dict[str, Any]:
    """With Kubernetes' own keys, and only what is said."""
    data = {one.metadata["key"] or one.name: one.name for one in fields(Toleration)}
    found = {key: getattr(one, name) for key, name in data.items()}
    return {key: value for key, value in found.items() if value is not None}
