"""All servers and volumes of this machine, as the agent looks after them."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ....errors import LabwrightError
from ....servers.spec import ServerChange, ServerSpec, VolumeSpec, check_limits
from ....servers.words import seconds, size_bytes
from ...errors import BadRequest, Conflict, NotFound
from ..events import now
from ..gpus import GpuLedger
from ..home import volumes_folder
from ..needs import Needs
from .environment import interpreter, needed_program
from .idle import Activity
from .keeper import Keeper
from .mounts import drop_links, with_workspace
from .place import ServerDir
from .probe import Prober
from .process import choose_cpus
from .rows import (
    AT_REST,
    ServerRow,
    Status,
    VolumeRow,
    forget_server,
    forget_volume,
    save_server,
    save_volume,
    server_rows,
    volume_rows,
)
from .suit import check_room, check_server, check_volume, filled_in
from .views import server_view, users_of, volume_names, volume_view

if TYPE_CHECKING:
    from ..store import Store

View = dict[str, Any]
Publish = Callable[[str, View], None]
PLACE = "labwright/servers"
"""Below the base URL of the Jupyter server that shows it: each server's own base URL."""


def default_idle() -> int:
    """Seconds without use after which a server that does not say is stopped: LABWRIGHT_SERVER_IDLE,
    as `8h`; otherwise never."""
    text = os.environ.get("LABWRIGHT_SERVER_IDLE")
    return seconds(text, where="LABWRIGHT_SERVER_IDLE") if text else 0


