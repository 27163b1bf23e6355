"""From a file under the server's root to what a target is asked to run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from labwright.errors import LabwrightError

from .models import Submission as Asked
from .workbench import Workbench

if TYPE_CHECKING:
    from labwright.diagnostics import Diagnostic
    from labwright.targets.local.submission import Submission
    from labwright.targets.protocols import PipelineTarget


async def ready(
    workbench: Workbench,
    target: PipelineTarget,
    body: Asked,
    *,
    from_step: str | None = None,
    until_step: str | None = None,
) -> tuple[Submission, list[Diagnostic]]:
    """What is asked of the target, and remarks: what is wrong is told before anything is sent."""
    place = str(workbench.root.file(body.path))

    def prepare() -> tuple[Submission, list[Diagnostic]]:
        from labwright.launch import (
            analyse_notebook,
            is_compiled,
            submission,
            submission_compiled,
        )

        able = target.capabilities
        if not is_compiled(place):
            asked = submission(
                analyse_notebook(place),
                body.parameters,
                able,
                cache=body.cache,
                experiment=body.experiment,
                from_step=from_step,
                until_step=until_step,
            )
        elif from_step or until_step:
            raise LabwrightError(
                "a compiled pipeline is run as a whole",
                hint="leave from_step and until_step out, or run its notebook",
            )
        else:
            asked = submission_compiled(
                place, body.parameters, able, cache=body.cache, experiment=body.experiment
            )
        # For this machine a submission is checked when it is made.
        return asked, [] if able.own_machine else target.check(asked)

    return await workbench.work(prepare)
