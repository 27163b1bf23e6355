"""The platform document: what a step asks of Kubernetes beyond the pipeline spec."""

from __future__ import annotations

from ..notebook.settings import byte_count
from .model import Environment, Pipeline, Toleration, Volume
from .wiring import Json

_MIB = 2**20
_GRACE = 60
# A cluster without a default of its own refuses a workspace that names no access mode.
WORKSPACE_CLAIM = {"accessModes": ["ReadWriteOnce"]}


def platform_spec(pipeline: Pipeline, tasks: dict[str, str]) -> Json | None:
    """The second document, or None where no step needs one. `tasks`: task name of each step."""
    executors = {
        f"exec-{tasks[step.name]}": config
        for step in pipeline.steps
        if (config := executor_config(step.component.environment, step.timeout))
    }
    kubernetes: Json = {}
    if executors:
        kubernetes["deploymentSpec"] = {"executors": executors}
    if size := workspace_size(pipeline):
        kubernetes["pipelineConfig"] = {
            "workspace": {"size": size, "kubernetes": {"pvcSpecPatch": WORKSPACE_CLAIM}}
        }
    return {"platforms": {"kubernetes": kubernetes}} if kubernetes else None


def pod_deadline(timeout: int) -> int:
    """When Kubernetes ends a pod whose step has `timeout`: the step itself ends sooner, and so
    still leaves its notebook. A pod's time includes pulling its image."""
    return timeout + _GRACE


def executor_config(environment: Environment, timeout: int | None) -> Json:
    """What one step asks for."""
    config: Json = {}
    if timeout:
        config["activeDeadlineSeconds"] = str(pod_deadline(timeout))
    if claims := [_claim(volume) for volume in environment.volumes if volume.claim]:
        config["pvcMount"] = claims
    if environment.secrets:
        config["secretAsEnv"] = [
            {
                "secretName": secret.name,
                "secretNameParameter": _constant(secret.name),
                "keyToEnv": [
                    {"secretKey": key, "envVar": variable}
                    for key, variable in sorted(secret.env.items())
                ],
                "optional": False,
            }
            for secret in environment.secrets
        ]
    if environment.node_selector:
        config["nodeSelector"] = {"labels": dict(environment.node_selector)}
    if environment.tolerations:
        config["tolerations"] = [_toleration(t) for t in environment.tolerations]
    metadata = {
        key: dict(values)
        for key, values in (
            ("labels", environment.labels),
            ("annotations", environment.annotations),
        )
        if values
    }
    if metadata:
        config["podMetadata"] = metadata
    return config


def _claim(volume: Volume) -> Json:
    return {
        "mountPath": volume.mount,
        "constant": volume.claim,
        "pvcNameParameter": _constant(volume.claim or ""),
    }


def _toleration(toleration: Toleration) -> Json:
    fields = {
        "key": toleration.key,
        "operator": toleration.operator,
        "value": toleration.value,
        "effect": toleration.effect,
        "tolerationSeconds": None if toleration.seconds is None else str(toleration.seconds),
    }
    return {key: value for key, value in fields.items() if value is not None}


def _constant(value: str) -> Json:
    return {"runtimeValue": {"constant": value}}


def workspace_size(pipeline: Pipeline) -> str | None:
    """Size of the run's own volume: room for every volume that names a size, not a claim."""
    sizes: dict[str, int] = {}
    for step in pipeline.steps:
        for volume in step.component.environment.volumes:
            if volume.size:
                size = byte_count(volume.size)
                sizes[volume.name] = max(size, sizes.get(volume.name, 0))
    if not sizes:
        return None
    return f"{-(-sum(sizes.values()) // _MIB)}Mi"
