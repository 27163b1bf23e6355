"""What a cluster offers for servers, and what it decides where a server does not say."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any

from ....servers.presets import PRESETS
from ....servers.schema import Offers, spawn_schema
from ....servers.spec import HOME, Mount, ServerSpec, with_preset
from ...config import KnownTarget
from ...errors import Conflict, Forbidden, NotFound, Unsuitable
from . import devices, reading
from .building import Choice
from .claims import users, volume_view
from .kinds import ACCOUNTS, CLAIMS, CLASSES, CONFIG_MAPS, DEFAULTS, IMAGES, NODES, PODS, Object
from .kube import Cluster, Kube
from .spawner import FILE, Image, Offer, as_mounts, catalogue, default_image, offer_of
from .views import image_view

View = dict[str, Any]
WORKSPACE, SIZE = "workspace", "10Gi"
ACCOUNT = "default-editor"
"""The service account that Kubeflow's profiles have for servers."""
_WEB_APP = {"labelSelector": "app=jupyter-web-app"}
_NO_IDLE = "the cluster's notebook controller has one idle time for all servers"


@dataclass(frozen=True)
class Known:
    """What was found in the cluster; `unknown`: what could not be read, by what it is, and why."""

    cluster: Cluster
    offer: Offer
    images: Sequence[Image] = ()
    pod_defaults: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    classes: Sequence[Object] = ()
    claims: Mapping[str, Object] = field(default_factory=dict)
    unknown: Mapping[str, str] = field(default_factory=dict)

    @property
    def vendor(self) -> str:
        """Whose devices a preset means."""
        asked = (self.offer.defaults.get("gpu") or {}).get("vendor")
        return asked or next(iter(self.offer.vendors), "nvidia.com/gpu")


async def look(kube: Kube, known: KnownTarget) -> Known:
    """Ask for all that decides about a server."""
    cluster = await kube.cluster()
    names = ("images", "configurations", "storage_classes", "volumes.existing")
    offer, *answers = await asyncio.gather(
        _offer(kube, known),
        kube.may_list(IMAGES, "") if cluster.catalogue else _none(),
        kube.may_list(DEFAULTS) if cluster.pod_defaults else _none(),
        kube.may_list(CLASSES, ""),
        kube.may_list(CLAIMS),
    )
    (images, _), (defaults, _), (classes, _), (claims, _) = answers
    return Known(
        cluster,
        offer,
        [*catalogue(images), *offer.images],
        reading.pod_defaults_of(defaults),
        classes,
        {one["metadata"]["name"]: one for one in claims},
        {name: why for name, (_, why) in zip(names, answers, strict=True) if why},
    )


async def options(kube: Kube, known: KnownTarget, target: str) -> View:
    """What can be chosen for a server."""
    found, nodes, notebooks = await asyncio.gather(
        look(kube, known), kube.may_list(NODES, ""), _notebooks(kube)
    )
    pods = await kube.may_list(PODS, "") if not nodes[1] else ([], "")
    unknown = dict(found.unknown)
    gpus: list[View] = []
    if nodes[1] or pods[1]:
        # How many are free can only be said by who sees all pods.
        unknown["gpus"] = f"it is not known how many are free: {nodes[1] or pods[1]}"
    else:
        gpus = devices.gpus(nodes[0], pods[0], found.offer.vendors)
    used = [reading.image(one) for one in notebooks]
    images = [image_view(one, target, used) for one in found.images]
    volumes = [
        volume_view(one, target, users(name, notebooks, ())) for name, one in found.claims.items()
    ]
    classes = [one["metadata"]["name"] for one in found.classes]
    gone = not_offered(found)
    defaults = {**found.offer.defaults}
    image = default_image(found.offer, found.images)
    if image:
        defaults["image"] = image
    offers = Offers(
        images=images,
        gpus=gpus,
        gpu_vendors=list(found.offer.vendors),
        storage_classes=classes,
        volumes=list(found.claims),
        configurations=sorted(found.pod_defaults),
        own_image=found.offer.own_image,
        defaults=defaults,
        not_offered=gone,
    )
    return {
        "schema": spawn_schema(offers),
        "presets": [one.to_json() for one in PRESETS.values()],
        "images": images,
        "gpus": gpus,
        "storage_classes": classes,
        "volumes": volumes,
        "configurations": sorted(found.pod_defaults),
        "defaults": defaults,
        "not_offered": {**unknown, **gone},
    }


