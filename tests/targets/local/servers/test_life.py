"""Servers from their start to their end, with a fake Jupyter that starts at once."""

from __future__ import annotations

import os
import random
import signal
import socket
import stat
import time
from contextlib import aclosing
from typing import Any
from urllib.parse import urlsplit

import psutil
import pytest

from labwright.errors import LabwrightError
from labwright.servers.spec import ServerChange, VolumeSpec
from labwright.targets.blocking_servers import BlockingServers
from labwright.targets.errors import BadRequest, Conflict, NotFound
from labwright.targets.local.agent.client import connect
from labwright.targets.local.home import home
from labwright.targets.local.servers.place import ServerDir

from ..agent.helpers import alive, kill_agent
from .helpers import View, answers, get, spec, until, wait_for, workspace


def place(name: str = "one") -> ServerDir:
    return ServerDir.of(home(), name)


def test_from_its_start_to_its_end(there: BlockingServers, fake: str) -> None:
    made = there.ask(lambda one: one.create_server(spec(fake)))
    assert made["state"] in ("WAITING", "STARTING")
    assert [one["stage"] for one in made["progress"]] == ["started", "ready"]

    view = until(there, "one", "RUNNING")
    assert {one["state"] for one in view["progress"]} == {"done"}
    assert view["started_at"] > view["created_at"]
    assert get(there, "one", "api/options")["root_dir"] == str(workspace())
    (workspace() / "kept.txt").write_text("still here")
    pid = place().process_id()

    there.ask(lambda one: one.stop_server("one"))
    view = until(there, "one", "STOPPED")
    assert view["stop_reason"] == "It was stopped."
    assert view["progress"] == []
    assert pid is not None
    assert not alive(pid)
    with pytest.raises(Conflict, match="does not run: it is STOPPED"):
        there.ask(lambda one: one.server_address("one"))

    there.ask(lambda one: one.start_server("one"))
    until(there, "one", "RUNNING")
    assert (workspace() / "kept.txt").read_text() == "still here"

    there.ask(lambda one: one.delete_server("one"))
    wait_for(lambda: there.ask(lambda one: one.servers()) == [])
    assert not place().path.exists()
    assert (workspace() / "kept.txt").exists()
    assert [one["used_by"] for one in there.ask(lambda one: one.volumes())] == [[]]


def test_its_token_is_its_users_alone(there: BlockingServers, fake: str) -> None:
    there.ask(lambda one: one.create_server(spec(fake, env={"API_TOKEN": "x", "DEPTH": "3"})))
    view = until(there, "one", "RUNNING")
    token = place().token()

    assert stat.S_IMODE(place().token_file.stat().st_mode) == 0o600
    assert token not in str(view)
    assert token not in " ".join(psutil.Process(place().process_id()).cmdline())
    assert view["env"] == {"API_TOKEN": "(hidden)", "DEPTH": "3"}
    env = get(there, "one", "api/env")
    assert (env["API_TOKEN"], env["DEPTH"]) == ("x", "3")
    assert token not in env.values()


def test_the_same_name_twice_is_refused(there: BlockingServers, fake: str) -> None:
    there.ask(lambda one: one.create_server(spec(fake)))

    with pytest.raises(Conflict, match="there is a server 'one' already"):
        there.ask(lambda one: one.create_server(spec(fake)))

    assert len(there.ask(lambda one: one.servers())) == 1


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"cpu": "4096"}, "4096 CPUs are more than this machine has"),
        ({"memory": "4096Ti"}, "of memory are more than this machine has"),
        ({"gpu": 512}, "512 GPUs are more than this machine has"),
        ({"node_selector": {"a": "b"}}, "`node_selector` is not possible here"),
        ({"configurations": ["x"]}, "`configurations` is not possible here"),
        (
            {"volumes": [{"name": "v", "path": "/v", "size": "1Mi", "read_only": True}]},
            "`volumes.read_only` is not possible here",
        ),
        ({"volumes": [{"name": "v", "path": "/v", "size": "4096Pi"}]}, "no room for 4096Pi"),
    ],
)
def test_what_this_machine_cannot_do_is_refused_before_anything_is_made(
    there: BlockingServers, fake: str, more: dict[str, Any], words: str
) -> None:
    with pytest.raises(BadRequest, match=words):
        there.ask(lambda one: one.create_server(spec(fake, **more)))

    assert there.ask(lambda one: one.servers()) == []
    assert there.ask(lambda one: one.volumes()) == []


def test_an_environment_without_jupyter_is_refused(there: BlockingServers) -> None:
    with pytest.raises(BadRequest, match="no environment 'a/container:1' on this machine"):
        there.ask(lambda one: one.create_server(spec("a/container:1")))


