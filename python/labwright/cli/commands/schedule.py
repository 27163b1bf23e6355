"""`labwright schedule`: pipelines that a target runs by a timetable."""

from collections.abc import Callable
from datetime import timezone
from types import SimpleNamespace
from typing import TYPE_CHECKING, Annotated, Any

from ...errors import LabwrightError
from ..asking import Asked
from ..loading import say_warnings
from ..options import Experiment, NoCache, Notebook, Params, Target
from ..places import (
    ask_all,
    everywhere,
    opened,
    others,
    print_listing,
    say_remarks,
    the_other,
    with_all,
)
from ..spec import Arg, Opt

if TYPE_CHECKING:
    from ...targets.protocols import Timetable

MOST_AT_ONCE = 10
"""What KFP takes at most."""

Schedule = Annotated[str, Arg("The schedule's id.", metavar="SCHEDULE")]


def create(
    notebook: Notebook,
    param: Params = [],  # noqa: B006
    cron: Annotated[
        str, Opt("--cron", metavar="'M H D M W'", help="When, as in crontab, in UTC.")
    ] = "",
    every: Annotated[
        str, Opt("--every", metavar="TIME", help="How often: 90, 30m, 1h, 1h30m, 2d.")
    ] = "",
    target: Target = "",
    name: Annotated[str, Opt("--name", metavar="NAME", help="What lists call it.")] = "",
    start: Annotated[
        str, Opt("--start", metavar="TIME", help="Not before this time (ISO 8601).")
    ] = "",
    end: Annotated[str, Opt("--end", metavar="TIME", help="Not after this time (ISO 8601).")] = "",
    at_once: Annotated[
        int, Opt("--at-once", metavar="N", help="How many of its runs may overlap.")
    ] = 1,
    no_catch_up: Annotated[
        bool, Opt("--no-catch-up", help="Leave out turns that were missed.")
    ] = False,
    no_cache: NoCache = False,
    experiment: Experiment = "",
    as_json: Annotated[bool, Opt("--json", help="Print the schedule as JSON.")] = False,
) -> int:
    """Have a target run a notebook's pipeline by a timetable; print the schedule's id.

    What is scheduled is the file as it is now: later changes to it do not count. Without --target
    it goes to the only target there is besides this machine, which itself has no timetable.
    """
    from ..console import out, out_json

    asked = Asked(notebook, param, no_cache, experiment=experiment)
    when = _timetable(cron, every, start, end, at_once, not no_catch_up)
    with opened(the_other(target)) as there:
        _check_offered(there)
        submission = asked.submission(there.capabilities)
        say_warnings(there.check(submission))
        made = there.schedule(submission, when, name=name or None)
    if as_json:
        out_json(made)
    else:
        out(made["schedule_id"])
    return 0


def _timetable(
    cron: str, every: str, start: str, end: str, at_once: int, catch_up: bool
) -> "Timetable":
    from ...targets.protocols import Timetable

    if bool(cron.strip()) == bool(every):
        raise LabwrightError(
            "say when it runs, in one way", hint="--cron '0 3 * * *' or --every 1h"
        )
    if not 1 <= at_once <= MOST_AT_ONCE:
        raise LabwrightError(f"it is 1 to {MOST_AT_ONCE}", where=f"--at-once {at_once}")
    begins, ends = _moment(start, "--start"), _moment(end, "--end")
    if begins and ends and begins >= ends:
        raise LabwrightError("it ends before it starts", where="--end")
    return Timetable(
        cron=" ".join(cron.split()) or None,
        every=_interval(every) if every else None,
        start=begins,
        end=ends,
        at_once=at_once,
        catch_up=catch_up,
    )


def _interval(text: str) -> int:
    """Whole seconds from `90`, `30m` or `1h30m`."""
    from ...notebook.records import Unfit
    from ...notebook.settings import duration

    try:
        seconds = duration(1, "seconds, 1 or more, or text such as 30m, 1h, 2d")(_number(text))
    except Unfit as error:
        raise LabwrightError(error.what, where="--every", hint=error.hint) from None
    if seconds != int(seconds):
        raise LabwrightError(f"{text!r} is not whole seconds", where="--every")
    return int(seconds)


def _number(text: str) -> float | str:
    try:
        return float(text)
    except ValueError:
        return text


def _moment(text: str, option: str) -> str | None:
    """A time in UTC. One that names no zone is this machine's."""
    from ...widgets.elapsed import moment

    if not text:
        return None
    try:
        found = moment(text)
    except ValueError:
        raise LabwrightError(
            f"{text!r} is no time", where=option, hint="ISO 8601, as in 2026-01-31T06:00"
        ) from None
    return found.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def list_(
    limit: Annotated[int, Opt("-n", "--limit", metavar="N", help="At most so many.")] = 20,
    target: Target = "",
    experiment: Annotated[
        str, Opt("--experiment", metavar="NAME", help="Only those of this experiment.")
    ] = "",
    text: Annotated[str, Opt("--text", metavar="TEXT", help="Only those with this in it.")] = "",
    as_json: Annotated[bool, Opt("--json", help="Print the schedules as JSON.")] = False,
) -> int:
    """List the schedules of all targets, or of one, the newest first."""
    from ...targets.protocols import Choice

    wanted = Choice(experiment or None, text or None, max(1, limit))
    names, remarks = ([target], {}) if target else everywhere()
    if target:
        with opened(target) as there:
            _check_offered(there)
            found = _of_one(there, wanted)
    else:
        found, silent = _merged(names, wanted)
        remarks = {**remarks, **silent}
    print_listing(
        "schedules",
        found,
        remarks,
        as_json=as_json,
        words=lambda: _table(found) if found else "There are no schedules.",
    )
    return 0