def not_offered(found: Known) -> dict[str, str]:
    """The fields of a server that its user may not choose, and why."""
    gone = {
        name: f"the cluster's administrator has fixed it: {_shown(found.offer.defaults.get(name))}"
        for name in found.offer.fixed
    }
    if "culling" not in found.cluster.fields:
        gone["idle_after"] = _NO_IDLE
    return gone


def filled_in(spec: ServerSpec, found: Known) -> ServerSpec:
    """The server with what its preset, the administrator and the cluster say where it does not.

    Raises:
        Unsuitable: it asks for what is fixed otherwise, or names no image and there is no default.
    """
    given = {one.name for one in fields(spec) if getattr(spec, one.name) not in (None, (), {})}
    check_fixed(spec, given, found)
    fixed = {name: found.offer.defaults.get(name) for name in found.offer.fixed - given}
    spec = _with(spec, {name: value for name, value in fixed.items() if value is not None})
    spec = with_preset(spec, found.vendor)
    rest = {
        name: value
        for name, value in found.offer.defaults.items()
        if name != "volumes" and getattr(spec, name) in (None, (), {})
    }
    spec = _with_volumes(_with(spec, rest), found)
    if spec.image is not None:
        return spec
    image = default_image(found.offer, found.images)
    if image is None:
        raise Unsuitable("say which image it is made of", where=spec.name, hint="`image`")
    return replace(spec, image=image)


def check_fixed(spec: ServerSpec, given: Collection[str], found: Known) -> None:
    """See that nothing is asked for that its user may not choose."""
    data = spec.to_json()
    for name, why in not_offered(found).items():
        default = found.offer.defaults.get(name)
        if name not in given or data[name] in (None, [], {}) or data[name] == default:
            continue
        same = _with(ServerSpec(spec.name), {name: default}).to_json()[name] if default else None
        if data[name] != same:
            raise Unsuitable(f"`{name}` cannot be chosen: {why}", where=spec.name)


def check(spec: ServerSpec, found: Known, namespace: str, before: ServerSpec | None = None) -> None:
    """See that a server can be made so. `before`: as it is now, if it is there."""
    had = {one.name for one in before.volumes} if before else set()
    for mount in spec.volumes:
        claim = mount.claim(spec.name)
        if "volumes.existing" in found.unknown or mount.name in had:
            continue
        if mount.existing is not None and claim not in found.claims:
            raise NotFound(
                f"there is no volume {claim!r} in namespace {namespace}",
                where=f"{spec.name}, volume {mount.name}",
                hint="`labwright volumes list` shows them; those of other namespaces cannot be had",
            )
        if mount.existing is None and claim in found.claims:
            raise Conflict(
                f"there is a volume {claim!r} already",
                where=f"{spec.name}, volume {mount.name}",
                hint=f"mount it as an existing one, or `labwright volumes delete {claim}`",
                status=409,
            )
    names = [one["metadata"]["name"] for one in found.classes]
    for mount in spec.volumes:
        new = mount.storage_class and mount.name not in had
        if new and "storage_classes" not in found.unknown and mount.storage_class not in names:
            raise Unsuitable(
                f"there is no storage class {mount.storage_class!r}",
                where=f"{spec.name}, volume {mount.name}",
                hint=f"there is {', '.join(names) or 'none'}",
            )
    for name in spec.configurations:
        if name in found.pod_defaults:
            continue
        if "configurations" in found.unknown:
            why = found.unknown["configurations"]
            raise Unsuitable(f"configurations cannot be read: {why}", where=spec.name)
        raise Unsuitable(
            f"there is no configuration {name!r} in namespace {namespace}",
            where=spec.name,
            hint=f"there is {', '.join(sorted(found.pod_defaults)) or 'none'}",
        )
    _check_labels(spec, found, before)


def _check_labels(spec: ServerSpec, found: Known, before: ServerSpec | None) -> None:
    """See that labels can choose these configurations, and none that are to be left out."""
    labels: dict[str, str] = {}
    for name in spec.configurations:
        for key, value in found.pod_defaults[name].items():
            if labels.setdefault(key, value) != value:
                raise Unsuitable(
                    f"configuration {name!r} and another one exclude each other: each wants"
                    f" another label {key!r}",
                    where=spec.name,
                )
    for name in before.configurations if before else ():
        if name not in spec.configurations and found.pod_defaults[name].items() <= labels.items():
            raise Unsuitable(
                f"configuration {name!r} cannot be left out alone: others have its labels",
                where=spec.name,
                hint=f"its labels are {', '.join(found.pod_defaults[name])}",
            )


