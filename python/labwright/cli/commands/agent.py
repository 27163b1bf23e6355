"""`labwright agent`: the process that runs pipelines for those who do not wait for them."""

from typing import Annotated

from ...errors import LabwrightError
from ..spec import Opt


def agent(
    idle: Annotated[
        float | None, Opt("--idle", metavar="S", help="End after S seconds without work.")
    ] = None,
    max_runs: Annotated[
        int | None, Opt("--max-runs", metavar="N", help="Have at most N runs go on at a time.")
    ] = None,
    status: Annotated[bool, Opt("--status", help="Say whether an agent runs, and end.")] = False,
    stop: Annotated[
        bool, Opt("--stop", help="End the agent that runs; its runs and servers go on.")
    ] = False,
    as_json: Annotated[bool, Opt("--json", help="With --status: as one JSON object.")] = False,
) -> int:
    """Be the agent, in the foreground. It is started by itself wherever it is needed.

    Exit status 1 of --status says that there is none; of `labwright agent`, that there is one.
    """
    from ..console import err

    if sum((status, stop, idle is not None or max_runs is not None)) > 1:
        raise LabwrightError("--status and --stop stand alone", hint="give one of them")
    if as_json and not status:
        raise LabwrightError("--json belongs to --status")
    if max_runs is not None and max_runs < 1:
        raise LabwrightError(f"{max_runs} runs at a time are none", where="--max-runs")
    if status:
        return _status(as_json)
    if stop:
        return _stop()
    from ...targets.local.agent.server import serve

    if not serve(idle, max_runs):
        err("labwright: there is an agent already; `labwright agent --status` tells of it")
        return 1
    return 0


def _status(as_json: bool) -> int:
    from ...targets.local.agent.client import connect
    from ..console import out, out_json

    client = connect(start=False)
    if client is None:
        none = {"running": False, "active": 0, "queued": 0}
        if as_json:
            out_json(none)
        else:
            out("no agent runs; one is started when it is needed")
        return 1
    with client:
        found = client.status()
    about = found["agent"]
    if as_json:
        out_json({**about, **{key: found[key] for key in ("ledger", "listeners", "servers")}})
    else:
        out(f"agent {about['version']} (process {about['pid']})")
        counts = f"{about['active']} active, {about['queued']} waiting"
        out(f"runs    {counts}, {about['max_runs']} at a time")
        out(f"servers {found['servers']} looked after")
        gpus = found["ledger"]["gpus"]
        if gpus:
            out(f"GPUs    {sum(one['free'] for one in gpus)} of {len(gpus)} free")
    return 0


def _stop() -> int:
    from ...targets.local.agent.client import connect
    from ..console import out

    client = connect(start=False)
    if client is None:
        out("no agent runs")
        return 0
    with client:
        client.stop()
    out("the agent ends; runs and servers that are active go on by themselves")
    return 0
