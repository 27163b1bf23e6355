"""Runs of the real KFP server in real pods, through the Kubeflow target."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from cluster.kfp_node import IMAGE
from cluster.kfp_server import Kfp
from contract.notebooks import Books
from labwright.targets.config import KnownTarget
from labwright.targets.kubeflow.client import client_of
from labwright.targets.kubeflow.target import KubeflowTarget
from labwright.targets.protocols import View


def test_a_notebook_runs_in_pods(kfp_node: Kfp, tmp_path: Path) -> None:
    known = KnownTarget("real", endpoint=kfp_node.endpoint, image=IMAGE)

    async def run() -> tuple[View, list[View], set[str]]:
        target = KubeflowTarget(known, None)
        try:
            run_id = (await target.submit(Books(tmp_path).good())).run["run_id"]
            told = [change async for change in target.watch(run_id, logs=True)]
            async with client_of(known) as client:
                tasks = (await client.runs.get(run_id)).tasks
            return await target.run(run_id), told, {task.display_name for task in tasks}
        finally:
            await target.close()

    view, told, nodes = asyncio.run(asyncio.wait_for(run(), 240))
    assert view["state"] == "SUCCEEDED", _said(view, kfp_node)
    assert [(step["name"], step["state"]) for step in view["steps"]] == [
        ("make", "SUCCEEDED"),
        ("use", "SUCCEEDED"),
    ]
    assert view["metrics"] == {"total": 14}
    text = "".join(change["text"] for change in told if change["type"] == "log")
    assert "made 4" in text
    assert "total 14" in text
    # By such names, and the hashes of their places, the double tells of its nodes, too.
    assert {"root", "root-driver", "make", "make-driver", "executor"} <= nodes


def _said(view: dict[str, Any], kfp: Kfp) -> str:
    """What the steps and their pods say."""
    told = [f"{step['name']}: {step['state']} {step['error']}" for step in view["steps"]]
    with kfp.plane.kube() as kube:
        for pod in kube.get(f"/api/v1/namespaces/{kfp.namespace}/pods")["items"]:
            status = pod.get("status", {})
            for kind in ("initContainerStatuses", "containerStatuses"):
                for one in status.get(kind, []):
                    told.append(f"{pod['metadata']['name']} {one['name']}: {one['state']}")
    return "\n".join(told)
