"""Notebook servers, volumes and images through the API."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from labwright.targets.errors import TargetUnreachable
from labwright_server import models
from labwright_server.lines import Lines
from labwright_server.routes import BASE

from .conftest import Ask, told, until
from .far_servers import FarServers

THERE = {"target": "far"}

pytestmark = pytest.mark.usefixtures("opened")


@pytest.fixture
def far() -> FarServers:
    return FarServers()


async def _made(ask: Ask, name: str = "work", **more: Any) -> Any:
    made = await ask("POST", "servers", {"name": name, "target": "far", **more})
    assert made.code == 201, made.body
    return told(made)


async def test_the_life_of_a_server(ask: Ask, far: FarServers) -> None:
    volume = {"name": "home", "path": "/home/jovyan", "size": "5Gi", "reclaim": "Delete"}
    made = await _made(ask, preset="small-training", volumes=[volume], idle_after="8h")
    assert (made["state"], made["cpu"], made["gpu"]["count"]) == ("STARTING", "4", 1)
    assert made["idle_after"] == 28800
    assert made["volumes"][0]["claim"] == "work-home"
    assert (await ask("GET", "servers/work/address", params=THERE)).code == 409
    assert told(await ask("POST", "servers/work/start", params=THERE))["state"] == "RUNNING"
    address = told(await ask("GET", "servers/work/address", params=THERE))
    assert address == {"url": "https://cluster.example/notebook/team/work/", "proxied": False}
    log = told(await ask("GET", "servers/work/log", params={**THERE, "offset": "9"}))
    assert (log["text"], log["offset"], log["next"], log["end"]) == ("ready ä\n", 9, 18, False)
    stopped = told(await ask("POST", "servers/work/stop", params=THERE))
    assert (stopped["state"], stopped["stop_reason"]) == ("STOPPED", "you stopped it")
    assert told(await ask("POST", "servers/work/restart", params=THERE))["state"] == "RUNNING"
    assert told(await ask("GET", "servers/work", params=THERE))["name"] == "work"
    deleted = await ask("DELETE", "servers/work", params={**THERE, "volumes": "true"})
    assert deleted.code == 204
    assert told(await ask("GET", "servers", params=THERE))["servers"] == []
    assert told(await ask("GET", "volumes", params=THERE))["volumes"] == []
    assert (await ask("DELETE", "servers/work", params=THERE)).code == 404


@pytest.fixture
def follow(base: str, jp_auth_header: dict[str, str]) -> Any:
    """The lines of a log that is followed, as they come; whoever leaves is gone."""

    @asynccontextmanager
    async def opened(**query: str) -> AsyncIterator[Any]:
        client = httpx.AsyncClient(headers=jp_auth_header)
        url = f"{base}{BASE}/servers/work/log/follow"
        async with client, client.stream("GET", url, params={**THERE, **query}) as answer:
            assert answer.status_code == 200
            assert answer.headers["content-type"] == "application/x-ndjson"
            texts = answer.aiter_lines()

            async def line() -> Any:
                return await asyncio.wait_for(anext(texts), 30)

            yield line

    return opened


async def test_a_log_is_followed_until_it_is_over(ask: Ask, far: FarServers, follow: Any) -> None:
    await _made(ask)
    async with follow(offset="9", log="first") as line:
        piece = models.FollowedLog.model_validate_json(await line())
        assert (piece.text, piece.offset, piece.next, piece.end) == ("ready ä\n", 9, 18, False)
        far.print("more\n")
        assert models.FollowedLog.model_validate_json(await line()).text == "more\n"
        far.print(over=True)
        assert models.FollowedLog.model_validate_json(await line()).end
        with pytest.raises(StopAsyncIteration):
            await line()
    assert far.followers == 0


async def test_nothing_is_followed_once_nobody_reads(
    ask: Ask, far: FarServers, follow: Any, jp_serverapp: Any
) -> None:
    await _made(ask)
    async with follow(log="another", offset="9") as line, follow() as other:
        assert models.FollowedLog.model_validate_json(await line()).offset == 0
        await other()
        assert far.followers == 2
    while far.followers:
        await asyncio.sleep(0.01)
    async with follow() as line:
        await line()
        await jp_serverapp.extension_manager.stop_all_extensions()
        with pytest.raises(StopAsyncIteration):
            await line()
    assert far.followers == 0


async def test_a_silent_log_is_kept_open(ask: Ask, far: FarServers, follow: Any) -> None:
    await _made(ask)
    lines: list[str] = []
    gone = asyncio.get_running_loop().create_future()

    async def write(line: str) -> None:
        lines.append(line)
        if len(lines) == 3:
            gone.set_result(None)

    held = await Lines.of(models.FollowedLog, far.follow_server_log("work"))
    await held.send(write, gone, beat=0.01)
    assert lines[1:] == ["\n", "\n"]
    assert far.followers == 0


async def test_why_a_log_cannot_be_followed_is_said(ask: Ask, far: FarServers) -> None:
    found = await ask("GET", "servers/none/log/follow", params=THERE)
    assert (found.code, told(found)["code"]) == (404, "not-found")


async def test_a_volume_outlives_its_server_where_nobody_says_otherwise(
    ask: Ask, far: FarServers
) -> None:
    await _made(ask, volumes=[{"name": "home", "path": "/home/jovyan", "size": "5Gi"}])
    used = await ask("DELETE", "volumes/work-home", params=THERE)
    assert (used.code, "'work'" in told(used)["message"]) == (409, True)
    assert (await ask("DELETE", "servers/work", params=THERE)).code == 204
    assert [one["name"] for one in told(await ask("GET", "volumes"))["volumes"]] == ["work-home"]


async def test_a_change_waits_for_the_next_start_and_leaves_the_rest(
    ask: Ask, far: FarServers
) -> None:
    await _made(ask, cpu="1", memory="2Gi", env={"A": "b"})
    await ask("POST", "servers/work/start", params=THERE)
    changed = told(await ask("PATCH", "servers/work", {"memory": "4Gi"}, params=THERE))
    assert (changed["pending_restart"], changed["memory"], changed["cpu"]) == (True, "4Gi", "1")
    assert changed["env"] == {"A": "b"}
    # null is the target's choice, which is not the same as nothing said.
    changed = told(await ask("PATCH", "servers/work", {"cpu": None}, params=THERE))
    assert (changed["cpu"], changed["memory"]) == (None, "4Gi")
    restarted = told(await ask("POST", "servers/work/restart", params=THERE))
    assert restarted["pending_restart"] is False


async def test_where_a_server_runs_is_shown_and_changed(ask: Ask, far: FarServers) -> None:
    taint = {"key": "gpu", "operator": "Exists", "tolerationSeconds": 60}
    wanted = {
        "limit_factor": 1.5,
        "configurations": ["s3"],
        "tolerations": [taint],
        "node_selector": {"disk": "ssd", "gpu": ""},
    }
    made = await _made(ask, cpu="1", **wanted)
    assert {key: made[key] for key in wanted} == wanted
    changed = told(
        await ask("PATCH", "servers/work", {"tolerations": None, "node_selector": {}}, params=THERE)
    )
    left = {**wanted, "tolerations": [], "node_selector": {}}
    assert {key: changed[key] for key in wanted} == left


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"name": "Work"}, "`name` is 'Work'"),
        ({"cpu": "many"}, "`cpu`"),
        ({"memory": "4GB"}, "`memory`"),
        ({"idle_after": "soon"}, "`idle_after`"),
        ({"preset": "huge"}, "`preset`"),
        ({"env": {"not a name": "x"}}, "`env"),
        ({"volumes": [{"name": "a", "path": "/a"}]}, "size"),
        ({"image": "x", "volumes": [{"name": "a", "path": "/../a", "size": "1Gi"}]}, "path"),
    ],
    ids=lambda one: str(one)[:24],
)
async def test_what_is_wrong_is_said_before_anything_is_made(
    ask: Ask, far: FarServers, wrong: dict[str, Any], words: str
) -> None:
    found = await ask("POST", "servers", {"name": "work", "target": "far", **wrong})
    assert (found.code, told(found)["code"]) == (400, "bad-request")
    assert words in told(found)["message"]
    assert (far.specs, far.made_volumes) == ({}, {})


async def test_a_name_is_given_once(ask: Ask, far: FarServers) -> None:
    await _made(ask)
    found = await ask("POST", "servers", {"name": "work", "target": "far"})
    assert (found.code, told(found)["code"]) == (409, "conflict")


async def test_options_and_images(ask: Ask, far: FarServers) -> None:
    options = told(await ask("GET", "server-options", params=THERE))
    assert options["gpus"] == [
        {"vendor": "nvidia.com/gpu", "name": "A100", "total": 8, "free": 3}
    ]  # fmt: skip
    assert "limit_factor" not in options["schema"]["properties"]
    assert options["not_offered"] == {"limit_factor": "limits are what is asked for"}
    assert len(options["presets"]) == 6
    images = told(await ask("GET", "images", params=THERE))["images"]
    assert [(one["name"], one["deprecated"]) for one in images] == [
        ("scientific", False),
        ("old", True),
    ]


async def test_volumes(ask: Ask, far: FarServers) -> None:
    body = {"name": "data", "size": "20Gi", "target": "far", "access_mode": "ReadWriteMany"}
    made = told(await ask("POST", "volumes", body))
    assert (made["size"], made["access_mode"], made["used_by"]) == ("20Gi", "ReadWriteMany", [])
    grown = told(await ask("PATCH", "volumes/data", {"size": "30Gi"}, params=THERE))
    assert (grown["size"], grown["state"]) == ("30Gi", "RESIZING")
    shrunk = await ask("PATCH", "volumes/data", {"size": "1Gi"}, params=THERE)
    assert (shrunk.code, "shrink" in told(shrunk)["message"]) == (400, True)
    assert (await ask("POST", "volumes", body)).code == 409
    assert (await ask("POST", "volumes", {**body, "size": "much"})).code == 400
    assert (await ask("DELETE", "volumes/data", params=THERE)).code == 204
    assert (await ask("DELETE", "volumes/data", params=THERE)).code == 404


async def test_servers_of_all_targets_are_one_list(ask: Ask, far: FarServers) -> None:
    await _made(ask, "old")
    await _made(ask, "new")
    listed = told(await ask("GET", "servers"))
    assert [one["name"] for one in listed["servers"]] == ["new", "old"]
    assert listed["remarks"] == []
    far.fails = TargetUnreachable("nothing listens there", where="far")
    remark = {"target": "far", "message": "far: nothing listens there"}
    for what in ("servers", "volumes", "images"):
        page = told(await ask("GET", what))
        assert (page["remarks"], [one["target"] for one in page[what]].count("far")) == (
            [remark],
            0,
        )
        found = await ask("GET", what, params=THERE)
        assert (found.code, told(found)["code"]) == (503, "unavailable")


@pytest.mark.parametrize("name", ["..", "a%2F..%2Fb", "a%20b", "-"])
async def test_a_name_leads_nowhere_else(ask: Ask, far: FarServers, name: str) -> None:
    for method, path in (
        ("GET", f"servers/{name}"),
        ("POST", f"servers/{name}/start"),
        ("GET", f"servers/{name}/log"),
        ("DELETE", f"volumes/{name}"),
    ):
        found = await ask(method, path, params=THERE)
        assert (found.code, told(found)["code"]) == (404, "not-found"), path


async def test_browsers_hear_of_servers_and_volumes(
    ask: Ask, far: FarServers, subscribe: Any
) -> None:
    await _made(ask, "old")
    async with subscribe() as events:
        await ask("GET", "servers", params=THERE)
        (*_, event) = await until(events, lambda event: event.get("type") == "server")
        assert (event["target"], event["server"]["name"]) == ("far", "old")
        await _made(ask, volumes=[{"name": "home", "path": "/home/jovyan", "size": "1Gi"}])
        (*_, event) = await until(events, lambda event: event.get("type") == "volume")
        models.Volume.model_validate(event["volume"])
        far.become("work", "RUNNING")
        (*_, event) = await until(
            events, lambda event: event.get("server", {}).get("state") == "RUNNING"
        )
        assert models.Server.model_validate(event["server"]).name == "work"
        await ask("DELETE", "servers/work", params={**THERE, "volumes": "true"})
        (*_, event) = await until(events, lambda event: event.get("type") == "server-deleted")
        assert (event["target"], event["name"]) == ("far", "work")
        (*_, event) = await until(events, lambda event: event.get("type") == "volume-deleted")
        assert event["name"] == "work-home"


async def test_many_browsers_are_one_watch_that_ends_with_the_server(
    ask: Ask, far: FarServers, jp_serverapp: Any
) -> None:
    for what in ("servers", "volumes", "images", "servers"):
        await ask("GET", what, params=THERE)
    assert len(far.listeners) == 1
    await jp_serverapp.extension_manager.stop_all_extensions()
    assert far.listeners == []


class TestWithoutServers:
    async def test_it_is_refused_by_name_and_left_out_of_lists(
        self, ask: Ask, far: FarServers, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from .far import FarTarget

        monkeypatch.setattr(FarServers, "capabilities", FarTarget.capabilities)
        listed = told(await ask("GET", "servers"))
        assert listed["remarks"] == []
        assert "far" not in [one["target"] for one in listed["servers"]]
        for what in ("servers", "server-options"):
            found = await ask("GET", what, params=THERE)
            assert (found.code, told(found)["code"]) == (409, "not-offered")


async def test_this_machine_has_images_volumes_and_options(ask: Ask) -> None:
    options = told(await ask("GET", "server-options"))
    assert options["schema"]["properties"]["name"]["title"] == "Name"
    assert options["defaults"]["idle_after"] == 0  # they are not stopped by themselves
    images = told(await ask("GET", "images", params={"target": "local"}))["images"]
    assert images
    body = {"name": "data", "size": "1Gi"}
    made = await ask("POST", "volumes", body)
    assert (made.code, told(made)["path"]) != (201, None)
    assert told(await ask("PATCH", "volumes/data", {"size": "2Gi"}))["size"] == "2Gi"
    listed = told(await ask("GET", "volumes"))["volumes"]
    assert [(one["name"], one["target"], one["used_by"]) for one in listed] == [
        ("data", "local", [])
    ]
    assert (await ask("DELETE", "volumes/data")).code == 204
    assert told(await ask("GET", "servers", params={"target": "local"}))["servers"] == []
    found = await ask("GET", "servers/none/address")
    assert (found.code, told(found)["code"]) == (404, "not-found")
