"""A pipeline drawn in text, with rails as `git log --graph` has them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .graph import Graph, edges, remarks

# (from above, to below, to the left, to the right) -> the box character
_BOX = {
    (True, True, False, False): "│",
    (True, True, True, False): "┤",
    (True, True, False, True): "├",
    (True, True, True, True): "┼",
    (True, False, True, False): "╯",
    (True, False, False, True): "╰",
    (True, False, True, True): "┴",
    (False, True, True, False): "╮",
    (False, True, False, True): "╭",
    (False, True, True, True): "┬",
    (False, False, True, True): "─",
}


def draw(graph: Graph) -> str:
    """The whole graph: parameters, steps on their rails, diagnostics."""
    count = len(graph["steps"])
    parts = [f"{graph['name']}: {count} {'step' if count == 1 else 'steps'}"]
    if graph["parameters"]:
        width = max(len(p["name"]) for p in graph["parameters"])
        parts.append(
            "\n".join(
                f"  {p['name']:<{width}} = {p['default']!r}  ({p['type']})"
                for p in graph["parameters"]
            )
        )
    parts.append("\n".join(steps(graph)))
    if graph["diagnostics"]:
        parts.append("\n".join(diagnostic(d) for d in graph["diagnostics"]))
    return "\n\n".join(part for part in parts if part)


def diagnostic(item: dict[str, Any]) -> str:
    """A diagnostic in one line."""
    where = "" if item["cell"] is None else f"cell {item['cell']}: "
    return f"{item['severity']}: {where}{item['message']} [{item['code']}]"


def steps(graph: Graph) -> list[str]:
    """The steps in order, each on its rail, with what it takes and gives."""
    flows = edges(graph)
    after: dict[str, list[str]] = {}
    for earlier, later in flows:
        after.setdefault(earlier, []).append(later)
    lanes: list[str | None] = []  # each lane waits for the step named in it
    lines: list[str] = []
    for step in graph["steps"]:
        name = step["name"]
        lane = _take(lanes, name)
        rails = ["●" if i == lane else "│" if waits else " " for i, waits in enumerate(lanes)]
        lines.append(f"{' '.join(rails)}  {_title(step)}")
        above = [waits is not None for waits in lanes]
        lanes[lane] = None
        for later in after.get(name, []):
            if later not in lanes:
                _take(lanes, later, prefer=lane)
        targets = {i for i, waits in enumerate(lanes) if waits in after.get(name, [])}
        below = [waits is not None for waits in lanes]
        for detail in _details(step):
            lines.append(f"{_rails(lane, above, bool(targets))}      {detail}")
        if targets and targets != {lane}:
            lines.append(_joint(lane, targets, above, below))
        while lanes and lanes[-1] is None:
            lanes.pop()
    return [line.rstrip() for line in lines]


def _take(lanes: list[str | None], name: str, prefer: int | None = None) -> int:
    """The lane that waits for the step; else the preferred, the first free, or a new one."""
    if name in lanes:
        return lanes.index(name)
    if prefer is not None and lanes[prefer] is None:
        lane = prefer
    elif None in lanes:
        lane = lanes.index(None)
    else:
        lanes.append(None)
        lane = len(lanes) - 1
    lanes[lane] = name
    return lane


def _rails(lane: int, above: Sequence[bool], continues: bool) -> str:
    """The rails beside a detail line: the lanes that go by, and the step's own if it goes on."""
    return " ".join(
        "│" if (continues if i == lane else there) else " " for i, there in enumerate(above)
    )


def _joint(lane: int, targets: set[int], above: list[bool], below: list[bool]) -> str:
    """The line on which a step's lane branches to the steps that wait for it."""
    ends = targets | {lane}
    first, last = min(ends), max(ends)
    text = ""
    for i in range(max(len(above), len(below))):
        up = i < len(above) and above[i]
        down = i < len(below) and below[i]
        inside = first <= i <= last
        left = inside and i > first
        right = inside and i < last
        text += _BOX.get((up, down, left, right), " ") + ("─" if right else " ")
    return text


def _title(step: Any) -> str:
    return "  ".join([step["name"], *(f"({remark})" for remark in remarks(step))])


def _details(step: Any) -> list[str]:
    taken: dict[str, list[str]] = {}
    for item in step["inputs"]:
        taken.setdefault(item["from"] or "parameters", []).append(item["name"])
    lines = []
    if taken:
        lines.append("takes " + "; ".join(f"{', '.join(v)} from {k}" for k, v in taken.items()))
    waits = [name for name in step["after"] if name not in taken]
    if waits:
        lines.append(f"after {', '.join(waits)}")
    if step["outputs"]:
        lines.append(f"gives {', '.join(step['outputs'])}")
    return lines
