"""What the forms say of each setting, and what a JSON schema can say of its limits.

Which settings there are, of which type, which must be given: that is read from the dataclasses.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from labwright.notebook.settings import (
    GPU_VENDORS,
    Gpu,
    PipelineSettings,
    Resources,
    Retry,
    Secret,
    StepSettings,
    Toleration,
    Volume,
)


@dataclass(frozen=True)
class Words:
    title: str
    description: str
    limits: dict[str, Any] = field(default_factory=dict)


_NUMBER = r"([0-9]+\.?[0-9]*|\.[0-9]+)"
_DURATION = rf"({_NUMBER}|({_NUMBER}[smhd])+)"
_TEXT = {"pattern": r"\S"}
_VARIABLE = {"pattern": "^[A-Za-z_][A-Za-z0-9_]*$"}
# A value may be written in more than one JSON type; the first is the one a form shows.
_COUNT = {"type": ["integer", "string"], "minimum": 0, "pattern": r"^\s*[0-9]+\s*$"}
_SIZE = {
    "type": ["string", "number"],
    "minimum": 1,
    "pattern": rf"^\s*(?!0*\.?0*[A-Za-z]*\s*$)(?!0*\.[0-9]*\s*$){_NUMBER}([kMGTP]|[KMGTP]i)?\s*$",
}
_PAUSE = {"type": ["string", "number"], "minimum": 0, "pattern": rf"^\s*{_DURATION}\s*$"}
_NAMED = {"propertyNames": _TEXT}

WORDS: dict[type, dict[str, Words]] = {
    Gpu: {
        "count": Words("Count", "How many devices; 1 where left out.", _COUNT),
        "vendor": Words(
            "Vendor",
            "nvidia (where left out), amd, intel, or a resource's whole name, as example.com/gpu.",
            {"examples": list(GPU_VENDORS), "pattern": f"^({'|'.join(GPU_VENDORS)})$|/"},
        ),
    },
    Resources: {
        "cpu": Words(
            "CPU",
            "Cores, as 2, 0.5 or 500m.",
            {
                "type": ["string", "number"],
                "exclusiveMinimum": 0,
                "pattern": rf"^\s*(?!0*\.?0*m?\s*$)({_NUMBER}|[0-9]+m)\s*$",
            },
        ),
        "memory": Words("Memory", "A size, as 512Mi or 4Gi.", _SIZE),
        "gpu": Words("GPU", "Devices the step has for itself.", _COUNT),
    },
    Retry: {
        "count": Words("Tries", "How often a failed step is tried again.", _COUNT),
        "backoff": Words("Pause", "Before the first new try, as 30s or 5m; none where left out.",
                         _PAUSE),
        "factor": Words("Factor", "How much longer each pause is; 2 where left out.",
                        {"type": ["number", "string"], "minimum": 1,
                         "pattern": r"^\s*0*[1-9][0-9]*\.?[0-9]*\s*$"}),
        "max": Words("Longest pause", "As 10m or 1h; 1h where left out.", _PAUSE),
    },
    Volume: {
        "name": Words("Name", "What the volume is called.", _TEXT),
        "mount": Words("Folder", "Where steps find it; relative to the notebook's folder or not.",
                       _TEXT),
        "size": Words("Size", "Of a new claim made for the run, as 10Gi.", _SIZE),
        "claim": Words("Claim", "An existing claim of the cluster.", _TEXT),
    },
    Secret: {
        "name": Words("Secret", "The secret's name.", _TEXT),
        "key": Words("Key", "The entry in the secret.", _TEXT),
        "env": Words("Variable", "The environment variable that holds it.", _VARIABLE),
    },
    Toleration: {
        "key": Words("Key", "The taint's key.", _TEXT),
        "operator": Words("Operator", "Equal compares the value; Exists only the key."),
        "value": Words("Value", "The taint's value, with Equal."),
        "effect": Words("Effect", "Which effect is tolerated; every one where left out."),
        "tolerationSeconds": Words("Seconds", "How long NoExecute is tolerated.",
                                   _COUNT),
    },
    StepSettings: {
        "image": Words("Image", "A container image; on this machine a kernel's name or the path of"
                       " a Python interpreter.", _TEXT),
        "packages": Words("Packages", "What pip installs for the step, as pandas>=2.",
                          {"items": {"type": "string", **_TEXT}}),
        "resources": Words("Resources", "What the step may use."),
        "retry": Words("Retry", "Try again when the step fails.", _COUNT),
        "timeout": Words(
            "Timeout", "The longest one try may take, as 90, 10m or 1h30m.",
            {"type": ["string", "number"], "minimum": 0.001,
             "pattern": rf"^\s*(?![0.smhd]*\s*$){_DURATION}\s*$"},
        ),
        "cache": Words("Use earlier results", "Take the result of an equal step that ran before."),
        "when": Words("When", "A Python expression over variables, as accuracy > 0.85; the step is"
                      " skipped where it is false.", _TEXT),
        "foreach": Words("For each", "`item in expression`: the step runs once for each item.",
                         {"pattern": r"^\s*[A-Za-z_][A-Za-z0-9_]*\s+in[\s(\[{].*\S"}),
        "after": Words("After", "Steps it waits for, beside those it takes data from.",
                       {"items": {"type": "string", **_TEXT}}),
        "volumes": Words("Volumes", "Folders that outlive the step."),
        "env": Words("Environment", "Environment variables.", {"propertyNames": _VARIABLE}),
        "secrets": Words("Secrets", "Environment variables taken from a cluster's secrets."),
        "node_selector": Words("Node selector", "Labels a cluster's node must have.", _NAMED),
        "tolerations": Words("Tolerations", "Taints of a cluster's nodes that do not matter."),
        "finally": Words("At the end", "Run last, whatever became of the other steps."),
        "labels": Words("Labels", "Labels of the step's pod.", _NAMED),
        "annotations": Words("Annotations", "Annotations of the step's pod.", _NAMED),
    },
    PipelineSettings: {
        "name": Words("Name", "The pipeline's name; the notebook's where left out.", _TEXT),
        "description": Words("Description", "What the pipeline is for."),
        "experiment": Words("Experiment", "The experiment its runs belong to.", _TEXT),
        "volumes": Words("Volumes", "Folders that every step finds."),
        "defaults": Words("Defaults", "Settings of every step that does not set its own."),
    },
}  # fmt: skip


def _given(key: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"required": [key], "properties": {key: schema}}


RULES: dict[type, dict[str, Any]] = {
    Volume: {"not": {"allOf": [_given("size", {"not": {"type": "null"}}),
                               _given("claim", {"type": "string"})]}},
    Toleration: {
        "if": _given("operator", {"const": "Exists"}),
        "then": {"properties": {"value": {"type": "null"}}},
        "else": _given("key", {"type": "string"}),
    },
    StepSettings: {
        "not": {"allOf": [
            _given("finally", {"const": True}),
            {"anyOf": [_given("when", {"type": "string"}), _given("foreach", {"type": "string"}),
                       _given("after", {"minItems": 1})]},
        ]},
    },
}  # fmt: skip
"""What must hold between the settings of an object."""