class Fleet:
    """One for an agent. All methods are called on its event loop."""

    def __init__(self, store: Store, publish: Publish) -> None:
        self.store = store
        self.ledger = GpuLedger(store.root / "gpus")
        self.keepers: dict[str, Keeper] = {}
        self._publish = publish
        self._idle = default_idle()
        self._prober: Prober | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._turn = asyncio.Lock()

    # What the agent asks

    def adopt(self) -> None:
        """Take up the servers that an earlier agent left, whether they live or not."""
        for row in server_rows(self.store):
            self._keep(row)

    async def close(self) -> None:
        """Look no more. The servers go on by themselves."""
        self.keepers.clear()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._prober is not None:
            self._prober.close()

    @property
    def active(self) -> int:
        """How many servers there are to look after."""
        return sum(one.row.state not in AT_REST for one in self.keepers.values())

    def needs(self) -> list[Needs]:
        """What servers hold that runs cannot have meanwhile. CPUs and memory are shared."""
        held = [one.row for one in self.keepers.values() if one.row.status.running is not None]
        specs = [ServerSpec.from_json(row.status.running) for row in held]
        return [Needs(gpus=spec.gpu.count) for spec in specs if spec.gpu is not None]

    # What people ask

    async def create(self, spec: ServerSpec, base_url: str) -> View:
        async with self._turn:
            if spec.name in self.keepers:
                raise Conflict(f"there is a server {spec.name!r} already", hint="choose another")
            there = volume_names(self.store)
            spec = with_workspace(filled_in(spec), there)
            check_limits(spec)
            await self._check(spec)
            made = self._make_volumes(spec, before=ServerSpec(spec.name))
            try:
                place = ServerDir.of(self.store.root, spec.name)
                place.make()
                row = ServerRow(
                    spec.name,
                    now(),
                    "WAITING",
                    spec.to_json(),
                    Status(base=base_of(base_url, spec)),
                )
                save_server(self.store, row)
            except BaseException:
                for name in made:
                    self._take_back(name)
                raise
            self._keep(row)
            self.tell(row)
            await self._tell_volumes(one.claim(spec.name) for one in spec.volumes)
        return self.view(spec.name)

    async def change(self, name: str, change: ServerChange) -> View:
        async with self._turn:
            keeper = self._keeper(name)
            before = keeper.row.asked
            after = with_workspace(
                filled_in(change.apply(before)), volume_names(self.store), before.volumes
            )
            if "limit_factor" in change.given:
                check_limits(after)
            await self._check(after)
            self._make_volumes(after, before)
            keeper.save(replace(keeper.row, spec=after.to_json()))
            await self._tell_volumes(one.claim(name) for one in {*before.volumes, *after.volumes})
        return self.view(name)

    def start(self, name: str, base_url: str) -> View:
        keeper = self._keeper(name)
        if keeper.row.state in AT_REST:
            base = base_of(base_url, keeper.row.asked)
            keeper.order("WAITING", base=base, message=None, began=None, started_at=None, tries=0)
        elif keeper.row.state == "STOPPING":
            keeper.order("STOPPING", again=True)
        return self.view(name)

    def stop(self, name: str) -> View:
        keeper = self._keeper(name)
        state = keeper.row.state
        if state in ("STARTING", "RUNNING", "STOPPING") or keeper.place.alive:
            reason = "It was stopped." if state != "STOPPING" else keeper.row.status.stop_reason
            keeper.order("STOPPING", stop_reason=reason, stop_at=None, again=False, message=None)
        elif state in ("WAITING", "FAILED"):
            keeper.order(
                "STOPPED",
                stop_reason="It was stopped.",
                stopped_at=now(),
                message=None,
                running=None,
            )
        return self.view(name)

    def restart(self, name: str, base_url: str) -> View:
        keeper = self._keeper(name)
        if keeper.row.state not in ("STARTING", "RUNNING"):
            return self.start(name, base_url)
        base = base_of(base_url, keeper.row.asked)
        keeper.order("STOPPING", base=base, again=True, stop_at=None, message=None)
        return self.view(name)

    def delete(self, name: str, *, volumes: bool) -> None:
        """Have a server end and be forgotten; its keeper does both."""
        keeper = self._keeper(name, gone=True)
        keeper.order("TERMINATING", with_volumes=volumes, again=False, stop_at=None, message=None)

    async def create_volume(self, spec: VolumeSpec) -> View:
        async with self._turn:
            if spec.name in volume_names(self.store):
                raise Conflict(f"there is a volume {spec.name!r} already")
            check_volume(spec, volumes_folder(self.store.root))
            self._make_volume(VolumeRow(spec.name, now(), spec.size))
            return await self._tell_volume(spec.name)

    async def resize_volume(self, name: str, size: str) -> View:
        async with self._turn:
            row = volume_rows(self.store).get(name)
            if row is None and name not in volume_names(self.store):
                raise _no_volume(name)
            if row is not None and size_bytes(size, where=name) < size_bytes(row.size):
                raise BadRequest(f"a volume cannot shrink from {row.size} to {size}", where=name)
            check_room(name, size, volumes_folder(self.store.root))
            row = row or VolumeRow(name, now(), size)
            save_volume(self.store, replace(row, size=size))
            return await self._tell_volume(name)

    async def delete_volume(self, name: str) -> None:
        async with self._turn:
            if name not in volume_names(self.store):
                raise _no_volume(name)
            users = users_of(name, server_rows(self.store))
            if users:
                listed = ", ".join(users)
                raise Conflict(
                    f"the volume {name!r} is used by {listed}", hint="take it out of them first"
                )
            await self._drop_volume(name)

    def view(self, name: str) -> View:
        return server_view(self._keeper(name, gone=True).row, volume_rows(self.store))

    def views(self) -> list[View]:
        """The newest first."""
        volumes = volume_rows(self.store)
        rows = [one.row for one in self.keepers.values()]
        rows.sort(key=lambda row: (row.created_at, row.name), reverse=True)
        return [server_view(row, volumes) for row in rows]

    # What the keepers ask

    def save(self, row: ServerRow) -> None:
        save_server(self.store, row)

    def tell(self, row: ServerRow) -> None:
        self._publish("server", {"server": server_view(row, volume_rows(self.store))})

    async def ready(self, row: ServerRow) -> bool:
        return await self._asking.ready(*self._door(row))

    async def activity(self, row: ServerRow) -> Activity:
        return await self._asking.activity(*self._door(row))

    def idle_after(self, row: ServerRow) -> int:
        found = row.asked.idle_after
        return self._idle if found is None else found

    def port_for(self, row: ServerRow) -> int:
        """The port that it had, so that open pages find it again, or a free one."""
        others = {one.row.status.port for name, one in self.keepers.items() if name != row.name}
        port = row.status.port
        if port is not None and port not in others and not self.taken(port):
            return port
        while True:
            with socket.socket() as one:
                one.bind(("127.0.0.1", 0))
                port = int(one.getsockname()[1])
            if port not in others:
                return port

    def taken(self, port: int | None) -> bool:
        """Whether some program listens there."""
        with socket.socket() as one:
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                one.bind(("127.0.0.1", port or 0))
            except OSError:
                return True
        return False

    def cpus_for(self, count: int, name: str) -> tuple[int, ...]:
        """The CPUs that a server is kept to; none where it did not ask for a number."""
        allowed = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
        others = (one.row.status.cpus for key, one in self.keepers.items() if key != name)
        return choose_cpus(count, allowed, [cpu for cpus in others for cpu in cpus])

    async def forget(self, row: ServerRow) -> None:
        """A server has ended for good: take away what was its own."""
        async with self._turn:
            place = ServerDir.of(self.store.root, row.name)
            await asyncio.to_thread(drop_links, self.store.root, place)
            others = [one for one in server_rows(self.store) if one.name != row.name]
            for volume in volume_rows(self.store).values():
                if volume.made_for != row.name:
                    continue
                goes = volume.reclaim == "Delete" or row.status.with_volumes
                if goes and not users_of(volume.name, others):
                    await self._drop_volume(volume.name)
                else:  # a later server of this name is another one
                    save_volume(self.store, replace(volume, made_for=None))
            await asyncio.to_thread(shutil.rmtree, place.path, True)
            # Last, so that an agent that comes after a kill does what is left of this.
            forget_server(self.store, row.name)
            del self.keepers[row.name]
            self._publish("server-deleted", {"name": row.name})
            there = volume_names(self.store)
            claims = {one.claim(row.name) for one in row.asked.volumes}
            await self._tell_volumes(claims & there)

    def _keep(self, row: ServerRow) -> None:
        keeper = self.keepers[row.name] = Keeper(self, row)
        task = asyncio.create_task(keeper.live(), name=f"labwright server {row.name}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _keeper(self, name: str, *, gone: bool = False) -> Keeper:
        keeper = self.keepers.get(name)
        if keeper is None:
            raise NotFound(f"there is no server {name!r}", hint="`labwright servers list`")
        if keeper.row.state == "TERMINATING" and not gone:
            raise Conflict(f"the server {name!r} is being deleted")
        return keeper

    def _door(self, row: ServerRow) -> tuple[int, str, str]:
        token = ServerDir.of(self.store.root, row.name).token()
        return row.status.port or 0, row.status.base, token

    @property
    def _asking(self) -> Prober:
        if self._prober is None:
            self._prober = Prober()
        return self._prober

    async def _check(self, spec: ServerSpec) -> None:
        """See that the server can run here before anything is made for it."""
        check_server(spec)

        def look() -> None:
            needed_program(spec.image, interpreter(spec.image).python)

        await asyncio.to_thread(look)

    def _make_volumes(self, spec: ServerSpec, before: ServerSpec) -> list[str]:
        """Make and grow the volumes that a server asks for, all or none; the new ones' names."""
        there, had = volume_rows(self.store), {one.name for one in before.volumes}
        names = volume_names(self.store)
        folder = volumes_folder(self.store.root)
        new: list[VolumeRow] = []
        for mount in spec.volumes:
            claim = mount.claim(spec.name)
            if mount.existing is not None:
                if claim not in names:
                    raise _no_volume(claim)
            elif mount.size is not None and (mount.name not in had or claim not in names):
                if claim in names:
                    hint = f"mount it as an existing one, or `labwright volumes delete {claim}`"
                    raise Conflict(f"there is a volume {claim!r} already", hint=hint)
                check_room(claim, mount.size, folder)
                new.append(VolumeRow(claim, now(), mount.size, spec.name, mount.reclaim))
            elif mount.size is not None and (row := there.get(claim)) is not None:
                new.append(replace(row, size=mount.size, reclaim=mount.reclaim))
        made: list[str] = []
        try:
            for row in new:
                self._make_volume(row)
                made += [row.name] if row.name not in names else []
        except BaseException:
            for name in made:
                self._take_back(name)
            raise
        return made

    def _take_back(self, name: str) -> None:
        """A volume whose server could not be made: there is nothing in it yet."""
        forget_volume(self.store, name)
        (volumes_folder(self.store.root) / name).rmdir()

    def _make_volume(self, row: VolumeRow) -> None:
        folder = volumes_folder(self.store.root) / row.name
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            raise LabwrightError(f"cannot make {folder}: {error.strerror}") from None
        save_volume(self.store, row)

    async def _drop_volume(self, name: str) -> None:
        folder = volumes_folder(self.store.root) / name
        try:
            await asyncio.to_thread(shutil.rmtree, folder)
        except FileNotFoundError:
            pass
        except OSError as error:
            raise LabwrightError(f"cannot delete {folder}: {error.strerror}") from None
        forget_volume(self.store, name)
        self._publish("volume-deleted", {"name": name})

    async def _tell_volumes(self, names: Iterable[str]) -> None:
        for name in sorted(set(names)):
            await self._tell_volume(name)

    async def _tell_volume(self, name: str) -> View:
        rows, servers = volume_rows(self.store), server_rows(self.store)
        view = await asyncio.to_thread(volume_view, self.store, name, rows.get(name), servers)
        self._publish("volume", {"volume": view})
        return view


def base_of(base_url: str, spec: ServerSpec) -> str:
    """A server's own base URL."""
    return f"{base_url}{PLACE}/{spec.name}/"


def _no_volume(name: str) -> NotFound:
    return NotFound(f"there is no volume {name!r}", hint="`labwright volumes list` shows them")
