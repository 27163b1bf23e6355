"""The part of the agent's HTTP API that is about notebook servers and volumes."""

from __future__ import annotations

from typing import Any

from tornado.web import HTTPError

from ....servers.spec import ServerChange, ServerSpec, VolumeSpec
from .handler import Handler


class ServersHandler(Handler):
    def get(self) -> None:
        self.write({"servers": self.fleet.views()})

    async def post(self) -> None:
        self.life.refuse_when_leaving()
        body = self.body()
        spec = ServerSpec.from_json(body.get("spec"))
        self.set_status(201)
        self.write(await self.fleet.create(spec, base_url(body)))


class ServerHandler(Handler):
    def get(self, name: str) -> None:
        self.write(self.fleet.view(name))

    async def patch(self, name: str) -> None:
        change = ServerChange.from_json(self.body(), where=name)
        self.write(await self.fleet.change(name, change))

    def delete(self, name: str) -> None:
        self.fleet.delete(name, volumes=self.get_query_argument("volumes", "") == "true")
        self.set_status(204)


class ServerVerbHandler(Handler):
    def post(self, name: str, verb: str) -> None:
        if verb == "stop":
            self.write(self.fleet.stop(name))
            return
        self.life.refuse_when_leaving()
        base = base_url(self.body())
        do = self.fleet.start if verb == "start" else self.fleet.restart
        self.write(do(name, base))


class VolumesHandler(Handler):
    async def post(self) -> None:
        self.set_status(201)
        self.write(await self.fleet.create_volume(VolumeSpec.from_json(self.body())))


class VolumeHandler(Handler):
    async def patch(self, name: str) -> None:
        body = self.body()
        if not isinstance(body.get("size"), str):
            raise HTTPError(400, log_message="the body has no size")
        self.write(await self.fleet.resize_volume(name, body["size"]))

    async def delete(self, name: str) -> None:
        await self.fleet.delete_volume(name)
        self.set_status(204)


ROUTES: list[tuple[str, type[Handler]]] = [
    (r"/servers", ServersHandler),
    (r"/servers/([^/]+)", ServerHandler),
    (r"/servers/([^/]+)/(start|stop|restart)", ServerVerbHandler),
    (r"/volumes", VolumesHandler),
    (r"/volumes/([^/]+)", VolumeHandler),
]


def base_url(body: dict[str, Any]) -> str:
    """Below which URL the server is shown."""
    found = body.get("base_url", "/")
    if not isinstance(found, str) or not (found.startswith("/") and found.endswith("/")):
        raise HTTPError(400, log_message=f"{found!r} is no base URL")
    return found
