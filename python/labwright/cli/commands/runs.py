"""`labwright runs`: what ran on all targets, and what each step left."""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import islice
from types import SimpleNamespace
from typing import Annotated, Any

from ...errors import LabwrightError
from ..options import Run, Target
from ..places import everywhere, is_elsewhere, locate, opened, print_listing, with_all
from ..spec import Arg, Opt


def list_(
    limit: Annotated[int, Opt("-n", "--limit", metavar="N", help="At most so many.")] = 20,
    target: Target = "",
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
    """List the runs of all targets, or of one, the newest first.

    A target that does not answer is spoken of; the others are listed.
    """
    from ...targets.local.pages import Wanted
    from ...widgets.lines import runs_table

    wanted = Wanted(
        experiment=experiment or None,
        states=_states(state),
        text=text or None,
        limit=max(1, limit),
    )
    names, remarks = ([target], {}) if target else everywhere()
    if len(names) > 1:
        found, silent = _merged(names, wanted)
        remarks = {**remarks, **silent}
    else:
        found = list(_of_one(names[0], wanted))
    found = found[: max(0, limit)]

    def words() -> str:
        if not found and (state or experiment or text):
            return "No run is like that."
        return runs_table([SimpleNamespace(**run) for run in found], with_target=len(names) > 1)

    print_listing("runs", found, remarks, as_json=as_json, words=words)
    return 0


def _states(given: list[str]) -> list[str]:
    from ...targets.local.record import STATES

    for word in given:
        if word.upper() not in STATES:
            raise LabwrightError(
                f"there is no state {word!r}", where="--state", hint=f"it is {', '.join(STATES)}"
            )
    return [word.upper() for word in given]


def _of_one(name: str, wanted: Any) -> Iterator[dict[str, Any]]:
    """The runs of one target, as many as are wanted."""
    if is_elsewhere(name):
        with opened(name) as there:
            for run in islice(_pages(there.runs, wanted), wanted.limit):
                yield {**run, "dir": None}
        return
    from ...targets.local.store import Store

    store = Store()
    for run in islice(_pages(store.runs_page, wanted), wanted.limit):
        yield {**run, "dir": str(store.dir(run["run_id"]).path)}


def _pages(ask: Callable[[Any], Any], wanted: Any) -> Iterator[dict[str, Any]]:
    """All that are wanted, page after page."""
    while True:
        page = ask(wanted)
        yield from page.runs
        if page.next is None:
            return
        wanted = replace(wanted, cursor=page.next)


def _merged(names: list[str], wanted: Any) -> tuple[list[dict[str, Any]], dict[str, str]]:
    """The newest runs of several targets, and why others are left out."""
    from ...targets.config import LOCAL
    from ...targets.local.home import home, runs_folder
    from ...targets.many import many_runs

    async def ask(targets: Any) -> tuple[list[dict[str, Any]], dict[str, str]]:
        many = await many_runs({name: one.runs for name, one in targets.items()}, wanted)
        return many.items, many.remarks

    found, remarks = with_all(names, ask)
    folder = runs_folder(home())
    return [
        {**run, "dir": str(folder / run["run_id"]) if run["target"] == LOCAL else None}
        for run in found
    ], remarks


def show(
    run: Run = "latest",
    target: Target = "",
    as_json: Annotated[bool, Opt("--json", help="Print the run as JSON.")] = False,
) -> int:
    """Show one run: its steps, its metrics, and where everything is."""
    from ...widgets.lines import closing, line
    from ..console import out, out_json

    place, run_id = locate(run, target)
    record = _record(place, run_id)
    if as_json:
        out_json(record.to_json())
        return 0
    for step in record.steps:
        out(line(step))
    out(closing(record))
    return 0


def _record(place: str, run_id: str) -> Any:
    if is_elsewhere(place):
        from ...launch.elsewhere import record_of

        with opened(place) as there:
            return record_of(there.run(run_id))
    from ...targets.local.store import Store

    return Store().run(run_id)


def notebook(
    run: Run,
    step: Annotated[str, Arg("The step; NAME[TURN] of one that is repeated.", metavar="STEP")],
    output: Annotated[
        str, Opt("-o", "--output", metavar="FILE", help="Where to write; - is stdout.")
    ] = "-",
    target: Target = "",
) -> int:
    """Write the executed notebook of a step: its cells with what they gave, and the error if any.

    It is fetched from the target that the run is on.
    """
    from ..loading import write_text

    name, turn = _turn(step)
    place, run_id = locate(run, target)
    with opened(place) as there:
        data = there.notebook(run_id, name, turn)
    write_text(output, data.decode("utf-8"))
    return 0


def _turn(step: str) -> tuple[str, str | None]:
    """A step as lists call it: its name, and which turn."""
    found = re.fullmatch(r"(.+)\[([\d.]+)\]", step)
    return (found[1], found[2]) if found else (step, None)
