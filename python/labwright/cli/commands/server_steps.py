"""`labwright servers create`, `edit`, `start` and the rest: what is to become of a server."""

from typing import Annotated, Any

from ...errors import LabwrightError
from ..options import Target
from ..server_options import (
    Configurations,
    Cpu,
    Env,
    Factor,
    Gpu,
    IdleAfter,
    Image,
    Memory,
    Mounts,
    NodeLabels,
    Preset,
    Server,
    Tolerations,
    Volumes,
    at,
    place_of,
)
from ..spec import Arg, Opt
from ..starting import wait_for_start

Detach = Annotated[bool, Opt("--detach", help="Do not wait until it runs.")]
Json = Annotated[bool, Opt("--json", help="End with the server as one JSON object.")]


def create(
    name: Annotated[str, Arg("Small letters, digits and `-`.", metavar="NAME")],
    image: Image = "",
    preset: Preset = "",
    cpu: Cpu = "",
    memory: Memory = "",
    gpu: Gpu = "",
    limit_factor: Factor = "",
    volume: Volumes = [],  # noqa: B006
    mount: Mounts = [],  # noqa: B006
    env: Env = [],  # noqa: B006
    idle_after: IdleAfter = "",
    configuration: Configurations = [],  # noqa: B006
    toleration: Tolerations = [],  # noqa: B006
    node_selector: NodeLabels = [],  # noqa: B006
    target: Target = "",
    detach: Detach = False,
    as_json: Json = False,
) -> int:
    """Make a notebook server and start it. Exit status 1: it failed.

    It has a volume for its files, unless one is given for /home/jovyan.
    """
    from ...servers.options import given
    from ...servers.spec import ServerSpec

    spec = ServerSpec.from_json({"name": name, **given(locals())}, where=name)
    with at(target) as there:
        view = there.ask(lambda one: one.create_server(spec))
        return _after(there, view, detach, as_json)


def edit(
    server: Server,
    image: Image = "",
    preset: Preset = "",
    cpu: Cpu = "",
    memory: Memory = "",
    gpu: Gpu = "",
    limit_factor: Factor = "",
    volume: Volumes = [],  # noqa: B006
    mount: Mounts = [],  # noqa: B006
    unmount: Annotated[
        list[str], Opt("--unmount", metavar="VOLUME", help="Take it out; it is kept.")
    ] = [],  # noqa: B006
    env: Env = [],  # noqa: B006
    unset: Annotated[list[str], Opt("--unset", metavar="NAME", help="Drop a variable.")] = [],  # noqa: B006
    idle_after: IdleAfter = "",
    configuration: Configurations = [],  # noqa: B006
    toleration: Tolerations = [],  # noqa: B006
    node_selector: NodeLabels = [],  # noqa: B006
    clear: Annotated[
        list[str],
        Opt("--clear", metavar="OPTION", help="Forget what it has, as cpu or toleration."),
    ] = [],  # noqa: B006
    restart: Annotated[bool, Opt("--restart", help="Restart it where it runs.")] = False,
    target: Target = "",
    as_json: Json = False,
) -> int:
    """Change a server; one that runs is as it was until it is restarted. Volumes only grow."""
    from ...servers.options import edited, given
    from ...servers.spec import ServerChange
    from ..console import err

    said = given(locals())
    if not (said or unmount or unset or clear):
        raise LabwrightError("nothing is to be changed", hint="`labwright servers edit -h`")
    with at(place_of(server, "server", target)) as there:
        before = there.ask(lambda one: one.server(server))
        change = ServerChange.from_json(edited(before, said, unmount, unset, clear), where=server)
        view = there.ask(lambda one: one.change_server(server, change))
        if restart and view["pending_restart"]:
            view = there.ask(lambda one: one.restart_server(server))
            return _after(there, view, False, as_json, before["started_at"])
        if view["pending_restart"]:
            err(f"labwright: {server} is as it was until `labwright servers restart {server}`")
        return _after(there, view, True, as_json)


def start(
    server: Server, target: Target = "", detach: Detach = False, as_json: Json = False
) -> int:
    """Start a server that was stopped. Exit status 1: it failed."""
    with at(place_of(server, "server", target)) as there:
        view = there.ask(lambda one: one.start_server(server))
        return _after(there, view, detach, as_json)


def restart(
    server: Server, target: Target = "", detach: Detach = False, as_json: Json = False
) -> int:
    """Restart a server, as it was changed meanwhile. Exit status 1: it failed."""
    with at(place_of(server, "server", target)) as there:
        before = there.ask(lambda one: one.server(server))
        view = there.ask(lambda one: one.restart_server(server))
        return _after(there, view, detach, as_json, before["started_at"])


def stop(server: Server, target: Target = "", as_json: Json = False) -> int:
    """Stop a server. What is in its volumes stays; kernels and what is in memory do not."""
    from ..console import out, out_json

    with at(place_of(server, "server", target)) as there:
        view = there.ask(lambda one: one.stop_server(server))
        view = {**view, "target": there.name}
    if as_json:
        out_json(view)
    else:
        out(f"{server}: {view['state']}")
    return 0


def delete(
    server: Server,
    volumes: Annotated[
        bool, Opt("--volumes", help="With the volumes that were made for it and no other uses.")
    ] = False,
    target: Target = "",
) -> int:
    """Delete a server. Its volumes stay, but for those made to go with it."""
    from ..console import out

    with at(place_of(server, "server", target)) as there:
        there.ask(lambda one: one.delete_server(server, volumes=volumes))
    out(f"{server}: deleted")
    return 0


def _after(
    there: Any, view: dict[str, Any], detach: bool, as_json: bool, before: str | None = None
) -> int:
    """Say how a server is, once it runs or cannot. `before`: when the start before this one was."""
    from ..console import out, out_json

    if not detach:
        view = wait_for_start(there, view, before, _say)
    view = {**view, "target": there.name}
    if as_json:
        out_json(view)
    else:
        out(f"{view['name']}: {view['state']}")
        if view["state"] == "RUNNING" and not detach:
            out(f"`labwright servers open {view['name']}` opens it")
    return 1 if view["state"] == "FAILED" else 0


def _say(view: dict[str, Any], text: str) -> None:
    from ..console import err

    err(f"{view['name']}: {text}")
