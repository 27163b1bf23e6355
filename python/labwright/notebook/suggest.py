"""Steps suggested for a notebook that has none: one for each section under its headings."""

from __future__ import annotations

import ast
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from .ipython import parse
from .marks import STEP_NAME, step_key
from .model import Cell, Notebook
from .parameters import read_parameters
from .plan import SETUP
from .stepline import split_step_line
from .workbench import is_idle, without_workbench_lines

_OURS = ("step:", "block:", "imports", "functions", "parameters", "metrics", "skip", "pipeline-")
_ATX = re.compile(r" {0,3}(#{1,6})[ \t]+(.+?)[ \t]*#*[ \t]*")
_UNDERLINE = re.compile(r" {0,3}(=+|-+)[ \t]*")
_FENCE = re.compile(r" {0,3}(```|~~~)")
_NUMBERING = re.compile(
    r"^\W*(?:(?:step|part|section|chapter)\s+)?(?:\d+(?:\.\d+)*[.):]?|[ivx]+[.):])\s+", re.I
)
_LONGEST = 40


@dataclass(frozen=True)
class Suggestion:
    """The cell at index `cell` would get `tag`."""

    cell: int
    tag: str


@dataclass(frozen=True)
class _Section:
    title: str
    cells: tuple[Cell, ...]


def suggest_steps(notebook: Notebook) -> tuple[Suggestion, ...]:
    """Tags that split the notebook at its headings; none where it has steps or no headings.

    At the top of a section, cells of only imports, definitions or literal defaults become
    `imports`, `functions` and `parameters`; the first other cell starts the section's step, and
    the rest follows untagged. A cell that has a tag of ours keeps it.
    """
    if any(_is_step(cell) for cell in notebook.cells if cell.kind == "code"):
        return ()
    sections = _sections(notebook)
    if not any(section.title for section in sections):
        return ()
    suggestions: list[Suggestion] = []
    names: list[str] = []
    for section in sections:
        started = False
        for cell in section.cells:
            if is_idle(without_workbench_lines(cell.source)) or _is_tagged(cell) or started:
                continue
            tag = _prelude(cell, suggestions)
            if tag is None:
                started = True
                names.append(_unique(slug(section.title) or _fallback(names), names))
                tag = f"step:{names[-1]}"
            suggestions.append(Suggestion(cell.index, tag))
    return tuple(suggestions) if len(names) > 1 else ()


def apply_suggestions(
    document: Mapping[str, Any], suggestions: Iterable[Suggestion]
) -> dict[str, Any]:
    """A copy of the nbformat document with the suggested tags added to its cells."""
    tagged: dict[str, Any] = deepcopy(dict(document))
    for suggestion in suggestions:
        metadata = tagged["cells"][suggestion.cell].setdefault("metadata", {})
        tags = metadata.setdefault("tags", [])
        if suggestion.tag not in tags:
            tags.append(suggestion.tag)
    return tagged


def slug(title: str) -> str:
    """A heading as a step name: `2. Train & évaluate` gives `train_evaluate`; perhaps empty."""
    text = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", title)  # a link's text, not its address
    text = re.sub(r"<[^>]*>|[`*'’]", "", text)
    text = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    words = re.findall(r"[a-z0-9]+", _NUMBERING.sub("", text).lower())
    name = ""
    for word in words:
        longer = f"{name}_{word}" if name else word
        if len(longer) > _LONGEST:
            break
        name = longer
    name = name or "".join(words)[:_LONGEST]
    if name[:1].isdigit():
        name = f"step_{name}"
    return name if STEP_NAME.fullmatch(name) else ""


def headings(markdown: str) -> list[tuple[int, str]]:
    """The headings of a markdown text, as `(level, title)`; code fences are passed over."""
    found: list[tuple[int, str]] = []
    fence = ""
    above = ""
    for line in markdown.splitlines():
        mark = _FENCE.match(line)
        if mark and (not fence or mark[1] == fence):
            fence = "" if fence else mark[1]
        elif not fence:
            atx = _ATX.fullmatch(line)
            if atx:
                found.append((len(atx[1]), atx[2]))
            elif above and _UNDERLINE.fullmatch(line):
                found.append((1 if "=" in line else 2, above))
            plain = not atx and not _UNDERLINE.fullmatch(line) and not line.startswith(("-", ">"))
            above = line.strip() if plain else ""
            continue
        above = ""
    return found


def _sections(notebook: Notebook) -> list[_Section]:
    """Code cells by the heading above them; the first section may have no title."""
    level = _level(notebook.cells)
    title = ""
    grouped: list[tuple[str, list[Cell]]] = [("", [])]
    for cell in notebook.cells:
        if cell.kind == "markdown":
            found = [text for depth, text in headings(cell.source) if depth <= level]
            if found:
                title = found[-1]
                grouped.append((title, []))
        elif cell.kind == "code":
            grouped[-1][1].append(cell)
    return [_Section(title, tuple(cells)) for title, cells in grouped if cells]


def _level(cells: Sequence[Cell]) -> int:
    """The shallowest level that divides the code in two or more parts; 6 where none does.

    A lone `# Title` at the top of the notebook divides nothing.
    """
    parts: Counter[int] = Counter()
    pending: set[int] = set()
    for cell in cells:
        if cell.kind == "markdown":
            pending.update(depth for depth, _ in headings(cell.source))
        elif cell.kind == "code" and pending:
            parts.update(pending)
            pending.clear()
    return next((level for level in range(1, 7) if parts[level] > 1), 6)


def _prelude(cell: Cell, suggested: Sequence[Suggestion]) -> str | None:
    """The tag of a cell that only prepares, or None."""
    try:
        body = parse(cell.source).body
    except SyntaxError:
        return None
    if all(_imports(node) for node in body):
        return "imports"
    definitions = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    if all(isinstance(node, definitions) or _imports(node) for node in body):
        return "functions"
    assignments = all(isinstance(node, (ast.Assign, ast.AnnAssign)) for node in body)
    if assignments and all(one.tag != "parameters" for one in suggested):
        found, remarks = read_parameters([(cell.index, cell.source)])
        if found and all(remark.code != "not-a-parameter" for remark in remarks):
            return "parameters"
    return None


def _imports(node: ast.stmt) -> bool:
    """An import, a docstring, or a line such as `%matplotlib inline`."""
    if isinstance(node, (ast.Import, ast.ImportFrom)):
        return True
    if not isinstance(node, ast.Expr):
        return False
    value = node.value
    if isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute):
        magic = value.args[0] if value.func.attr == "run_line_magic" and value.args else None
        return isinstance(magic, ast.Constant) and magic.value in (
            "matplotlib",
            "config",
            "load_ext",
        )
    return isinstance(value, ast.Constant)


def _is_step(cell: Cell) -> bool:
    arguments, _ = split_step_line(cell.source)
    return arguments is not None or any(
        tag.startswith(("step:", "block:")) and not tag.endswith(":") for tag in cell.tags
    )


def _is_tagged(cell: Cell) -> bool:
    return any(tag.startswith(_OURS) for tag in cell.tags)


def _fallback(names: Sequence[str]) -> str:
    return f"step_{len(names) + 1}" if names else SETUP


def _unique(name: str, names: Sequence[str]) -> str:
    taken = {step_key(other) for other in names}
    number, unique = 2, name
    while step_key(unique) in taken:
        unique = f"{name}_{number}"
        number += 1
    return unique
