"""A place of notebook servers that a contract test may fill."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from labwright.servers.spec import ServerSpec
from labwright.targets.blocking_servers import BlockingServers

View = dict[str, Any]


@dataclass(frozen=True)
class Place:
    """`there` is the target. `image` starts there.

    `running` is the state that a server there comes to by itself: where no pods run, STARTING.
    """

    there: BlockingServers
    image: str
    running: str = "RUNNING"

    def spec(self, name: str = "one", **more: Any) -> ServerSpec:
        return ServerSpec.from_json({"name": name, "image": self.image, **more})

    def server(self, name: str = "one") -> View:
        return self.there.ask(lambda one: one.server(name))

    def names(self) -> list[str]:
        return [view["name"] for view in self.there.ask(lambda one: one.servers())]

    def volumes(self) -> dict[str, View]:
        return {view["name"]: view for view in self.there.ask(lambda one: one.volumes())}

    def until(self, *states: str, name: str = "one") -> View:
        """The server once it is in one of these states."""
        return until(lambda: (view := self.server(name))["state"] in states and view)


def until(true: Any, seconds: float = 60) -> Any:
    deadline = time.monotonic() + seconds
    while not (found := true()):
        assert time.monotonic() < deadline, "it did not come to be"
        time.sleep(0.05)
    return found
