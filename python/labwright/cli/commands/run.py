"""`labwright run`: a notebook, or a compiled pipeline, as a run on this machine."""

from typing import Annotated, Any

from ...errors import LabwrightError
from ..spec import Arg, Opt


def run(
    notebook: Annotated[str, Arg("The notebook, or a compiled .yaml.", metavar="NB")],
    param: Annotated[
        list[str], Opt("-p", "--param", metavar="NAME=VALUE", help="Set a parameter. Repeatable.")
    ] = [],  # noqa: B006
    target: Annotated[
        str, Opt("--target", metavar="T", help="Where to run; local is this machine.")
    ] = "local",
    no_cache: Annotated[
        bool, Opt("--no-cache", help="Run every step, whatever earlier runs have left.")
    ] = False,
    from_step: Annotated[
        str, Opt("--from", metavar="STEP", help="Run this step and all that follow from it anew.")
    ] = "",
    until_step: Annotated[
        str, Opt("--until", metavar="STEP", help="Run this step and what it needs, no more.")
    ] = "",
    experiment: Annotated[
        str, Opt("--experiment", metavar="NAME", help="List the run under this name.")
    ] = "",
    detach: Annotated[
        bool, Opt("--detach", help="Leave the run to the agent, and print its id.")
    ] = False,
    logs: Annotated[bool, Opt("--logs", help="Show what the steps print, as they do.")] = False,
    as_json: Annotated[bool, Opt("--json", help="End with the run as one JSON object.")] = False,
) -> int:
    """Run a notebook as a pipeline: each step in its own process, in parallel where it can be.

    Exit status 0 says that the run succeeded, 1 that it did not. Ctrl-C cancels it. With --detach
    the run goes on without this command; `labwright runs` shows what becomes of it.
    """
    from ... import launch
    from ..loading import say_warnings
    from ..running import conclude, watched

    launch.check_target(target)
    if detach and logs:
        raise LabwrightError(
            "--logs shows a run that --detach leaves", hint="use `labwright runs logs -f` after it"
        )
    texts = launch.parameter_texts(param)
    options: dict[str, Any] = {"cache": not no_cache, "experiment": experiment or None}
    if launch.is_compiled(notebook):
        if from_step or until_step:
            raise LabwrightError(
                "--from and --until need the notebook", where=notebook, hint="run the .ipynb"
            )
        if detach:
            return _leave(launch.prepared_compiled(notebook, texts, **options), as_json)
        record = watched(
            lambda listen, cancel: launch.run_compiled(
                notebook, texts, on_event=listen, cancel=cancel, **options
            ),
            as_json=as_json,
            logs=logs,
        )
        return conclude(record, as_json)
    options |= {"from_step": from_step or None, "until_step": until_step or None}
    analysed = launch.analyse_notebook(notebook)
    launch.pipeline_of(analysed)
    say_warnings(analysed.diagnostics)
    if detach:
        return _leave(launch.prepared(analysed, texts, **options), as_json)
    record = watched(
        lambda listen, cancel: launch.run_analysed(
            analysed, texts, on_event=listen, cancel=cancel, **options
        ),
        as_json=as_json,
        logs=logs,
    )
    return conclude(record, as_json)


def _leave(ready: Any, as_json: bool) -> int:
    from ...launch import submit
    from ..running import left

    return left(submit(ready), as_json)
