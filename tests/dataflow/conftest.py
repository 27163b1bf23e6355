"""Short ways to say a notebook and to look at what the analysis found."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from labwright.dataflow import Flow, StepControl, StepFlow, analyse
from labwright.notebook.ipython import to_python
from labwright.notebook.model import Block, Parameter
from labwright.notebook.modules import star_names

PRELUDE = ("imports", "functions", "parameters", "skip")


class Found:
    """A flow, by step name."""

    def __init__(self, flow: Flow) -> None:
        self.flow = flow
        self.steps = {step.name: step for step in flow.steps}
        self.codes = {(d.code, d.cell) for d in flow.diagnostics}

    def __getitem__(self, name: str) -> StepFlow:
        return self.steps[name]

    def inputs(self, name: str) -> dict[str, str | None]:
        return {given.name: given.source for given in self.steps[name].inputs}

    def setup(self, name: str) -> list[str]:
        return [fragment.source for fragment in self.steps[name].setup]


Analyse = Callable[..., Found]


@pytest.fixture
def find() -> Analyse:
    """`find(("a", "x = 1"), ("b", "print(x)"), when={"b": "x > 0"}, parameters={"lr": 0.1})`"""

    def run(
        *cells: tuple[str, str],
        when: dict[str, str] | None = None,
        foreach: dict[str, str] | None = None,
        after: dict[str, tuple[str, ...]] | None = None,
        finally_: str = "",
        parameters: dict[str, object] | None = None,
    ) -> Found:
        blocks = [
            Block(
                tag if tag in PRELUDE else "step",
                i,
                f"c{i}",
                source,
                None if tag in PRELUDE else tag,
            )
            for i, (tag, source) in enumerate(cells)
        ]
        given = [Parameter(name, "float", value, 0) for name, value in (parameters or {}).items()]
        tags = dict.fromkeys(tag for tag, _ in cells if tag not in PRELUDE)
        controls = [
            StepControl(
                tag,
                (when or {}).get(tag),
                (foreach or {}).get(tag),
                (after or {}).get(tag, ()),
                tag == finally_,
            )
            for tag in tags
        ]
        return Found(analyse(blocks, given, controls, to_python=to_python, star_names=star_names))

    return run
