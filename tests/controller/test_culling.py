"""Culling: Kubeflow's test cases, the defects of its culler, and a real Jupyter server."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import aiohttp
import httpx
import pytest

from cluster.control_plane import ControlPlane
from cluster.processes import free_port
from controller.doubles import idle_server
from controller.objects import Object, notebook
from controller.processes import controller
from labwright_controller.culling import (
    Activity,
    Policy,
    activity,
    decide,
    duration,
    policy,
    tell_first,
)
from labwright_controller.probes import probe
from labwright_controller.settings import Settings, from_environment

NOW = datetime(2026, 6, 1, 12, tzinfo=timezone.utc)
LONG_AGO = NOW - timedelta(days=30)
FIVE = Policy(timedelta(minutes=5), timedelta(minutes=1))
LONG_IDLE = Activity(last=LONG_AGO)


def noted(value: str | None) -> Object:
    body = notebook()
    if value is not None:
        body["metadata"]["annotations"] = {"notebooks.kubeflow.org/last-activity": value}
    return body


def ago(minutes: float) -> str:
    return (NOW - timedelta(minutes=minutes)).isoformat()


def kernel(state: str, minutes: float = 0, connections: int = 0) -> Object:
    return {
        "execution_state": state,
        "last_activity": ago(minutes),
        "connections": connections,
    }


@pytest.mark.parametrize(
    ("value", "idle"),
    [
        ("1900-01-01T00:00:00Z", True),
        ("2021-01-01T00:00:00Z", True),
        (ago(0), False),
        (ago(6), True),
        (ago(3), False),
    ],
)
def test_idle_by_the_last_activity(value: str, idle: bool) -> None:
    assert decide(noted(value), LONG_AGO, Activity(), FIVE, NOW).stop is idle


@pytest.mark.parametrize("value", [None, "", "yesterday"])
def test_a_server_that_just_started_is_not_idle_whatever_is_noted(value: str | None) -> None:
    assert not decide(noted(value), NOW, Activity(), FIVE, NOW).stop


def test_complaint_5_a_culled_server_can_be_started_again() -> None:
    assert not decide(noted("2021-01-01T00:00:00Z"), NOW, Activity(), FIVE, NOW).stop


def test_kernels_none_all_idle_one_busy() -> None:
    assert not activity([], []).busy
    assert not activity([kernel("idle"), kernel("idle")], []).busy
    assert activity([kernel("idle"), kernel("busy")], []).busy


@pytest.mark.parametrize("state", ["busy", "starting", "restarting", "unknown"])
def test_complaint_8_a_silent_busy_kernel_is_in_use(state: str) -> None:
    seen = activity([kernel(state, minutes=9999)], [])
    assert not decide(notebook(), LONG_AGO, seen, FIVE, NOW).stop


def test_complaint_1_a_terminal_is_use() -> None:
    terminals = [{"name": "1", "last_activity": ago(2)}]
    assert not decide(notebook(), LONG_AGO, activity([], terminals), FIVE, NOW).stop
    terminals[0]["last_activity"] = ago(6)
    assert decide(notebook(), LONG_AGO, activity([], terminals), FIVE, NOW).stop


def test_an_open_browser_counts_if_asked() -> None:
    seen = activity([kernel("idle", minutes=60, connections=1)], [])
    assert decide(notebook(), LONG_AGO, seen, FIVE, NOW).stop
    keeping = Policy(FIVE.idle_after, FIVE.warn, keep_while_connected=True)
    assert not decide(notebook(), LONG_AGO, seen, keeping, NOW).stop


def test_the_user_is_told_before() -> None:
    assert decide(noted(ago(3)), LONG_AGO, Activity(), FIVE, NOW).stop_at is None
    told = decide(noted(ago(4.5)), LONG_AGO, Activity(), FIVE, NOW)
    assert (told.stop, told.stop_at) == (False, NOW + timedelta(minutes=0.5))


def test_nobody_is_stopped_without_having_been_told() -> None:
    def told(at: datetime | None, seen: Activity = LONG_IDLE) -> tuple[bool, datetime | None]:
        found = tell_first(decide(notebook(), LONG_AGO, seen, FIVE, NOW), at, FIVE, NOW)
        return found.stop, found.stop_at

    later = NOW + FIVE.warn
    assert told(None) == (False, later)
    assert told(NOW + timedelta(seconds=5)) == (False, NOW + timedelta(seconds=5))
    assert told(NOW - timedelta(seconds=5))[0]
    # It was told of an earlier time, and was used since.
    used = Activity(last=NOW - timedelta(minutes=6))
    assert told(NOW - timedelta(minutes=7), used) == (False, later)


def test_complaint_6_each_notebook_may_have_its_own_time() -> None:
    off = Settings()
    on = from_environment({"ENABLE_CULLING": "true", "CULL_IDLE_TIME": "30"})
    own = notebook(culling={"idleAfter": "90m"})
    assert policy(notebook(), off) is None
    assert policy(own, off) is not None
    assert policy(notebook(culling={"idleAfter": "never"}), on) is None
    for body, minutes in ((notebook(), 30), (own, 90)):
        rule = policy(body, on)
        assert rule is not None
        assert rule.idle_after == timedelta(minutes=minutes)


def test_complaint_4_short_times_are_honoured() -> None:
    rule = policy(notebook(culling={"idleAfter": "1m"}), Settings())
    assert rule is not None
    assert rule.idle_after == timedelta(minutes=1)
    assert rule.warn == timedelta(seconds=30)
    assert duration("1d2h3m4s") == timedelta(days=1, hours=2, minutes=3, seconds=4)


@pytest.fixture(scope="module")
def jupyter(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[int, Path]]:
    """A Jupyter server as it runs in a pod: without a token, under a prefix."""
    port, folder = free_port(), tmp_path_factory.mktemp("jupyter")
    options = {
        "ServerApp.port": port,
        "ServerApp.ip": "127.0.0.1",
        "ServerApp.base_url": "/notebook/ada/nb",
        "ServerApp.open_browser": False,
        "ServerApp.root_dir": str(folder),
        "ServerApp.allow_root": True,
        "ServerApp.disable_check_xsrf": True,
        "IdentityProvider.token": "",
    }
    arguments = [f"--{name}={value}" for name, value in options.items()]
    command = [sys.executable, "-m", "jupyter_server", *arguments]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        deadline = time.monotonic() + 60
        while True:
            try:
                if httpx.get(f"http://127.0.0.1:{port}/notebook/ada/nb/api").is_success:
                    break
            except httpx.TransportError:
                pass
            assert time.monotonic() < deadline, (folder / "log").read_text()
            time.sleep(0.2)
        yield port, folder
    finally:
        process.terminate()
        process.wait(20)


def test_a_real_jupyter_server_is_asked(jupyter: tuple[int, Path]) -> None:
    port, _ = jupyter
    api = f"http://127.0.0.1:{port}/notebook/ada/nb/api"
    settings = from_environment({"PROBE_URL": f"http://127.0.0.1:{port}"})

    def ask() -> Activity:
        async def once() -> Activity:
            async with aiohttp.ClientSession() as session:
                return await probe(notebook(), ("ada", "nb"), settings, session)

        return asyncio.run(once())

    assert ask() == Activity()
    before = httpx.get(f"{api}/status?no_track_activity=1").json()["last_activity"]
    ask()
    assert httpx.get(f"{api}/status?no_track_activity=1").json()["last_activity"] == before
    httpx.post(f"{api}/terminals").raise_for_status()
    seen = ask()
    assert not seen.busy
    assert seen.last is not None
    httpx.post(f"{api}/kernels", json={"name": "python3"}, timeout=60).raise_for_status()
    (kernel,) = httpx.get(f"{api}/kernels").json()
    seen = ask()
    assert seen.last is not None
    assert seen.last >= datetime.fromisoformat(kernel["last_activity"].replace("Z", "+00:00"))


@pytest.mark.parametrize("answers", [True, False])
def test_an_idle_server_is_stopped_but_not_unasked(
    control_plane: ControlPlane, tmp_path: Path, answers: bool
) -> None:
    """A failed probe never stops a server; a fresh one that saw nothing does."""
    namespace = control_plane.namespace("cull")
    with idle_server(answers) as (url, asked), control_plane.kube() as kube:
        body: Any = notebook(namespace=namespace, culling={"idleAfter": "3s"})
        del body["metadata"]["uid"]
        with controller(
            control_plane,
            tmp_path,
            WATCH_NAMESPACES=namespace,
            IDLENESS_CHECK_PERIOD="0.01",
            PROBE_URL=url,
        ) as process:
            path = kube.path(kube.create(body))
            if not answers:
                # It is asked, in vain, before and after its idle time is over.
                wait_until(lambda: bool(asked))
                time.sleep(3)
                before = len(asked)
                wait_until(lambda: len(asked) >= before + 3)
                assert process.metric("notebook_culling_total") == 0
                annotations = kube.get(path)["metadata"].get("annotations", {})
                assert "kubeflow-resource-stopped" not in annotations
                return
            stopped = kube.wait(path, lambda nb: state_of(nb) == "Stopped", 60)
            assert process.metric("notebook_culling_total") == 1
    annotations = stopped["metadata"]["annotations"]
    assert annotations["kubeflow-resource-stopped"] == stopped["status"]["stoppedAt"]
    assert "notebooks.kubeflow.org/last-activity" in annotations
    assert stopped["status"]["stopReason"].startswith("It was not used since ")
    with control_plane.kube() as kube:
        events = kube.get(f"/api/v1/namespaces/{namespace}/events")["items"]
    assert any(event["reason"] == "Idle" for event in events)


def state_of(body: Object) -> str | None:
    state: str | None = (body.get("status") or {}).get("state")
    return state


def wait_until(done: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not done():
        assert time.monotonic() < deadline
        time.sleep(0.05)
