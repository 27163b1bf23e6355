"""The form of a new server as JSON schema, for JupyterLab's FormComponent.

What the schema takes, `ServerSpec.from_json` takes. What a target does not offer is not in it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .presets import PRESETS
from .spec import HOME
from .words import duration_text

Schema = dict[str, Any]
_CPU = r"^\s*(\d+\.?\d*|\.\d+|\d+m)\s*$"
_SIZE = r"^\s*(\d+\.?\d*|\.\d+)([kMGTP]|[KMGTP]i)?\s*$"
_IDLE = r"^\s*(never|\d+(\.\d+)?|((\d+\.?\d*|\.\d+)[smhd])+)\s*$"


@dataclass(frozen=True)
class Offers:
    """What a target offers; images, GPUs and volumes as `server_options` gives them.

    `own_image`: an image need not be one of the list. `gpu_vendors`: those that may be asked for
    though how many there are is not known. `not_offered`: fields of a server, and of
    its volumes as `volumes.FIELD`, with why they are not there.
    """

    images: Sequence[Mapping[str, Any]] = ()
    gpus: Sequence[Mapping[str, Any]] = ()
    gpu_vendors: Sequence[str] = ()
    storage_classes: Sequence[str] = ()
    volumes: Sequence[str] = ()
    configurations: Sequence[str] = ()
    own_image: bool = True
    defaults: Mapping[str, Any] = field(default_factory=dict)
    not_offered: Mapping[str, str] = field(default_factory=dict)


def spawn_schema(offers: Offers) -> Schema:
    """The whole form."""
    found = {
        "name": _words("Name", "Small letters, digits and `-`.", type="string", maxLength=63)
        | {"pattern": "^[a-z]([-a-z0-9]*[a-z0-9])?$"},
        "preset": _preset(),
        "image": _image(offers),
        "cpu": _words("CPUs", "Cores, as 2, 0.5 or 500m.", type=_text(), pattern=_CPU),
        "memory": _words("Memory", "As 8Gi or 512Mi.", type=_text(), pattern=_SIZE),
        "gpu": _gpu(offers),
        "limit_factor": _words(
            "Limit factor",
            "Limits are so many times what is asked for.",
            type=["number", "null"],
            minimum=1,
        ),
        "volumes": _volumes(offers),
        "env": _words(
            "Environment variables",
            "What the server's processes find around them. No secrets: they can be read here.",
            type="object",
            additionalProperties={"type": "string"},
            propertyNames={"pattern": "^[A-Za-z_][A-Za-z0-9_]*$"},
        ),
        "idle_after": _words(
            "Stop when idle for",
            "As 90m or 8h, or never. Kernels that compute, terminals that are used and pages that"
            " are looked at are not idle.",
            type=["string", "integer", "null"],
            minimum=0,
            pattern=_IDLE,
        ),
        "configurations": _words(
            "Configurations",
            "PodDefaults of the namespace.",
            type="array",
            uniqueItems=True,
            items={"type": "string", "enum": list(offers.configurations)},
        ),
        "tolerations": _tolerations(),
        "node_selector": _words(
            "Node labels",
            "The server only runs on nodes with these labels.",
            type="object",
            additionalProperties={"type": "string"},
        ),
    }
    if not offers.configurations:
        del found["configurations"]
    for name in offers.not_offered:
        found.pop(name, None)
    for name, value in offers.defaults.items():
        if name in found and value is not None:
            shown = duration_text(value) if name == "idle_after" else value
            found[name] = {**found[name], "default": shown}
    return {
        "title": "Server",
        "type": "object",
        "additionalProperties": False,
        "properties": found,
        "required": ["name"],
    }


def _words(title: str, description: str, **rest: Any) -> Schema:
    return {"title": title, "description": description, **rest}


def _text() -> list[str]:
    """Left empty, a field of a form is null."""
    return ["string", "null"]


def _preset() -> Schema:
    choices = [{"const": one.id, "title": one.display_name} for one in PRESETS.values()]
    return _words(
        "Resource profile",
        "Fills in CPUs, memory and GPUs where they are left empty.",
        type=_text(),
        oneOf=[{"const": None, "title": "None"}, *choices],
    )


def _image(offers: Offers) -> Schema:
    """The images that may be chosen; hidden ones are left out, deprecated ones say so."""
    shown = [one for one in offers.images if not one.get("hidden")]
    if offers.own_image:
        names = [one["name"] for one in shown]
        return _words(
            "Image", "One of the list, or another.", type=_text(), **_some("examples", names)
        )
    choices = [
        {
            "const": one["name"],
            "title": one["display_name"] + (" (deprecated)" if one.get("deprecated") else ""),
        }
        for one in shown
    ]
    first = {"const": None, "title": "The target's own"}
    return _words("Image", "What is installed there.", type=_text(), oneOf=[first, *choices])


def _gpu(offers: Offers) -> Schema:
    free = "; ".join(f"{one['free']} of {one['total']} {one['name']} free" for one in offers.gpus)
    known = [*(one["vendor"] for one in offers.gpus), *offers.gpu_vendors]
    vendors = list(dict.fromkeys(known)) or ["nvidia.com/gpu"]
    return _words(
        "GPUs",
        free or "None is known to be there now.",
        type=["object", "null"],
        additionalProperties=False,
        properties={
            "count": _words("Count", "How many.", type="integer", minimum=0, default=0),
            "vendor": _words(
                "Kind", "What they are.", type="string", enum=vendors, default=vendors[0]
            ),
        },
    )


def _volumes(offers: Offers) -> Schema:
    properties = {
        "name": _words("Name", "What it is called here.", type="string", maxLength=40)
        | {"pattern": "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"},
        "path": _words("Folder", f"Where it is in the server, as {HOME}/data.", type="string"),
        "size": _words("Size of a new one", "As 20Gi.", type=_text(), pattern=_SIZE),
        "existing": _words(
            "Existing volume",
            "Instead of a new one.",
            type=_text(),
            **_some("examples", offers.volumes),
        ),
        "read_only": _words("Read only", "", type="boolean", default=False),
        "reclaim": _words(
            "When its server is deleted",
            "A volume that is kept can be deleted by itself.",
            type="string",
            default="Retain",
            oneOf=[
                {"const": "Retain", "title": "Keep it"},
                {"const": "Delete", "title": "Delete it"},
            ],
        ),
        "storage_class": _words(
            "Storage class",
            "Of a new one.",
            type=_text(),
            **_some("examples", offers.storage_classes),
        ),
    }
    for name in offers.not_offered:
        if name.startswith("volumes."):
            properties.pop(name.removeprefix("volumes."), None)
    return _words(
        "Volumes",
        "Folders that outlive the server.",
        type="array",
        items={
            "type": "object",
            "additionalProperties": False,
            "properties": properties,
            "required": ["name", "path"],
        },
    )


def _tolerations() -> Schema:
    effects = ["NoSchedule", "PreferNoSchedule", "NoExecute"]
    return _words(
        "Tolerations",
        "Taints of nodes that the server puts up with.",
        type="array",
        items={
            "type": "object",
            "additionalProperties": False,
            "properties": {
                "key": {"title": "Key", "type": _text()},
                "operator": {
                    "title": "Operator",
                    "type": "string",
                    "enum": ["Equal", "Exists"],
                    "default": "Equal",
                },
                "value": {"title": "Value", "type": _text()},
                "effect": {"title": "Effect", "type": _text(), "enum": [*effects, None]},
                "tolerationSeconds": {
                    "title": "Seconds",
                    "type": ["integer", "null"],
                    "minimum": 0,
                },
            },
        },
    )


def _some(key: str, values: Sequence[str]) -> Schema:
    """Nothing where there is nothing to choose from."""
    return {key: list(values)} if values else {}
