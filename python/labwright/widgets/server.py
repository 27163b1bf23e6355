"""A notebook server as it starts: an output that is drawn anew, or lines where there is no page."""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from typing import Any

from .svg import COLOURS

View = dict[str, Any]
_LIKE = {"RUNNING": "SUCCEEDED", "FAILED": "FAILED", "STOPPED": "CANCELED"}
_MARKS = {"waiting": "○", "doing": "◐", "done": "●", "failed": "✕"}


def server_display(out: Any) -> Callable[[View], None]:
    """What shows a server each time that it is called."""
    from .view import has_front_end

    if not has_front_end():
        return _lines(out)
    from IPython.display import display

    handle: Any = None

    def show(view: View) -> None:
        nonlocal handle
        bundle = {"text/html": html(view), "text/plain": line(view)}
        if handle is None:
            handle = display(bundle, raw=True, display_id=True)  # type: ignore[no-untyped-call]
        else:
            handle.update(bundle, raw=True)

    return show


def line(view: View) -> str:
    """The server in one line."""
    reason = view["message"] or view["stop_reason"]
    return f"{view['name']}: {view['state']}{' ' + reason if reason else ''}"


def html(view: View) -> str:
    """The server with the stages of its start. Its address is left out: it may hold a token."""
    colour = COLOURS.get(_LIKE.get(view["state"], "RUNNING"), "inherit")
    name, target = escape(view["name"]), escape(view["target"])
    reason = escape(view["message"] or view["stop_reason"] or "")
    stages = "".join(
        f'<li style="list-style:none"><span aria-hidden="true">{_MARKS[one["state"]]}</span>'
        f" {escape(one['stage'])}: {escape(one['state'])}"
        f"{' ' + escape(one['message']) if one['message'] else ''}</li>"
        for one in view["progress"]
    )
    opens = (
        f"<p>The Servers panel and <code>labwright servers open {name}</code> open it.</p>"
        if view["state"] == "RUNNING"
        else ""
    )
    return (
        f'<div class="labwright-server" role="status"><p><b>{name}</b> on {target}:'
        f' <b style="color:{colour}">{escape(view["state"])}</b> {reason}</p>'
        f'<ul style="padding-left:1em">{stages}</ul>{opens}</div>'
    )


def _lines(out: Any) -> Callable[[View], None]:
    told = ""

    def show(view: View) -> None:
        nonlocal told
        text = line(view)
        if text != told:
            told = text
            out.write(f"{text}\n")
            out.flush()

    return show
