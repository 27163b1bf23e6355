"""`labwright run`: a notebook, or a compiled pipeline, as a run here or on another target."""

from ... import launch
from ...errors import LabwrightError
from ..asking import Asked
from ..options import (
    Detach,
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
from ..places import is_elsewhere
from ..running import conclude, left, run_there, watched


def run(
    notebook: Notebook,
    param: Params = [],  # noqa: B006
    target: Target = "",
    no_cache: NoCache = False,
    from_step: FromStep = "",
    until_step: UntilStep = "",
    experiment: Experiment = "",
    detach: Detach = False,
    logs: ShowLogs = False,
    as_json: RunAsJson = False,
) -> int:
    """Run a notebook as a pipeline: here, or on a target such as a Kubeflow cluster.

    Exit status 0 says that the run succeeded, 1 that it did not. Ctrl-C cancels it. With --detach
    the run goes on without this command; `labwright runs` shows what becomes of it.
    """
    if detach and logs:
        raise LabwrightError(
            "--logs shows a run that --detach leaves", hint="use `labwright runs logs -f` after it"
        )
    asked = Asked(notebook, param, no_cache, from_step, until_step, experiment)
    if is_elsewhere(target):
        return run_there(asked, target, detach=detach, logs=logs, as_json=as_json)
    return run_here(asked, detach=detach, logs=logs, as_json=as_json)


def run_here(asked: Asked, *, detach: bool, logs: bool, as_json: bool) -> int:
    """Run in this process, or leave it to the agent."""
    texts, options = asked.texts, asked.options
    if asked.compiled:
        if detach:
            ready = launch.prepared_compiled(asked.notebook, texts, **options)
            return left(launch.submit(ready), as_json)
        record = watched(
            lambda listen, cancel: launch.run_compiled(
                asked.notebook, texts, on_event=listen, cancel=cancel, **options
            ),
            as_json=as_json,
            logs=logs,
        )
        return conclude(record, as_json)
    analysed = asked.analysed()
    if detach:
        return left(launch.submit(launch.prepared(analysed, texts, **options)), as_json)
    record = watched(
        lambda listen, cancel: launch.run_analysed(
            analysed, texts, on_event=listen, cancel=cancel, **options
        ),
        as_json=as_json,
        logs=logs,
    )
    return conclude(record, as_json)
