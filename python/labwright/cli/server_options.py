"""What the commands for servers, volumes and images take, and which target they mean."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from ..errors import LabwrightError
from .places import ask_all, everywhere, opened, others, say_remarks
from .spec import Arg, Opt

if TYPE_CHECKING:
    from ..targets.blocking_servers import BlockingServers
    from ..targets.protocols import PipelineTarget

Server = Annotated[str, Arg("The server's name.", metavar="NAME", complete="servers")]
Volume = Annotated[str, Arg("The volume's name.", metavar="NAME", complete="volumes")]
Image = Annotated[str, Opt("--image", metavar="IMAGE", help="One of `labwright images list`.")]
Cpu = Annotated[str, Opt("--cpu", metavar="N", help="Cores, as 2 or 500m.")]
Memory = Annotated[str, Opt("--memory", metavar="SIZE", help="As 8Gi.")]
Gpu = Annotated[str, Opt("--gpu", metavar="N", help="GPUs, as 1 or 2:amd; 0 for none.")]
Preset = Annotated[
    str, Opt("--preset", metavar="PROFILE", help="A resource profile, as small-training.")
]
Factor = Annotated[
    str, Opt("--limit-factor", metavar="F", help="Limits are F times what is asked for.")
]
Volumes = Annotated[
    list[str],
    Opt(
        "--volume",
        metavar="NAME:SIZE[:PATH]",
        help="A new volume; with `:delete` it goes with its server.",
    ),
]
Mounts = Annotated[
    list[str], Opt("--mount", metavar="VOLUME[:PATH][:ro]", help="A volume that is there.")
]
Env = Annotated[list[str], Opt("--env", metavar="NAME=VALUE", help="A variable; no secrets.")]
IdleAfter = Annotated[
    str, Opt("--idle-after", metavar="8h", help="Stop it when it is not used so long; or never.")
]
Configurations = Annotated[
    list[str], Opt("--configuration", metavar="NAME", help="A PodDefault of the namespace.")
]
Tolerations = Annotated[
    list[str], Opt("--toleration", metavar="KEY[=VALUE][:EFFECT]", help="A taint it puts up with.")
]
NodeLabels = Annotated[
    list[str], Opt("--node-label", metavar="NAME=VALUE", help="Only on nodes with this label.")
]


def at(target: str) -> BlockingServers:
    """The servers of a target by name; this machine's where it is empty."""
    from ..targets.blocking_servers import BlockingServers
    from ..targets.config import LOCAL, open_target

    return BlockingServers(open_target(target or LOCAL))


def place_of(name: str, kind: str, target: str) -> str:
    """Where a server or volume is: on the given target, here, or on one of the others."""
    from ..targets.config import LOCAL

    if target:
        return target
    with at(LOCAL) as here:
        listed = here.ask(lambda one: one.servers() if kind == "server" else one.volumes())
    if any(one["name"] == name for one in listed) or not (names := others()):
        return LOCAL

    async def has(one: PipelineTarget) -> bool:
        found = await _listed(one, kind)
        return any(view["name"] == name for view in found)

    found, remarks = ask_all(names, has)
    known = [place for place, there in found.items() if there]
    if len(known) > 1:
        what = f"{', '.join(known)} each have a {kind} {name!r}"
        raise LabwrightError(what, hint="say which with --target")
    if not known:
        say_remarks(remarks)
    return known[0] if known else LOCAL


def everywhere_or(target: str, kind: str) -> tuple[list[dict[str, Any]], dict[str, str]]:
    """What a target has, or all that have any; and why others are left out."""
    if target:
        with opened(target) as there:
            from ..targets.blocking_servers import servers_target

            servers_target(there.target)
    names, unread = ([target], {}) if target else everywhere()
    found, remarks = ask_all(names, lambda one: _listed(one, kind))
    if target and remarks:
        raise LabwrightError(remarks[target], where=target)
    views = [{**view, "target": name} for name, views in found.items() for view in views]
    return views, {**unread, **remarks}


async def _listed(target: PipelineTarget, kind: str) -> list[dict[str, Any]]:
    from ..targets.blocking_servers import servers_target

    if not target.capabilities.servers:
        return []
    servers = servers_target(target)
    if kind == "server":
        return await servers.servers()
    return await (servers.volumes() if kind == "volume" else servers.images())


def table(rows: list[list[str]]) -> str:
    """Words in columns; a column that says nothing is left out."""
    kept = [column for column in zip(*rows, strict=True) if any(column[1:])]
    widths = [max(map(len, column)) for column in kept]
    lines = zip(*kept, strict=True)
    return "\n".join(
        "  ".join(f"{word:<{width}}" for word, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )
