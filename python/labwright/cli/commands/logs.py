"""`labwright runs logs`: what the steps of a run wrote, also while they write it."""

import time
from collections.abc import Iterable, Iterator
from contextlib import closing
from itertools import chain
from types import SimpleNamespace
from typing import Annotated, Any

from ...errors import LabwrightError
from ...widgets.elapsed import label
from ..options import Run, Target
from ..places import is_elsewhere, locate, opened
from ..spec import Arg, Opt

GLANCE = 0.1
"""Seconds between looks at a run that is followed."""


def logs(
    run: Run = "latest",
    step: Annotated[str | None, Arg("Only this step.", metavar="STEP")] = None,
    target: Target = "",
    follow: Annotated[
        bool, Opt("-f", "--follow", help="Go on until the run is over. Ctrl-C leaves it alone.")
    ] = False,
) -> int:
    """Print what the steps of a run wrote to stdout and stderr."""
    from ..console import out

    place, run_id = locate(run, target)
    if is_elsewhere(place):
        from ..running import can_show_logs

        with opened(place) as there:
            if follow:
                can_show_logs(there)
            lines = _following_there if follow else _all_there
            for text in lines(there, run_id, step):
                out(text)
        return 0
    from ...targets.local.store import Store

    store = Store()
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
            out(f"==> {label(one)} <==\n{text}")
    return 0


def _all_there(target: Any, run_id: str, only: str | None) -> Iterator[str]:
    """What the steps of a run elsewhere have printed."""
    steps = target.run(run_id)["steps"]
    _check_step(run_id, only, [one["name"] for one in steps])
    for one in steps:
        if only not in (None, one["name"]) or one["state"] in ("PENDING", "SKIPPED"):
            continue
        text = "".join(_pieces(target, run_id, one)).rstrip("\n")
        if only is not None:
            yield text
        elif text:
            yield f"==> {label(SimpleNamespace(**one))} <==\n{text}"


def _pieces(target: Any, run_id: str, step: dict[str, Any]) -> Iterator[str]:
    turn = None if step["iteration"] is None else str(step["iteration"])
    offset = 0
    while True:
        piece = target.log(run_id, step["name"], turn, offset=offset)
        yield piece["text"]
        if piece["end"] or not piece["text"]:
            return
        offset = piece["next"]


def _following_there(target: Any, run_id: str, only: str | None) -> Iterator[str]:
    """Lines of a run elsewhere as they come, with a heading wherever another step goes on."""
    from ...launch.elsewhere import Teller

    _check_step(run_id, only, [one["name"] for one in target.run(run_id)["steps"]])
    heard: list[Any] = []
    teller = Teller(run_id, heard.append)
    state = speaker = None
    with closing(target.watch(run_id, logs=True)) as changes:
        for change in chain(changes, [None]):
            if change is None:
                teller.end()
            elif change["type"] == "run":
                state = change["run"]["state"]
            else:
                teller.take(change)
            for line in heard:
                if type(line).__name__ != "LogLine" or only not in (None, line.step):
                    continue
                if only is None and speaker != label(line):
                    speaker = label(line)
                    yield f"==> {speaker} <=="
                yield line.text
            heard.clear()
    yield f"{run_id}: {state}"


def following(store: Any, run_id: str, only: str | None) -> Iterator[str]:
    """Lines as they are written here, with a heading wherever another step goes on."""
    from ...targets.local.agent.tail import Tail
    from ...targets.local.journal import JournalReader
    from ...targets.local.record import FINAL

    journal = JournalReader(store.dir(run_id).journal)
    tails: dict[Any, Any] = {}
    rests: dict[Any, str] = {}
    speaker = None
    record = store.run(run_id)
    _check_step(run_id, only, [one.name for one in record.steps])
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
                    yield f"==> {label(one)} <=="
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


def _check_step(run_id: str, only: str | None, names: Iterable[str]) -> None:
    """LabwrightError where a run has steps, and none of this name."""
    known = list(dict.fromkeys(names))
    if only is not None and known and only not in known:
        raise LabwrightError(
            f"run {run_id} has no step {only!r}", hint=f"it has {', '.join(known)}"
        )
