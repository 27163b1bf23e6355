"""Which runs start: pure decisions, checked by hand and by chance."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from labwright.targets.local.agent.queue import Waiting, admit, within
from labwright.targets.local.agent.tail import PIECE, pieces
from labwright.targets.local.needs import Needs

MACHINE = Needs(cpus=8, memory=16 * 2**30, gpus=2)


def waiting(*needs: Needs) -> list[Waiting]:
    return [Waiting(f"run-{index}", one) for index, one in enumerate(needs)]


def test_as_many_as_there_are_places() -> None:
    found = admit(waiting(*[Needs()] * 4), [Needs()], MACHINE, 3, 1)
    assert found.start == ("run-0", "run-1")
    assert found.reasons == dict.fromkeys(
        ("run-2", "run-3"), "waits for a free place: 3 of 3 runs active"
    )


def test_what_is_lacking_is_named() -> None:
    taken = Needs(cpus=7, memory=10 * 2**30, gpus=2)
    wanted = [Needs(gpus=1), Needs(cpus=2.5), Needs(memory=8 * 2**30)]
    reasons = [admit(waiting(one), [taken], MACHINE, 9, 1).reasons["run-0"] for one in wanted]
    assert reasons == ["waits for 1 GPU", "waits for 2.5 CPUs", "waits for 8.0 GiB of memory"]


def test_a_run_that_wants_nothing_of_the_kind_goes_ahead() -> None:
    found = admit(waiting(Needs(gpus=2), Needs(cpus=1), Needs()), [Needs(gpus=1)], MACHINE, 9, 1)
    assert found.start == ("run-1", "run-2")


def test_small_runs_do_not_starve_a_large_one() -> None:
    found = admit(waiting(Needs(gpus=2), Needs(gpus=1)), [Needs(gpus=1)], MACHINE, 9, 1)
    assert found.start == ()
    assert found.reasons["run-1"] == "waits for GPUs: earlier runs are before it"


def test_a_run_larger_than_the_machine_gets_all_of_it() -> None:
    huge = Needs(cpus=64, memory=2**50, gpus=8)
    assert admit(waiting(huge), [], MACHINE, 9, 0).start == ("run-0",)
    assert admit(waiting(huge), [Needs(gpus=1)], MACHINE, 9, 1).start == ()


amounts = st.builds(
    Needs,
    cpus=st.sampled_from([0, 0, 1, 4, 8, 99]),
    memory=st.sampled_from([0, 0, 2**30, 2**34]),
    gpus=st.sampled_from([0, 0, 1, 2, 5]),
)


@given(st.lists(amounts, max_size=12), st.integers(1, 4))
def test_all_come_to_their_turn_and_no_resource_is_given_twice(
    needs: list[Needs], places: int
) -> None:
    queue, active, rounds = waiting(*needs), list[Waiting](), 0
    while queue or active:
        found = admit(queue, [one.needs for one in active], MACHINE, places, len(active))
        assert set(found.start) | set(found.reasons) == {one.run_id for one in queue}
        active += [one for one in queue if one.run_id in found.start]
        queue = [one for one in queue if one.run_id not in found.start]
        assert len(active) <= places
        used = [within(one.needs, MACHINE) for one in active]
        for kind in ("cpus", "memory", "gpus"):
            assert sum(getattr(one, kind) for one in used) <= getattr(MACHINE, kind)
        assert active
        active.pop(0)
        rounds += 1
        assert rounds <= len(needs)


@given(st.text(max_size=200), st.integers(4, 20), st.data())
def test_a_log_is_cut_between_characters(text: str, size: int, data: st.DataObject) -> None:
    encoded = text.encode()
    there = data.draw(st.integers(0, len(encoded)))
    told = list(pieces(encoded[:there], size=size))
    assert all(len(one) <= size for one in told)
    rest = encoded[sum(map(len, told)) :]
    assert len(rest) - (len(encoded) - there) < 4
    assert "".join(one.decode() for one in [*told, *pieces(rest, over=True, size=PIECE)]) == text