def test_volumes_of_a_server_that_could_not_be_made_are_taken_back(
    there: BlockingServers, fake: str
) -> None:
    mounts = [
        {"name": "new", "path": "/new", "size": "1Mi"},
        {"name": "old", "path": "/old", "existing": "nowhere"},
    ]
    with pytest.raises(NotFound, match="there is no volume 'nowhere'"):
        there.ask(lambda one: one.create_server(spec(fake, volumes=mounts)))

    assert there.ask(lambda one: one.volumes()) == []
    assert there.ask(lambda one: one.servers()) == []


def test_volumes_are_folders_in_the_workspace(there: BlockingServers, fake: str) -> None:
    there.ask(lambda one: one.create_volume(VolumeSpec("shared", "1Mi")))
    mounts = [
        {"name": "data", "path": "/data", "size": "1Mi", "reclaim": "Delete"},
        {"name": "team", "path": "deep/team", "existing": "shared"},
    ]
    for name in ("one", "two"):
        there.ask(lambda one, name=name: one.create_server(spec(fake, name, volumes=mounts)))
        until(there, name, "RUNNING")
    (workspace() / "data" / "x").write_text("x")
    (workspace() / "deep" / "team" / "y").write_text("y")

    assert (home() / "volumes" / "one-data" / "x").read_text() == "x"
    assert (workspace("two") / "deep" / "team" / "y").read_text() == "y"
    assert not (workspace("two") / "data" / "x").exists()
    with pytest.raises(Conflict, match="'shared' is used by one, two"):
        there.ask(lambda one: one.delete_volume("shared"))

    there.ask(lambda one: one.delete_server("one", volumes=True))
    wait_for(lambda: len(there.ask(lambda one: one.servers())) == 1)
    left = {view["name"]: view["used_by"] for view in there.ask(lambda one: one.volumes())}
    assert left == {"two-data": ["two"], "two-workspace": ["two"], "shared": ["two"]}
    assert (home() / "volumes" / "shared" / "y").exists()

    there.ask(lambda one: one.delete_server("two"))
    wait_for(lambda: there.ask(lambda one: one.servers()) == [])
    # One that is to be reclaimed goes with its server, the others are kept.
    names = {view["name"] for view in there.ask(lambda one: one.volumes())}
    assert names == {"two-workspace", "shared"}


def test_a_server_of_the_same_name_finds_its_files_again(there: BlockingServers, fake: str) -> None:
    there.ask(lambda one: one.create_server(spec(fake)))
    until(there, "one", "RUNNING")
    (workspace() / "kept.txt").write_text("still here")
    there.ask(lambda one: one.delete_server("one"))
    wait_for(lambda: there.ask(lambda one: one.servers()) == [])

    there.ask(lambda one: one.create_server(spec(fake)))
    view = until(there, "one", "RUNNING")

    assert view["volumes"][0]["existing"] is True
    assert (workspace() / "kept.txt").read_text() == "still here"
    # It was not made for this one, so it does not go with it either.
    there.ask(lambda one: one.delete_server("one", volumes=True))
    wait_for(lambda: there.ask(lambda one: one.servers()) == [])
    assert (workspace() / "kept.txt").exists()


def test_files_in_the_way_of_a_volume_are_not_touched(there: BlockingServers, fake: str) -> None:
    there.ask(lambda one: one.create_volume(VolumeSpec("one-workspace", "1Mi")))
    (workspace() / "data").mkdir()
    (workspace() / "data" / "mine").write_text("mine")
    mounts = [{"name": "data", "path": "/data", "size": "1Mi"}]
    there.ask(lambda one: one.create_server(spec(fake, volumes=mounts)))

    view = until(there, "one", "FAILED")

    assert "'data' is in its workspace already" in view["message"]
    assert (workspace() / "data" / "mine").read_text() == "mine"


def test_an_edit_waits_for_a_restart(there: BlockingServers, fake: str) -> None:
    there.ask(lambda one: one.create_server(spec(fake)))
    until(there, "one", "RUNNING")
    pid = place().process_id()

    change = ServerChange.from_json({"env": {"DEPTH": "5"}, "idle_after": "8h"})
    view = there.ask(lambda one: one.change_server("one", change))
    assert view["pending_restart"] is True
    assert place().process_id() == pid
    assert "DEPTH" not in get(there, "one", "api/env")

    there.ask(lambda one: one.restart_server("one"))
    wait_for(lambda: place().process_id() not in (None, pid))
    view = until(there, "one", "RUNNING")
    assert view["pending_restart"] is False
    assert view["idle_after"] == 8 * 3600
    assert get(there, "one", "api/env")["DEPTH"] == "5"


