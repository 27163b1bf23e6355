"""Which of the waiting runs may start now: a pure decision."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields

from ..limits import in_words
from ..needs import Needs

KINDS = tuple(one.name for one in fields(Needs))


@dataclass(frozen=True)
class Waiting:
    run_id: str
    needs: Needs


@dataclass(frozen=True)
class Admission:
    """The runs that start, and for each of the others why it waits."""

    start: tuple[str, ...]
    reasons: dict[str, str]


def admit(
    waiting: Sequence[Waiting], active: Iterable[Needs], capacity: Needs, places: int, taken: int
) -> Admission:
    """Decide, in the order in which the runs were asked for.

    `active` is what the runs that go on need, of whichever process; `taken` of the `places` are.

    A run that lacks something does not hold up those that need nothing of the kind: whatever it
    needs is only ever given back while it waits, so its turn comes. A run that needs more than
    there is gets all there is.
    """
    free = {kind: getattr(capacity, kind) - sum(getattr(n, kind) for n in active) for kind in KINDS}
    start: list[str] = []
    reasons: dict[str, str] = {}
    kept: set[str] = set()
    for one in waiting:
        needs = within(one.needs, capacity)
        wanted = {kind: getattr(needs, kind) for kind in KINDS if getattr(needs, kind) > 0}
        short = [kind for kind, amount in wanted.items() if amount > free[kind]]
        if taken + len(start) >= places:
            reasons[one.run_id] = f"waits for a free place: {places} of {places} runs active"
        elif short:
            reasons[one.run_id] = f"waits for {words(short[0], wanted[short[0]])}"
            kept.update(wanted)
        elif kept & set(wanted):
            kind = next(kind for kind in wanted if kind in kept)
            name = _NAMES[kind][1]
            reasons[one.run_id] = f"waits for {name}: earlier runs are before it"
            kept.update(wanted)
        else:
            start.append(one.run_id)
            for kind, amount in wanted.items():
                free[kind] -= amount
    return Admission(tuple(start), reasons)


def within(needs: Needs, capacity: Needs) -> Needs:
    """What of these needs this machine can meet at all."""
    return Needs(*(min(getattr(needs, kind), getattr(capacity, kind)) for kind in KINDS))


_NAMES = {"cpus": ("CPU", "CPUs"), "gpus": ("GPU", "GPUs"), "memory": ("memory", "memory")}


def words(kind: str, amount: float) -> str:
    """`1 GPU`, `2.5 CPUs`, `8 GiB of memory`."""
    if kind == "memory":
        return f"{in_words(amount)} of memory"
    one, many = _NAMES[kind]
    return f"{amount:g} {one if amount == 1 else many}"
