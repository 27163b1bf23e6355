"""What the store keeps of servers and volumes. Only the agent writes it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from ....servers.spec import ServerSpec
from ...errors import NotFound
from ...server_protocols import State

if TYPE_CHECKING:
    from ..store import Store

AT_REST: frozenset[State] = frozenset({"STOPPED", "FAILED"})
"""The states in which there is nothing to look after."""


@dataclass(frozen=True)
class Status:
    """How a server stands, beside its state. Times are ISO 8601.

    `base`: its base URL. `running`: the spec its process was started with. `began`: when that
    was; `started_at`: when it answered. `again`: it starts as soon as it has stopped.
    `with_volumes`: they go with it.
    """

    base: str = "/"
    message: str | None = None
    port: int | None = None
    tries: int = 0
    cpus: tuple[int, ...] = ()
    running: Mapping[str, Any] | None = None
    began: str | None = None
    started_at: str | None = None
    last_activity: str | None = None
    stop_at: str | None = None
    stopped_at: str | None = None
    stop_reason: str | None = None
    again: bool = False
    with_volumes: bool = False


@dataclass(frozen=True)
class ServerRow:
    name: str
    created_at: str
    state: State
    spec: Mapping[str, Any]
    status: Status = field(default_factory=Status)

    @property
    def asked(self) -> ServerSpec:
        return ServerSpec.from_json(self.spec, where=self.name)


@dataclass(frozen=True)
class VolumeRow:
    """`made_for` is the server that it was made with; `reclaim` says whether it goes with it."""

    name: str
    created_at: str
    size: str
    made_for: str | None = None
    reclaim: str = "Retain"


def server_rows(store: Store) -> list[ServerRow]:
    """All servers, the newest first."""
    from sqlalchemy import select

    from ..schema import servers

    query = select(servers).order_by(servers.c.created_at.desc(), servers.c.name)
    with store.transaction() as connection:
        return [_server(row) for row in connection.execute(query).mappings()]


def server_row(store: Store, name: str) -> ServerRow:
    for row in server_rows(store):
        if row.name == name:
            return row
    raise NotFound(f"there is no server {name!r}", hint="`labwright servers list` shows them")


def save_server(store: Store, row: ServerRow) -> None:
    from ..schema import servers

    _save(store, servers, {**asdict(row), "spec": dict(row.spec), "status": asdict(row.status)})


def forget_server(store: Store, name: str) -> None:
    from ..schema import servers

    _forget(store, servers, name)


def volume_rows(store: Store) -> dict[str, VolumeRow]:
    """The volumes that were asked for, by name; pipelines make folders beside them."""
    from sqlalchemy import select

    from ..schema import volumes

    query = select(volumes).order_by(volumes.c.created_at.desc(), volumes.c.name)
    with store.transaction() as connection:
        rows = connection.execute(query).mappings()
        return {row["name"]: VolumeRow(**{str(k): v for k, v in row.items()}) for row in rows}


def save_volume(store: Store, row: VolumeRow) -> None:
    from ..schema import volumes

    _save(store, volumes, asdict(row))


def forget_volume(store: Store, name: str) -> None:
    from ..schema import volumes

    _forget(store, volumes, name)


def _server(row: Mapping[Any, Any]) -> ServerRow:
    status = {**row["status"], "cpus": tuple(row["status"]["cpus"])}
    known = {str(key): value for key, value in row.items()}
    return ServerRow(**{**known, "status": Status(**status)})


def _save(store: Store, table: Any, values: dict[str, Any]) -> None:
    from sqlalchemy.dialects.sqlite import insert

    statement = insert(table).values(values)
    with store.transaction() as connection:
        connection.execute(statement.on_conflict_do_update(index_elements=["name"], set_=values))


def _forget(store: Store, table: Any, name: str) -> None:
    from sqlalchemy import delete

    with store.transaction() as connection:
        connection.execute(delete(table).where(table.c.name == name))
