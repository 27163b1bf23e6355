"""The platform document: what a step asks of Kubernetes beyond the pipeline spec."""

from __future__ import annotations

from ..notebook.settings import byte_count
from .model import Environment, Pipeline, Toleration, Volume
from .wiring import Json

# Claims of the run's own volume follow the size that is asked for, in whole mebibytes.
_MIB = 2**20


def platform_spec(pipeline: Pipeline, tasks: dict[str, str]) -> Json | None:
    """The second document, or None where no step needs one. `tasks`: task name of each step."""
    executors = {
        f"exec-{tasks[step.name]}": config
        for step in pipeline.steps
        if (config := _executor(step.component.environment, step.timeout))
    }
    kubernetes: Json = {}
    if executors:
        kubernetes["deploymentSpec"] = {"executors": executors}
    if workspace := _workspace(pipeline):
        kubernetes["pipelineConfig"] = {"workspace": workspace}
    return {"platforms": {"kubernetes": kubernetes}} if kubernetes else None


def _executor(environment: Environment, timeout: int | None) -> Json:
    config: Json = {}
    if timeout:
        config["activeDeadlineSeconds"] = str(timeout)
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


def _workspace(pipeline: Pipeline) -> Json | None:
    """One volume for the run, with room for every volume of a size; gone when the run is."""
    sizes: dict[str, int] = {}
    for step in pipeline.steps:
        for volume in step.component.environment.volumes:
            if volume.size:
                size = byte_count(volume.size)
                sizes[volume.name] = max(size, sizes.get(volume.name, 0))
    if not sizes:
        return None
    return {"size": f"{-(-sum(sizes.values()) // _MIB)}Mi"}