def test_a_stopped_server_is_edited_and_its_volume_grows(there: BlockingServers, fake: str) -> None:
    mounts = [{"name": "data", "path": "/data", "size": "1Mi"}]
    there.ask(lambda one: one.create_server(spec(fake, volumes=mounts)))
    until(there, "one", "RUNNING")
    there.ask(lambda one: one.stop_server("one"))
    until(there, "one", "STOPPED")

    grown = ServerChange({"cpu": "1", "volumes": [{**mounts[0], "size": "2Mi"}]})
    view = there.ask(lambda one: one.change_server("one", grown))
    assert (view["cpu"], view["pending_restart"]) == ("1", False)
    assert {one["claim"]: one["size"] for one in view["volumes"]} == {
        "one-data": "2Mi",
        "one-workspace": "10Gi",
    }
    shrunk = ServerChange({"volumes": [{**mounts[0], "size": "1Mi"}]})
    with pytest.raises(LabwrightError, match="cannot shrink from 2Mi to 1Mi"):
        there.ask(lambda one: one.change_server("one", shrunk))


def test_cpus_are_what_was_asked_for(there: BlockingServers, fake: str) -> None:
    there.ask(lambda one: one.create_server(spec(fake, cpu="500m")))
    until(there, "one", "RUNNING")

    assert len(get(there, "one", "api/cpus")) == 1
    assert get(there, "one", "api/env")["OMP_NUM_THREADS"] == "1"


@pytest.mark.parametrize("pause", [0, 0.05, 0.2])
def test_a_server_is_stopped_and_deleted_while_it_starts(
    there: BlockingServers, fake: str, pause: float
) -> None:
    there.ask(lambda one: one.create_server(spec(fake)))
    time.sleep(pause)
    there.ask(lambda one: one.stop_server("one"))
    assert until(there, "one", "STOPPED")["stop_reason"] == "It was stopped."
    there.ask(lambda one: one.start_server("one"))
    time.sleep(pause)
    there.ask(lambda one: one.delete_server("one"))
    wait_for(lambda: there.ask(lambda one: one.servers()) == [])
    folder = f"--ServerApp.root_dir={workspace()}"
    assert not [
        each for each in psutil.process_iter(["cmdline"]) if folder in (each.info["cmdline"] or ())
    ]


def test_a_server_that_ends_says_why(there: BlockingServers, fake: str) -> None:
    there.ask(lambda one: one.create_server(spec(fake)))
    until(there, "one", "RUNNING")
    os.kill(place().process_id() or 0, signal.SIGKILL)

    view = until(there, "one", "FAILED")

    assert view["message"] == "The server was killed (signal 9); its log may say why."
    assert view["progress"][1]["state"] == "failed"
    there.ask(lambda one: one.start_server("one"))
    until(there, "one", "RUNNING")


def test_a_server_that_cannot_start_says_why(there: BlockingServers, fake: str) -> None:
    there.ask(lambda one: one.create_volume(VolumeSpec("one-workspace", "1Mi")))
    answers(broken=True)
    there.ask(lambda one: one.create_server(spec(fake)))

    view = until(there, "one", "FAILED")

    assert view["message"] == (
        "The server ended with exit code 1 before it answered: it is broken."
    )
    log = there.ask(lambda one: one.server_log("one"))
    assert (log["text"], log["end"]) == ("listening\nit is broken\n", True)
    rest = there.ask(lambda one: one.server_log("one", offset=10))
    assert rest["text"] == "it is broken\n"


def test_a_log_is_followed_from_start_to_start(there: BlockingServers, fake: str) -> None:
    there.ask(lambda one: one.create_server(spec(fake)))
    until(there, "one", "RUNNING")
    pieces = there.follow_log("one")

    def until_said(text: str) -> View:
        return next(one for one in pieces if text in one["text"])

    try:
        first = until_said("listening\n")
        log = place().log
        with log.open("ab") as file:
            file.write("hällo\n".encode()[:2])
            file.flush()
            assert next(pieces)["text"] == "h"
            file.write("hällo\n".encode()[2:])
        # The rest of a character is waited for.
        told = next(pieces)
        assert (told["text"], told["offset"], told["next"]) == ("ällo\n", 11, 17)
        there.ask(lambda one: one.restart_server("one"))
        again = until_said("listening\n")
        assert again["offset"] == 0
        assert again["log"] != first["log"]
    finally:
        pieces.close()  # type: ignore[attr-defined]

    async def rest(log: str) -> View:
        async with aclosing(there._servers.follow_server_log("one", offset=4, log=log)) as found:
            return await anext(found)

    until(there, "one", "RUNNING")
    assert there._loop.wait(rest(again["log"]))["text"] == "ening\n"
    assert there._loop.wait(rest(first["log"]))["text"] == "listening\n"


