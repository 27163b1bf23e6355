"""`labwright volumes`: folders that outlive servers."""

from typing import Annotated, Any

from ..options import Target
from ..places import print_listing
from ..server_options import Volume, at, everywhere_or, place_of, table
from ..spec import Arg, Opt

Json = Annotated[bool, Opt("--json", help="Print it as JSON.")]


def list_(target: Target = "", as_json: Json = False) -> int:
    """List the volumes of all targets, or of one, the newest first, and who uses them."""
    found, remarks = everywhere_or(target, "volume")
    found.sort(key=lambda one: str(one["created_at"])[:19], reverse=True)
    print_listing(
        "volumes",
        found,
        remarks,
        as_json=as_json,
        words=lambda: _table(found) if found else "There are no volumes.",
    )
    return 0


def _table(found: list[dict[str, Any]]) -> str:
    several = len({one["target"] for one in found}) > 1
    head = [
        "NAME",
        "TARGET" if several else "",
        "STATE",
        "SIZE",
        "HOLDS",
        "USED BY",
        "CLASS",
        "WHY",
    ]
    rows = [
        [
            one["name"],
            one["target"] if several else "",
            one["state"],
            one["size"] or "",
            "" if one["used_bytes"] is None else _words(one["used_bytes"]),
            ", ".join(one["used_by"]),
            one["storage_class"] or "",
            one["message"] or "",
        ]
        for one in found
    ]
    return table([head, *rows])


def _words(size: int) -> str:
    from ...targets.local.limits import in_words

    return in_words(size)


def create(
    name: Annotated[str, Arg("Small letters, digits, `-` and `.`.", metavar="NAME")],
    size: Annotated[str, Arg("As 20Gi.", metavar="SIZE")],
    storage_class: Annotated[str, Opt("--class", metavar="C", help="The storage class.")] = "",
    access_mode: Annotated[
        str, Opt("--access-mode", metavar="MODE", help="As ReadWriteMany.")
    ] = "ReadWriteOnce",
    target: Target = "",
    as_json: Json = False,
) -> int:
    """Make a volume that no server needs yet."""
    from ...servers.spec import VolumeSpec

    asked = {"name": name, "size": size, "access_mode": access_mode}
    if storage_class:
        asked["storage_class"] = storage_class
    spec = VolumeSpec.from_json(asked, where=name)
    with at(target) as there:
        return _say(there.name, there.ask(lambda one: one.create_volume(spec)), as_json)


def resize(
    volume: Volume,
    size: Annotated[str, Arg("Larger than it is, as 40Gi.", metavar="SIZE")],
    target: Target = "",
    as_json: Json = False,
) -> int:
    """Have a volume grow."""
    with at(place_of(volume, "volume", target)) as there:
        return _say(there.name, there.ask(lambda one: one.resize_volume(volume, size)), as_json)


def delete(volume: Volume, target: Target = "") -> int:
    """Delete a volume that no server uses, and all that is in it."""
    from ..console import out

    with at(place_of(volume, "volume", target)) as there:
        there.ask(lambda one: one.delete_volume(volume))
    out(f"{volume}: deleted")
    return 0


def _say(place: str, view: dict[str, Any], as_json: bool) -> int:
    from ..console import out, out_json

    if as_json:
        out_json({**view, "target": place})
    else:
        out(f"{view['name']}: {view['state']}, {view['size']}")
    return 0
