"""What every target of notebook servers does."""

from __future__ import annotations

import re
from typing import Any

import jsonschema
import pytest

from contract.servers import Place, until
from labwright.errors import LabwrightError
from labwright.servers.spec import ServerChange, VolumeSpec
from labwright.targets.errors import Conflict, NotFound

SERVER = {
    "name", "target", "state", "message", "progress", "image", "image_name", "cpu", "memory", "gpu",
    "limit_factor", "volumes", "env", "configurations", "tolerations", "node_selector",
    "created_at", "started_at", "last_activity", "idle_after", "stop_at", "stopped_at",
    "stop_reason", "pending_restart", "preset", "owner_kind",
}  # fmt: skip
MOUNT = {"name", "path", "claim", "size", "read_only", "reclaim", "existing"}
VOLUME = {
    "name", "target", "size", "used_bytes", "state", "message", "storage_class", "access_mode",
    "used_by", "created_at", "path",
}  # fmt: skip
IMAGE = {
    "name", "target", "display_name", "description", "reference", "packages", "gpu_vendor",
    "deprecated", "message", "redirect", "hidden", "used_by",
}  # fmt: skip
OPTIONS = {
    "schema", "presets", "images", "gpus", "storage_classes", "volumes", "configurations",
    "defaults", "not_offered",
}  # fmt: skip
STAGES = ["scheduled", "volumes", "image", "started", "ready"]
HOME = {"name": "home", "path": "/home/jovyan", "size": "1Mi"}


def test_a_server_is_made_and_has_the_shape_of_all(servers_at: Place) -> None:
    spec = servers_at.spec(cpu="500m", volumes=[HOME], env={"DEPTH": "3"}, idle_after="8h")
    servers_at.there.ask(lambda one: one.create_server(spec))
    view = servers_at.until(servers_at.running)

    assert set(view) == SERVER
    assert (view["name"], view["target"]) == ("one", servers_at.there.name)
    assert (view["image"], view["cpu"], view["env"]) == (servers_at.image, "500m", {"DEPTH": "3"})
    assert view["idle_after"] == 8 * 3600
    assert view["pending_restart"] is False
    assert view["created_at"].endswith("Z")
    (mount,) = view["volumes"]
    assert set(mount) == MOUNT
    assert (mount["name"], mount["path"], mount["existing"]) == ("home", "/home/jovyan", False)
    stages = [one["stage"] for one in view["progress"]]
    assert stages == [one for one in STAGES if one in stages]
    assert servers_at.names() == ["one"]


def test_the_same_name_twice_is_refused(servers_at: Place) -> None:
    servers_at.there.ask(lambda one: one.create_server(servers_at.spec(volumes=[HOME])))

    with pytest.raises(Conflict, match="one"):
        servers_at.there.ask(lambda one: one.create_server(servers_at.spec(volumes=[HOME])))

    assert servers_at.names() == ["one"]
    assert len(servers_at.volumes()) == 1


def test_a_server_is_stopped_and_started_again(servers_at: Place) -> None:
    servers_at.there.ask(lambda one: one.create_server(servers_at.spec(volumes=[HOME])))
    servers_at.until(servers_at.running)

    servers_at.there.ask(lambda one: one.stop_server("one"))
    view = servers_at.until("STOPPED")
    assert view["progress"] == []
    assert view["stopped_at"].endswith("Z")
    with pytest.raises(Conflict):
        servers_at.there.ask(lambda one: one.server_address("one"))

    servers_at.there.ask(lambda one: one.start_server("one"))
    view = servers_at.until(servers_at.running)
    assert view["stopped_at"] is None
    assert len(servers_at.volumes()) == 1


@pytest.mark.parametrize("with_volumes", [False, True])
def test_a_server_is_deleted_with_its_volumes_or_without(
    servers_at: Place, with_volumes: bool
) -> None:
    shared = {"name": "shared", "path": "/shared", "existing": "shared"}
    servers_at.there.ask(lambda one: one.create_volume(VolumeSpec("shared", "1Mi")))
    spec = servers_at.spec(volumes=[HOME, shared])
    servers_at.there.ask(lambda one: one.create_server(spec))
    claim = servers_at.until(servers_at.running)["volumes"][0]["claim"]

    servers_at.there.ask(lambda one: one.delete_server("one", volumes=with_volumes))

    until(lambda: servers_at.names() == [])
    left = {"shared"} if with_volumes else {"shared", claim}
    until(lambda: set(servers_at.volumes()) == left)
    with pytest.raises(NotFound):
        servers_at.server()


