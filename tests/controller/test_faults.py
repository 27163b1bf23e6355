"""What goes wrong in clusters: no Notebook is lost, duplicated, or wrongly stopped."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cluster.control_plane import ControlPlane
from controller.census import Amiss, Crowd
from controller.doubles import idle_server
from controller.faulty import FaultyApi, faulty_api
from controller.processes import controller

NAMES = [f"nb{number}" for number in range(12)]


@pytest.fixture
def crowd(control_plane: ControlPlane) -> Crowd:
    return Crowd(control_plane, control_plane.namespace("fault"))


@pytest.fixture
def faulty(control_plane: ControlPlane, tmp_path: Path) -> Iterator[tuple[FaultyApi, ControlPlane]]:
    with faulty_api(control_plane, tmp_path) as found:
        yield found


def until(done: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.mark.parametrize("fault", ["failing", "conflicting"])
def test_calls_that_fail(
    crowd: Crowd, faulty: tuple[FaultyApi, ControlPlane], tmp_path: Path, fault: str
) -> None:
    api, plane = faulty
    setattr(api, fault, 0.2)
    with (
        idle_server(answers=False) as (url, asked),
        controller(
            plane,
            tmp_path,
            WATCH_NAMESPACES=crowd.namespace,
            IDLENESS_CHECK_PERIOD="0.01",
            PROBE_URL=url,
        ) as process,
    ):
        crowd.create(*NAMES, culling={"idleAfter": "1s"})
        crowd.stop(*NAMES[:2])
        crowd.delete(*NAMES[2:4])
        until(lambda: sum(api.done.values()) >= 12 and len(asked) > 20)
        api.failing = api.conflicting = 0
        assert crowd.settle() == Amiss()
        assert process.process.poll() is None
        assert process.metric("notebook_culling_total") == 0


def test_what_went_while_a_watch_was_expired_is_noticed(
    crowd: Crowd, faulty: tuple[FaultyApi, ControlPlane], tmp_path: Path
) -> None:
    api, plane = faulty
    volume = {
        "name": "w",
        "mountPath": "/w",
        "claim": {"size": "1Gi", "storageClassName": "none"},
        "reclaim": "Delete",
    }
    with crowd.plane.kube() as kube, controller(plane, tmp_path, WATCH_NAMESPACES=crowd.namespace):
        crowd.create("stays", "loses")
        crowd.create("goes", volumes=[volume])
        claims = f"/api/v1/namespaces/{crowd.namespace}/persistentvolumeclaims"
        kube.wait(f"{claims}/goes-w", bool)
        sets = f"/apis/apps/v1/namespaces/{crowd.namespace}/statefulsets"
        services = f"/api/v1/namespaces/{crowd.namespace}/services"
        for name in ("goes", "loses"):
            kube.wait(f"{sets}/{name}", bool)
            kube.wait(f"{services}/{name}", bool)
        api.blind()
        crowd.delete("goes")
        kube.delete(f"{sets}/loses")
        crowd.create("comes")
        until(lambda: kube.http.get(f"{sets}/loses").status_code == 404)
        api.see(expired=True)
        assert crowd.settle() == Amiss()
        assert api.done["expired"] >= 3
        until(lambda: not [c for c in kube.get(claims)["items"] if is_alive(c)])


def is_alive(claim: dict[str, dict[str, str]]) -> bool:
    return "deletionTimestamp" not in claim["metadata"]


def test_a_controller_that_is_killed_at_work(crowd: Crowd, tmp_path: Path) -> None:
    with controller(crowd.plane, tmp_path, WATCH_NAMESPACES=crowd.namespace) as first:
        crowd.create("before")
        assert crowd.settle() == Amiss()
        crowd.create(*NAMES)
        crowd.stop(*NAMES[:2])
        first.kill()
    crowd.delete(*NAMES[2:4])
    with controller(crowd.plane, tmp_path, WATCH_NAMESPACES=crowd.namespace):
        assert crowd.settle() == Amiss()
