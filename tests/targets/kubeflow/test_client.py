"""The client: every resource of the API, page by page, and what it refuses to send."""

from __future__ import annotations

import asyncio
import io
import json
import tarfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

import pytest

from kfp_double.server import Double
from kfp_double.test_api import ir
from labwright.targets.config import KnownTarget
from labwright.targets.errors import BadRequest, Conflict, NotFound, Unsuitable
from labwright.targets.kubeflow.answers import words_of
from labwright.targets.kubeflow.api import pipelines
from labwright.targets.kubeflow.api.base import Predicate, Wish, segment
from labwright.targets.kubeflow.api.runs import RunBody, Trigger
from labwright.targets.kubeflow.client import Client, client_of
from labwright.targets.kubeflow.retry import Tried, may_repeat, pause, retry_after
from labwright.targets.kubeflow.sending import content_of, version_name
from labwright.targets.kubeflow.store import ObjectStore

from .broken import serving

T = TypeVar("T")


@pytest.fixture
def ask(kfp_double: Double) -> Callable[[Callable[[Client], Awaitable[Any]]], Any]:
    def asked(question: Callable[[Client], Awaitable[T]]) -> T:
        async def work() -> T:
            async with client_of(KnownTarget("kf", endpoint=kfp_double.endpoint)) as client:
                return await question(client)

        return asyncio.run(work())

    return asked


def content(name: str) -> bytes:
    return content_of(ir(name), None)


def test_experiments(ask: Any) -> None:
    async def work(client: Client) -> None:
        made = await client.experiments.create("mine", description="why")
        assert (made.display_name, made.description, made.storage_state) == (
            "mine",
            "why",
            "AVAILABLE",
        )
        with pytest.raises(Conflict, match="already"):
            await client.experiments.create("mine")
        assert await client.experiments.ensure("mine") == made
        assert await client.experiments.named("other") is None
        await client.experiments.archive(made.experiment_id)
        assert (await client.experiments.get(made.experiment_id)).storage_state == "ARCHIVED"
        await client.experiments.unarchive(made.experiment_id)
        await client.experiments.delete(made.experiment_id)
        with pytest.raises(NotFound):
            await client.experiments.get(made.experiment_id)

    ask(work)


def test_lists_are_read_to_their_end(ask: Any) -> None:
    async def work(client: Client) -> None:
        for number in range(7):
            await client.experiments.create(f"many-{number}")
        where = (Predicate("display_name", "many", "IS_SUBSTRING"),)
        wish = Wish(where=where, sort_by="display_name asc", size=3)
        names = [one.display_name async for one in client.experiments.all(wish)]
        assert names == [f"many-{number}" for number in range(7)]
        page = await client.experiments.page(wish)
        assert (len(page.items), page.total, bool(page.token)) == (3, 7, True)
        either = (Predicate("display_name", ("many-1", "many-3"), "IN"),)
        found = await client.experiments.page(Wish(where=either))
        assert {one.display_name for one in found.items} == {"many-1", "many-3"}

    ask(work)


def test_pipelines_and_versions(ask: Any) -> None:
    async def work(client: Client) -> None:
        made = await client.pipelines.upload("flow", content("flow"), description="why")
        assert await client.pipelines.named("flow") == made
        assert [one.name async for one in client.pipelines.all()] == ["flow"]
        second = await client.versions.upload(made.pipeline_id, "flow-2", content("second"))
        assert second.spec == ir("second")
        assert second.platform is None
        with pytest.raises(Conflict):
            await client.versions.upload(made.pipeline_id, "flow-2", content("second"))
        assert await client.versions.named(made.pipeline_id, "flow-2") == second
        names = {one.name async for one in client.versions.all(made.pipeline_id)}
        assert names == {"flow", "flow-2"}
        with pytest.raises(BadRequest, match="cascade"):
            await client.pipelines.delete(made.pipeline_id)
        await client.versions.delete(made.pipeline_id, second.pipeline_version_id)
        await client.pipelines.delete(made.pipeline_id, cascade=True)
        assert await client.pipelines.named("flow") is None

    ask(work)


def test_runs_of_the_ir_itself(ask: Any) -> None:
    async def work(client: Client) -> None:
        body = RunBody("now", "about m1", "m1", pipeline_spec=ir("flow", ["true"]))
        made = await client.runs.create(body)
        assert made.pipeline_spec == ir("flow", ["true"])
        while not (await client.runs.get(made.run_id)).over:
            await asyncio.sleep(0.05)
        await client.runs.archive(made.run_id)
        assert (await client.runs.get(made.run_id)).storage_state == "ARCHIVED"
        await client.runs.unarchive(made.run_id)
        assert [one.run_id async for one in client.runs.all()] == [made.run_id]
        await client.runs.delete(made.run_id)
        with pytest.raises(NotFound):
            await client.runs.get(made.run_id)

    ask(work)