def test_volumes_of_a_server_that_cannot_be_made_are_taken_back(servers_at: Place) -> None:
    missing = {"name": "missing", "path": "/missing", "existing": "nowhere"}

    with pytest.raises(LabwrightError, match="nowhere"):
        servers_at.there.ask(
            lambda one: one.create_server(servers_at.spec(volumes=[HOME, missing]))
        )

    assert servers_at.names() == []
    assert servers_at.volumes() == {}


def test_an_edit_of_a_running_server_waits_for_a_restart(servers_at: Place) -> None:
    servers_at.there.ask(lambda one: one.create_server(servers_at.spec(volumes=[HOME])))
    servers_at.until(servers_at.running)

    change = ServerChange.from_json({"env": {"DEPTH": "4"}})
    servers_at.there.ask(lambda one: one.change_server("one", change))
    until(lambda: servers_at.server()["pending_restart"])
    assert servers_at.server()["env"] == {"DEPTH": "4"}

    servers_at.there.ask(lambda one: one.restart_server("one"))
    until(lambda: not servers_at.server()["pending_restart"])
    servers_at.until(servers_at.running)


def test_limits_are_changed_and_told_by_their_factor(servers_at: Place) -> None:
    spec = servers_at.spec(volumes=[HOME], cpu="100m", memory="64Mi", limit_factor=1.5)
    made = servers_at.there.ask(lambda one: one.create_server(spec))
    assert made["limit_factor"] == 1.5
    servers_at.until(servers_at.running)

    def change(**said: Any) -> dict[str, Any]:
        wanted = ServerChange.from_json(said)
        return servers_at.there.ask(lambda one: one.change_server("one", wanted))

    assert change(limit_factor=2)["limit_factor"] == 2
    assert change(memory="128Mi")["limit_factor"] == 2
    assert change(limit_factor=None)["limit_factor"] is None
    with pytest.raises(LabwrightError, match="nothing to multiply"):
        change(limit_factor=2, cpu=None, memory=None)


@pytest.mark.parametrize(
    "wanted",
    [
        {"configurations": ["s3"]},
        {"tolerations": [{"key": "gpu", "operator": "Exists", "effect": "NoSchedule"}]},
        {"node_selector": {"disk": "ssd", "gpu": ""}},
    ],
    ids=lambda one: next(iter(one)),
)
def test_where_a_server_runs_is_changed_or_refused_by_name(
    servers_at: Place, wanted: dict[str, Any]
) -> None:
    servers_at.there.ask(lambda one: one.create_server(servers_at.spec(volumes=[HOME])))
    offered = servers_at.there.ask(lambda one: one.server_options())
    (field,) = wanted
    before = servers_at.server()

    def change(value: Any) -> dict[str, Any]:
        said = ServerChange.from_json({field: value})
        return servers_at.there.ask(lambda one: one.change_server("one", said))

    if field in offered["schema"]["properties"]:
        assert change(wanted[field])[field] == wanted[field]
        assert servers_at.server()[field] == wanted[field]
        assert change(None)[field] == before[field]
        return
    word = offered["not_offered"].get(field, "there is no configuration 's3'")
    with pytest.raises(LabwrightError, match=re.escape(word)):
        change(wanted[field])
    assert servers_at.server()[field] == before[field]


def test_volumes_grow(servers_at: Place) -> None:
    made = servers_at.there.ask(lambda one: one.create_volume(VolumeSpec("data", "1Mi")))
    assert set(made) == VOLUME
    assert (made["name"], made["size"], made["used_by"]) == ("data", "1Mi", [])
    with pytest.raises(Conflict):
        servers_at.there.ask(lambda one: one.create_volume(VolumeSpec("data", "1Mi")))

    until(lambda: servers_at.volumes()["data"]["state"] == "BOUND")
    servers_at.there.ask(lambda one: one.resize_volume("data", "2Mi"))
    until(lambda: servers_at.volumes()["data"]["size"] == "2Mi")
    with pytest.raises(LabwrightError, match="shrink"):
        servers_at.there.ask(lambda one: one.resize_volume("data", "1Mi"))
    with pytest.raises(NotFound):
        servers_at.there.ask(lambda one: one.resize_volume("nothing", "1Mi"))


