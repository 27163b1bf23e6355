"""`labwright run`: a notebook, or a compiled pipeline, as a run on this machine."""

from typing import Annotated

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
    logs: Annotated[bool, Opt("--logs", help="Show what the steps print, as they do.")] = False,
    as_json: Annotated[bool, Opt("--json", help="End with the run as one JSON object.")] = False,
) -> int:
    """Run a notebook as a pipeline: each step in its own process, in parallel where it can be.

    Exit status 0 says that the run succeeded, 1 that it did not. Ctrl-C cancels it.
    """
    from ... import launch
    from ..loading import say_warnings
    from ..running import conclude, watched

    launch.check_target(target)
    texts = launch.parameter_texts(param)
    if launch.is_compiled(notebook):
        record = watched(
            lambda listen, cancel: launch.run_compiled(
                notebook, texts, cache=not no_cache, on_event=listen, cancel=cancel
            ),
            as_json=as_json,
            logs=logs,
        )
        return conclude(record, as_json)
    analysed = launch.analyse_notebook(notebook)
    launch.pipeline_of(analysed)
    say_warnings(analysed.diagnostics)
    record = watched(
        lambda listen, cancel: launch.run_analysed(
            analysed, texts, cache=not no_cache, on_event=listen, cancel=cancel
        ),
        as_json=as_json,
        logs=logs,
    )
    return conclude(record, as_json)
