"""What a cell reads, binds and changes; from that each step's interface. Pure: no I/O."""

from .analyse import analyse
from .model import Condition, Flow, Fragment, Input, Loop, StepControl, StepFlow

__all__ = [
    "Condition",
    "Flow",
    "Fragment",
    "Input",
    "Loop",
    "StepControl",
    "StepFlow",
    "analyse",
]
