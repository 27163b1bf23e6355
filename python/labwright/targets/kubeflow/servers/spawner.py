"""What an administrator offers: the catalogue of images, and Kubeflow's `spawner_ui_config.yaml`.

Kubeflow's file is read as its web app reads it. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ....errors import LabwrightError
from ....servers.spec import Gpu, Mount, ServerSpec
from .kinds import Object

FILE = "spawner_ui_config.yaml"
_GROUPS = (("image", "jupyter"), ("imageGroupOne", "group-one"), ("imageGroupTwo", "group-two"))
_KINDS = {"jupyter": "", "group-one": "VS Code", "group-two": "RStudio"}


@dataclass(frozen=True)
class Image:
    """An image that servers can be made of. `catalogued`: `name` is one of the catalogue's."""

    name: str
    title: str
    reference: str
    description: str = ""
    packages: tuple[str, ...] = ()
    gpu_vendor: str | None = None
    deprecated: bool = False
    message: str | None = None
    redirect: str | None = None
    hidden: bool = False
    catalogued: bool = False
    server_type: str = ""


@dataclass(frozen=True)
class Offer:
    """What the file says. `fixed`: fields of a server that its user may not choose.

    `limits`: by how much cores and memory are multiplied. `vendors`: names of devices.
    """

    images: tuple[Image, ...] = ()
    own_image: bool = True
    defaults: Mapping[str, Any] = field(default_factory=dict)
    fixed: frozenset[str] = frozenset()
    limits: Mapping[str, float] = field(default_factory=dict)
    vendors: Mapping[str, str] = field(default_factory=dict)
    pull_policy: str = ""
    shm: bool = True
    affinity: Mapping[str, Any] | None = None
    workspace: bool | None = None
    """Whether servers get a volume of their own; None: the file does not say."""


def offer_of(config: Any) -> Offer:
    """What a parsed file offers."""
    form = config.get("spawnerFormDefaults") if isinstance(config, Mapping) else None
    if not isinstance(form, Mapping):
        return Offer()
    images = [one for key, group in _GROUPS for one in _images(form, key, group)]
    defaults: dict[str, Any] = {}
    for key, name in (("image", "image"), ("cpu", "cpu"), ("memory", "memory")):
        value = _value(form, key)
        if value not in (None, ""):
            defaults[name] = str(value)
    gpu = _gpu(_value(form, "gpus"))
    if gpu is not None:
        defaults["gpu"] = gpu
    tolerations = _option(form, "tolerationGroup", "groupKey", "tolerations")
    if tolerations:
        defaults["tolerations"] = tolerations
    configurations = _value(form, "configurations")
    if configurations:
        defaults["configurations"] = list(configurations)
    volumes = _volumes(form)
    if volumes:
        defaults["volumes"] = volumes
    fields = {
        "image": "image", "cpu": "cpu", "memory": "memory", "gpus": "gpu",
        "configurations": "configurations", "tolerationGroup": "tolerations",
    }  # fmt: skip
    fixed = {name for key, name in fields.items() if _section(form, key).get("readOnly") is True}
    if all(
        _section(form, key).get("readOnly") is True for key in ("workspaceVolume", "dataVolumes")
    ):
        fixed.add("volumes")
    workspace = "workspaceVolume" in form
    return Offer(
        images=tuple(images),
        own_image=form.get("allowCustomImage", True) is not False,
        defaults=defaults,
        fixed=frozenset(fixed),
        limits=_limits(form),
        vendors=_vendors(_value(form, "gpus")),
        pull_policy=str(_value(form, "imagePullPolicy") or ""),
        shm=_value(form, "shm") is not False,
        affinity=_option(form, "affinityConfig", "configKey", "affinity"),
        workspace=bool(_value(form, "workspaceVolume")) if workspace else None,
    )


def catalogue(images: Iterable[Object]) -> list[Image]:
    """The images of Labwright's catalogue."""
    return sorted((_catalogued(one) for one in images), key=lambda one: one.title.lower())


def default_image(offer: Offer, images: Iterable[Image]) -> str | None:
    """What a server is made of that does not say."""
    chosen = offer.defaults.get("image")
    usable = (one for one in images if not (one.hidden or one.deprecated or one.redirect))
    first = next((one.name for one in usable if one.server_type in ("", "jupyter")), None)
    return chosen or first


