"""`labwright servers`: what there is of notebook servers, their logs, and opening one."""

from collections.abc import Iterator
from typing import Annotated, Any

from ..options import Target
from ..places import print_listing
from ..server_options import Server, at, everywhere_or, place_of, table
from ..spec import Opt
from ..starting import why

Json = Annotated[bool, Opt("--json", help="Print it as JSON.")]


def list_(target: Target = "", as_json: Json = False) -> int:
    """List the notebook servers of all targets, or of one, the newest first."""
    found, remarks = everywhere_or(target, "server")
    found.sort(key=lambda one: str(one["created_at"])[:19], reverse=True)
    print_listing(
        "servers",
        found,
        remarks,
        as_json=as_json,
        words=lambda: _table(found) if found else "There are no servers.",
    )
    return 0


def _table(found: list[dict[str, Any]]) -> str:
    several = len({one["target"] for one in found}) > 1
    head = ["NAME", "TARGET" if several else "", "STATE", "CPU", "MEMORY", "GPU", "IMAGE", "WHY"]
    rows = [
        [
            one["name"],
            one["target"] if several else "",
            one["state"] + (" (restart to apply)" if one["pending_restart"] else ""),
            one["cpu"] or "",
            one["memory"] or "",
            str(one["gpu"]["count"]) if one["gpu"] else "",
            one["image_name"] or one["image"] or "",
            why(one),
        ]
        for one in found
    ]
    return table([head, *rows])


def show(server: Server, target: Target = "", as_json: Json = False) -> int:
    """Show one server: its state and why, what it has, when it was used."""
    from ..console import out, out_json

    with at(place_of(server, "server", target)) as there:
        found = there.ask(lambda one: one.server(server))
        place = there.name
    if as_json:
        out_json({**found, "target": place})
    else:
        out("\n".join(lines({**found, "target": place})))
    return 0


def lines(one: dict[str, Any]) -> list[str]:
    """A server for people."""
    from ...servers.options import toleration_text
    from ...servers.words import duration_text
    from ...widgets.elapsed import local_time

    def moment(name: str) -> str | None:
        return one[name] and local_time(one[name])

    gpu, idle = one["gpu"], one["idle_after"]
    rows: dict[str, Any] = {
        "target": one["target"],
        "state": one["state"] + (", as it was before its change" * one["pending_restart"]),
        "why": why(one),
        "image": one["image_name"] or one["image"],
        "CPUs": one["cpu"],
        "memory": one["memory"],
        "GPUs": f"{gpu['count']} ({gpu['vendor']})" if gpu else None,
        "limits": one["limit_factor"] and f"{one['limit_factor']:g} times what is asked for",
        "profile": one["preset"],
        "idle": None if idle is None else f"stopped after {duration_text(idle)}",
        "started": moment("started_at"),
        "used": moment("last_activity"),
        "stopped": moment("stopped_at"),
    }
    if idle == 0:
        rows["idle"] = "never stopped"
    found = [one["name"], *(f"  {name:<8}  {value}" for name, value in rows.items() if value)]
    for mount in one["volumes"]:
        size = mount["size"] or "size unknown"
        found.append(f"  volume    {mount['claim']} at {mount['path']}, {size}")
    found += [f"  variable  {name}={value}" for name, value in one["env"].items()]
    found += [f"  config    {name}" for name in one["configurations"]]
    found += [f"  tolerates {toleration_text(taint)}" for taint in one["tolerations"]]
    found += [f"  node      {name}={value}" for name, value in one["node_selector"].items()]
    for stage in one["progress"] if one["state"] not in ("RUNNING", "STOPPED") else ():
        said = f": {stage['message']}" if stage["message"] else ""
        found.append(f"  {stage['state']:<8}  {stage['stage']}{said}")
    return found


def logs(
    server: Server,
    follow: Annotated[bool, Opt("-f", "--follow", help="Go on until it has stopped.")] = False,
    target: Target = "",
) -> int:
    """Print what a server wrote since its last start."""
    import sys

    with at(place_of(server, "server", target)) as there:
        for piece in there.follow_log(server) if follow else _printed(there, server):
            sys.stdout.write(piece["text"])
            sys.stdout.flush()
    return 0


def _printed(there: Any, server: str) -> Iterator[dict[str, Any]]:
    """What there is of its log by now."""
    offset = 0
    while True:
        piece = there.ask(lambda one: one.server_log(server, offset=offset))  # noqa: B023
        yield piece
        if piece["end"] or piece["next"] == offset:
            return
        offset = piece["next"]


def open_(
    server: Server,
    url: Annotated[bool, Opt("--url", help="Print its address instead, with its token.")] = False,
    target: Target = "",
    as_json: Json = False,
) -> int:
    """Open a server that runs in the browser."""
    from ..console import out, out_json

    with at(place_of(server, "server", target)) as there:
        found = there.ask(lambda one: one.server_address(server))
    if as_json:
        out_json(found)
    elif url:
        out(found["url"])
    else:
        _browse(server, found["url"])
    return 0


def _browse(server: str, url: str) -> None:
    """Open it. A token goes by a file of the user's own: other users see command lines."""
    import webbrowser
    from urllib.parse import urlsplit

    from ..console import out

    parts = urlsplit(url)
    shown = f"{parts.scheme}://{parts.netloc}{parts.path}"
    address = _page(server, url).as_uri() if parts.query else url
    if webbrowser.open(address):
        out(shown)
    else:
        out(f"no browser here; `labwright servers open {server} --url` prints the address")


def _page(server: str, url: str) -> Any:
    """A page that leads on to the address."""
    import html
    import os

    from ...targets.local.home import home

    folder = home() / "open"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    place = folder / f"{server}.html"
    place.unlink(missing_ok=True)
    descriptor = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        target = html.escape(url, quote=True)
        file.write(f'<!DOCTYPE html><meta http-equiv="refresh" content="0;url={target}">')
    return place
