"""A pipeline as SVG: layers from top to bottom, each step a box in the colour of its state.

The drawing takes its colours from JupyterLab's theme, and has plain ones where there is none.
"""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

from .graph import Graph, edges, remarks

COLOURS = {
    "PENDING": "var(--jp-border-color1, #bdbdbd)",
    "RUNNING": "var(--jp-info-color1, #2196f3)",
    "SUCCEEDED": "var(--jp-success-color1, #4caf50)",
    "SKIPPED": "var(--jp-border-color1, #bdbdbd)",
    "FAILED": "var(--jp-error-color1, #e53935)",
    "CANCELING": "var(--jp-warn-color1, #fb8c00)",
    "CANCELED": "var(--jp-warn-color1, #fb8c00)",
}
_HEIGHT, _GAP_X, _GAP_Y, _CHAR, _MARGIN = 40, 24, 46, 7.0, 12
_MAX_CHARS = 34

Box = tuple[float, float, float]  # left, top, width


def svg(graph: Graph, states: Mapping[str, str] | None = None) -> str:
    """The drawing. `states`: each step's state, for those that have one yet."""
    boxes = layout(graph)
    width = max((left + wide for left, _, wide in boxes.values()), default=0) + _MARGIN
    height = max((top for _, top, _ in boxes.values()), default=0) + _HEIGHT + _MARGIN
    parts = [_edge(boxes[a], boxes[b], names) for (a, b), names in edges(graph).items()]
    for step in graph["steps"]:
        state = (states or {}).get(step["name"], "PENDING")
        parts.append(_node(step["name"], remarks(step), boxes[step["name"]], state))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}"'
        f' width="{width:g}" height="{height:g}" role="img" style="max-width:100%;height:auto;'
        'font:12px var(--jp-ui-font-family, sans-serif)">'
        f"<title>{escape(graph['name'])}</title>{''.join(parts)}</svg>"
    )


def layout(graph: Graph) -> dict[str, Box]:
    """Where each step's box goes: below all it waits for, near the middle of them."""
    layers = _layers(graph)
    parents: dict[str, list[str]] = {}
    for earlier, later in edges(graph):
        parents.setdefault(later, []).append(earlier)
    rows: list[list[str]] = [[] for _ in range(max(layers.values(), default=-1) + 1)]
    for name, layer in layers.items():
        rows[layer].append(name)
    widths = {step["name"]: _width(step["name"], remarks(step)) for step in graph["steps"]}
    spans = [sum(widths[n] for n in row) + _GAP_X * (len(row) - 1) for row in rows]
    middle = max(spans, default=0) / 2 + _MARGIN
    boxes: dict[str, Box] = {}
    for index, row in enumerate(rows):
        order = sorted(row, key=lambda name: _mean(boxes, parents.get(name, [])))
        left = middle - spans[index] / 2
        for name in order:
            boxes[name] = (left, _MARGIN + index * (_HEIGHT + _GAP_Y), widths[name])
            left += widths[name] + _GAP_X
    return boxes


def _layers(graph: Graph) -> dict[str, int]:
    """The length of the longest way to each step; steps are in an order that allows one pass."""
    layers = {step["name"]: 0 for step in graph["steps"]}
    order = list(layers)
    for earlier, later in sorted(edges(graph), key=lambda edge: order.index(edge[0])):
        layers[later] = max(layers[later], layers[earlier] + 1)
    return layers


def _mean(boxes: Mapping[str, Box], names: list[str]) -> float:
    centres = [boxes[name][0] + boxes[name][2] / 2 for name in names if name in boxes]
    return sum(centres) / len(centres) if centres else 0


def _width(name: str, notes: list[str]) -> float:
    longest = max(len(_short(text)) for text in [name, *notes])
    return max(90, longest * _CHAR + 24)


def _short(text: str) -> str:
    return text if len(text) <= _MAX_CHARS else text[: _MAX_CHARS - 1] + "…"


def _node(name: str, notes: list[str], box: Box, state: str) -> str:
    left, top, width = box
    middle = left + width / 2
    dashed = ' stroke-dasharray="4 3"' if state == "SKIPPED" else ""
    title = escape(". ".join([f"{name}: {state.lower()}", *notes]))
    lines = [f'<text x="{middle:g}" y="{top + (25 if not notes else 17):g}">{escape(name)}</text>']
    if notes:
        note = escape(_short("; ".join(notes)))
        lines.append(
            f'<text x="{middle:g}" y="{top + 32:g}" font-size="10" opacity="0.75">{note}</text>'
        )
    return (
        f'<g text-anchor="middle" fill="var(--jp-ui-font-color1, #333)"><title>{title}</title>'
        f'<rect x="{left:g}" y="{top:g}" width="{width:g}" height="{_HEIGHT}" rx="6"'
        f' fill="var(--jp-layout-color1, #fff)" stroke="{COLOURS[state]}"'
        f' stroke-width="2"{dashed}/>'
        f"{''.join(lines)}</g>"
    )


def _edge(source: Box, target: Box, names: list[str]) -> str:
    x1, y1 = source[0] + source[2] / 2, source[1] + _HEIGHT
    x2, y2 = target[0] + target[2] / 2, target[1]
    bend = (y2 - y1) / 2
    dashed = "" if names else ' stroke-dasharray="3 3"'
    title = f"<title>{escape(', '.join(names))}</title>" if names else ""
    return (
        f'<path d="M{x1:g},{y1:g} C{x1:g},{y1 + bend:g} {x2:g},{y2 - bend:g} {x2:g},{y2:g}"'
        f' fill="none" stroke="var(--jp-border-color1, #9e9e9e)" stroke-width="1.5"{dashed}>'
        f"{title}</path>"
    )
