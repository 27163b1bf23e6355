"""A pipeline in the languages other tools draw: Mermaid and Graphviz dot."""

from __future__ import annotations

import json

from .graph import Graph, edges, remarks


def mermaid(graph: Graph) -> str:
    """A Mermaid flowchart, as GitHub and JupyterLab show it."""
    ids = {step["name"]: f"s{i}" for i, step in enumerate(graph["steps"])}
    lines = ["flowchart TD"]
    for step in graph["steps"]:
        label = "<br/>".join([step["name"], *remarks(step)]).replace('"', "#quot;")
        lines.append(f'  {ids[step["name"]]}["{label}"]')
    for (earlier, later), names in edges(graph).items():
        label = ", ".join(names).replace('"', "#quot;")
        arrow = f'-->|"{label}"|' if label else "-.->"
        lines.append(f"  {ids[earlier]} {arrow} {ids[later]}")
    return "\n".join(lines)


def dot(graph: Graph) -> str:
    """A Graphviz digraph."""
    lines = [f"digraph {json.dumps(graph['name'])} {{", "  node [shape=box, style=rounded];"]
    for step in graph["steps"]:
        label = json.dumps("\n".join([step["name"], *remarks(step)]), ensure_ascii=False)
        lines.append(f"  {json.dumps(step['name'])} [label={label}];")
    for (earlier, later), names in edges(graph).items():
        style = "" if names else ", style=dashed"
        label = json.dumps(", ".join(names), ensure_ascii=False)
        lines.append(f"  {json.dumps(earlier)} -> {json.dumps(later)} [label={label}{style}];")
    return "\n".join([*lines, "}"])
