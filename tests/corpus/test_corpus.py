"""Every notebook of the corpus: the pipeline has the edges it needs, and answers as it does."""

from __future__ import annotations

from pathlib import Path

import pytest

from corpus.notebooks import Example, load_corpus
from labwright.cli.loading import analysed
from labwright.dataflow import Flow, StepFlow

CORPUS = load_corpus()
Edges = set[tuple[str, str]]


def each(examples: list[Example]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("example", examples, ids=[e.name for e in examples])


def test_corpus_is_large() -> None:
    assert len(CORPUS) >= 200


@each(CORPUS)
def test_shape(example: Example, tmp_path: Path) -> None:
    plan, flow = analysed(str(example.write(tmp_path)))
    assert [d for d in flow.diagnostics if d.severity == "error" and example.verify] == []
    for step, names in example.needs.items():
        found = {(name, source) for name, source in inputs(flow, step)}
        assert set(names.items()) <= found, f"{step} takes {sorted(found, key=str)}"
    for step, allowed in example.at_most.items():
        found_names = {name for name, _ in inputs(flow, step)}
        assert found_names <= set(allowed), f"{step} takes {sorted(found_names)}"
    for step, outputs in example.gives.items():
        assert {name for part in parts(flow, step) for name in part.outputs} == set(outputs)
    closure = reachable(flow)
    for first, second in example.path:
        assert (first, second) in closure, f"{second} does not wait for {first}"
    for first, second in example.parallel:
        assert not {(first, second), (second, first)} & closure, f"{first}, {second} are chained"
    codes = {d.code for d in (*plan.diagnostics, *flow.diagnostics)}
    assert set(example.diagnostics) <= codes


def parts(flow: Flow, tag: str) -> list[StepFlow]:
    return [step for step in flow.steps if step.tag == tag]


def inputs(flow: Flow, tag: str) -> set[tuple[str, str | None]]:
    """What the parts of a step take, with the tags of the steps it comes from."""
    tags = {step.name: step.tag for step in flow.steps}
    return {
        (item.name, item.source and tags[item.source])
        for part in parts(flow, tag)
        for item in part.inputs
        if not hidden(item.name)
    }


def hidden(name: str) -> bool:
    return not name.isidentifier()


def reachable(flow: Flow) -> Edges:
    """Pairs of tags of which the second runs after the first, whatever the reason."""
    before: dict[str, set[str]] = {}
    for step in flow.steps:
        sources = {item.source for item in step.inputs}
        sources |= {item.source for condition in step.conditions for item in condition.inputs}
        sources |= {step.loop.source.source} if step.loop and step.loop.source else set()
        direct = {source for source in sources if source} | set(step.after)
        before[step.name] = direct.union(*(before[name] for name in direct))
    tags = {step.name: step.tag for step in flow.steps}
    return {(tags[first], tags[second]) for second, firsts in before.items() for first in firsts}
