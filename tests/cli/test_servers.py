"""`labwright servers`, `volumes` and `images`, with servers that start at once."""

import signal
import stat
from dataclasses import replace

import pytest

from cli.far import FarTarget
from labwright.targets.local.home import home
from labwright.targets.local.servers.place import ServerDir
from targets.local.agent.helpers import kill_agent
from targets.local.servers.helpers import end_servers, fake_environment, wait_for


@pytest.fixture(scope="module")
def fake(tmp_path_factory):
    return fake_environment(tmp_path_factory.mktemp("environment"))


@pytest.fixture(autouse=True)
def _ended(_own_home):
    yield
    kill_agent(signal.SIGKILL)
    end_servers()


def test_a_server_from_the_command_line(say, ask, fake, monkeypatch):
    made = ask("servers", "create", "lab", "--image", fake, "--cpu", "500m", "--idle-after", "8h",
               "--volume", "data:1Mi:/data:delete", "--env", "A_TOKEN=x", "--json")  # fmt: skip
    assert (made["state"], made["idle_after"], made["cpu"]) == ("RUNNING", 28800, "500m")
    listed = ask("servers", "list", "--json")
    assert [one["name"] for one in listed["servers"]] == ["lab"]
    assert listed["remarks"] == []
    assert "lab   RUNNING  500m" in say("servers", "list")[1]
    shown = say("servers", "show", "lab")[1]
    assert "volume    lab-data at /data, 1Mi" in shown
    assert "variable  A_TOKEN=(hidden)" in shown
    assert say("servers", "logs", "lab")[1] == "listening\n"
    address = ask("servers", "open", "lab", "--json")
    assert address["url"].startswith("http://127.0.0.1:")
    token = address["url"].partition("token=")[2]

    opened = []
    monkeypatch.setattr("webbrowser.open", lambda url: opened.append(url) or True)
    status, out, _ = say("servers", "open", "lab")
    assert status == 0
    assert token not in out + opened[0]
    page = home() / "open" / "lab.html"
    assert opened == [page.as_uri()]
    assert token in page.read_text()
    assert stat.S_IMODE(page.stat().st_mode) == 0o600

    _, out, err = say("servers", "edit", "lab", "--volume", "data:2Mi", "--env", "DEPTH=3")
    assert "is as it was until" in err
    view = ask("servers", "show", "lab", "--json")
    assert view["pending_restart"]
    assert view["env"] == {"A_TOKEN": "(hidden)", "DEPTH": "3"}
    assert {one["claim"]: (one["size"], one["path"]) for one in view["volumes"]} == {
        "lab-data": ("2Mi", "/data"),
        "lab-workspace": ("10Gi", "/home/jovyan"),
    }
    say("servers", "edit", "lab", "--limit-factor", "2")
    assert "limits    2 times what is asked for" in say("servers", "show", "lab")[1]
    say("servers", "edit", "lab", "--clear", "limit-factor")
    assert ask("servers", "show", "lab", "--json")["limit_factor"] is None
    status, _, err = say("servers", "edit", "lab", "--node-label", "disk=ssd")
    assert (status, "`node_selector` is not possible here" in err) == (2, True)
    again = ask("servers", "restart", "lab", "--json")
    assert again["started_at"] > made["started_at"]
    assert not again["pending_restart"]
    # A value that is not shown is not lost by an edit either.
    environ = ServerDir.of(home(), "lab").process_id()
    with open(f"/proc/{environ}/environ", "rb") as file:
        assert b"A_TOKEN=x\0" in file.read()

    assert say("servers", "stop", "lab")[0] == 0
    wait_for(lambda: ask("servers", "show", "lab", "--json")["state"] == "STOPPED")
    assert say("servers", "logs", "-f", "lab")[1] == "listening\n"
    status, _, err = say("servers", "open", "lab")
    assert (status, "does not run" in err) == (2, True)
    assert say("servers", "start", "lab")[1].startswith("lab: RUNNING\n")
    assert say("servers", "delete", "lab")[1] == "lab: deleted\n"
    wait_for(lambda: say("servers", "list")[1] == "There are no servers.\n")
    assert [one["name"] for one in ask("volumes", "list", "--json")["volumes"]] == ["lab-workspace"]