def _of_one(there: Any, wanted: Any) -> list[dict[str, Any]]:
    from dataclasses import replace

    page = there.schedules(wanted)
    found: list[dict[str, Any]] = list(page.schedules)
    while page.next is not None and len(found) < wanted.limit:
        page = there.schedules(replace(wanted, cursor=page.next))
        found += page.schedules
    return found[: wanted.limit]


def _merged(names: list[str], wanted: Any) -> tuple[list[dict[str, Any]], dict[str, str]]:
    from ...targets.many import many_schedules

    async def ask(targets: Any) -> tuple[list[dict[str, Any]], dict[str, str]]:
        able = {n: one.schedules for n, one in targets.items() if one.capabilities.schedules}
        many = await many_schedules(able, wanted)
        return many.items, many.remarks

    return with_all(names, ask)


def _table(schedules: list[dict[str, Any]]) -> str:
    several = len({one["target"] for one in schedules}) > 1
    width = max(len(one["target"]) for one in schedules)
    return "\n".join(
        f"{one['schedule_id']}  "
        + (f"{one['target']:<{width}}  " if several else "")
        + f"{'on' if one['enabled'] else 'paused':<6}  {_when(one):<18}  {one['name']}"
        for one in schedules
    )


def _when(schedule: dict[str, Any]) -> str:
    from ...widgets.elapsed import duration

    if schedule["cron"]:
        return f"cron {schedule['cron']}"
    return f"every {duration(schedule['every'])}"


def show(
    schedule: Schedule,
    target: Target = "",
    as_json: Annotated[bool, Opt("--json", help="Print the schedule as JSON.")] = False,
) -> int:
    """Show one schedule: when it runs, what, and how it stands."""
    from ..console import out, out_json

    found = _done(schedule, target, lambda there: there.show_schedule(schedule))
    if as_json:
        out_json(found)
    else:
        out("\n".join(_lines(SimpleNamespace(**found), _when(found))))
    return 0


def _lines(one: Any, when: str) -> list[str]:
    from ...widgets.elapsed import local_time

    rows = {
        "target": one.target,
        "state": "on" if one.enabled else "paused",
        "runs": when,
        "from": one.start and local_time(one.start),
        "until": one.end and local_time(one.end),
        "at once": one.at_once,
        "missed": None if one.catch_up else "are left out",
        "experiment": one.experiment,
        "notebook": one.notebook,
        "parameters": ", ".join(f"{k} = {v}" for k, v in one.parameters.items()),
        "error": one.error,
    }
    found = [f"  {name:<10}  {value}" for name, value in rows.items() if value]
    return [f"{one.schedule_id}  {one.name}", *found]


def pause(schedule: Schedule, target: Target = "") -> int:
    """Have a schedule begin no more runs for now; those that go on are left alone."""
    return _say(schedule, "paused", target, lambda there: there.pause(schedule))


def unpause(schedule: Schedule, target: Target = "") -> int:
    """Have a schedule go on."""
    return _say(schedule, "on", target, lambda there: there.unpause(schedule))


def delete(schedule: Schedule, target: Target = "") -> int:
    """End a schedule. Its runs stay."""
    return _say(schedule, "deleted", target, lambda there: there.delete_schedule(schedule))


def _say(schedule: str, state: str, target: str, do: Callable[[Any], object]) -> int:
    from ..console import out

    _done(schedule, target, do)
    out(f"{schedule}: {state}")
    return 0


def _done(schedule: str, target: str, do: Callable[[Any], Any]) -> Any:
    """Do it on the target that the schedule is on."""
    with opened(_place(schedule, target)) as there:
        _check_offered(there)
        return do(there)


def _place(schedule: str, target: str) -> str:
    """Where a schedule is: on the given target, on the only one there is, or on one that knows."""
    if target or len(names := others()) < 2:
        return the_other(target)
    found, remarks = ask_all(names, lambda there: there.show_schedule(schedule))
    if len(found) == 1:
        return found.popitem()[0]
    say_remarks(remarks)
    raise LabwrightError(
        f"{len(found) or 'no'} targets have a schedule {schedule!r}", hint="say which with --target"
    )


def _check_offered(there: Any) -> None:
    from ...targets.errors import NotOffered

    if not there.capabilities.schedules:
        raise NotOffered(
            f"target {there.name} runs nothing by a timetable", hint="a Kubeflow target does"
        )
