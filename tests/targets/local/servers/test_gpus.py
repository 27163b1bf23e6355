"""GPUs of this machine are handed to servers, one server each."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from labwright.targets.blocking_servers import BlockingServers
from labwright.targets.local import gpus

from ..agent.helpers import kill_agent
from .helpers import get, spec, until, wait_for


@pytest.fixture(autouse=True)
def _two_gpus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    program = tmp_path / "nvidia-smi"
    lines = "".join(f"GPU {n}: Model X (UUID: GPU-{n})\\n" for n in range(2))
    program.write_text(f"#!/bin/sh\nprintf '{lines}'\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    monkeypatch.setattr(gpus, "_by_nvml", lambda: None)
    gpus.devices.cache_clear()
    gpus.inventory.cache_clear()
    yield
    gpus.devices.cache_clear()
    gpus.inventory.cache_clear()


def free(there: BlockingServers) -> int:
    (kind,) = there.ask(lambda one: one.server_options())["gpus"]
    assert (kind["name"], kind["total"]) == ("Model X", 2)
    return int(kind["free"])


@pytest.mark.skipif(os.path.exists("/dev/nvidiactl"), reason="the agent would find real ones")
def test_a_server_waits_for_its_gpus_and_gives_them_back(there: BlockingServers, fake: str) -> None:
    assert free(there) == 2
    there.ask(lambda one: one.create_server(spec(fake, "one", gpu=2)))
    until(there, "one", "RUNNING")
    assert free(there) == 0
    assert get(there, "one", "api/env")["CUDA_VISIBLE_DEVICES"] == "0,1"

    there.ask(lambda one: one.create_server(spec(fake, "two", gpu=1)))
    waits = "It waits for a GPU: others have them now."
    wait_for(lambda: there.ask(lambda one: one.server("two"))["message"] == waits)
    assert there.ask(lambda one: one.server("two"))["state"] == "WAITING"
    kill_agent()  # who has a GPU is not forgotten with the agent
    assert free(there) == 0
    assert until(there, "two", "WAITING")["message"] == waits

    there.ask(lambda one: one.stop_server("one"))
    view = until(there, "two", "RUNNING")
    assert view["message"] is None
    assert free(there) == 1
    there.ask(lambda one: one.create_server(spec(fake, "none")))
    until(there, "none", "RUNNING")
    assert get(there, "none", "api/env")["CUDA_VISIBLE_DEVICES"] == ""
