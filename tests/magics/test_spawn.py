"""`%spawn` in a live session, with servers that start at once."""

import signal
from pathlib import Path

import pytest

from labwright.batch.child import CellProcess
from labwright.targets.local.home import home
from labwright.targets.local.servers.place import ServerDir
from labwright.widgets.server import html, line, server_display
from targets.local.agent.helpers import kill_agent
from targets.local.servers.helpers import end_servers, fake_environment


@pytest.fixture
def session(tmp_path: Path):
    with CellProcess(cwd=str(tmp_path)) as process:
        assert process.run("%load_ext labwright").error is None
        yield process
    kill_agent(signal.SIGKILL)
    end_servers()


def printed(reply):
    assert reply.error is None, reply.error
    return "".join(one.get("text", "") for one in reply.outputs)


def test_a_server_is_spawned_and_started_again(session, tmp_path):
    image = fake_environment(tmp_path / "environment")
    lines = printed(session.run(f"%spawn lab --image {image} --cpu 1 --volume data:1Mi"))
    assert lines.splitlines()[-1] == "lab: RUNNING"
    assert ServerDir.of(home(), "lab").token() not in lines
    reply = session.run("%spawn lab --cpu 1")
    assert "there is a server 'lab' already" in reply.error.evalue
    assert printed(session.run("%spawn lab")).splitlines()[-1] == "lab: RUNNING"


def test_what_cannot_be_is_one_message(session):
    for words, said in [
        ("", "%spawn NAME"),
        ("lab --nothing", "%spawn NAME"),
        ("Lab", "such as lab"),
        ("lab --cpu much", "`cpu` is 'much'"),
        ("lab --target mars", "there is no target 'mars'"),
    ]:
        reply = session.run(f"%spawn {words}")
        assert reply.error.ename == "UsageError"
        assert said in reply.error.evalue


VIEW = {
    "name": "lab",
    "target": "<prod>",
    "state": "WAITING",
    "message": "It waits for a GPU & more.",
    "stop_reason": None,
    "progress": [{"stage": "started", "state": "waiting", "message": None, "at": None}],
}


def test_a_server_as_a_page():
    text = html(VIEW)
    assert "on &lt;prod&gt;" in text
    assert "It waits for a GPU &amp; more." in text
    assert "started: waiting" in text
    assert "servers open" not in text
    assert "servers open lab" in html({**VIEW, "state": "RUNNING", "progress": []})


def test_without_a_page_each_change_is_a_line(capsys):
    import sys

    show = server_display(sys.stdout)
    for state in ("WAITING", "WAITING", "RUNNING"):
        show({**VIEW, "state": state, "message": None})
    assert capsys.readouterr().out == "lab: WAITING\nlab: RUNNING\n"
    assert line(
        {**VIEW, "state": "STOPPED", "message": None, "stop_reason": "It was stopped."}
    ) == ("lab: STOPPED It was stopped.")
