"""What a command line says of a server, word by word, as the JSON of a `ServerSpec`. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ..errors import LabwrightError
from .spec import HOME

VOLUME = "NAME:SIZE[:PATH][:delete]"
MOUNT = "VOLUME[:PATH][:ro]"
CLEARED = {
    "image": "image",
    "cpu": "cpu",
    "memory": "memory",
    "gpu": "gpu",
    "preset": "preset",
    "limit-factor": "limit_factor",
    "idle-after": "idle_after",
    "configuration": "configurations",
    "toleration": "tolerations",
    "node-label": "node_selector",
}
"""What an edit can clear, by its option; volumes and variables are taken out one by one."""
Json = dict[str, Any]


def volume_option(text: str) -> Json:
    """A new volume: `data:20Gi`, `data:20Gi:/data:delete`, `data:20Gi:class=fast`."""
    name, *rest = text.split(":")
    if not rest:
        raise LabwrightError(f"{text!r} has no size", where="--volume", hint=VOLUME)
    size, *rest = rest
    return {"name": name, "size": size, **_place(name, rest, "--volume", VOLUME)}


def mount_option(text: str) -> Json:
    """A volume that is there: `shared`, `shared:/data:ro`."""
    claim, *rest = text.split(":")
    name = re.sub(r"[^a-z0-9]+", "-", claim.lower()).strip("-")[:40].strip("-")
    return {"name": name or claim, "existing": claim, **_place(name, rest, "--mount", MOUNT)}


def _place(name: str, words: Iterable[str], where: str, form: str) -> Json:
    found: Json = {"path": f"{HOME}/{name}"}
    for word in words:
        if word.startswith("/"):
            found["path"] = word
        elif word == "ro":
            found["read_only"] = True
        elif word == "delete":
            found["reclaim"] = "Delete"
        elif word.startswith("class="):
            found["storage_class"] = word.removeprefix("class=")
        else:
            raise LabwrightError(f"{word!r} is neither a path nor known", where=where, hint=form)
    return found


def gpu_option(text: str) -> Json:
    """`2`, or `2:amd`."""
    count, _, vendor = text.partition(":")
    return {"count": count, **({"vendor": vendor} if vendor else {})}


def pairs(texts: Iterable[str], where: str) -> dict[str, str]:
    """`NAME=VALUE`, each."""
    found = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals:
            raise LabwrightError(f"{text!r} has no `=`", where=where, hint="NAME=VALUE")
        found[name] = value
    return found


def toleration_option(text: str) -> Json:
    """As kubectl writes taints: `gpu`, `gpu=true:NoSchedule`."""
    taint, _, effect = text.partition(":")
    key, equals, value = taint.partition("=")
    found: Json = {"key": key, "operator": "Equal" if equals else "Exists"}
    return found | ({"value": value} if equals else {}) | ({"effect": effect} if effect else {})


def toleration_text(toleration: Mapping[str, Any]) -> str:
    """The way back, for people."""
    value = f"={toleration.get('value', '')}" if toleration["operator"] == "Equal" else ""
    effect = f":{toleration['effect']}" if toleration.get("effect") else ""
    return f"{toleration.get('key') or 'all taints'}{value}{effect}"


def given(values: Mapping[str, Any]) -> Json:
    """The JSON of what was said; what is empty was not."""
    plain = ("image", "cpu", "memory", "preset", "idle_after", "limit_factor")
    found = {key: values[key] for key in plain if values.get(key)}
    if values.get("gpu"):
        found["gpu"] = gpu_option(values["gpu"])
    mounts = [volume_option(one) for one in values.get("volume") or ()]
    mounts += [mount_option(one) for one in values.get("mount") or ()]
    if mounts:
        found["volumes"] = mounts
    if values.get("env"):
        found["env"] = pairs(values["env"], "--env")
    if values.get("node_selector"):
        found["node_selector"] = pairs(values["node_selector"], "--node-label")
    if values.get("toleration"):
        found["tolerations"] = [toleration_option(one) for one in values["toleration"]]
    if values.get("configuration"):
        found["configurations"] = list(values["configuration"])
    return found


def edited(
    view: Mapping[str, Any],
    said: Json,
    unmount: Sequence[str] = (),
    unset: Sequence[str] = (),
    clear: Sequence[str] = (),
) -> Json:
    """The change that makes of a server, seen as `view`, what was said.

    What there can be several of is added to what it has; a volume that it has grows. What is to be
    cleared goes first: it becomes the target's choice, or none.
    """
    for word in clear:
        if word not in CLEARED:
            raise LabwrightError(
                f"{word!r} cannot be cleared", where="--clear", hint=", ".join(CLEARED)
            )
    cleared = {CLEARED[word] for word in clear}
    change = {**dict.fromkeys(cleared), **said}
    for key in ("configurations", "tolerations"):
        if key in said and key not in cleared:
            change[key] = [*view[key], *(one for one in said[key] if one not in view[key])]
    if "node_selector" in said and "node_selector" not in cleared:
        change["node_selector"] = {**view["node_selector"], **said["node_selector"]}
    if "volumes" in said or unmount:
        change["volumes"] = _volumes(view["volumes"], said.get("volumes", []), unmount)
    if "env" in said or unset:
        for name in unset:
            if name not in view["env"]:
                known = ", ".join(view["env"]) or "it has none"
                raise LabwrightError(f"{name!r} is not set", where="--unset", hint=known)
        left = {name: value for name, value in view["env"].items() if name not in unset}
        change["env"] = {**left, **said.get("env", {})}
    return change


def _volumes(
    has: Sequence[Mapping[str, Any]], said: list[Json], unmount: Sequence[str]
) -> list[Json]:
    known = {one["name"]: _as_asked(one) for one in has}
    for name in unmount:
        if known.pop(name, None) is None:
            hint = f"there is {', '.join(one['name'] for one in has)}"
            raise LabwrightError(f"there is no volume {name!r}", where="--unmount", hint=hint)
    for one in said:
        old = known.get(one["name"])
        # A bare `NAME:SIZE` leaves it where it is.
        plain = set(one) == {"name", "size", "path"} and one["path"] == f"{HOME}/{one['name']}"
        known[one["name"]] = {**old, "size": one["size"]} if old is not None and plain else one
    return list(known.values())


def _as_asked(mount: Mapping[str, Any]) -> Json:
    """A mount as a view has it, as a spec has it."""
    found = {key: mount[key] for key in ("name", "path", "read_only", "reclaim")}
    if mount["existing"]:
        return {**found, "existing": mount["claim"], "reclaim": "Retain"}
    return {**found, "size": mount["size"]}