def _catalogued(body: Object) -> Image:
    name, spec = body["metadata"]["name"], body["spec"]
    redirect = spec.get("redirect") or {}
    digest = spec.get("digest")
    return Image(
        name=name,
        title=spec.get("displayName") or name,
        reference=f"{spec['reference']}@{digest}" if digest else spec["reference"],
        description=spec.get("description", ""),
        packages=tuple(spec.get("packages") or ()),
        gpu_vendor=spec.get("gpuVendor") or None,
        deprecated=bool(spec.get("deprecated")),
        message=redirect.get("message") or None,
        redirect=redirect.get("to"),
        hidden=bool(spec.get("hidden")),
        catalogued=True,
    )


def _section(form: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    found = form.get(key)
    return found if isinstance(found, Mapping) else {}


def _value(form: Mapping[str, Any], key: str) -> Any:
    """A section's value; some keys have it without a section."""
    found = form.get(key)
    return found.get("value") if isinstance(found, Mapping) else found


def _images(form: Mapping[str, Any], key: str, group: str) -> Iterable[Image]:
    section = _section(form, key)
    listed = [section.get("value"), *(section.get("options") or ())]
    for reference in dict.fromkeys(str(one) for one in listed if one):
        shown = reference
        if form.get("hideRegistry") and "/" in shown:
            shown = shown.partition("/")[2] if _has_registry(shown) else shown
        if form.get("hideTag"):
            shown = shown.partition("@")[0]
            head, slash, last = shown.rpartition("/")
            shown = f"{head}{slash}{last.partition(':')[0]}"
        yield Image(
            name=reference,
            title=shown,
            reference=reference,
            description=_KINDS[group],
            server_type=group,
        )


def _has_registry(reference: str) -> bool:
    first = reference.partition("/")[0]
    return "." in first or ":" in first or first == "localhost"


def _limits(form: Mapping[str, Any]) -> dict[str, float]:
    found = {}
    for key in ("cpu", "memory"):
        try:
            factor = float(_section(form, key).get("limitFactor", "none"))
        except (TypeError, ValueError):
            continue
        if factor >= 1:
            found[key] = factor
    return found


def _gpu(value: Any) -> dict[str, Any] | None:
    if not isinstance(value, Mapping):
        return None
    count = str(value.get("num", "none"))
    if not count.isdecimal() or not int(count):
        return None
    vendors = _vendors(value)
    vendor = value.get("vendor") or next(iter(vendors), Gpu().vendor)
    return {"count": int(count), "vendor": str(vendor)}


def _vendors(value: Any) -> dict[str, str]:
    listed = value.get("vendors") if isinstance(value, Mapping) else None
    return {
        str(one["limitsKey"]): str(one.get("uiName") or one["limitsKey"])
        for one in listed or ()
        if isinstance(one, Mapping) and one.get("limitsKey")
    }


def _option(form: Mapping[str, Any], key: str, by: str, what: str) -> Any:
    """What the chosen option of a section says."""
    section = _section(form, key)
    chosen = section.get("value")
    options = section.get("options") or ()
    return next((one.get(what) for one in options if chosen and one.get(by) == chosen), None)


def _volumes(form: Mapping[str, Any]) -> list[dict[str, Any]]:
    listed = [_value(form, "workspaceVolume"), *(_value(form, "dataVolumes") or ())]
    found = []
    for number, one in enumerate(listed):
        if not isinstance(one, Mapping) or not one.get("mount"):
            continue
        name = "workspace" if number == 0 else f"data-{number}"
        mount: dict[str, Any] = {"name": name, "path": one["mount"]}
        source = (one.get("existingSource") or {}).get("persistentVolumeClaim") or {}
        spec = (one.get("newPvc") or {}).get("spec") or {}
        size = ((spec.get("resources") or {}).get("requests") or {}).get("storage")
        if source.get("claimName"):
            mount["existing"] = source["claimName"]
            mount["read_only"] = bool(source.get("readOnly"))
        elif size:
            mount["size"] = str(size)
            mount["storage_class"] = spec.get("storageClassName")
        else:
            continue
        found.append(mount)
    return _readable(found)


def _readable(mounts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Those that a server can have."""
    found = []
    for one in mounts:
        try:
            ServerSpec.from_json({"name": "x", "volumes": [one]})
        except LabwrightError:
            continue
        found.append(one)
    return found


def as_mounts(volumes: Iterable[Mapping[str, Any]]) -> tuple[Mount, ...]:
    return ServerSpec.from_json({"name": "x", "volumes": list(volumes)}).volumes
