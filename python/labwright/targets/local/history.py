"""What a notebook's steps were when they last ran well, and how they differ from that now."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ...errors import LabwrightError
from .ir import Container, read_executor
from .program import runtime_in, step_program
from .rundir import read_json
from .steps import Step

if TYPE_CHECKING:
    from .store import Store

RECENT = 50
"""How many of the notebook's runs are looked at."""
_LONGEST = 40


@dataclass(frozen=True)
class Before:
    """A step in the last run in which it succeeded. `container` is None where that is lost."""

    parameters: Mapping[str, Any]
    container: Container | None


def last_time(store: Store, notebook: str, steps: Iterable[Step]) -> dict[str, Before]:
    """The steps, by name, as they were; those that never ran are left out."""
    from sqlalchemy import select

    from .schema import runs
    from .schema import steps as table

    labels = {step.name: step.component.executor for step in steps}
    recent = (
        select(runs.c.run_id, runs.c.created_at, runs.c.parameters)
        .where(runs.c.options["notebook"].as_string() == notebook)
        .order_by(runs.c.created_at.desc())
        .limit(RECENT)
        .subquery()
    )
    query = (
        select(table.c.name, recent.c.run_id, recent.c.parameters)
        .join(recent, table.c.run_id == recent.c.run_id)
        .where(table.c.name.in_(labels), table.c.state == "SUCCEEDED")
        .order_by(recent.c.created_at.desc())
    )
    latest: dict[str, tuple[str, Any]] = {}
    with store.transaction() as connection:
        for name, run_id, parameters in connection.execute(query):
            latest.setdefault(name, (run_id, parameters))
    containers = {run_id: _containers(store, run_id) for run_id in {r for r, _ in latest.values()}}
    return {
        name: Before(parameters, containers[run_id].get(labels[name]))
        for name, (run_id, parameters) in latest.items()
    }


def _containers(store: Store, run_id: str) -> dict[str, Container]:
    data = read_json(store.dir(run_id).pipeline)
    try:
        executors = data["pipeline_spec"]["deploymentSpec"]["executors"]
        found = {label: read_executor(label, one) for label, one in executors.items()}
    except (TypeError, KeyError, LabwrightError):
        return {}
    return {label: one for label, one in found.items() if isinstance(one, Container)}


def what_changed(
    step: Step, before: Before, parameters: Mapping[str, Any], read: Iterable[str]
) -> str | None:
    """How a step differs from its last time, in its own right; `read`: the parameters it takes."""
    now, then = step.executor, before.container
    if isinstance(now, Container) and then is not None:
        changed = _code(now, then)
        if changed is not None:
            return changed
    for name in read:
        if name in before.parameters and before.parameters[name] != parameters.get(name):
            old, new = _short(before.parameters[name]), _short(parameters.get(name))
            return f"parameter {name} changed: {old} -> {new}"
    return None


def _code(now: Container, then: Container) -> str | None:
    if (now.image, now.env) != (then.image, then.env):
        return "its environment changed"
    if (now.command, now.args) == (then.command, then.args):
        return None
    new, old = step_program(now), step_program(then)
    if new is None or old is None or new.get("cells") != old.get("cells"):
        return "its code changed"
    for part in ("setup", "late_setup"):
        if new.get(part) != old.get(part):
            return "an import or a definition that it uses changed"
    if new != old:
        return "its settings changed"
    return "Labwright changed" if runtime_in(now) != runtime_in(then) else "its settings changed"


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