async def choice(kube: Kube, spec: ServerSpec, found: Known) -> Choice:
    """What the target decides about a server.

    Raises:
        Unsuitable: its image may not be chosen.
    """
    offer = found.offer
    name = spec.image or ""
    image = next((one for one in found.images if name in (one.name, one.reference)), None)
    plain = "/" not in name and ":" not in name
    # Where the catalogue may not be read, its controller still can.
    hidden = plain and "image" in found.cluster.fields and "images" in found.unknown
    if image is None and not offer.own_image and not hidden:
        raise Unsuitable(
            f"image {name!r} is not one of those that are offered",
            where=spec.name,
            hint="`labwright images list` shows them",
        )
    catalogued = hidden or (image is not None and image.catalogued)
    return Choice(
        namespace=kube.namespace,
        fields=found.cluster.fields,
        image=image.name if image is not None else name,
        catalogued=catalogued,
        server_type=image.server_type if image is not None else "",
        pull_policy=offer.pull_policy,
        limits=offer.limits,
        pod_defaults=found.pod_defaults,
        affinity=offer.affinity,
        service_account=await _account(kube),
        shm=offer.shm,
    )


def _with_volumes(spec: ServerSpec, found: Known) -> ServerSpec:
    """The server with a volume for its own folder, and those that the administrator gives."""
    if "volumes" in found.offer.fixed and spec.volumes:
        return spec
    defaults = as_mounts(found.offer.defaults.get("volumes") or ())
    # Who chooses volumes gets those, and the one that keeps their own files.
    wanted = [one for one in defaults if not spec.volumes or one.path == HOME]
    at_home = any(one.path == HOME for one in (*spec.volumes, *defaults))
    if not at_home and found.offer.workspace is None and _provided(found):
        wanted.append(Mount(WORKSPACE, HOME, size=SIZE))
    has = {one.path for one in spec.volumes}
    taken = {one.name for one in spec.volumes}
    added = []
    for mount in wanted:
        if mount.path in has:
            continue
        if mount.name in taken:
            mount = replace(mount, name=f"{mount.name}-home")
        claim = mount.claim(spec.name)
        if mount.existing is None and claim in found.claims:
            # Kept from an earlier server of this name.
            mount = Mount(mount.name, mount.path, existing=claim, read_only=mount.read_only)
        added.append(mount)
    return replace(spec, volumes=(*added, *spec.volumes))


def _provided(found: Known) -> bool:
    """Whether a volume that names no storage class can be had; believed where it is not known."""
    if "storage_classes" in found.unknown:
        return True
    key = "storageclass.kubernetes.io/is-default-class"
    marks = [one["metadata"].get("annotations") or {} for one in found.classes]
    return any(one.get(key) == "true" for one in marks)


def _shown(value: Any) -> str:
    if isinstance(value, Mapping) and "count" in value:
        return f"{value['count']} {value['vendor']}"
    return str(value) if isinstance(value, str) else "as it is" if value else "none"


def _with(spec: ServerSpec, values: Mapping[str, Any]) -> ServerSpec:
    return ServerSpec.from_json({**spec.to_json(), **values}, where=spec.name)


async def _offer(kube: Kube, known: KnownTarget) -> Offer:
    """The administrator's `spawner_ui_config.yaml`: of Kubeflow's namespace, else of this one."""
    import yaml

    for namespace in dict.fromkeys((known.service.partition("/")[0], kube.namespace)):
        maps, _ = await kube.may_list(CONFIG_MAPS, namespace, **_WEB_APP)
        fit = [one for one in maps if FILE in (one.get("data") or {})]
        # Its name ends with a hash; older ones are left behind.
        fit.sort(key=lambda one: one["metadata"]["creationTimestamp"])
        if fit:
            where = f"ConfigMap {namespace}/{fit[-1]['metadata']['name']}, {FILE}"
            try:
                return offer_of(yaml.safe_load(fit[-1]["data"][FILE]))
            except yaml.YAMLError as error:
                said = " ".join(str(error).split())
                raise Unsuitable(f"cannot be read: {said}", where=where) from None
    return Offer()


async def _account(kube: Kube) -> str:
    try:
        await kube.get(ACCOUNTS, ACCOUNT)
    except (Forbidden, NotFound):
        return ""
    return ACCOUNT


async def _notebooks(kube: Kube) -> list[Object]:
    return await kube.all((await kube.cluster()).notebooks)


async def _none() -> tuple[list[Object], str]:
    return [], ""
