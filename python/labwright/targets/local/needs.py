"""What a run asks of this machine: as much as the step that asks for most."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from ...errors import LabwrightError
from .ir import Container
from .limits import quantity
from .steps import Step


@dataclass(frozen=True)
class Needs:
    """CPUs, bytes of memory, GPUs; nothing where nobody said how many."""

    cpus: float = 0
    memory: float = 0
    gpus: float = 0

    def to_json(self) -> dict[str, float]:
        return asdict(self)


def needs_of(steps: Iterable[Step]) -> Needs:
    """The largest request of each kind."""
    found = [_step(one.executor) for one in steps if isinstance(one.executor, Container)]
    return Needs(
        max((one.cpus for one in found), default=0),
        max((one.memory for one in found), default=0),
        max((one.gpus for one in found), default=0),
    )


def _step(container: Container) -> Needs:
    resources = container.resources
    return Needs(
        _amount(resources.get("resourceCpuLimit") or resources.get("cpuLimit")),
        _amount(resources.get("resourceMemoryLimit"))
        or _amount(resources.get("memoryLimit")) * 1e9,
        _amount(container.gpu_count),
    )


def _amount(text: Any) -> float:
    """A quantity; none where it is known only later (a placeholder), or makes the step fail."""
    try:
        return quantity(str(text)) if text else 0
    except LabwrightError:
        return 0
