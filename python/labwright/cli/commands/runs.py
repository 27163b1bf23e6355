"""`labwright runs`: what ran on this machine, and what is still to be done about it."""

from collections.abc import Callable
from typing import Annotated, Any

from ..spec import Arg, Opt


def list_(
    limit: Annotated[int, Opt("-n", "--limit", metavar="N", help="At most so many.")] = 20,
    as_json: Annotated[bool, Opt("--json", help="Print the runs as JSON.")] = False,
) -> int:
    """List the runs, the newest first."""
    from ...targets.local.store import Store
    from ...widgets.lines import runs_table
    from ..console import out, out_json

    found = Store().runs()[:limit]
    if as_json:
        out_json({"runs": [_summary(record) for record in found]})
    else:
        out(runs_table(found))
    return 0


def _summary(record: object) -> dict[str, object]:
    names = ("run_id", "name", "state", "created_at", "finished_at", "parameters", "metrics", "dir")
    return {name: getattr(record, name) for name in names}


def show(
    run: Annotated[
        str, Arg("The run: its id, the start of it, or `latest`.", metavar="RUN", complete="runs")
    ] = "latest",
    as_json: Annotated[bool, Opt("--json", help="Print the run as JSON.")] = False,
) -> int:
    """Show one run: its steps, its metrics, and where everything is."""
    from ...targets.local.store import Store
    from ...widgets.lines import closing, line
    from ..console import out, out_json

    record = Store().run(run)
    if as_json:
        out_json(record.to_json())
        return 0
    for step in record.steps:
        out(line(step))
    out(closing(record))
    return 0


def logs(
    run: Annotated[
        str, Arg("The run: its id, the start of it, or `latest`.", metavar="RUN", complete="runs")
    ] = "latest",
    step: Annotated[str | None, Arg("Only this step.", metavar="STEP")] = None,
) -> int:
    """Print what the steps of a run wrote to stdout and stderr."""
    from ...targets.local.store import Store
    from ..console import out

    store = Store()
    record = store.run(run)
    if step is not None:
        out(store.log(record.run_id, step).rstrip("\n"))
        return 0
    for one in record.steps:
        text = store.log(record.run_id, one.name, one.iteration).rstrip("\n")
        if text:
            name = one.name if one.iteration is None else f"{one.name}[{one.iteration}]"
            out(f"==> {name} <==\n{text}")
    return 0


def cancel(
    run: Annotated[
        str, Arg("The run: its id, or the start of it.", metavar="RUN", complete="runs")
    ],
) -> int:
    """Ask a run that is under way, in whatever process, to stop."""
    from ...targets.local.engine import cancel_run
    from ..console import out

    record = cancel_run(run)
    out(f"{record.run_id}: {'CANCELED' if record.state == 'CANCELED' else 'CANCELING'}")
    return 0


def _go_on(action: Callable[..., Any], run: str, show_logs: bool, as_json: bool) -> int:
    from ..running import conclude, watched

    record = watched(
        lambda listen, cancel: action(run, on_event=listen, cancel=cancel),
        as_json=as_json,
        logs=show_logs,
    )
    return conclude(record, as_json)


def retry(
    run: Annotated[
        str, Arg("The run: its id, the start of it, or `latest`.", metavar="RUN", complete="runs")
    ],
    show_logs: Annotated[bool, Opt("--logs", help="Show what the steps print.")] = False,
    as_json: Annotated[bool, Opt("--json", help="End with the run as one JSON object.")] = False,
) -> int:
    """Run the failed steps of a run again, and what was to come after them."""
    from ...targets.local.engine import retry_run

    return _go_on(retry_run, run, show_logs, as_json)


def resume(
    run: Annotated[
        str, Arg("The run: its id, the start of it, or `latest`.", metavar="RUN", complete="runs")
    ],
    show_logs: Annotated[bool, Opt("--logs", help="Show what the steps print.")] = False,
    as_json: Annotated[bool, Opt("--json", help="End with the run as one JSON object.")] = False,
) -> int:
    """Go on with a run whose process was killed; steps that had finished are not run again."""
    from ...targets.local.engine import resume_run

    return _go_on(resume_run, run, show_logs, as_json)
