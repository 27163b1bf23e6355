"""Notebook servers of all targets."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from .lines import Lines
from .models import (
    FollowedLog,
    Server,
    ServerAddress,
    ServerChangeRequest,
    ServerList,
    ServerLog,
    ServerOptions,
    ServerRequest,
)
from .refusal import check_id
from .routes import DeleteServerQuery, FollowLogQuery, ServerLogQuery, TargetQuery, WhichQuery
from .targets import named
from .workbench import Workbench

if TYPE_CHECKING:
    from labwright.targets.server_protocols import ServersTarget

Ask = Callable[["ServersTarget"], Awaitable[list[dict[str, Any]]]]


async def list_servers(workbench: Workbench, query: WhichQuery) -> ServerList:
    """The servers of a target, or of all; from now on browsers hear of them."""
    found, remarks = await ask_all(workbench, query.target, "servers", lambda one: one.servers())
    return ServerList.model_validate({"servers": found, "remarks": remarks})


async def create_server(workbench: Workbench, body: ServerRequest) -> Server:
    """Make one."""
    from labwright.servers.spec import ServerSpec

    spec = ServerSpec.from_json(body.model_dump(exclude={"target"}, exclude_none=True))
    target = await workbench.targets.offering_servers(body.target)
    return Server.model_validate(await target.create_server(spec))


async def show_server(workbench: Workbench, server: str, query: TargetQuery) -> Server:
    """One server."""
    return Server.model_validate(await (await _target(workbench, server, query)).server(server))


async def change_server(
    workbench: Workbench, server: str, query: TargetQuery, body: ServerChangeRequest
) -> Server:
    """Make it different. One that runs is as it was until it starts again."""
    from labwright.servers.spec import ServerChange

    target = await _target(workbench, server, query)
    change = ServerChange.from_json(body.model_dump(exclude_unset=True))
    return Server.model_validate(await target.change_server(server, change))


async def start_server(workbench: Workbench, server: str, query: TargetQuery) -> Server:
    """Have it run."""
    target = await _target(workbench, server, query)
    return Server.model_validate(await target.start_server(server))


async def stop_server(workbench: Workbench, server: str, query: TargetQuery) -> Server:
    """Have it stop; what it keeps in volumes stays."""
    target = await _target(workbench, server, query)
    return Server.model_validate(await target.stop_server(server))


async def restart_server(workbench: Workbench, server: str, query: TargetQuery) -> Server:
    """Stop it and have it run again, with what was changed meanwhile."""
    target = await _target(workbench, server, query)
    return Server.model_validate(await target.restart_server(server))


async def delete_server(workbench: Workbench, server: str, query: DeleteServerQuery) -> None:
    """Delete it, and the volumes that were made for it where that is wished."""
    target = await _target(workbench, server, query)
    await target.delete_server(server, volumes=query.volumes)


async def read_server_log(workbench: Workbench, server: str, query: ServerLogQuery) -> ServerLog:
    """A piece of what it printed."""
    target = await _target(workbench, server, query)
    found = await target.server_log(server, offset=query.offset, limit=query.limit)
    return ServerLog.model_validate(found)


async def follow_server_log(workbench: Workbench, server: str, query: FollowLogQuery) -> Lines:
    """What it printed, and what it prints."""
    target = await _target(workbench, server, query)
    pieces = target.follow_server_log(server, offset=query.offset, log=query.log)
    return await Lines.of(FollowedLog, pieces)


async def find_server(workbench: Workbench, server: str, query: TargetQuery) -> ServerAddress:
    """Where a browser opens it: through this Jupyter server where that can be."""
    target = await _target(workbench, server, query)
    found = ServerAddress.model_validate(await target.server_address(server))
    return workbench.doors.through(server, found) if found.proxied else found


async def show_server_options(workbench: Workbench, query: TargetQuery) -> ServerOptions:
    """What can be chosen for a server of a target."""
    target = await workbench.targets.offering_servers(query.target)
    return ServerOptions.model_validate(await target.server_options())


async def ask_all(
    workbench: Workbench, name: str | None, what: str, ask: Ask
) -> tuple[list[dict[str, Any]], list[dict[str, str]]]:
    """What a target has, or all that answer; and why others are left out.

    Of each that was asked, browsers hear what becomes of its servers and volumes.
    """
    from labwright.targets.many import answers

    if name is not None:
        target = await workbench.targets.offering_servers(name)
        workbench.attending.attend(target)
        return await ask(target), []

    async def one(name: str) -> list[dict[str, Any]]:
        target = await workbench.targets.get(name)
        if not target.capabilities.servers:
            return []
        if target.kind != "local":
            workbench.watching.check_there(target)
        servers = cast("ServersTarget", target)
        workbench.attending.attend(servers)
        return (await workbench.late.ask(name, what, partial(ask, servers)))[0]

    known, unread = await workbench.targets.listed()
    found, silent = await answers({name: partial(one, name) for name in known})
    views = [view for views in found.values() for view in views]
    return _newest_first(views), named({**unread, **silent})


def _newest_first(views: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Times of all targets are in UTC; images have none, and stay as they are."""
    return sorted(views, key=lambda view: str(view.get("created_at", ""))[:19], reverse=True)


async def _target(workbench: Workbench, server: str, query: TargetQuery) -> ServersTarget:
    check_id(server, "server")
    return await workbench.targets.offering_servers(query.target)
