"""Every notebook of the corpus: the pipeline has the edges it needs, and answers as it does."""

from __future__ import annotations

from pathlib import Path

import pytest

from corpus.notebooks import Example, load_corpus
from labwright.dataflow import Flow, StepFlow
from labwright.launch import analyse_notebook
from labwright.verify import verify
from labwright.verify.check import Verdict

CORPUS = load_corpus()
Edges = set[tuple[str, str]]


def each(examples: list[Example]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("example", examples, ids=[e.name for e in examples])


def test_corpus_is_large() -> None:
    assert len(CORPUS) >= 200


@each(CORPUS)
def test_shape(example: Example, tmp_path: Path) -> None:
    analysed = analyse_notebook(str(example.write(tmp_path)))
    flow = analysed.flow
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
    codes = {d.code for d in analysed.diagnostics}
    assert set(example.diagnostics) <= codes


@each([example for example in CORPUS if example.verify])
def test_pipeline_answers_as_the_notebook(example: Example, tmp_path: Path) -> None:
    analysed = analyse_notebook(str(example.write(tmp_path)))
    verdict = verify(analysed, {})
    codes = {d.code for d in verdict.diagnostics if d.severity != "info"}
    if example.told:
        assert set(example.told) <= codes
        return
    different = [cell for cell in verdict.cells if not cell["equal"]]
    assert verdict.equal, f"{different!s:.3000}\n{[d.to_json() for d in verdict.diagnostics]}"
    assert verdict.record.state == "SUCCEEDED"
    # A cell that "varies by itself" counts as equal; none here does.
    assert "varies" not in {d.code for d in verdict.diagnostics}
    tags = {step.name: step.tag for step in analysed.flow.steps}
    for step, text in example.prints.items():
        assert printed(verdict, tags, step).strip("\n") == text


def printed(verdict: Verdict, tags: dict[str, str], step: str) -> str:
    """What the cells of a step print, in notebook order."""
    cells = [cell for cell in verdict.cells if tags.get(cell["step"]) == step]
    outputs = [output for cell in cells for output in cell["pipeline"]]
    texts = [output["text"] for output in outputs if output.get("name") == "stdout"]
    return "".join("".join(text) for text in texts).replace("\r\n", "\n")


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
