"""The same graph as text, Mermaid, dot and SVG."""

import xml.etree.ElementTree as ElementTree

from hypothesis import given
from hypothesis import strategies as st

from labwright.widgets.graph import edges
from labwright.widgets.markup import dot, mermaid
from labwright.widgets.svg import layout, svg
from labwright.widgets.text import draw, steps
from widgets.graphs import DIAMOND, step

EMPTY = {"name": "empty", "parameters": [], "steps": [], "diagnostics": []}


def test_text_has_rails():
    assert steps(DIAMOND) == [
        "●  load",
        "│      gives X, y",
        "├─╮",
        "● │  forest",
        "│ │      takes X from load; rate from parameters",
        "│ │      gives forest",
        "│ ●  linear",
        "│ │      takes X, y from load",
        "│ │      gives linear",
        "├─╯",
        "│ ●  alone",
        "● │  choose",
        "│ │      takes forest from forest; linear from linear",
        "│ │      gives accuracy",
        "╰─┤",
        '  ●  card  (when accuracy > "<0.8>")',
        "         takes accuracy from choose",
        "         after alone",
        "●  sweep  (for each depth in [1, 2])",
        "       takes depth from parameters",
    ]


def test_text_has_parameters_and_diagnostics():
    text = draw(DIAMOND)
    assert text.startswith("digits <&>: 7 steps\n\n  rate = 0.1  (float)\n")
    assert text.endswith("warning: cell 3: nothing uses it [dead-step]")


def test_order_without_data_is_an_edge_too():
    assert edges(DIAMOND)["alone", "card"] == []
    assert edges(DIAMOND)["load", "linear"] == ["X", "y"]


def test_markup_names_every_step_and_edge():
    for text in (mermaid(DIAMOND), dot(DIAMOND)):
        for each in DIAMOND["steps"]:
            assert each["name"] in text
        assert "X, y" in text
    assert "-.->" in mermaid(DIAMOND)
    assert "dashed" in dot(DIAMOND)


def test_svg_is_well_formed_and_shows_states():
    text = svg(DIAMOND, {"load": "SUCCEEDED", "forest": "FAILED", "alone": "SKIPPED"})
    root = ElementTree.fromstring(text)
    assert len(root.findall("{*}g")) == len(DIAMOND["steps"])
    assert "--jp-error-color1" in text
    assert "load: succeeded" in text


@given(st.lists(st.lists(st.integers(0, 11), max_size=4), max_size=12))
def test_any_graph_can_be_drawn(sources):
    graph = {
        **EMPTY,
        "steps": [
            step(f"s{i}", [(f"x{j}", f"s{j}") for j in sorted(set(given)) if j < i])
            for i, given in enumerate(sources)
        ],
    }
    lines = steps(graph)
    assert sum("●" in line for line in lines) == len(sources)
    ElementTree.fromstring(svg(graph))
    boxes = layout(graph)
    for earlier, later in edges(graph):
        assert boxes[earlier][1] < boxes[later][1]
