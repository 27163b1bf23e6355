"""What there is: the agent, the targets, the forms' schemas, this API's description."""

from __future__ import annotations

from dataclasses import asdict, fields
from functools import partial
from typing import TYPE_CHECKING, Any

import labwright
from labwright.errors import LabwrightError
from labwright.targets.protocols import Capabilities

from .models import Schemas, Status, Targets
from .openapi import FILE
from .reply import Reply
from .workbench import Workbench

if TYPE_CHECKING:
    from labwright.targets.config import KnownTarget


async def show_status(workbench: Workbench) -> Status:
    """The version and the agent; none is started for this."""
    return Status(version=labwright.__version__, agent=await workbench.bridge.status())


async def list_targets(workbench: Workbench) -> Targets:
    """Every target the user knows, and how it answers just now."""
    from labwright.targets.local.agent.machine import machine
    from labwright.targets.many import answers

    known = await workbench.targets.known()
    asks = {name: partial(_reach, workbench, one) for name, one in known.items()}
    reached, silent = await answers(asks)
    here = await workbench.work(lambda: machine(workbench.store.root))
    shown = [
        {
            "name": name,
            "kind": one.kind,
            "where": one.where(),
            "ui": _ui(one),
            "capabilities": asdict(_capabilities(workbench, one)),
            **(reached.get(name) or {"available": False, "reason": silent[name]}),
            **(here if one.kind == "local" else {}),
        }
        for name, one in known.items()
    ]
    return Targets.model_validate({"targets": shown})


def _ui(known: KnownTarget) -> str | None:
    """Where a browser finds the target: Kubeflow's dashboard has it at the API's own address."""
    dashboard = known.endpoint.rstrip("/").endswith("/pipeline")
    return known.ui or (known.endpoint if dashboard else None)


async def _reach(workbench: Workbench, known: KnownTarget) -> dict[str, Any]:
    target = workbench.targets.opened(known)
    reach, _ = await workbench.late.ask(known.name, "reach", target.reach, patient=True)
    if reach.available:
        workbench.presence.there(known.name)
    return asdict(reach)


def _capabilities(workbench: Workbench, known: KnownTarget) -> Capabilities:
    """What a target can do; one that cannot even be opened can do nothing."""
    try:
        return workbench.targets.opened(known).capabilities
    except LabwrightError:
        return Capabilities(**{one.name: False for one in fields(Capabilities)})


async def show_schemas(workbench: Workbench) -> Schemas:
    """What a step's and a pipeline's settings may be."""

    def make() -> Schemas:
        from .schemas import pipeline_schema, step_schema

        return Schemas(step=step_schema(), pipeline=pipeline_schema())

    return await workbench.work(make)


async def show_openapi(workbench: Workbench) -> Reply:
    """This API's description."""
    return Reply(FILE, "application/json")
