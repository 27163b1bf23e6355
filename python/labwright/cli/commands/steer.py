"""`labwright runs cancel`, `retry` and the rest: what is still to be done about a run."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any

from ...errors import LabwrightError
from ..options import Detach, Run, RunAsJson, Runs, ShowLogs, Target
from ..places import is_elsewhere, locate, opened
from ..spec import Arg


def cancel(
    run: Annotated[
        str, Arg("The run: its id, or the start of it.", metavar="RUN", complete="runs")
    ],
    target: Target = "",
) -> int:
    """Ask a run that is under way, in whatever process or on whatever target, to stop."""
    from ..console import out

    place, run_id = locate(run, target)
    if is_elsewhere(place):
        with opened(place) as there:
            state = there.cancel(run_id)["state"]
    else:
        from ...targets.local.engine import cancel_run

        with _agent() as agent:
            state = agent.cancel(run_id)["state"] if agent else cancel_run(run_id).state
    out(f"{run_id}: {'CANCELED' if state == 'CANCELED' else 'CANCELING'}")
    return 0


def delete(runs: Runs, target: Target = "") -> int:
    """Forget runs that are over, with their folders. What the cache has of them stays."""
    from ..console import out

    for place, ids in _by_place(runs, target).items():
        for run_id in _deleted_there(place, ids) if is_elsewhere(place) else _deleted_here(ids):
            out(f"{run_id}: deleted")
    return 0


def _deleted_here(ids: list[str]) -> Iterator[str]:
    from ...targets.local.changes import delete_run
    from ...targets.local.store import Store

    store = Store()
    with _agent() as agent:
        for run_id in ids:
            if agent:
                agent.delete(run_id)
            else:
                delete_run(store, run_id)
            yield run_id


def _deleted_there(place: str, ids: list[str]) -> Iterator[str]:
    import shutil

    from ...launch.elsewhere import fetched_of

    with opened(place) as there:
        for run_id in ids:
            there.delete(run_id)
            shutil.rmtree(fetched_of(place, run_id), ignore_errors=True)
            yield run_id


def archive(runs: Runs, target: Target = "") -> int:
    """Take runs out of the lists; everything of them stays. `unarchive` brings them back."""
    return _each("archive", "archived", runs, target)


def unarchive(runs: Runs, target: Target = "") -> int:
    """Bring archived runs back into the lists."""
    return _each("unarchive", "listed again", runs, target)


def _each(verb: str, done: str, runs: list[str], target: str) -> int:
    from ..console import out

    for place, ids in _by_place(runs, target).items():
        with opened(place) as there:
            for run_id in ids:
                getattr(there, verb)(run_id)
                out(f"{run_id}: {done}")
    return 0


def _by_place(runs: list[str], target: str) -> dict[str, list[str]]:
    """The ids of runs by the target they are on; all are looked for before any is touched."""
    found: dict[str, list[str]] = {}
    for run in runs:
        place, run_id = locate(run, target)
        found.setdefault(place, []).append(run_id)
    return found


def retry(
    run: Run,
    target: Target = "",
    detach: Detach = False,
    show_logs: ShowLogs = False,
    as_json: RunAsJson = False,
) -> int:
    """Run the failed steps of a run again, and what was to come after them."""
    return _go_on("retry", run, target, detach, show_logs, as_json)


def resume(
    run: Run,
    target: Target = "",
    detach: Detach = False,
    show_logs: ShowLogs = False,
    as_json: RunAsJson = False,
) -> int:
    """Go on with a run whose process was killed; steps that had finished are not run again."""
    return _go_on("resume", run, target, detach, show_logs, as_json)


def _go_on(verb: str, run: str, target: str, detach: bool, show_logs: bool, as_json: bool) -> int:
    from ..running import conclude, left, watched

    if detach and show_logs:
        raise LabwrightError("--logs shows a run that --detach leaves", hint="keep one")
    place, run_id = locate(run, target)
    if is_elsewhere(place):
        return _go_on_there(verb, run_id, place, detach, show_logs, as_json)
    if detach:
        with _agent(start=True) as agent:
            return left(getattr(agent, verb)(run_id), as_json)
    from ...targets.local import engine

    action = engine.retry_run if verb == "retry" else engine.resume_run
    record = watched(
        lambda listen, cancel: action(run_id, on_event=listen, cancel=cancel),
        as_json=as_json,
        logs=show_logs,
    )
    return conclude(record, as_json)


def _go_on_there(
    verb: str, run_id: str, place: str, detach: bool, show_logs: bool, as_json: bool
) -> int:
    from ...launch.elsewhere import go_on_elsewhere
    from ...targets.config import open_target
    from ..running import can_show_logs, conclude, left, watched

    if detach:
        with opened(place) as there:
            return left(getattr(there, verb)(run_id), as_json)
    target = open_target(place)
    if show_logs:
        can_show_logs(target)
    record = watched(
        lambda listen, cancel: go_on_elsewhere(
            target, run_id, verb, logs=show_logs, on_event=listen, cancel=cancel
        ),
        as_json=as_json,
        logs=show_logs,
    )
    return conclude(record, as_json)


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
