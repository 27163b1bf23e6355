"""The start of a server, told while one waits for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..errors import LabwrightError

if TYPE_CHECKING:
    from ..targets.blocking_servers import BlockingServers

View = dict[str, Any]


def wait_for_start(
    there: BlockingServers, view: View, before: str | None, say: Callable[[View, str], None]
) -> View:
    """The server once it runs, fails, or was stopped by somebody; what happens is said meanwhile.

    `before` is when the start before this one was.
    """
    name, told = view["name"], ""
    changes = there.watch()
    try:
        for change in changes:
            if change["type"] == "server-deleted" and change["name"] == name:
                raise LabwrightError("it was deleted", where=name)
            if change["type"] != "server" or change["server"]["name"] != name:
                continue
            view = change["server"]
            if before is not None and view["started_at"] == before:
                continue
            text = stage(view)
            if text != told:
                told = text
                say(view, text)
            if view["state"] in ("RUNNING", "FAILED", "STOPPED"):
                break
    finally:
        changes.close()  # type: ignore[attr-defined]
    return view


def stage(view: View) -> str:
    """How far a start is, in a few words."""
    reason = why(view)
    doing = [one for one in view["progress"] if one["state"] in ("doing", "waiting")]
    over = view["state"] in ("RUNNING", "STOPPED", "FAILED")
    next_one = f", {doing[0]['stage']} is next" if doing and not over else ""
    return f"{view['state']}{next_one}{': ' + reason if reason else ''}"


def why(server: View) -> str:
    """Why a server is as it is, in a few words."""
    from ..widgets.elapsed import local_time

    if server["stop_at"]:
        return f"stops at {local_time(server['stop_at'])} unless it is used"
    return str(server["message"] or server["stop_reason"] or "")
