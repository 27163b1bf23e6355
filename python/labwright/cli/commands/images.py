"""`labwright images`: what servers can be made of."""

from typing import Annotated, Any

from ..options import Target
from ..places import print_listing
from ..server_options import everywhere_or, table
from ..spec import Opt


def list_(
    target: Target = "",
    hidden: Annotated[bool, Opt("--all", help="Hidden ones, too.")] = False,
    as_json: Annotated[bool, Opt("--json", help="Print them as JSON.")] = False,
) -> int:
    """List the images of all targets, or of one: here, Python environments with Jupyter."""
    found, remarks = everywhere_or(target, "image")
    found = [one for one in found if hidden or not one["hidden"]]
    print_listing(
        "images",
        found,
        remarks,
        as_json=as_json,
        words=lambda: _table(found) if found else "There are no images.",
    )
    return 0


def _table(found: list[dict[str, Any]]) -> str:
    several = len({one["target"] for one in found}) > 1
    head = ["NAME", "TARGET" if several else "", "FOR PEOPLE", "SERVERS", "REFERENCE", "WHY"]
    rows = [
        [
            one["name"],
            one["target"] if several else "",
            one["display_name"] + (" (deprecated)" if one["deprecated"] else ""),
            str(one["used_by"] or ""),
            one["reference"],
            one["message"] or (f"take {one['redirect']} instead" if one["redirect"] else ""),
        ]
        for one in found
    ]
    return table([head, *rows])
