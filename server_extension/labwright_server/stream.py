"""Events for browsers: those of the agent, of watched runs and of servers, with one count."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from logging import Logger
from pathlib import Path
from typing import Any

Emit = Callable[[str, dict[str, Any]], Any]

EVENTS = Path(__file__).with_name("events")
# Which schema an event of each type has.
NAMES = {
    "run": "run",
    "deleted": "run",
    "archived": "run",
    "step": "step",
    "log": "log",
    "agent": "agent",
    "target": "target",
    "server": "server",
    "server-deleted": "server",
    "volume": "volume",
    "volume-deleted": "volume",
}


def schema_id(name: str) -> str:
    return f"https://events.labwright.dev/{name}/v1"


class Stream:
    """What happens, told to every browser through Jupyter's own event log.

    Each event gets the server's epoch and the next number, whoever told it: agents and clusters
    come and go, but a browser hears one server, and one count is enough to see what it missed.
    """

    def __init__(self, emit: Emit, path_of: Callable[[str | None], str | None], log: Logger):
        self.epoch = secrets.token_hex(8)
        self.seq = 0
        self._emit = emit
        self._path_of = path_of
        self._log = log

    def tell(self, event: Mapping[str, Any]) -> bool:
        """Tell all who listen. Whether there was anybody; what is not for browsers counts as told.

        Called on the event loop.
        """
        found = self._shown(event)
        if found is None:
            return True
        name, data = found
        if name != "agent":  # where agents come and go, the count stays
            self.seq += 1
        try:
            told = self._emit(schema_id(name), {**data, "epoch": self.epoch, "seq": self.seq})
        except Exception:  # one event that does not fit must not end the others
            self._log.exception("labwright: an event could not be passed on")
            return True
        return told is not None

    def _shown(self, event: Mapping[str, Any]) -> tuple[str, dict[str, Any]] | None:
        name = NAMES.get(event["type"])
        if name is None:
            return None
        data = dict(event)
        if name == "agent":
            del data["type"]
        if event["type"] == "run":
            run = event["run"]
            data["run"] = {**run, "path": self._path_of(run["notebook"])}
        return name, data
