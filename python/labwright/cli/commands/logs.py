"""`labwright runs logs`: what the steps of a run wrote, also while they write it."""

import time
from collections.abc import Iterator
from typing import Annotated, Any

from ...errors import LabwrightError
from ..spec import Arg, Opt

GLANCE = 0.1
"""Seconds between looks at a run that is followed."""


def logs(
    run: Annotated[
        str, Arg("The run: its id, the start of it, or `latest`.", metavar="RUN", complete="runs")
    ] = "latest",
    step: Annotated[str | None, Arg("Only this step.", metavar="STEP")] = None,
    follow: Annotated[
        bool, Opt("-f", "--follow", help="Go on until the run is over. Ctrl-C leaves it alone.")
    ] = False,
) -> int:
    """Print what the steps of a run wrote to stdout and stderr."""
    from ...targets.local.store import Store
    from ..console import out

    store = Store()
    run_id = store.run_row(run).run_id
    if follow:
        for text in following(store, run_id, step):
            out(text)
        return 0
    if step is not None:
        out(store.log(run_id, step).rstrip("\n"))
        return 0
    for one in store.run(run_id).steps:
        text = store.log(run_id, one.name, one.iteration).rstrip("\n")
        if text:
            out(f"==> {_label(one)} <==\n{text}")
    return 0


def following(store: Any, run_id: str, only: str | None) -> Iterator[str]:
    """Lines as they are written, with a heading wherever another step goes on."""
    from ...targets.local.agent.tail import Tail
    from ...targets.local.journal import JournalReader
    from ...targets.local.record import FINAL

    journal = JournalReader(store.dir(run_id).journal)
    tails: dict[Any, Any] = {}
    rests: dict[Any, str] = {}
    speaker = None
    record = store.run(run_id)
    if only is not None and record.steps and only not in {one.name for one in record.steps}:
        names = ", ".join(dict.fromkeys(one.name for one in record.steps))
        raise LabwrightError(f"run {run_id} has no step {only!r}", hint=f"it has {names}")
    while True:
        over = record.state in FINAL
        for one in record.steps:
            if one.dir is None or one.cached or only not in (None, one.name):
                continue
            key = one.name, one.iteration
            tail = tails.setdefault(key, Tail(one.dir / "log.txt"))
            while pieces := tail.read(over=one.state in FINAL):
                text = rests.pop(key, "") + "".join(text for _, text in pieces)
                *lines, rests[key] = text.split("\n")
                if lines and only is None and speaker != key:
                    yield f"==> {_label(one)} <=="
                    speaker = key
                yield from lines
            if one.state in FINAL and rests.get(key):
                yield rests.pop(key)
        if over:
            yield f"{run_id}: {record.state}"
            return
        time.sleep(GLANCE)
        if journal.read() or not store.dir(run_id).running:
            record = store.run(run_id)


def _label(step: Any) -> str:
    return step.name if step.iteration is None else f"{step.name}[{step.iteration}]"
