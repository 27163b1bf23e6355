"""`labwright runs`: what ran on this machine, and what is still to be done about it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import islice
from types import SimpleNamespace
from typing import Annotated, Any

from ...errors import LabwrightError
from ..spec import Arg, Opt


def list_(
    limit: Annotated[int, Opt("-n", "--limit", metavar="N", help="At most so many.")] = 20,
    state: Annotated[
        list[str], Opt("--state", metavar="STATE", help="Only runs in this state. Repeatable.")
    ] = [],  # noqa: B006
    experiment: Annotated[
        str, Opt("--experiment", metavar="NAME", help="Only runs of this experiment.")
    ] = "",
    text: Annotated[
        str, Opt("--text", metavar="TEXT", help="Only runs with this in id, name or notebook.")
    ] = "",
    as_json: Annotated[bool, Opt("--json", help="Print the runs as JSON.")] = False,
) -> int:
    """List the runs, the newest first."""
    from ...targets.local.pages import Wanted
    from ...targets.local.store import Store
    from ...widgets.lines import runs_table
    from ..console import out, out_json

    wanted = Wanted(
        experiment=experiment or None, states=_states(state), text=text or None, limit=limit
    )
    store = Store()
    found = list(islice(_runs(store, wanted), max(0, limit)))
    if as_json:
        out_json({"runs": [{**run, "dir": str(store.dir(run["run_id"]).path)} for run in found]})
    elif found or not (state or experiment or text):
        out(runs_table([SimpleNamespace(**run) for run in found]))
    else:
        out("No run is like that.")
    return 0


def _states(given: list[str]) -> list[str]:
    from ...targets.local.record import STATES

    for word in given:
        if word.upper() not in STATES:
            raise LabwrightError(
                f"there is no state {word!r}", where="--state", hint=f"it is {', '.join(STATES)}"
            )
    return [word.upper() for word in given]


def _runs(store: Any, wanted: Any) -> Iterator[dict[str, Any]]:
    """All that are wanted, page after page."""
    while True:
        page = store.runs_page(wanted)
        yield from page.runs
        if page.next is None:
            return
        wanted = replace(wanted, cursor=page.next)


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


def cancel(
    run: Annotated[
        str, Arg("The run: its id, or the start of it.", metavar="RUN", complete="runs")
    ],
) -> int:
    """Ask a run that is under way, in whatever process, to stop."""
    from ...targets.local.engine import cancel_run
    from ...targets.local.store import Store
    from ..console import out

    store = Store()
    run_id = store.run_row(run).run_id
    with _agent() as agent:
        state = agent.cancel(run_id)["state"] if agent else cancel_run(run_id, store).state
    out(f"{run_id}: {'CANCELED' if state == 'CANCELED' else 'CANCELING'}")
    return 0


def delete(
    runs: Annotated[
        list[str],
        Arg("The runs: their ids, or the start of them.", metavar="RUN…", complete="runs"),
    ],
) -> int:
    """Forget runs that are over, with their folders. What the cache has of them stays."""
    from ...targets.local.changes import delete_run
    from ...targets.local.store import Store
    from ..console import out

    store = Store()
    with _agent() as agent:
        for run_id in [store.run_row(run).run_id for run in runs]:
            if agent:
                agent.delete(run_id)
            else:
                delete_run(store, run_id)
            out(f"{run_id}: deleted")
    return 0


@contextmanager
def _agent(*, start: bool = False) -> Iterator[Any]:
    """The agent, where one runs: it tells everybody who looks."""
    from ...targets.local.agent.address import Place, find_socket
    from ...targets.local.home import home

    # The client is a heavy import for a machine on which no agent runs.
    if not start and find_socket(Place(home())) is None:
        yield None
        return
    from ...targets.local.agent.client import connect

    client = connect(start=start)
    try:
        yield client
    finally:
        if client is not None:
            client.close()


def _go_on(verb: str, run: str, detach: bool, show_logs: bool, as_json: bool) -> int:
    from ...targets.local import engine
    from ...targets.local.store import Store
    from ..running import conclude, left, watched

    if detach:
        if show_logs:
            raise LabwrightError("--logs shows a run that --detach leaves", hint="keep one")
        run_id = Store().run_row(run).run_id
        with _agent(start=True) as agent:
            return left(getattr(agent, verb)(run_id), as_json)
    action = engine.retry_run if verb == "retry" else engine.resume_run
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
    detach: Annotated[
        bool, Opt("--detach", help="Leave the run to the agent, and print its id.")
    ] = False,
    show_logs: Annotated[bool, Opt("--logs", help="Show what the steps print.")] = False,
    as_json: Annotated[bool, Opt("--json", help="End with the run as one JSON object.")] = False,
) -> int:
    """Run the failed steps of a run again, and what was to come after them."""
    return _go_on("retry", run, detach, show_logs, as_json)


def resume(
    run: Annotated[
        str, Arg("The run: its id, the start of it, or `latest`.", metavar="RUN", complete="runs")
    ],
    detach: Annotated[
        bool, Opt("--detach", help="Leave the run to the agent, and print its id.")
    ] = False,
    show_logs: Annotated[bool, Opt("--logs", help="Show what the steps print.")] = False,
    as_json: Annotated[bool, Opt("--json", help="End with the run as one JSON object.")] = False,
) -> int:
    """Go on with a run whose process was killed; steps that had finished are not run again."""
    return _go_on("resume", run, detach, show_logs, as_json)
