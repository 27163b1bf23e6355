"""What a view reads off a graph (see `pipeline.graph`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..pipeline.graph import Graph, graph_json

__all__ = ["Graph", "Node", "edges", "graph_json", "remarks"]

Node = Mapping[str, Any]


def edges(graph: Graph) -> dict[tuple[str, str], list[str]]:
    """(from step, to step) -> the names that flow; none where the one only waits for the other."""
    found: dict[tuple[str, str], list[str]] = {}
    names = {step["name"] for step in graph["steps"]}
    for step in graph["steps"]:
        for item in step["inputs"]:
            if item["from"] in names:
                found.setdefault((item["from"], step["name"]), []).append(item["name"])
        for earlier in step["after"]:
            if earlier in names:
                found.setdefault((earlier, step["name"]), [])
    return found


def remarks(step: Node) -> list[str]:
    """What is special about a step, in words."""
    words = []
    if step["foreach"]:
        words.append(f"for each {step['foreach']}")
    if step["when"]:
        words.append(f"when {step['when']}")
    return words
