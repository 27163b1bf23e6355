"""What is lost, duplicated or wrongly stopped of many Notebooks when things go wrong: noughts.

Each fault hits a controller at work on NOTEBOOKS Notebooks; then what became of them is counted.
Needs `make cluster`.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path

import httpx
import psutil

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from cluster.control_plane import ControlPlane
from cluster.supervisor import session_owner, shared
from controller.census import Crowd
from controller.doubles import idle_server
from controller.faulty import FaultyApi, faulty_api
from controller.processes import Controller, controller

NOTEBOOKS = int(os.environ.get("NOTEBOOKS", "50"))
FAIL_SECONDS = float(os.environ.get("FAIL_SECONDS", "60"))


class Bench:
    """A control plane, and servers that are probed in vain: whoever is stopped is so wrongly."""

    def __init__(self, plane: ControlPlane, folder: Path, probes: str) -> None:
        self.plane = plane
        self.folder = folder
        self._probes = probes

    def controller(
        self, crowd: Crowd, plane: ControlPlane | None = None, **more: str
    ) -> AbstractContextManager[Controller]:
        """A controller of a crowd's namespace."""
        return controller(
            plane or self.plane,
            self.folder,
            WATCH_NAMESPACES=crowd.namespace,
            POD_NAMESPACE=crowd.namespace,
            IDLENESS_CHECK_PERIOD="0.02",
            PROBE_URL=self._probes,
            show_log=False,
            **more,
        )

    def crowd(self) -> Crowd:
        return Crowd(self.plane, self.plane.namespace("fault"))


def main() -> None:
    with tempfile.TemporaryDirectory() as name, idle_server(answers=False) as (url, _):
        folder = Path(name)
        told = shared("cluster.control_plane:start", folder / "plane", session_owner())
        bench = Bench(ControlPlane(**told), folder, url)
        print(f"{NOTEBOOKS} Notebooks each        lost duplicated stopped restarted   settled in")
        for what, scenario in SCENARIOS.items():
            crowd = bench.crowd()
            with ExitStack() as stack:
                began = scenario(bench, crowd, stack)
                found = crowd.settle(240)
                seconds = time.monotonic() - began
            counts = map(len, (found.lost, found.duplicated, found.stopped, found.restarted))
            print(f"{what:26}{'{:6}{:11}{:8}{:10}'.format(*counts)}{seconds:11.1f} s", flush=True)


def work(crowd: Crowd) -> None:
    """What users do: make servers, stop some, delete some."""
    names = [f"nb{number}" for number in range(NOTEBOOKS)]
    crowd.create(*names, culling={"idleAfter": "1s"})
    crowd.stop(*names[: NOTEBOOKS // 10])
    crowd.delete(*names[NOTEBOOKS // 10 : NOTEBOOKS // 5])


def kill(bench: Bench, crowd: Crowd, stack: ExitStack) -> float:
    with bench.controller(crowd) as first:
        work(crowd)
        first.kill()
    began = time.monotonic()
    stack.enter_context(bench.controller(crowd))
    return began


def kill_the_leader(bench: Bench, crowd: Crowd, stack: ExitStack) -> float:
    first: Controller = stack.enter_context(
        bench.controller(crowd, LEADER_ELECT="true", POD_NAME="first")
    )
    stack.enter_context(
        bench.controller(crowd, LEADER_ELECT="true", POD_NAME="second", wait_for="stands by")
    )
    work(crowd)
    first.kill()
    return time.monotonic()


def restart_the_api_server(bench: Bench, crowd: Crowd, stack: ExitStack) -> float:
    stack.enter_context(bench.controller(crowd))
    work(crowd)
    port = f"--secure-port={httpx.URL(bench.plane.server).port}"
    (server,) = (p for p in psutil.process_iter() if port in _command(p))
    command, folder = server.cmdline(), server.cwd()
    server.kill()
    # Its parent does not ask what became of it, so it can only be seen to answer no more.
    time.sleep(2)
    with (bench.folder / "kube-apiserver-again.log").open("wb") as log:
        again = subprocess.Popen(command, cwd=folder, stdout=log, stderr=log)
    API_SERVERS.append(again)
    began = time.monotonic()
    with bench.plane.kube() as kube:
        _until(lambda: kube.http.get("/readyz").is_success)
    return began


API_SERVERS: list[subprocess.Popen[bytes]] = []


def expire(bench: Bench, crowd: Crowd, stack: ExitStack) -> float:
    api, plane = stack.enter_context(faulty_api(bench.plane, bench.folder))
    stack.enter_context(bench.controller(crowd, plane))
    api.blind()
    work(crowd)
    api.see(expired=True)
    return time.monotonic()


def failing(share: float, conflicting: float) -> Callable[[Bench, Crowd, ExitStack], float]:
    def scenario(bench: Bench, crowd: Crowd, stack: ExitStack) -> float:
        api: FaultyApi
        api, plane = stack.enter_context(faulty_api(bench.plane, bench.folder))
        stack.enter_context(bench.controller(crowd, plane))
        api.failing, api.conflicting = share, conflicting
        until = time.monotonic() + FAIL_SECONDS
        work(crowd)
        time.sleep(max(until - time.monotonic(), 0))
        api.failing = api.conflicting = 0
        return time.monotonic()

    return scenario


SCENARIOS: dict[str, Callable[[Bench, Crowd, ExitStack], float]] = {
    "controller killed": kill,
    "leader of two killed": kill_the_leader,
    "watches expired (410)": expire,
    "30 % of writes conflict": failing(0, 0.3),
    "10 % of calls fail": failing(0.1, 0),
    "API server restarted": restart_the_api_server,
}


def _command(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []


def _until(done: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 120
    while True:
        try:
            if done():
                return
        except httpx.TransportError:
            pass
        if time.monotonic() > deadline:
            raise TimeoutError("the API server does not come back")
        time.sleep(0.2)


@contextmanager
def _ending() -> Iterator[None]:
    try:
        yield
    finally:
        for server in API_SERVERS:
            server.kill()
            server.wait()


if __name__ == "__main__":
    with _ending():
        main()
