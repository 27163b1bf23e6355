"""What servers keep their files in, and what they are made of."""

from __future__ import annotations

from .models import ImageList, Volume, VolumeList, VolumeRequest, VolumeResize
from .refusal import check_id
from .routes import TargetQuery, WhichQuery
from .servers import ask_all
from .workbench import Workbench


async def list_volumes(workbench: Workbench, query: WhichQuery) -> VolumeList:
    """The volumes of a target, or of all; from now on browsers hear of them."""
    found, remarks = await ask_all(workbench, query.target, "volumes", lambda one: one.volumes())
    return VolumeList.model_validate({"volumes": found, "remarks": remarks})


async def create_volume(workbench: Workbench, body: VolumeRequest) -> Volume:
    """Make one that no server needs yet."""
    from labwright.servers.spec import VolumeSpec

    spec = VolumeSpec.from_json(body.model_dump(exclude={"target"}, exclude_none=True))
    target = await workbench.targets.offering_servers(body.target)
    return Volume.model_validate(await target.create_volume(spec))


async def resize_volume(
    workbench: Workbench, volume: str, query: TargetQuery, body: VolumeResize
) -> Volume:
    """Make it larger."""
    check_id(volume, "volume")
    target = await workbench.targets.offering_servers(query.target)
    return Volume.model_validate(await target.resize_volume(volume, body.size))


async def delete_volume(workbench: Workbench, volume: str, query: TargetQuery) -> None:
    """Delete it with its files, where no server has it."""
    check_id(volume, "volume")
    target = await workbench.targets.offering_servers(query.target)
    await target.delete_volume(volume)


async def list_images(workbench: Workbench, query: WhichQuery) -> ImageList:
    """What servers can be made of."""
    found, remarks = await ask_all(workbench, query.target, "images", lambda one: one.images())
    return ImageList.model_validate({"images": found, "remarks": remarks})
