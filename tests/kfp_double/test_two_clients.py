"""The kfp SDK sees what our client made, and our client what the SDK made."""

from __future__ import annotations

import asyncio
import json
import subprocess
import uuid
from pathlib import Path
from typing import Any

import pytest

from cluster import kfp_programs
from kfp_double.test_api import ir
from labwright.targets.config import KnownTarget
from labwright.targets.kubeflow.api.runs import RunBody, Trigger
from labwright.targets.kubeflow.client import Client, client_of
from oracle import oracle_python

SDK = Path(kfp_programs.__file__).with_name("kfp_sdk_both.py")


async def _make(client: Client, name: str) -> dict[str, str]:
    made = await client.pipelines.upload(name, json.dumps(ir(name)).encode())
    [version] = (await client.versions.page(made.pipeline_id)).items
    what: dict[str, Any] = {
        "pipeline_id": made.pipeline_id,
        "pipeline_version_id": version.pipeline_version_id,
    }
    run = await client.runs.create(RunBody(name, name, name, **what))
    yearly = RunBody(name, name, name, **what)
    recurring = await client.recurring.create(yearly, Trigger(cron="0 0 0 1 1 *"))
    return {
        "name": name,
        "pipeline": made.pipeline_id,
        "version": version.pipeline_version_id,
        "run": run.run_id,
        "recurring": recurring.recurring_run_id,
    }


async def _names(client: Client, made: dict[str, str]) -> set[str]:
    pipeline = await client.pipelines.get(made["pipeline"])
    version = await client.versions.get(made["pipeline"], made["version"])
    run = await client.runs.get(made["run"])
    recurring = await client.recurring.get(made["recurring"])
    assert (run.pipeline_id, run.pipeline_version_id) == (made["pipeline"], made["version"])
    assert recurring.cron == "0 0 0 1 1 *"
    assert recurring.enabled
    assert made["run"] in [one.run_id async for one in client.runs.all()]
    return {one.display_name for one in (pipeline, version, run, recurring)}


@pytest.mark.parametrize("kind", ["kfp_double", "kfp"])
def test_each_sees_what_the_other_made(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    python = oracle_python()
    if not python.exists():
        pytest.skip(f"no kfp SDK at {python}")
    endpoint = request.getfixturevalue(kind).endpoint
    name = f"both-{uuid.uuid4().hex[:8]}"

    async def ours() -> dict[str, str]:
        async with client_of(KnownTarget("it", endpoint=endpoint)) as client:
            return await _make(client, name)

    file = tmp_path / "sdk.json"
    file.write_text(json.dumps(ir(name)))
    command = [str(python), str(SDK), endpoint, str(file), json.dumps(asyncio.run(ours()))]
    said = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert said.returncode == 0, said.stderr
    told = json.loads(said.stdout.splitlines()[-1])
    assert all(told["sees"].values()), told

    async def theirs() -> set[str]:
        async with client_of(KnownTarget("it", endpoint=endpoint)) as client:
            return await _names(client, told["made"])

    assert asyncio.run(theirs()) == {told["name"]}
