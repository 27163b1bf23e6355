"""What there is: the agent, the targets, the forms' schemas, this API's description."""

from __future__ import annotations

import labwright

from .models import Schemas, Status, Target, Targets
from .openapi import FILE
from .reply import Reply
from .workbench import Workbench


async def show_status(workbench: Workbench) -> Status:
    """The version and the agent; none is started for this."""
    return Status(version=labwright.__version__, agent=await workbench.bridge.status())


async def list_targets(workbench: Workbench) -> Targets:
    """This machine."""

    def look() -> Target:
        from labwright.targets.local.agent.machine import machine

        here = machine(workbench.store.root)
        return Target.model_validate({"name": "local", "kind": "local", "available": True, **here})

    return Targets(targets=[await workbench.work(look)])


async def show_schemas(workbench: Workbench) -> Schemas:
    """What a step's and a pipeline's settings may be."""

    def make() -> Schemas:
        from .schemas import pipeline_schema, step_schema

        return Schemas(step=step_schema(), pipeline=pipeline_schema())

    return await workbench.work(make)


async def show_openapi(workbench: Workbench) -> Reply:
    """This API's description."""
    return Reply(FILE, "application/json")
