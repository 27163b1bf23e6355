"""What every target of pipelines does, whichever it is."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from contract.conftest import wait
from contract.notebooks import Books, Cell
from labwright.targets.errors import NotFound, NotOffered, Refused, TargetError
from labwright.targets.local.pages import Wanted
from labwright.targets.protocols import PipelineTarget, Timetable

View = dict[str, Any]
FINAL = ("SUCCEEDED", "FAILED", "CANCELED")


async def ended(target: PipelineTarget, run_id: str) -> View:
    """A run once it is over, seen to its end by watching it."""
    async for _ in target.watch(run_id):
        pass
    view = await target.run(run_id)
    assert view["state"] in FINAL
    return view


async def done(target: PipelineTarget, submission: Any) -> View:
    submitted = await target.submit(submission)
    return await ended(target, submitted.run["run_id"])


def test_it_answers(target: PipelineTarget) -> None:
    reach = wait(target.reach())
    assert reach.available, reach.reason
    assert reach.version


def test_a_run_goes_through(target: PipelineTarget, books: Books) -> None:
    view = wait(done(target, books.good(parameters={"rows": 5})))
    assert view["state"] == "SUCCEEDED", view
    assert view["target"] == target.name
    assert view["parameters"]["rows"] == 5
    assert [(step["name"], step["state"]) for step in view["steps"]] == [
        ("make", "SUCCEEDED"),
        ("use", "SUCCEEDED"),
    ]
    assert view["metrics"] == {"total": 30}
    assert view["progress"]["done"] == 2
    assert [step["name"] for step in view["graph"]["steps"]] == ["make", "use"]


def test_what_a_step_printed(target: PipelineTarget, books: Books) -> None:
    view = wait(done(target, books.good()))

    async def read() -> tuple[View, View, View]:
        whole = await target.log(view["run_id"], "make")
        first = await target.log(view["run_id"], "make", limit=3)
        rest = await target.log(view["run_id"], "make", offset=first["next"])
        return whole, first, rest

    whole, first, rest = wait(read())
    assert "made 4" in whole["text"]
    assert whole["end"]
    assert first["text"] + rest["text"] == whole["text"]
    with pytest.raises(NotFound):
        wait(target.log(view["run_id"], "nothing"))


def test_executed_notebooks(target: PipelineTarget, books: Books) -> None:
    view = wait(done(target, books.good()))
    cells = json.loads(wait(target.notebook(view["run_id"], "use")))["cells"]
    outputs = [out for cell in cells for out in cell.get("outputs", [])]
    assert "14" in json.dumps(outputs)
    assert b"<html" in wait(target.page(view["run_id"], "use")).lower()
    if target.capabilities.sources:
        source = json.loads(wait(target.source(view["run_id"])))
        assert [cell["id"] for cell in source["cells"]] == ["id-0", "id-1", "id-2"]


def test_a_value_is_fetched(target: PipelineTarget, books: Books, tmp_path: Path) -> None:
    view = wait(done(target, books.good()))
    [made] = [step for step in view["steps"] if step["name"] == "make"]
    [value] = [one for one in made["outputs"] if one["name"] == "values"]
    place = wait(target.fetch(view["run_id"], value["artifact"], tmp_path / "got"))
    files = [place] if place.is_file() else [one for one in place.rglob("*") if one.is_file()]
    assert any("9" in file.read_text(errors="replace") for file in files)


def test_what_only_a_condition_reads_is_an_output(target: PipelineTarget, books: Books) -> None:
    cells: list[Cell] = [
        (["step:make"], "values = [1, 2]\nmany = len(values) > 5", {}),
        (["step:use"], "sum(values)", {}),
        (["step:big"], "print('big')", {"when": "many"}),
    ]
    view = wait(done(target, books.submission(cells)))
    states = {step["name"]: step["state"] for step in view["steps"]}
    assert states == {"make": "SUCCEEDED", "use": "SUCCEEDED", "big": "SKIPPED"}
    [made] = [step for step in view["steps"] if step["name"] == "make"]
    assert {one["name"]: one["preview"] for one in made["outputs"]} == {
        "values": "[1, 2]",
        "many": "false",
    }


def test_a_failure_is_told_and_retried(
    target: PipelineTarget, books: Books, tmp_path: Path
) -> None:
    flag = tmp_path / "flag"
    view = wait(done(target, books.failing(flag)))
    assert view["state"] == "FAILED"
    assert {step["name"]: step["state"] for step in view["steps"]} == {
        "first": "SUCCEEDED",
        "second": "FAILED",
    }
    assert "second" in view["error"]
    flag.touch()

    async def again() -> View:
        await target.retry(view["run_id"])
        return await ended(target, view["run_id"])

    after = wait(again())
    assert after["state"] == "SUCCEEDED", after


def test_a_run_that_goes_on_is_canceled(target: PipelineTarget, books: Books) -> None:
    async def cancel() -> View:
        run = (await target.submit(books.slow())).run
        async for change in target.watch(run["run_id"]):
            if change["type"] == "step" and change["step"]["state"] == "RUNNING":
                break
        assert (await target.cancel(run["run_id"]))["state"] in ("CANCELING", "CANCELED")
        return await ended(target, run["run_id"])

    assert wait(cancel())["state"] == "CANCELED"


def test_a_watch_tells_all(target: PipelineTarget, books: Books) -> None:
    async def watch() -> list[View]:
        run = (await target.submit(books.good())).run
        return [change async for change in target.watch(run["run_id"], logs=True)]

    told = wait(watch())
    assert told[-1]["type"] == "run"
    assert told[-1]["run"]["state"] == "SUCCEEDED"
    text = "".join(one["text"] for one in told if one["type"] == "log")
    assert "made 4" in text
    assert "total 14" in text
    steps = [one["step"] for one in told if one["type"] == "step"]
    assert {step["name"] for step in steps} == {"make", "use"}


def test_turns_of_a_loop(target: PipelineTarget, books: Books) -> None:
    view = wait(done(target, books.looping()))
    assert view["state"] == "SUCCEEDED", view
    turns = [step["iteration"] for step in view["steps"] if step["name"] == "each"]
    assert [str(turn) for turn in turns] == ["0", "1", "2"]
    assert "9" in wait(target.log(view["run_id"], "each", "2"))["text"]


def test_lists(target: PipelineTarget, books: Books) -> None:
    async def three() -> list[str]:
        found = []
        for number in range(3):
            submission = books.good(experiment=f"experiment-{number % 2}")
            found.append((await done(target, submission))["run_id"])
            await asyncio.sleep(1.1)  # KFP knows times by the second
        return found

    ids = wait(three())

    async def lists() -> None:
        first = await target.runs(Wanted(limit=2))
        assert [run["run_id"] for run in first.runs] == [ids[2], ids[1]]
        assert first.next
        rest = await target.runs(Wanted(limit=2, cursor=first.next))
        assert [run["run_id"] for run in rest.runs] == [ids[0]]
        assert rest.next is None
        chosen = await target.runs(Wanted(experiment="experiment-1"))
        assert [run["run_id"] for run in chosen.runs] == [ids[1]]
        assert (await target.runs(Wanted(states=["FAILED"]))).runs == []
        assert {"experiment-0", "experiment-1"} <= set(await target.experiments())
        assert await target.find_run("latest") == ids[2]
        assert await target.find_run(ids[1]) == ids[1]

    wait(lists())


def test_a_deleted_run_is_gone(target: PipelineTarget, books: Books) -> None:
    view = wait(done(target, books.good()))
    wait(target.delete(view["run_id"]))
    with pytest.raises(NotFound):
        wait(target.run(view["run_id"]))


def test_what_is_not_there(target: PipelineTarget) -> None:
    nobody = "00000000-0000-4000-8000-000000000000"
    asked: list[Callable[[], Any]] = [
        lambda: target.run(nobody),
        lambda: target.cancel(nobody),
        lambda: target.retry(nobody),
        lambda: target.delete(nobody),
        lambda: target.notebook(nobody, "x"),
    ]
    for ask in asked:
        with pytest.raises(NotFound):
            wait(ask())


def test_what_is_over_is_not_canceled(target: PipelineTarget, books: Books) -> None:
    view = wait(done(target, books.good()))
    with pytest.raises(Refused):
        wait(target.cancel(view["run_id"]))
    with pytest.raises(Refused):
        wait(target.retry(view["run_id"]))


def test_an_archive(target: PipelineTarget, books: Books) -> None:
    view = wait(done(target, books.good()))
    if not target.capabilities.archive:
        for ask in (target.archive, target.unarchive):
            with pytest.raises(NotOffered):
                wait(ask(view["run_id"]))
        return

    async def archive() -> None:
        await target.archive(view["run_id"])
        assert (await target.runs()).runs == []
        await target.unarchive(view["run_id"])
        assert [run["run_id"] for run in (await target.runs()).runs] == [view["run_id"]]

    wait(archive())


def test_resuming(target: PipelineTarget, books: Books) -> None:
    view = wait(done(target, books.good()))
    # What has succeeded is not gone on with; a target that never resumes says that first.
    with pytest.raises(Refused if target.capabilities.resume else NotOffered):
        wait(target.resume(view["run_id"]))


def test_schedules(target: PipelineTarget, books: Books) -> None:
    when = Timetable(cron="0 0 0 1 1 *")
    if not target.capabilities.schedules:
        asked: list[Callable[[], Any]] = [
            lambda: target.schedule(books.good(), when),
            target.schedules,
            lambda: target.show_schedule("x"),
            lambda: target.pause("x"),
            lambda: target.unpause("x"),
            lambda: target.delete_schedule("x"),
        ]
        for ask in asked:
            with pytest.raises(NotOffered):
                wait(ask())
        return

    async def schedule() -> None:
        key = (await target.schedule(books.good(), when, name="yearly"))["schedule_id"]
        listed = (await target.schedules()).schedules
        assert [one["schedule_id"] for one in listed] == [key]
        assert (await target.pause(key))["enabled"] is False
        assert (await target.unpause(key))["enabled"] is True
        assert (await target.show_schedule(key))["name"] == "yearly"
        await target.delete_schedule(key)
        with pytest.raises(TargetError):
            await target.show_schedule(key)

    wait(schedule())
