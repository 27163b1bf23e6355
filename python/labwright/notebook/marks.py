"""What each cell says about itself: by its tags, its metadata and its `%%step` line."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from ..diagnostics import Diagnostic
from ..errors import LabwrightError
from . import kale
from .model import Cell, Notebook
from .place import cell_place
from .stepline import parse_step_line, split_step_line
from .workbench import is_idle, without_workbench_lines

Role = Literal["parameters", "imports", "functions", "skip"]
_ROLES: tuple[Role, ...] = ("skip", "parameters", "imports", "functions")
STEP_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,62}")


@dataclass(frozen=True)
class Mark:
    """One code cell. `settings` are raw; `continues`: what untagged cells below become (Kale)."""

    cell: Cell
    source: str
    role: Role | None
    step: str | None
    metrics: bool
    settings: Mapping[str, Any]
    continues: str | None
    remarks: tuple[Diagnostic, ...]

    @property
    def idle(self) -> bool:
        """Whether the cell has no code at all."""
        return is_idle(self.source)


def read_mark(notebook: Notebook, cell: Cell) -> Mark:
    """The cell's mark; LabwrightError where its words contradict each other or make no sense."""
    where = cell_place(notebook, cell)
    arguments, text = split_step_line(cell.source)
    source = without_workbench_lines(text)
    said = kale.translate(cell.tags)
    if "skip" in said.tags:
        return Mark(cell, source, "skip", None, False, {}, None, ())
    role = _role(said.tags, where)
    names = list(dict.fromkeys(tag[5:] for tag in said.tags if tag.startswith("step:")))
    settings = _metadata(cell, where)
    remarks = list(said.remarks)
    if role and said.settings:
        remarks.append(("tag-ignored", f"step settings have no meaning on a cell tagged {role!r}"))
    try:
        settings = settings if role else join(settings, said.settings)
        if arguments is not None:
            line = parse_step_line(arguments, where)
            names = list(dict.fromkeys([*names, line.name]))
            settings = join(settings, line.settings)
    except Conflict as conflict:
        raise LabwrightError(
            f"setting `{conflict.key}` is both {conflict.first!r} and {conflict.second!r}",
            where=where,
            hint="keep one",
        ) from None
    if len(names) > 1:
        raise LabwrightError(
            f"the cell has {len(names)} step names: {', '.join(names)}",
            where=where,
            hint="a cell belongs to one step; keep one, or split the cell",
        )
    step = names[0] if names else None
    if step is not None:
        check_step_name(step, where)
    if role and step:
        raise LabwrightError(
            f"the cell is tagged {role!r} and belongs to step {step!r}",
            where=where,
            hint="keep one of the two",
        )
    if role and settings:
        raise LabwrightError(
            f"settings on a cell tagged {role!r}, which is no step: {', '.join(settings)}",
            where=where,
            hint="write them on the first cell of a step",
        )
    return Mark(
        cell,
        source,
        role,
        step,
        "metrics" in said.tags,
        settings,
        said.continues,
        tuple(Diagnostic(cell.index, "info", code, message) for code, message in remarks),
    )


def check_step_name(name: str, where: str) -> None:
    """LabwrightError when `name` cannot be a step's."""
    if not STEP_NAME.fullmatch(name) or not step_key(name):
        raise LabwrightError(
            f"illegal step name {name!r}",
            where=where,
            hint="letters, digits, _ and -, at most 63, not starting with a digit or -",
        )


def step_key(name: str) -> str:
    """What is left of a step's name in Kubernetes; two steps must not share it."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")


class Conflict(Exception):
    """Two places set the same key to different values."""

    def __init__(self, key: str, first: Any, second: Any) -> None:
        super().__init__(key)
        self.key, self.first, self.second = key, first, second


def join(first: Mapping[str, Any], second: Mapping[str, Any], key: str = "") -> dict[str, Any]:
    """Raw settings said in two places: lists add up, objects join, anything else must agree."""
    joined = dict(first)
    for name, value in second.items():
        path = f"{key}.{name}" if key else name
        if name not in joined:
            joined[name] = value
            continue
        before = joined[name]
        if isinstance(before, Mapping) and isinstance(value, Mapping):
            joined[name] = join(before, value, path)
        elif isinstance(before, list) and isinstance(value, list):
            joined[name] = [*before, *(item for item in value if item not in before)]
        elif before != value:
            raise Conflict(path, before, value)
    return joined


def _role(tags: list[str], where: str) -> Role | None:
    roles = [role for role in _ROLES if role in tags]
    if "parameters" in roles and len(roles) > 1:
        raise LabwrightError(
            f"the cell has the tags {' and '.join(map(repr, roles))}", where=where, hint="keep one"
        )
    if roles and "metrics" in tags:
        raise LabwrightError(
            f"the cell has the tags {roles[0]!r} and 'metrics'", where=where, hint="keep one"
        )
    return roles[0] if roles else None


def _metadata(cell: Cell, where: str) -> dict[str, Any]:
    raw = cell.metadata.get("labwright", {})
    if not isinstance(raw, Mapping):
        raise LabwrightError("cell metadata `labwright` must be an object", where=where)
    return dict(raw)
