"""A target somewhere else with notebook servers, moved by the test."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

from labwright.servers.presets import PRESETS
from labwright.servers.schema import Offers, spawn_schema
from labwright.servers.spec import ServerChange, ServerSpec, VolumeSpec, needs_restart, with_preset
from labwright.servers.words import size_bytes
from labwright.targets.errors import BadRequest, Conflict, NotFound

from .far import FarTarget

View = dict[str, Any]
MADE = "2026-01-01T00:00:{:02}Z"
GPUS = [{"vendor": "nvidia.com/gpu", "name": "A100", "total": 8, "free": 3}]


def image(name: str, **more: Any) -> View:
    return {
        "name": name,
        "target": "far",
        "display_name": name.title(),
        "description": "",
        "reference": f"example.com/{name}:1",
        "packages": [],
        "gpu_vendor": None,
        "deprecated": False,
        "message": None,
        "redirect": None,
        "hidden": False,
        "used_by": 0,
        **more,
    }


class FarServers(FarTarget):
    """Servers and volumes are what was asked for; `become` moves one on."""

    capabilities = replace(FarTarget.capabilities, servers=True)

    def __init__(self) -> None:
        super().__init__()
        self.specs: dict[str, ServerSpec] = {}
        self.states: dict[str, View] = {}
        self.made_volumes: dict[str, View] = {}
        self.printed_by_servers = "starting\nready ä\n"
        self.listeners: list[asyncio.Queue[View]] = []
        self.printing = asyncio.Event()
        self.log_name, self.log_over, self.followers = "first", False, 0

    def tell(self, change: View) -> None:
        for queue in self.listeners:
            queue.put_nowait(change)

    def become(self, name: str, state: str, **more: Any) -> View:
        self.states[name] = {**self.states[name], "state": state, **more}
        view = self._view(name)
        self.tell({"type": "server", "server": view})
        return view

    def _view(self, name: str) -> View:
        spec = self.specs[name]
        asked = with_preset(spec)
        return {
            "name": name,
            "target": "far",
            "state": "WAITING",
            "message": None,
            "progress": [],
            "image": spec.image,
            "image_name": spec.image,
            "cpu": asked.cpu,
            "memory": asked.memory,
            "gpu": asked.to_json()["gpu"],
            **{
                key: asked.to_json()[key]
                for key in ("limit_factor", "configurations", "tolerations", "node_selector")
            },
            "volumes": [
                {
                    "name": one.name,
                    "path": one.path,
                    "claim": one.existing or f"{name}-{one.name}",
                    "size": one.size,
                    "read_only": one.read_only,
                    "reclaim": one.reclaim,
                    "existing": one.existing is not None,
                }
                for one in spec.volumes
            ],
            "env": dict(spec.env),
            "created_at": MADE.format(list(self.specs).index(name)),
            "started_at": None,
            "last_activity": None,
            "idle_after": spec.idle_after,
            "stop_at": None,
            "stopped_at": None,
            "stop_reason": None,
            "pending_restart": False,
            "preset": spec.preset,
            "owner_kind": "kubeflow",
            **self.states[name],
        }

    async def server_options(self) -> View:
        await self._asked()
        images = await self.images()
        offers = Offers(
            images=images,
            gpus=GPUS,
            storage_classes=["standard"],
            volumes=list(self.made_volumes),
            not_offered={"limit_factor": "limits are what is asked for"},
        )
        return {
            "schema": spawn_schema(offers),
            "presets": [one.to_json() for one in PRESETS.values()],
            "images": images,
            "gpus": GPUS,
            "storage_classes": ["standard"],
            "volumes": await self.volumes(),
            "configurations": [],
            "defaults": {"idle_after": 28800},
            "not_offered": dict(offers.not_offered),
        }

    async def servers(self) -> list[View]:
        await self._asked()
        return [self._view(name) for name in self.specs][::-1]

    async def server(self, name: str) -> View:
        await self._asked()
        self._there(name)
        return self._view(name)

    def _there(self, name: str) -> None:
        if name not in self.specs:
            raise NotFound(f"there is no server {name!r}", where="far", status=404)

    async def create_server(self, spec: ServerSpec) -> View:
        await self._asked()
        if spec.name in self.specs:
            raise Conflict(f"there is a server {spec.name!r} already", where="far", status=409)
        self.specs[spec.name] = spec
        self.states[spec.name] = {}
        for one in spec.volumes:
            if one.size:
                await self.create_volume(VolumeSpec(f"{spec.name}-{one.name}", one.size))
        return self.become(spec.name, "STARTING")

    async def change_server(self, name: str, change: ServerChange) -> View:
        before = self.specs[(await self.server(name))["name"]]
        self.specs[name] = change.apply(before)
        waits = self.states[name]["state"] == "RUNNING" and needs_restart(before, self.specs[name])
        return self.become(name, self.states[name]["state"], pending_restart=waits)

    async def start_server(self, name: str) -> View:
        await self.server(name)
        return self.become(name, "RUNNING", pending_restart=False)

    async def stop_server(self, name: str) -> View:
        await self.server(name)
        return self.become(name, "STOPPED", stop_reason="you stopped it")

    async def restart_server(self, name: str) -> View:
        return await self.start_server(name)

    async def delete_server(self, name: str, *, volumes: bool = False) -> None:
        view = await self.server(name)
        del self.specs[name]
        self.tell({"type": "server-deleted", "name": name})
        for one in view["volumes"] if volumes else []:
            if not one["existing"]:
                await self.delete_volume(one["claim"])

    async def server_address(self, name: str) -> View:
        if (await self.server(name))["state"] != "RUNNING":
            raise Conflict(f"server {name!r} does not run", where="far", status=409)
        return {"url": f"https://cluster.example/notebook/team/{name}/", "proxied": False}

    async def server_log(self, name: str, *, offset: int = 0, limit: int = 1 << 20) -> View:
        await self.server(name)
        data = self.printed_by_servers.encode()[offset : offset + limit]
        text = data.decode(errors="ignore")
        behind = offset + len(text.encode())
        return {"text": text, "offset": offset, "next": behind, "end": False}

    async def follow_server_log(
        self, name: str, *, offset: int = 0, log: str = ""
    ) -> AsyncIterator[View]:
        """Until it is told to be over; `print` has it go on."""
        await self.server(name)
        self.followers += 1
        try:
            offset = offset if log == self.log_name else 0
            end = False
            while not end:
                end = self.log_over
                self.printing.clear()
                piece = await self.server_log(name, offset=offset)
                yield {**piece, "end": end, "log": self.log_name}
                offset = piece["next"]
                if not end:
                    await self.printing.wait()
        finally:
            self.followers -= 1

    def print(self, text: str = "", *, over: bool = False) -> None:
        self.printed_by_servers += text
        self.log_over = over
        self.printing.set()

    async def watch_servers(self) -> AsyncIterator[View]:
        queue: asyncio.Queue[View] = asyncio.Queue()
        self.listeners.append(queue)
        try:
            for view in await self.servers():
                yield {"type": "server", "server": view}
            while True:
                yield await queue.get()
        finally:
            self.listeners.remove(queue)

    async def volumes(self) -> list[View]:
        await self._asked()
        return list(self.made_volumes.values())[::-1]

    async def create_volume(self, spec: VolumeSpec) -> View:
        await self._asked()
        if spec.name in self.made_volumes:
            raise Conflict(f"there is a volume {spec.name!r} already", where="far", status=409)
        return self._set_volume(
            {
                "name": spec.name,
                "target": "far",
                "size": spec.size,
                "used_bytes": None,
                "state": "BOUND",
                "message": None,
                "storage_class": spec.storage_class,
                "access_mode": spec.access_mode,
                "used_by": [],
                "created_at": MADE.format(len(self.made_volumes)),
                "path": None,
            }
        )

    def _set_volume(self, view: View) -> View:
        self.made_volumes[view["name"]] = view
        self.tell({"type": "volume", "volume": view})
        return view

    async def resize_volume(self, name: str, size: str) -> View:
        await self._asked()
        before = self._volume(name)
        if size_bytes(size, where=name) < size_bytes(before["size"]):
            raise BadRequest("a volume cannot shrink", where=name, status=400)
        return self._set_volume({**before, "size": size, "state": "RESIZING"})

    async def delete_volume(self, name: str) -> None:
        await self._asked()
        self._volume(name)
        for server, spec in self.specs.items():
            if any((one.existing or f"{server}-{one.name}") == name for one in spec.volumes):
                raise Conflict(f"server {server!r} has it", where=name, status=409)
        del self.made_volumes[name]
        self.tell({"type": "volume-deleted", "name": name})

    def _volume(self, name: str) -> View:
        if name not in self.made_volumes:
            raise NotFound(f"there is no volume {name!r}", where="far", status=404)
        return self.made_volumes[name]

    async def images(self) -> list[View]:
        await self._asked()
        return [image("scientific", used_by=len(self.specs)), image("old", deprecated=True)]