def test_recurring_runs(ask: Any) -> None:
    async def work(client: Client) -> None:
        body = RunBody("often", "about m1", "m1", pipeline_spec=ir("flow"))
        made = await client.recurring.create(body, Trigger(every=3600), enabled=False)
        assert (made.every, made.cron, made.enabled, made.catch_up) == (3600, None, False, True)
        await client.recurring.enable(made.recurring_run_id)
        assert (await client.recurring.get(made.recurring_run_id)).enabled
        await client.recurring.delete(made.recurring_run_id)
        assert [one async for one in client.recurring.all()] == []
        with pytest.raises(BadRequest, match="often"):
            await client.recurring.create(body, Trigger("often"))

    ask(work)


def test_what_is_too_large_is_not_sent(
    ask: Any, kfp_double: Double, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipelines, "LARGEST_UPLOAD", 10)
    with pytest.raises(Unsuitable, match="32 MiB"):
        ask(lambda client: client.pipelines.upload("flow", content("flow")))
    with pytest.raises(Unsuitable, match="128 characters"):
        ask(lambda client: client.pipelines.create("x" * 129))
    assert kfp_double.asked == []


@pytest.mark.parametrize("given", ["", ".", ".."])
def test_an_id_leads_nowhere_else(given: str) -> None:
    with pytest.raises(NotFound):
        segment(given, "run")
    assert "/" not in segment("../pipelines/x", "run")
    assert "?" not in segment("x?y#z", "run")


def test_a_versions_name_is_that_of_its_content() -> None:
    turned = dict(reversed(ir("flow").items()))
    assert content_of(turned, None) == content("flow")
    name = version_name("flow", content("flow"))
    assert name.startswith("flow-")
    assert name != version_name("flow", content("other"))
    assert name != version_name("flow", content_of(ir("flow"), {"platforms": {}}))
    assert len(version_name("f" * 128, content("flow"))) == 63


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (json.dumps({"code": 5, "message": "not\nthere", "details": []}), "not there"),
        (json.dumps({"error_message": "broken", "error_details": "more"}), "broken"),
        (json.dumps({"kind": "Status", "message": "denied"}), "denied"),
        ("<!doctype html><title>Log in</title>", "Log in"),
        ("  plain  text ", "plain text"),
    ],
)
def test_the_servers_own_words(body: str, words: str) -> None:
    assert words_of(body.encode(), "") == words


@pytest.mark.parametrize(
    ("tried", "repeatable", "again"),
    [
        (Tried("unsent"), False, True),
        (Tried("lost"), False, False),
        (Tried("lost"), True, True),
        (Tried("status", 429), False, True),
        (Tried("status", 503), False, False),
        (Tried("status", 503), True, True),
        (Tried("status", 400), True, False),
    ],
)
def test_what_may_be_sent_again(tried: Tried, repeatable: bool, again: bool) -> None:
    assert may_repeat(tried, repeatable=repeatable) is again


def test_how_long_to_wait() -> None:
    assert [pause(Tried("lost"), attempt, 0) for attempt in (1, 2, 3)] == [0.25, 0.5, 1.0]
    assert pause(Tried("lost"), 99, 0) == 8
    assert pause(Tried("status", 429, 3.5), 1) == 3.5
    assert retry_after("7", 0) == 7
    assert retry_after("Thu, 01 Jan 1970 00:01:00 GMT", 20) == 40
    assert retry_after("Thu, 01 Jan 1970 00:00:00 GMT", 20) == 0
    assert retry_after("soon", 0) is None
    assert retry_after(None, 0) is None


def test_a_log_that_is_none(ask: Any, kfp_double: Double) -> None:
    made = kfp_double.world.add_run({"display_name": "x", "pipeline_spec": ir("flow", ["true"])})
    with pytest.raises(NotFound, match="Failed to read logs"):
        ask(lambda client: client.files.node_log(made["run_id"], "nobody"))


def test_a_folder_of_objects_is_unpacked_inside(tmp_path: Path) -> None:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for name in ("a.txt", "deep/b.txt", "../outside.txt", "/absolute.txt"):
            member = tarfile.TarInfo(name)
            member.size = len(name)
            archive.addfile(member, io.BytesIO(name.encode()))
        link = tarfile.TarInfo("link")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
    headers = {
        "content-type": "application/gzip",
        "content-disposition": 'attachment; filename="x.tar.gz"',
    }
    with serving(lambda *_: (200, headers, packed.getvalue())) as (_, url):
        known = KnownTarget("kf", endpoint=url)

        async def fetch() -> None:
            async with client_of(known) as client:
                store = ObjectStore(client, known)
                await store.fetch("minio://bucket/x", "", tmp_path / "got" / "x")

        asyncio.run(fetch())
    files = {str(one.relative_to(tmp_path)) for one in tmp_path.rglob("*") if one.is_file()}
    assert files == {"got/x/a.txt", "got/x/deep/b.txt"}