def test_a_volume_that_is_used_is_not_deleted(servers_at: Place) -> None:
    servers_at.there.ask(lambda one: one.create_volume(VolumeSpec("data", "1Mi")))
    mount = {"name": "data", "path": "/data", "existing": "data"}
    spec = servers_at.spec(volumes=[HOME, mount])
    servers_at.there.ask(lambda one: one.create_server(spec))
    assert servers_at.volumes()["data"]["used_by"] == ["one"]

    with pytest.raises(Conflict, match="one"):
        servers_at.there.ask(lambda one: one.delete_volume("data"))

    servers_at.there.ask(lambda one: one.delete_server("one"))
    until(lambda: servers_at.names() == [])
    servers_at.there.ask(lambda one: one.delete_volume("data"))
    until(lambda: "data" not in servers_at.volumes())
    with pytest.raises(NotFound):
        servers_at.there.ask(lambda one: one.delete_volume("data"))


def test_a_log_is_followed_until_its_server_stops(servers_at: Place) -> None:
    servers_at.there.ask(lambda one: one.create_server(servers_at.spec(volumes=[HOME])))
    servers_at.until(servers_at.running)
    pieces = servers_at.there.follow_log("one")
    try:
        first = next(pieces)
        assert set(first) == {"text", "offset", "next", "end", "log"}
        assert (first["offset"], first["end"]) == (0, False)
        servers_at.there.ask(lambda one: one.stop_server("one"))
        *_, last = pieces
        assert last["end"]
    finally:
        pieces.close()  # type: ignore[attr-defined]
    with pytest.raises(NotFound):
        next(servers_at.there.follow_log("two"))


def test_what_is_not_there_is_not_found(servers_at: Place) -> None:
    change = ServerChange({"cpu": "1"})
    for ask in (
        lambda one: one.server("one"),
        lambda one: one.start_server("one"),
        lambda one: one.stop_server("one"),
        lambda one: one.restart_server("one"),
        lambda one: one.change_server("one", change),
        lambda one: one.delete_server("one"),
        lambda one: one.server_address("one"),
        lambda one: one.server_log("one"),
    ):
        with pytest.raises(NotFound):
            servers_at.there.ask(ask)


def test_what_can_be_chosen(servers_at: Place) -> None:
    found: dict[str, Any] = servers_at.there.ask(lambda one: one.server_options())

    assert set(found) == OPTIONS
    jsonschema.Draft202012Validator.check_schema(found["schema"])
    jsonschema.validate({"name": "one", "volumes": [HOME]}, found["schema"])
    assert len(found["presets"]) == 6
    for name in found["not_offered"]:
        assert name not in found["schema"]["properties"]
    images = servers_at.there.ask(lambda one: one.images())
    assert images == found["images"]
    assert all(set(one) == IMAGE for one in images)


def test_changes_are_told_as_they_come(servers_at: Place) -> None:
    servers_at.there.ask(lambda one: one.create_volume(VolumeSpec("data", "1Mi")))
    changes = servers_at.there.watch()

    def next_of(kind: str, name: str, **wanted: Any) -> dict[str, Any]:
        for change in changes:
            view = change.get("server") or change.get("volume") or change
            fits = all(view.get(key) == value for key, value in wanted.items())
            if (change["type"], view["name"]) == (kind, name) and fits:
                return view
        raise AssertionError("a watch has no end")

    try:
        assert set(next_of("volume", "data")) == VOLUME
        spec = servers_at.spec(volumes=[HOME])
        servers_at.there.ask(lambda one: one.create_server(spec))
        assert set(next_of("server", "one", state=servers_at.running)) == SERVER
        servers_at.there.ask(lambda one: one.delete_server("one"))
        next_of("server-deleted", "one")
        servers_at.there.ask(lambda one: one.delete_volume("data"))
        next_of("volume-deleted", "data")
    finally:
        changes.close()  # type: ignore[attr-defined]
