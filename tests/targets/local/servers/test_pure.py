"""What decides about servers, without any."""

from __future__ import annotations

import time
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from labwright.errors import LabwrightError
from labwright.servers.spec import Mount, ServerSpec
from labwright.targets.local.environments import Environment
from labwright.targets.local.servers.environment import command, cpu_count, interpreter, variables
from labwright.targets.local.servers.fleet import default_idle
from labwright.targets.local.servers.idle import Activity, activity, decide, pause
from labwright.targets.local.servers.mounts import link_name, links_of, with_workspace
from labwright.targets.local.servers.process import choose_cpus
from labwright.targets.local.servers.rows import ServerRow, Status
from labwright.targets.local.servers.suit import filled_in, less_than_profile
from labwright.targets.local.servers.views import folder_bytes, gpus_view, progress

NOW = datetime(2026, 11, 26, 12, tzinfo=timezone.utc)


def ago(**time: float) -> datetime:
    return NOW - timedelta(**time)


def text(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")


def test_a_kernel_that_computes_in_silence_is_not_idle() -> None:
    seen = activity(
        {"last_activity": text(ago(days=2))},
        [{"execution_state": "busy", "last_activity": text(ago(days=1))}],
        [],
    )

    assert seen.busy
    assert not decide(seen, 60, ago(days=3), None, NOW).stop


@pytest.mark.parametrize("state", ["starting", "restarting", "unknown", None])
def test_a_kernel_that_is_not_known_to_be_idle_is_not_idle(state: str | None) -> None:
    assert activity({}, [{"execution_state": state}], []).busy


def test_a_terminal_in_use_keeps_a_server() -> None:
    terminals = [{"name": "1", "last_activity": text(ago(seconds=5))}]
    seen = activity({"last_activity": text(ago(days=1))}, [], terminals)

    assert decide(seen, 60, ago(days=3), None, NOW) == decide(
        Activity(False, ago(seconds=5)), 60, ago(days=3), None, NOW
    )
    assert not decide(seen, 60, ago(days=3), None, NOW).stop


def test_a_page_that_is_looked_at_keeps_a_server() -> None:
    seen = activity({"last_activity": text(ago(seconds=10))}, [], [])

    assert not decide(seen, 60, ago(days=3), None, NOW).stop


def test_a_server_that_nobody_uses_is_stopped_at_its_time() -> None:
    seen = activity({"last_activity": text(ago(minutes=10))}, [], [])

    assert decide(seen, 601, ago(days=1), None, NOW).stop is False
    found = decide(seen, 600, ago(days=1), None, NOW)
    assert found.stop
    assert found.last_activity == ago(minutes=10)


def test_a_start_counts_as_use_and_so_does_what_was_seen_before() -> None:
    nothing = Activity(False, None)

    assert not decide(nothing, 60, ago(seconds=30), None, NOW).stop
    assert not decide(nothing, 60, ago(days=1), ago(seconds=30), NOW).stop
    assert decide(nothing, 60, ago(days=1), ago(minutes=2), NOW).stop


def test_0_is_never() -> None:
    assert not decide(Activity(False, None), 0, ago(days=900), None, NOW).stop


def test_a_clock_that_is_ahead_is_not_believed() -> None:
    found = decide(Activity(False, NOW + timedelta(days=1)), 60, ago(days=1), None, NOW)

    assert found.last_activity == NOW


@pytest.mark.parametrize(
    ("idle_after", "used", "warned"),
    [(3600, 3200, False), (3600, 3400, True), (10, 4, False), (10, 6, True)],
)
def test_a_stop_is_told_before(idle_after: int, used: int, warned: bool) -> None:
    found = decide(Activity(False, ago(seconds=used)), idle_after, ago(days=1), None, NOW)

    assert not found.stop
    assert (found.stop_at is not None) is warned
    if warned:
        assert found.stop_at == ago(seconds=used) + timedelta(seconds=idle_after)


def test_short_times_are_probed_often_enough() -> None:
    assert pause(10) == 0.5
    assert pause(0) == pause(86400) == 30.0


def test_a_workspace_is_a_volume() -> None:
    new = with_workspace(ServerSpec("a"), set())
    assert new.volumes == (Mount("workspace", "/home/jovyan", size="10Gi"),)

    again = with_workspace(ServerSpec("a"), {"a-workspace"})
    assert again.volumes == (Mount("workspace", "/home/jovyan", existing="a-workspace"),)

    own = ServerSpec("a", volumes=(Mount("mine", "/home/jovyan", size="1Gi"),))
    assert with_workspace(own, set()) == own


def test_an_edit_does_not_take_the_workspace_away() -> None:
    before = with_workspace(ServerSpec("a"), set())

    after = with_workspace(ServerSpec("a"), {"a-workspace"}, before.volumes)

    assert after.volumes == before.volumes


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/home/jovyan/data", "data"),
        ("/data", "data"),
        ("/home/jovyan/a/b", "a/b"),
        ("/a/b", "a/b"),
    ],
)
def test_where_a_volume_is_in_the_workspace(path: str, name: str) -> None:
    assert link_name(path) == name


def test_outer_folders_come_first() -> None:
    mounts = (Mount("deep", "/a/b/c", size="1Gi"), Mount("outer", "/a", size="1Gi"))

    assert list(links_of(Path("/x"), ServerSpec("s", volumes=mounts))) == ["a", "a/b/c"]


