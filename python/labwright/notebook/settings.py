"""What a step and a pipeline can be told: the keys of the `labwright` metadata.

Sizes are Kubernetes quantities (`500m`, `4Gi`); durations are seconds, or text such as `1h30m`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar

from ..errors import LabwrightError
from .records import (
    Reader,
    Unfit,
    any_text,
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

T = TypeVar("T")
GPU_VENDORS = {
    "nvidia": "nvidia.com/gpu",
    "amd": "amd.com/gpu",
    "intel": "gpu.intel.com/i915",
}
_UNITS = {"": 1, "k": 10**3, "M": 10**6, "G": 10**9, "T": 10**12, "P": 10**15}
_UNITS |= {"Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40, "Pi": 2**50}
_SECONDS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_NUMBER = r"(?:\d+\.?\d*|\.\d+)"
_ONLY_STEPS = ("when", "foreach", "after", "finally")


def cpu_cores(quantity: str) -> float:
    """`2` or `500m` as a number of cores."""
    return float(quantity[:-1]) / 1000 if quantity.endswith("m") else float(quantity)


def byte_count(quantity: str) -> int:
    """`4Gi`, `512M` or `1000` as a number of bytes; ValueError for anything else."""
    found = re.fullmatch(rf"({_NUMBER})([A-Za-z]*)", quantity)
    if not found or found[2] not in _UNITS:
        raise ValueError(quantity)
    return int(float(found[1]) * _UNITS[found[2]])


def loop_parts(foreach: str) -> tuple[str, str]:
    """The variable and the expression of `item in expression`; ValueError for anything else."""
    import ast

    try:
        body = ast.parse(f"[0 for {foreach.strip()}]", mode="eval").body
    except (SyntaxError, ValueError):
        body = None
    generators = body.generators if isinstance(body, ast.ListComp) else []
    if len(generators) == 1 and not generators[0].ifs and not generators[0].is_async:
        target = generators[0].target
        if isinstance(target, ast.Name):
            return target.id, ast.unparse(generators[0].iter)
    raise ValueError(foreach)


def duration(least: float, allowed: str) -> Reader:
    """Reads seconds from a number, or from text: `90`, `30s`, `10m`, `1h30m`, `2d`."""

    def read(value: Any) -> float:
        seconds = value
        if isinstance(value, str):
            word = value.strip()
            if re.fullmatch(rf"(?:{_NUMBER}[smhd])+", word):
                parts = re.findall(rf"({_NUMBER})([smhd])", word)
                seconds = sum(float(count) * _SECONDS[unit] for count, unit in parts)
        try:
            return float(number(least)(seconds))
        except Unfit:
            raise not_allowed(value, allowed) from None

    return read


def read_cpu(value: Any) -> str:
    word = _quantity(value)
    if not re.fullmatch(rf"{_NUMBER}|\d+m", word) or cpu_cores(word) <= 0:
        raise not_allowed(value, "a number of cores, as 2, 0.5 or 500m")
    return word


def read_size(value: Any) -> str:
    word = _quantity(value)
    try:
        if byte_count(word) > 0:
            return word
    except ValueError:
        pass
    raise not_allowed(value, "a size, as 512Mi or 4Gi")


def _quantity(value: Any) -> str:
    """Text, or a number written as text; empty for anything else."""
    if isinstance(value, str):
        return value.strip()
    return str(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else ""


def read_variable(value: Any) -> str:
    if not isinstance(value, str) or not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", value):
        raise not_allowed(value, "the name of an environment variable, as DATA_DIR")
    return value


def _vendor(value: Any) -> str:
    if not isinstance(value, str) or (value not in GPU_VENDORS and "/" not in value):
        known = ", ".join(GPU_VENDORS)
        raise not_allowed(value, f"{known}, or a whole resource name such as example.com/gpu")
    return value


def _expression(value: Any) -> str:
    import ast

    word = text(value)
    try:
        ast.parse(word, mode="eval")
    except (SyntaxError, ValueError):
        raise not_allowed(value, "a Python expression, as accuracy > 0.85") from None
    return word


def _loop(value: Any) -> str:
    word = text(value)
    try:
        loop_parts(word)
    except ValueError:
        raise not_allowed(value, "name in expression, as depth in [1, 2, 3]") from None
    return word


@dataclass(frozen=True)
class Gpu:
    """`count` devices. `vendor`: nvidia, amd, intel, or a whole resource name (`x.com/gpu`)."""

    count: int = field(default=1, metadata=by(whole(0)))
    vendor: str = field(default="nvidia", metadata=by(_vendor))

    @property
    def resource(self) -> str:
        """The name Kubernetes knows the device by: `nvidia.com/gpu`."""
        return GPU_VENDORS.get(self.vendor, self.vendor)


@dataclass(frozen=True)
class Resources:
    """What a step may use. `cpu`: cores (`2`, `500m`); `memory`: bytes (`4Gi`); `gpu`: devices,
    as a count or as `{"count", "vendor"}`."""

    cpu: str | None = field(default=None, metadata=by(optional(read_cpu)))
    memory: str | None = field(default=None, metadata=by(optional(read_size)))
    gpu: Gpu | None = field(default=None, metadata=by(optional(record(Gpu, shorthand="count"))))


_BACKOFF = duration(0, "seconds as a number, or text such as 30s, 10m, 1h30m")
_TIMEOUT = duration(1e-3, "seconds above 0 as a number, or text such as 30s, 10m, 1h30m")


@dataclass(frozen=True)
class Retry:
    """Try again up to `count` times: first after `backoff` seconds, then `factor` times longer
    each time, at most `max` seconds."""

    count: int = field(metadata=by(whole(0)))
    backoff: float = field(default=0.0, metadata=by(_BACKOFF))
    factor: float = field(default=2.0, metadata=by(number(1)))
    max: float = field(default=3600.0, metadata=by(_BACKOFF))


@dataclass(frozen=True)
class Volume:
    """A folder that outlives a step, at `mount` (may be relative to the notebook's folder).

    On a cluster it is the claim `claim`; or a new claim of `size`, made for the run; or, with
    neither, the claim called `name`.
    """

    name: str = field(metadata=by(text))
    mount: str = field(metadata=by(text))
    size: str | None = field(default=None, metadata=by(optional(read_size)))
    claim: str | None = field(default=None, metadata=by(optional(text)))

    def __post_init__(self) -> None:
        if self.size and self.claim:
            raise Unfit("has both `size` (a new claim) and `claim` (an existing one)", "keep one")


def _volumes(value: Any) -> list[Volume]:
    volumes: list[Volume] = list_of(record(Volume))(value)
    names = [volume.name for volume in volumes]
    for index, name in enumerate(names):
        if name in names[:index]:
            raise Unfit(f"is a second volume called {name!r}", "keep one", (index,))
    return volumes


@dataclass(frozen=True)
class Secret:
    """The value under `key` of the secret `name`, as environment variable `env`."""

    name: str = field(metadata=by(text))
    key: str = field(metadata=by(text))
    env: str = field(metadata=by(read_variable))


@dataclass(frozen=True)
class Toleration:
    """A Kubernetes toleration, written with Kubernetes' own keys."""

    key: str | None = field(default=None, metadata=by(optional(text)))
    operator: Literal["Equal", "Exists"] = field(
        default="Equal", metadata=by(one_of("Equal", "Exists"))
    )
    value: str | None = field(default=None, metadata=by(optional(any_text)))
    effect: Literal["NoSchedule", "PreferNoSchedule", "NoExecute"] | None = field(
        default=None, metadata=by(optional(one_of("NoSchedule", "PreferNoSchedule", "NoExecute")))
    )
    toleration_seconds: int | None = field(
        default=None, metadata=by(optional(whole(0)), key="tolerationSeconds")
    )

    def __post_init__(self) -> None:
        if self.operator == "Exists" and self.value is not None:
            raise Unfit("has a `value` with the operator Exists", "leave the value out")
        if self.operator == "Equal" and not self.key:
            raise Unfit("has no `key`", "give one, or the operator Exists")


@dataclass(frozen=True)
class StepSettings:
    """Cell metadata `labwright` on a step's first cell; every key may be left out.

    - `image`: a container image; on one machine a kernelspec's name or an interpreter's path.
    - `packages`: pip requirements the step needs.
    - `resources`: `{"cpu": 2, "memory": "4Gi", "gpu": {"count": 1, "vendor": "nvidia"}}`.
    - `retry`: a count, or `{"count", "backoff", "factor", "max"}`.
    - `timeout`: the longest one try may take.
    - `cache`: false never takes an earlier result.
    - `when`: a Python expression over variables; the step is skipped where it is false.
    - `foreach`: `item in expression`; the step runs once for each item.
    - `after`: names of steps it waits for, beside those it takes data from.
    - `env`, `secrets`, `volumes`: what the step's process finds around it.
    - `node_selector`, `tolerations`, `labels`, `annotations`: as in Kubernetes, for its pod.
    - `finally`: the step runs last, whatever became of the others.
    """

    image: str | None = field(default=None, metadata=by(optional(text)))
    packages: list[str] = field(default_factory=list, metadata=by(list_of(text)))
    resources: Resources = field(default_factory=Resources, metadata=by(record(Resources)))
    retry: Retry | None = field(
        default=None, metadata=by(optional(record(Retry, shorthand="count")))
    )
    timeout: float | None = field(default=None, metadata=by(optional(_TIMEOUT)))
    cache: bool = field(default=True, metadata=by(boolean))
    when: str | None = field(default=None, metadata=by(optional(_expression)))
    foreach: str | None = field(default=None, metadata=by(optional(_loop)))
    after: list[str] = field(default_factory=list, metadata=by(list_of(text)))
    volumes: list[Volume] = field(default_factory=list, metadata=by(_volumes))
    env: dict[str, str] = field(default_factory=dict, metadata=by(texts_by_key(read_variable)))
    secrets: list[Secret] = field(default_factory=list, metadata=by(list_of(record(Secret))))
    node_selector: dict[str, str] = field(default_factory=dict, metadata=by(texts_by_key(text)))
    tolerations: list[Toleration] = field(
        default_factory=list, metadata=by(list_of(record(Toleration)))
    )
    finally_: bool = field(default=False, metadata=by(boolean, key="finally"))
    labels: dict[str, str] = field(default_factory=dict, metadata=by(texts_by_key(text)))
    annotations: dict[str, str] = field(default_factory=dict, metadata=by(texts_by_key(text)))

    def __post_init__(self) -> None:
        for key in _ONLY_STEPS[:-1]:
            if self.finally_ and getattr(self, key):
                raise Unfit(
                    f"is not possible together with `{key}`",
                    "such a step runs once, after all others, whatever became of them",
                    ("finally",),
                )


@dataclass(frozen=True)
class PipelineSettings:
    """Notebook metadata `labwright.pipeline`.

    `volumes` are mounted in every step. `defaults` are step settings that a step's own override:
    key by key within objects, lists and plain values as a whole.
    """

    name: str | None = field(default=None, metadata=by(optional(text)))
    description: str = field(default="", metadata=by(any_text))
    experiment: str | None = field(default=None, metadata=by(optional(text)))
    volumes: list[Volume] = field(default_factory=list, metadata=by(_volumes))
    defaults: StepSettings = field(default_factory=StepSettings, metadata=by(record(StepSettings)))

    def __post_init__(self) -> None:
        for key in _ONLY_STEPS:
            if getattr(self.defaults, "finally_" if key == "finally" else key):
                raise Unfit(
                    "cannot be a default", "write it on a step's first cell", ("defaults", key)
                )


def step_settings(raw: Mapping[str, Any], where: str) -> StepSettings:
    """The settings of a step; LabwrightError names `where`, the key and what is allowed."""
    return _read(record(StepSettings), raw, where)


def pipeline_settings(raw: Any, where: str) -> PipelineSettings:
    """The settings of a pipeline; LabwrightError names `where`, the key and what is allowed."""
    return _read(record(PipelineSettings), raw, where)


def merge(under: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """Raw settings `over` laid on `under`: objects key by key, everything else as a whole."""
    merged = dict(under)
    for key, value in over.items():
        below = merged.get(key)
        if isinstance(below, Mapping) and isinstance(value, Mapping):
            value = merge(below, value)
        merged[key] = value
    return merged


def _read(read: Callable[[Any], T], raw: Any, where: str) -> T:
    try:
        return read(raw)
    except Unfit as error:
        name = f"setting `{error.key}`" if error.path else "the settings"
        raise LabwrightError(f"{name} {error.what}", where=where, hint=error.hint) from None