def test_a_server_that_fails_is_exit_status_1(say, fake):
    say("volumes", "create", "bad-workspace", "1Mi")
    (home() / "volumes" / "bad-workspace" / "answers.json").write_text('{"broken": true}')

    status, out, err = say("servers", "create", "bad", "--image", fake)

    assert (status, out) == (1, "bad: FAILED\n")
    assert "it is broken" in err


def test_volumes(say, ask):
    assert say("volumes", "list")[1] == "There are no volumes.\n"
    assert say("volumes", "create", "data", "1Mi")[1] == "data: BOUND, 1Mi\n"
    assert ask("volumes", "resize", "data", "2Mi", "--json")["size"] == "2Mi"
    assert "data  BOUND  2Mi" in say("volumes", "list")[1]
    assert "cannot shrink" in say("volumes", "resize", "data", "1Mi")[2]
    assert "already" in say("volumes", "create", "data", "1Mi")[2]
    assert say("volumes", "delete", "data")[1] == "data: deleted\n"
    assert say("volumes", "delete", "data")[0] == 2


def test_images(ask, say):
    found = ask("images", "list", "--json")["images"]
    assert any(one["reference"].startswith("/") and not one["hidden"] for one in found)
    assert "REFERENCE" in say("images", "list")[1]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["create", "Bad Name"], "`name` is 'Bad Name'"),
        (["create", "lab", "--cpu", "much"], "`cpu` is 'much'"),
        (["create", "lab", "--volume", "data"], "--volume: 'data' has no size"),
        (["create", "lab", "--volume", "data:1Gi:nowhere"], "'nowhere' is neither"),
        (["create", "lab", "--env", "A"], "--env: 'A' has no `=`"),
        (["create", "lab", "--gpu", "some"], "`gpu.count` is 'some'"),
        (["create", "lab", "--toleration", "a"], "`tolerations` is not possible here"),
        (["create", "lab", "--preset", "huge"], "`preset` is 'huge'"),
        (["create", "lab", "--target", "mars"], "there is no target 'mars'"),
        (["edit", "lab"], "nothing is to be changed"),
        (["edit", "lab", "--cpu", "1"], "there is no server 'lab'"),
        (["start", "lab"], "there is no server 'lab'"),
        (["logs", "lab"], "there is no server 'lab'"),
        (["show", "../lab"], "there is no server '../lab'"),
    ],
)
def test_what_cannot_be_is_one_message(say, words, said):
    status, out, err = say("servers", *words)

    assert status == 2
    assert out == ""
    assert err.startswith("labwright: ")
    assert said in err
    assert len(err.splitlines()) == 1


def test_servers_and_volumes_of_another_target(say, ask, sky, fake):
    sky.add("moon")
    made = ask("servers", "create", "lab", "--image", fake, "--target", "moon", "--json")
    assert (made["target"], made["state"]) == ("moon", "RUNNING")
    ask("volumes", "create", "here", "1Mi", "--json")
    assert {
        (one["name"], one["target"]) for one in ask("volumes", "list", "--json")["volumes"]
    } == {
        ("here", "local"),
        ("lab-workspace", "moon"),
    }
    assert say("servers", "show", "lab")[1].splitlines()[1] == "  target    moon"
    assert say("servers", "list", "--target", "local")[1] == "There are no servers.\n"
    assert ask("servers", "stop", "lab", "--json")["target"] == "moon"
    say("servers", "delete", "lab", "--volumes")
    wait_for(lambda: say("servers", "list")[1] == "There are no servers.\n")
    assert "there is no server 'lab'" in say("servers", "show", "lab", "--target", "moon")[2]


def test_a_target_without_servers_is_one_message(say, sky, monkeypatch):
    sky.add("moon")
    monkeypatch.setattr(FarTarget, "capabilities", replace(FarTarget.capabilities, servers=False))

    for words in (["servers", "list"], ["servers", "create", "lab"], ["images", "list"]):
        status, out, err = say(*words, "--target", "moon")
        assert (status, out) == (2, "")
        assert "no notebook servers run on target moon" in err
    assert say("servers", "list")[0] == 0
