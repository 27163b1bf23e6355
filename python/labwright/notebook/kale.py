"""Kale's tags and notebook metadata, said in Labwright's own words.

A tag that is neither language's is the user's own business and passes unread.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from .settings import GPU_VENDORS

Remark = tuple[str, str]
_RENAMED = {"pipeline-parameters": "parameters", "pipeline-metrics": "metrics"}
_SWITCH = ("enabled", "disabled")


@dataclass
class Translation:
    """Tags as Labwright's, the settings they carry, and remarks as `(code, message)`.

    `continues`: the role that untagged cells below take on, as they do in Kale.
    """

    tags: list[str] = field(default_factory=list)
    settings: dict[str, Any] = field(default_factory=dict)
    remarks: list[Remark] = field(default_factory=list)
    continues: str | None = None


def translate(tags: Iterable[str]) -> Translation:
    """A cell's tags with Kale's turned into Labwright's tags and settings."""
    out = Translation()
    for tag in tags:
        head, colon, rest = tag.partition(":")
        if tag in _RENAMED:
            out.tags.append(_RENAMED[tag])
            out.continues = _RENAMED[tag]
        elif head in ("step", "block") and colon:
            if rest.strip():
                out.tags.append(f"step:{rest.strip()}")
        elif head in _READERS and colon:
            if not _READERS[head](rest.strip(), out):
                out.remarks.append(("tag-ignored", f"the tag {tag!r} has no meaning here"))
        else:
            out.tags.append(tag)
    return out


def pipeline_metadata(metadata: Mapping[str, Any]) -> tuple[dict[str, Any], list[Remark]]:
    """The pipeline settings in Kale's notebook metadata, and remarks on what has no equal here."""
    kale = metadata.get("kubeflow_notebook")
    if not isinstance(kale, Mapping):
        return {}, []
    experiment = kale.get("experiment")
    named = experiment.get("name") if isinstance(experiment, Mapping) else None
    found = {
        "name": kale.get("pipeline_name"),
        "description": kale.get("pipeline_description"),
        "experiment": kale.get("experiment_name") or named,
    }
    settings: dict[str, Any] = {
        key: value for key, value in found.items() if isinstance(value, str) and value.strip()
    }
    remarks: list[Remark] = []
    defaults = _defaults(kale)
    if defaults:
        settings["defaults"] = defaults
    if kale.get("volumes"):
        remarks.append(
            (
                "kale-volumes",
                "the volumes in Kale's notebook metadata are not read; name those the pipeline"
                " needs in the notebook metadata `labwright.pipeline.volumes`",
            )
        )
    return settings, remarks


def _defaults(kale: Mapping[str, Any]) -> dict[str, Any]:
    tags = kale.get("steps_defaults")
    texts = [tag for tag in tags if isinstance(tag, str)] if isinstance(tags, list) else []
    defaults = translate(texts).settings
    defaults.pop("after", None)
    image = kale.get("base_image") or kale.get("docker_image")
    if isinstance(image, str) and image.strip():
        defaults.setdefault("image", image)
    return defaults


def _previous(rest: str, out: Translation) -> bool:
    after = out.settings.setdefault("after", [])
    if rest and rest not in after:
        after.append(rest)
    return bool(rest)


def _mapping(setting: str) -> Callable[[str, Translation], bool]:
    def read(rest: str, out: Translation) -> bool:
        key, colon, value = rest.partition(":")
        if key and colon:
            out.settings.setdefault(setting, {})[key] = value
        return bool(key and colon)

    return read


def _limit(rest: str, out: Translation) -> bool:
    name, _, value = rest.rpartition(":")
    limit: dict[str, Any] = {}
    if name in ("cpu", "memory") and value:
        limit = {name: value}
    elif "/" in name and value.isdigit():
        vendor = next((short for short, whole in GPU_VENDORS.items() if whole == name), name)
        limit = {"gpu": {"count": int(value), "vendor": vendor}}
    if limit:
        out.settings.setdefault("resources", {}).update(limit)
    return bool(limit)


def _secret(rest: str, out: Translation) -> bool:
    parts = rest.split(":")
    if len(parts) != 3 or not all(parts):
        return False
    name, key, env = parts
    out.settings.setdefault("secrets", []).append({"name": name, "key": key, "env": env})
    return True


def _image(rest: str, out: Translation) -> bool:
    if rest:
        out.settings["image"] = rest
    return bool(rest)


def _cache(rest: str, out: Translation) -> bool:
    if rest in _SWITCH:
        out.settings["cache"] = rest == "enabled"
    return rest in _SWITCH


def _report(rest: str, out: Translation) -> bool:
    """Every step leaves an HTML view of its notebook, so there is nothing to set."""
    return rest in _SWITCH


def _notebook(rest: str, out: Translation) -> bool:
    out.remarks.append(
        (
            "notebook-reference",
            f"the tag 'notebook:{rest}' puts another notebook's steps here in Kale; here that"
            " notebook is not run, as it is not when this notebook runs top to bottom",
        )
    )
    return True


_READERS: dict[str, Callable[[str, Translation], bool]] = {
    "prev": _previous,
    "annotation": _mapping("annotations"),
    "label": _mapping("labels"),
    "limit": _limit,
    "secret": _secret,
    "image": _image,
    "cache": _cache,
    "report": _report,
    "notebook": _notebook,
}