def test_a_process_that_takes_too_much_memory_is_ended_and_the_server_is_not(
    there: BlockingServers, fake: str
) -> None:
    there.ask(lambda one: one.create_server(spec(fake, memory="64Mi", limit_factor=2)))
    until(there, "one", "RUNNING")
    pid = place().process_id()
    answers(memory=300 << 20)
    get(there, "one", "api/status")

    def told() -> Any:
        return there.ask(lambda one: one.server("one"))["message"]

    assert "took more memory than it may" in wait_for(told)
    assert there.ask(lambda one: one.server("one"))["state"] == "RUNNING"
    assert place().process_id() == pid


def test_a_server_outlives_its_agent_and_the_next_one_takes_it_up(
    there: BlockingServers, fake: str
) -> None:
    there.ask(lambda one: one.create_server(spec(fake)))
    started = until(there, "one", "RUNNING")
    pid = place().process_id()
    assert pid is not None
    for number in (signal.SIGKILL, signal.SIGTERM):
        kill_agent(number)
        assert alive(pid)
        view = until(there, "one", "RUNNING")
        assert view["started_at"] == started["started_at"]
        assert place().process_id() == pid
        get(there, "one", "api/status")
    kill_agent()
    there.ask(lambda one: one.stop_server("one"))
    until(there, "one", "STOPPED")
    assert not alive(pid)


def test_an_agent_killed_while_a_server_starts_leaves_one_server(
    there: BlockingServers, fake: str
) -> None:
    for _ in range(3):
        there.ask(lambda one: one.create_server(spec(fake)))
        kill_agent()
        until(there, "one", "RUNNING")
        mine = [
            each
            for each in psutil.process_iter(["cmdline"])
            if f"--ServerApp.root_dir={workspace()}" in (each.info["cmdline"] or ())
        ]
        assert [each.pid for each in mine] == [place().process_id()]
        there.ask(lambda one: one.delete_server("one", volumes=True))
        wait_for(lambda: there.ask(lambda one: one.servers()) == [])


def test_agents_killed_at_any_moment_leave_each_server_once(
    there: BlockingServers, fake: str
) -> None:
    seed = random.randrange(1 << 30)
    chance = random.Random(seed)
    names = ["one", "two"]
    for name in names:
        there.ask(lambda one, name=name: one.create_server(spec(fake, name)))
    for _ in range(8):
        name = chance.choice(names)
        verb = chance.choice(["start_server", "stop_server", "restart_server"])
        there.ask(lambda one, name=name, verb=verb: getattr(one, verb)(name))
        time.sleep(chance.random() / 4)
        kill_agent()
    for name in names:
        there.ask(lambda one, name=name: one.start_server(name))
        view = until(there, name, "RUNNING")
        assert view["message"] is None, seed
        get(there, name, "api/status")
        folder = f"--ServerApp.root_dir={workspace(name)}"
        mine = [
            each.pid
            for each in psutil.process_iter(["cmdline"])
            if folder in (each.info["cmdline"] or ())
        ]
        assert mine == [place(name).process_id()], seed


def test_a_server_whose_port_was_taken_gets_another(there: BlockingServers, fake: str) -> None:
    there.ask(lambda one: one.create_server(spec(fake)))
    until(there, "one", "RUNNING")
    port = urlsplit(there.ask(lambda one: one.server_address("one"))["url"]).port
    there.ask(lambda one: one.restart_server("one"))
    until(there, "one", "STOPPING", "WAITING", "STARTING")
    until(there, "one", "RUNNING")
    assert urlsplit(there.ask(lambda one: one.server_address("one"))["url"]).port == port
    there.ask(lambda one: one.stop_server("one"))
    until(there, "one", "STOPPED")

    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind(("127.0.0.1", port))
        taken.listen()
        there.ask(lambda one: one.start_server("one"))
        until(there, "one", "RUNNING")
        get(there, "one", "api/status")

    assert urlsplit(there.ask(lambda one: one.server_address("one"))["url"]).port != port


def test_a_server_that_ended_while_no_agent_looked(there: BlockingServers, fake: str) -> None:
    there.ask(lambda one: one.create_server(spec(fake)))
    until(there, "one", "RUNNING")
    kill_agent()
    os.kill(place().process_id() or 0, signal.SIGKILL)

    view = until(there, "one", "STOPPED")

    assert view["stop_reason"] == "It ended by itself."


def test_what_is_at_rest_is_told_without_an_agent(there: BlockingServers, fake: str) -> None:
    there.ask(lambda one: one.create_server(spec(fake)))
    until(there, "one", "RUNNING")
    there.ask(lambda one: one.stop_server("one"))
    until(there, "one", "STOPPED")
    kill_agent()

    assert [one["name"] for one in there.ask(lambda one: one.servers())] == ["one"]
    assert len(there.ask(lambda one: one.volumes())) == 1
    assert there.ask(lambda one: one.images())
    assert connect(start=False) is None
