"""`labwright submit`: a pipeline to a target, as a run that goes on by itself."""

from typing import Annotated

from ...errors import LabwrightError
from ..asking import Asked
from ..options import (
    Experiment,
    FromStep,
    NoCache,
    Notebook,
    Params,
    RunAsJson,
    ShowLogs,
    Target,
    UntilStep,
)
from ..places import is_elsewhere, the_other
from ..running import run_there
from ..spec import Opt
from .run import run_here


def submit(
    notebook: Notebook,
    param: Params = [],  # noqa: B006
    target: Target = "",
    name: Annotated[str, Opt("--name", metavar="NAME", help="What lists call the run.")] = "",
    no_cache: NoCache = False,
    from_step: FromStep = "",
    until_step: UntilStep = "",
    experiment: Experiment = "",
    watch: Annotated[bool, Opt("--watch", help="Wait for the run, as `labwright run` does.")] = (
        False
    ),
    detach: Annotated[bool, Opt("--detach", help="Do not wait for it, as without --watch.")] = (
        False
    ),
    logs: ShowLogs = False,
    as_json: RunAsJson = False,
) -> int:
    """Send a notebook's pipeline to a target, begin a run of it there, and print the run's id.

    A pipeline that is there already is not uploaded again. Without --target it goes to the only
    target there is besides this machine. With --watch the exit status is the run's: 0 when it
    succeeded, 1 when not, and Ctrl-C cancels it.
    """
    if watch and detach:
        raise LabwrightError("--watch waits for a run that --detach leaves", hint="keep one")
    if logs and not watch:
        raise LabwrightError("--logs shows a run that is waited for", hint="give --watch, too")
    asked = Asked(notebook, param, no_cache, from_step, until_step, experiment)
    place = the_other(target)
    if is_elsewhere(place):
        return run_there(asked, place, name=name, detach=not watch, logs=logs, as_json=as_json)
    if name:
        raise LabwrightError("a run here is named as its pipeline", hint="leave --name out")
    return run_here(asked, detach=not watch, logs=logs, as_json=as_json)