def test_cpus_go_to_those_that_have_the_fewest() -> None:
    assert choose_cpus(2, [0, 1, 2, 3], [0, 0, 1, 3]) == (1, 2)
    assert choose_cpus(9, [0, 1], []) == (0, 1)
    assert choose_cpus(0, [0, 1], []) == ()


@pytest.mark.parametrize(
    ("cpu", "factor", "count"), [("500m", None, 1), ("2", 1.5, 3), (None, 2, 0)]
)
def test_a_limit_factor_gives_more_than_was_asked_for(
    cpu: str | None, factor: float | None, count: int
) -> None:
    assert cpu_count(ServerSpec("a", cpu=cpu, limit_factor=factor)) == count


def test_what_another_server_told_its_children_is_not_told_again() -> None:
    inherited = {
        "HOME": "/h", "PATH": "/bin", "JPY_PARENT_PID": "1", "JUPYTER_TOKEN": "secret",
        "JUPYTERHUB_API_TOKEN": "secret", "JUPYTER_SERVER_ROOT": "/", "VIRTUAL_ENV": "/v",
    }  # fmt: skip
    spec = ServerSpec("a", env={"MINE": "1"})

    found = variables(inherited, spec, Environment("/e/bin/python"), LABWRIGHT_HOME="/l")

    assert found == {"HOME": "/h", "PATH": "/e/bin:/bin", "MINE": "1", "LABWRIGHT_HOME": "/l"}


def test_a_container_is_no_environment_of_this_machine() -> None:
    with pytest.raises(LabwrightError, match="no environment 'base:latest' on this machine"):
        interpreter("base:latest")


def test_a_command_has_no_secret() -> None:
    words = command(
        "/e/python", "jupyterlab", port=1, base="/labwright/servers/a/", folder=Path("/f")
    )

    assert words[:3] == ["/e/python", "-m", "jupyterlab"]
    assert not [word for word in words if "token" in word.lower()]


def test_a_profile_is_cut_to_what_the_machine_has(monkeypatch: pytest.MonkeyPatch) -> None:
    module = "labwright.targets.local.servers.suit"
    monkeypatch.setattr(f"{module}.cpus", lambda: 3)
    monkeypatch.setattr(f"{module}.inventory", lambda: ("0",))

    found = filled_in(ServerSpec("a", preset="large-training"))
    assert found.gpu is not None
    assert (found.cpu, found.gpu.count) == ("3", 1)
    told = less_than_profile(found)
    assert told is not None
    assert "3 of 16 CPUs" in told
    assert "1 of 4 GPUs" in told
    # What was said is not.
    asked = filled_in(ServerSpec("a", preset="large-training", cpu="2"))
    assert asked.cpu == "2"
    assert "CPUs" not in (less_than_profile(asked) or "")
    assert less_than_profile(ServerSpec("a", cpu="3")) is None


@pytest.mark.parametrize(("text", "seconds"), [("", 0), ("8h", 28800), ("never", 0)])
def test_the_idle_time_of_all(monkeypatch: pytest.MonkeyPatch, text: str, seconds: int) -> None:
    monkeypatch.setenv("LABWRIGHT_SERVER_IDLE", text)

    assert default_idle() == seconds


def test_an_idle_time_that_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LABWRIGHT_SERVER_IDLE", "soon")

    with pytest.raises(LabwrightError, match="LABWRIGHT_SERVER_IDLE: 'soon' is no duration"):
        default_idle()


def test_gpus_are_counted_by_kind(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def states(_: Path) -> list[dict[str, Any]]:
        return [{"name": name, "free": free} for name, free in
                [("H100", True), ("H100", False), ("A10", True)]]  # fmt: skip

    monkeypatch.setattr("labwright.targets.local.servers.views.gpu_states", states)

    assert gpus_view(tmp_path) == [
        {"vendor": "nvidia.com/gpu", "name": "H100", "total": 2, "free": 1},
        {"vendor": "nvidia.com/gpu", "name": "A10", "total": 1, "free": 1},
    ]


@pytest.mark.parametrize(
    ("state", "began", "states"),
    [
        ("WAITING", None, ["waiting", "waiting"]),
        ("STARTING", "t", ["done", "doing"]),
        ("RUNNING", "t", ["done", "done"]),
        ("FAILED", None, ["failed", "waiting"]),
        ("FAILED", "t", ["done", "failed"]),
        ("STOPPED", "t", []),
        ("STOPPING", "t", []),
    ],
)
def test_how_far_a_start_is(state: Any, began: str | None, states: list[str]) -> None:
    row = ServerRow("a", "t", state, {}, Status(message="why", began=began))

    assert [one["state"] for one in progress(row)] == states
    failed = [one["message"] for one in progress(row) if one["state"] == "failed"]
    assert failed == (["why"] if state == "FAILED" else [])


def test_what_takes_too_long_to_count_is_not_known(tmp_path: Path) -> None:
    (tmp_path / "deep" / "er").mkdir(parents=True)
    (tmp_path / "deep" / "er" / "x").write_bytes(b"12345")
    (tmp_path / "deep" / "link").symlink_to(tmp_path)

    assert folder_bytes(tmp_path, time.monotonic() - 1) is None
    assert folder_bytes(tmp_path, time.monotonic() + 60) == 5 + len(str(tmp_path))
    assert folder_bytes(tmp_path / "nowhere", time.monotonic() + 60) is None
