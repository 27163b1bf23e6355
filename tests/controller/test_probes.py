"""What servers other than Jupyter's tell of their use, and what GPUs do."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta, timezone
from typing import Any

import aiohttp
import pytest

from controller.doubles import answering
from controller.objects import Object, notebook
from labwright_controller.culling import Activity, decide, policy, reason
from labwright_controller.gpus import Gpus, utilisation
from labwright_controller.probes import probe
from labwright_controller.settings import Settings, from_environment

NOW = datetime(2026, 6, 1, 12, tzinfo=timezone.utc)
LONG_AGO = NOW - timedelta(days=30)
BEAT = int((NOW - timedelta(minutes=10)).timestamp() * 1000)
GROUPS = {"kubeflow": "kubeflow.org", "labwright": "labwright.dev"}
METRICS = """
# HELP DCGM_FI_DEV_GPU_UTIL GPU utilization (in %).
DCGM_FI_DEV_GPU_UTIL{gpu="0",namespace="ada",pod="nb-0"} 0
DCGM_FI_DEV_GPU_UTIL{gpu="1",namespace="ada",pod="nb-0"} 37
DCGM_FI_DEV_GPU_UTIL{gpu="2",exported_namespace="bob",exported_pod="x-0",namespace="gpu",pod="e"} 0
DCGM_FI_DEV_GPU_UTIL{gpu="3",namespace="ada",pod="train-worker"} 99
DCGM_FI_DEV_FB_USED{gpu="0",namespace="ada",pod="nb-0"} 400
"""


def annotated(**annotations: str) -> Object:
    """A Notebook with annotations: `kubeflow__x_y` for notebooks.kubeflow.org/x-y."""
    body = notebook()
    body["metadata"]["annotations"] = {
        f"notebooks.{GROUPS[key.split('__')[0]]}/{key.split('__')[1].replace('_', '-')}": value
        for key, value in annotations.items()
    }
    return body


def ask(body: Object, pages: dict[str, Any], connections_count: bool = False) -> Activity:
    with answering(pages) as url:
        settings = from_environment({"PROBE_URL": url})

        async def once() -> Activity:
            async with aiohttp.ClientSession() as session:
                return await probe(body, ("ada", "nb"), settings, session, connections_count)

        return asyncio.run(once())


@pytest.mark.parametrize("kind", ["group-one", "vscode"])
def test_complaint_2_an_idle_vs_code_server_is_stopped(kind: str) -> None:
    body = annotated(kubeflow__server_type=kind, kubeflow__http_rewrite_uri="/")
    body["spec"]["culling"] = {"idleAfter": "5m"}
    seen = ask(body, {"/healthz": {"status": "expired", "lastHeartbeat": BEAT}})
    assert seen.last == NOW - timedelta(minutes=10)
    rule = policy(body, Settings())
    assert rule is not None
    assert decide(body, LONG_AGO, seen, rule, NOW).stop
    assert not decide(body, LONG_AGO, seen, rule, NOW - timedelta(minutes=8)).stop


def test_any_server_may_tell_of_its_activity() -> None:
    body = annotated(labwright__activity_path="/activity")
    seen = ask(body, {"/notebook/ada/nb/activity": {"last_activity": "2026-06-01T11:00:00Z"}})
    assert seen.last == NOW - timedelta(hours=1)


@pytest.mark.parametrize("answer", [{}, [], {"lastHeartbeat": "now"}, {"last_activity": "now"}])
def test_a_server_that_does_not_tell_is_not_idle(answer: Any) -> None:
    body = annotated(labwright__activity_path="activity")
    with pytest.raises(ValueError, match="no activity"):
        ask(body, {"/notebook/ada/nb/activity": answer})


def test_an_open_browser_and_a_proxied_tensorboard_are_use_if_asked() -> None:
    api = "/notebook/ada/nb/api"
    pages = {
        f"{api}/kernels": [],
        f"{api}/terminals": [],
        f"{api}/status": {"last_activity": "2026-06-01T11:59:00Z", "connections": 0},
    }
    assert ask(notebook(), pages).last is None
    assert ask(notebook(), pages, connections_count=True).last == NOW - timedelta(minutes=1)


def test_what_gpus_do() -> None:
    assert utilisation(METRICS) == {("ada", "nb"): 37.0, ("bob", "x"): 0.0}


def test_a_gpu_that_is_not_known_is_not_idle() -> None:
    async def look() -> tuple[Any, Any]:
        async with aiohttp.ClientSession() as session:
            with answering({"/metrics": METRICS}) as url:
                gpus = Gpus((f"{url}/metrics",))
                await gpus.look(session)
                known = gpus.last_use(("ada", "nb"))
            await gpus.look(session)
            return known, gpus.last_use(("ada", "nb"))

    known, unknown = asyncio.run(look())
    assert known is not None
    assert unknown is None


def test_complaint_7_a_server_whose_gpu_is_idle_is_stopped() -> None:
    body = notebook(culling={"gpuIdleAfter": "30m"})
    rule = policy(body, Settings())
    assert rule is not None
    idle = Activity(last=LONG_AGO, gpu_used=NOW - timedelta(minutes=31))
    decision = decide(body, LONG_AGO, idle, rule, NOW)
    assert decision.stop
    assert reason(decision, rule, "then").startswith("Its GPU was idle for 0:30:00")
    for seen in (
        Activity(last=LONG_AGO, gpu_used=NOW - timedelta(minutes=29)),
        Activity(last=NOW - timedelta(minutes=29), gpu_used=LONG_AGO),
        Activity(busy=True, last=LONG_AGO, gpu_used=LONG_AGO),
        # Nobody knows what its GPU does.
        Activity(last=LONG_AGO),
    ):
        assert not decide(body, LONG_AGO, seen, rule, NOW).stop
    never = notebook(culling={"idleAfter": "never", "gpuIdleAfter": "1m"})
    assert policy(never, Settings()) is None
