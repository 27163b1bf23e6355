"""Which target a command means, and where the run is that it names."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, TypeVar

from ..errors import LabwrightError
from .console import err

if TYPE_CHECKING:
    from ..targets.blocking import BlockingTarget
    from ..targets.protocols import PipelineTarget

T = TypeVar("T")
LATEST = "latest"


def is_elsewhere(target: str) -> bool:
    """Whether the option names another target than this machine, which it means when empty."""
    if not target:
        return False
    from ..targets.config import LOCAL

    return target != LOCAL


def opened(target: str) -> BlockingTarget:
    """The target of an option, ready to be asked."""
    from ..targets.config import LOCAL, open_blocking

    return open_blocking(target or LOCAL)


def the_other(target: str) -> str:
    """The target that is given, or else the only one there is besides this machine."""
    if target:
        return target
    found = others()
    if len(found) == 1:
        return found[0]
    if found:
        raise LabwrightError("say which target", hint=f"--target {'|'.join(found)}")
    raise LabwrightError(
        "no target but this machine is known",
        hint="`labwright targets add` makes one known; `labwright run` runs it here",
    )


def others() -> list[str]:
    """The targets besides this machine, by name."""
    from ..targets.config import LOCAL, KnownTargets

    return [one.name for one in KnownTargets().all() if one.name != LOCAL]


def everywhere() -> tuple[list[str], dict[str, str]]:
    """All targets by name, this machine first; and what is to be said where the list is broken."""
    from ..targets.config import LOCAL

    try:
        return [LOCAL, *others()], {}
    except LabwrightError as error:
        return [LOCAL], {"targets.json": str(error)}


def locate(run: str, target: str) -> tuple[str, str]:
    """The target and the id of a run. Without a target, this machine is asked before the others.

    `latest` is this machine's where no target is given.
    """
    from ..targets.config import LOCAL

    if is_elsewhere(target):
        with opened(target) as there:
            return target, there.find_run(run)
    from ..targets.local.store import Store

    try:
        return LOCAL, Store().run_row(run).run_id
    except LabwrightError as missing:
        if target or run == LATEST or not (names := others()):
            raise
        found, remarks = ask_all(names, lambda there: _find(there, run))
        say_remarks(remarks)
        known = {name: ids[0] for name, ids in found.items() if ids}
        if not known:
            raise missing from None
        if len(known) > 1:
            what = f"{run!r} fits runs of {', '.join(known)}"
            raise LabwrightError(what, hint="say which with --target") from None
        return known.popitem()


async def _find(target: PipelineTarget, run: str) -> list[str]:
    """The id of a run, or nothing where the target knows of none."""
    from ..targets.errors import NotFound

    try:
        return [await target.find_run(run)]
    except NotFound:
        return []


def ask_all(
    names: list[str], question: Callable[[PipelineTarget], Awaitable[T]]
) -> tuple[dict[str, T], dict[str, str]]:
    """What each target answers, and why others do not; none is waited for long."""
    from ..targets.many import answers

    async def ask(targets: dict[str, PipelineTarget]) -> tuple[dict[str, T], dict[str, str]]:
        return await answers({name: _asking(question, one) for name, one in targets.items()})

    return with_all(names, ask)


def with_all(
    names: list[str],
    work: Callable[[dict[str, PipelineTarget]], Awaitable[tuple[T, dict[str, str]]]],
) -> tuple[T, dict[str, str]]:
    """What the work makes of targets that are opened for it, and remarks on those that are not."""
    from ..targets.blocking import Loop
    from ..targets.config import KnownTargets

    known = KnownTargets()
    targets: dict[str, PipelineTarget] = {}
    closed: dict[str, str] = {}
    for name in names:
        try:
            targets[name] = known.open(name)
        except LabwrightError as error:
            closed[name] = str(error)

    async def done() -> tuple[T, dict[str, str]]:
        try:
            return await work(targets)
        finally:
            for one in targets.values():
                await one.close()

    loop = Loop()
    try:
        found, remarks = loop.wait(done())
    finally:
        loop.close()
    return found, {**closed, **remarks}


def _asking(
    question: Callable[[PipelineTarget], Awaitable[T]], target: PipelineTarget
) -> Callable[[], Awaitable[T]]:
    return lambda: question(target)


def print_listing(
    what: str,
    found: list[dict[str, Any]],
    remarks: dict[str, str],
    *,
    as_json: bool,
    words: Callable[[], str],
) -> None:
    """End a listing: as a JSON object with the remarks, or in words with the remarks apart."""
    from .console import out, out_json

    if as_json:
        told = [{"target": name, "message": message} for name, message in remarks.items()]
        out_json({what: found, "remarks": told})
        return
    say_remarks(remarks)
    out(words())


def say_remarks(remarks: dict[str, str]) -> None:
    """Targets that do not answer are spoken of, apart from results."""
    for name, text in remarks.items():
        err(f"labwright: {name} is left out: {text}")
