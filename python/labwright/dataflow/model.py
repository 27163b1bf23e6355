"""What the analysis finds: each step's interface, and what must be replayed before its cells."""

from __future__ import annotations

from dataclasses import dataclass

from ..diagnostics import Diagnostic


@dataclass(frozen=True)
class StepControl:
    """The settings of a step that matter to dataflow.

    `when`: a Python expression. `foreach`: `item in expression`. `after`: step names.
    """

    name: str
    when: str | None = None
    foreach: str | None = None
    after: tuple[str, ...] = ()
    finally_: bool = False


@dataclass(frozen=True)
class Input:
    """A value a step needs. `source` is the step that gives it; None for a pipeline parameter.

    `name` is a variable, or hidden state such as `numpy.random` (never an identifier).
    """

    name: str
    source: str | None


@dataclass(frozen=True)
class Fragment:
    """Code replayed in a step before its own cells: an import, a definition, a global option.

    `optional`: an option of a library the step does not use itself; skipped where not installed.
    """

    cell: int
    source: str
    optional: bool = False


@dataclass(frozen=True)
class Condition:
    """The step runs only when `expression` (over `inputs`, and literals) is true.

    A step that reads what only a conditional step gives inherits that step's conditions.
    """

    expression: str
    inputs: tuple[Input, ...]


@dataclass(frozen=True)
class Loop:
    """The step runs once for each item; what it gives later steps is the list of results, in order.

    `items` is an expression: a literal list, or one name (then `source` gives it).
    """

    variable: str
    items: str
    source: Input | None


@dataclass(frozen=True)
class StepFlow:
    """One step of the pipeline, in notebook order.

    `name` differs from the tag's only where a continued step had to be split (`load-2`).
    `inputs` are loaded together, so that values from one source that share an object keep
    sharing it. `outputs` are the variables (and hidden state) that later steps take from here.
    `setup` runs before the inputs are loaded, `late_setup` after. `guards` are inputs that later
    steps also read and that this step is believed to leave unchanged. `soft_when`: the step's
    condition is decided inside the step, because what it binds also exists without it.
    """

    name: str
    tag: str
    cells: tuple[int, ...]
    inputs: tuple[Input, ...] = ()
    outputs: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    setup: tuple[Fragment, ...] = ()
    late_setup: tuple[Fragment, ...] = ()
    guards: tuple[str, ...] = ()
    metrics: tuple[str, ...] = ()
    conditions: tuple[Condition, ...] = ()
    loop: Loop | None = None
    soft_when: str | None = None
    finally_: bool = False


@dataclass(frozen=True)
class Flow:
    steps: tuple[StepFlow, ...]
    diagnostics: tuple[Diagnostic, ...] = ()
