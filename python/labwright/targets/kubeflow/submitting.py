"""From a submission to a run or a schedule on a KFP server: nothing is made there twice."""

from __future__ import annotations

import uuid
from typing import Any

from ..config import KnownTarget
from ..errors import Conflict
from ..local.submission import Submission
from ..protocols import Timetable
from .api.runs import RunBody, Trigger
from .client import Client
from .models import PipelineVersion, RecurringRun, Run
from .sending import content_of, ready, version_name
from .views import kfp_cron, signature

DEFAULT_EXPERIMENT = "Default"


async def submit(
    client: Client,
    known: KnownTarget,
    submission: Submission,
    *,
    name: str | None,
    namespace: str,
    image: str,
) -> Run:
    body = await _body(client, known, submission, name, namespace, image)
    return await client.runs.create(body, namespace)


async def schedule(
    client: Client,
    known: KnownTarget,
    submission: Submission,
    when: Timetable,
    *,
    name: str | None,
    namespace: str,
    image: str,
) -> RecurringRun:
    body = await _body(client, known, submission, name, namespace, image)
    trigger = Trigger(
        kfp_cron(when.cron) if when.cron else "", when.every or 0, when.start or "", when.end or ""
    )
    return await client.recurring.create(
        body,
        trigger,
        max_concurrency=when.at_once,
        catch_up=when.catch_up,
        namespace=namespace,
    )


async def _body(
    client: Client,
    known: KnownTarget,
    submission: Submission,
    name: str | None,
    namespace: str,
    image: str,
) -> RunBody:
    spec = ready(submission, image)
    version = await ensure_version(client, spec, submission.platform, submission.name, namespace)
    wanted = submission.experiment or DEFAULT_EXPERIMENT
    experiment = await client.experiments.ensure(wanted, namespace)
    mark = uuid.uuid4().hex
    return RunBody(
        name or submission.name,
        signature(mark, submission.notebook),
        mark,
        experiment.experiment_id,
        version.pipeline_id,
        version.pipeline_version_id,
        parameters=submission.parameters,
        pipeline_root=known.pipeline_root,
        service_account=known.service_account,
    )


async def ensure_version(
    client: Client,
    spec: dict[str, Any],
    platform: dict[str, Any] | None,
    pipeline_name: str,
    namespace: str,
) -> PipelineVersion:
    """The version that holds exactly this IR, uploaded where there is none."""
    content = content_of(spec, platform)
    pipeline = await client.pipelines.named(pipeline_name, namespace)
    if pipeline is None:
        description = str(spec.get("pipelineInfo", {}).get("description") or "")
        try:
            pipeline = await client.pipelines.create(
                pipeline_name, description=description, namespace=namespace
            )
        except Conflict:  # somebody else made it meanwhile
            pipeline = await client.pipelines.named(pipeline_name, namespace)
            if pipeline is None:
                raise
    name = version_name(pipeline_name, content)
    found = await client.versions.named(pipeline.pipeline_id, name)
    if found is not None:
        return found
    try:
        return await client.versions.upload(pipeline.pipeline_id, name, content)
    except Conflict:
        found = await client.versions.named(pipeline.pipeline_id, name)
        if found is None:
            raise
        return found
