"""What a server may be asked for, and what is said about what it may not."""

from __future__ import annotations

import json
from typing import Any

import pytest

from labwright.errors import LabwrightError
from labwright.servers.presets import PRESETS
from labwright.servers.spec import (
    Gpu,
    Mount,
    ServerChange,
    ServerSpec,
    VolumeSpec,
    needs_restart,
    with_preset,
)

WHOLE: dict[str, Any] = {
    "name": "my-server",
    "image": "scientific",
    "cpu": "500m",
    "memory": "8Gi",
    "gpu": {"count": 2, "vendor": "nvidia.com/gpu"},
    "limit_factor": 1.5,
    "volumes": [
        {
            "name": "data", "path": "/data", "size": "20Gi", "existing": None, "read_only": False,
            "reclaim": "Delete", "storage_class": "fast",
        },
        {
            "name": "shared", "path": "/home/jovyan/s", "size": None, "existing": "team.shared",
            "read_only": True, "reclaim": "Retain", "storage_class": None,
        },
    ],
    "env": {"DATA_DIR": "/data"},
    "idle_after": 5400,
    "configurations": ["s3-access"],
    "tolerations": [{"key": "gpu", "operator": "Exists", "effect": "NoSchedule"}],
    "node_selector": {"disk": "ssd"},
    "preset": "small-training",
}  # fmt: skip


def test_a_whole_server_survives_the_way_to_json_and_back() -> None:
    spec = ServerSpec.from_json(WHOLE)

    assert spec.to_json() == WHOLE
    assert json.loads(json.dumps(spec.to_json())) == WHOLE


def test_what_is_left_out_is_the_targets_choice() -> None:
    spec = ServerSpec.from_json({"name": "a"})

    assert spec == ServerSpec("a")
    assert ServerSpec.from_json(spec.to_json()) == spec


def test_short_forms_are_read() -> None:
    spec = ServerSpec.from_json(
        {
            "name": "a",
            "cpu": 2,
            "gpu": 1,
            "idle_after": "1h30m",
            "env": {"DEPTH": 3},
            "volumes": [{"name": "w", "path": "work/./x", "size": "1Gi"}],
        }
    )

    assert spec.cpu == "2"
    assert spec.gpu == Gpu(1, "nvidia.com/gpu")
    assert spec.idle_after == 5400
    assert spec.env == {"DEPTH": "3"}
    assert spec.volumes[0].path == "/home/jovyan/work/x"


@pytest.mark.parametrize(("text", "seconds"), [("never", 0), (0, 0), ("45s", 45), ("2d", 172800)])
def test_an_idle_time(text: Any, seconds: int) -> None:
    assert ServerSpec.from_json({"name": "a", "idle_after": text}).idle_after == seconds


@pytest.mark.parametrize("vendor", ["amd", "amd.com/gpu"])
def test_a_gpu_is_known_by_its_short_and_its_whole_name(vendor: str) -> None:
    spec = ServerSpec.from_json({"name": "a", "gpu": {"vendor": vendor}})

    assert spec.gpu == Gpu(1, "amd.com/gpu")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"name": "My Server!"}, "`name` is 'My Server!' .allowed: .*such as my-server"),
        ({"name": "9"}, "`name` is '9'"),
        ({"name": "a" * 64}, "63 characters at most"),
        ({"name": None}, "`name` is None"),
        ({"cpu": "much"}, "`cpu` is 'much' .*number of cores"),
        ({"memory": "0"}, "`memory` is '0' .*a size, as 512Mi or 4Gi"),
        ({"gpu": -1}, "`gpu.count` is -1"),
        ({"gpu": {"vendor": "nobody"}}, "`gpu.vendor` is 'nobody'"),
        ({"limit_factor": 0.5}, "`limit_factor` is 0.5"),
        ({"idle_after": "soon"}, "`idle_after` is 'soon' .*8h"),
        ({"idle_after": 0.2}, "`idle_after` is 0.2"),
        ({"env": {"1X": "y"}}, "`env.1X`"),
        ({"preset": "huge"}, "`preset` is 'huge' .*large-training"),
        ({"cpus": 2}, "`cpus` is unknown .*did you mean 'cpu'"),
        ({"volumes": [{"name": "A", "path": "/a", "size": "1"}]}, r"`volumes\[0\].name` is 'A'"),
        ({"volumes": [{"name": "a", "path": "/a/../b", "size": "1"}]}, r"`volumes\[0\].path`"),
        ({"volumes": [{"name": "a", "path": "/", "size": "1"}]}, r"`volumes\[0\].path` is '/'"),
        ({"volumes": [{"name": "a", "path": "/a"}]}, r"`volumes\[0\]` has neither"),
        (
            {"volumes": [{"name": "a", "path": "/a", "size": "1Gi", "existing": "b"}]},
            r"`volumes\[0\]` has both",
        ),
        (
            {"volumes": [{"name": "a", "path": "/a", "existing": "b", "reclaim": "Delete"}]},
            r"`volumes\[0\].reclaim` is Delete for an existing volume",
        ),
        (
            {"volumes": [{"name": n, "path": "/a", "size": "1Gi"} for n in "ab"]},
            r"`volumes\[1\].path` is '/a' a second time",
        ),
        ({"tolerations": [{"operator": "Equal"}]}, r"`tolerations\[0\]` has no `key`"),
    ],
)
def test_what_cannot_be_is_named(change: dict[str, Any], words: str) -> None:
    with pytest.raises(LabwrightError, match=words):
        ServerSpec.from_json({"name": "a", **change})


def test_a_volume() -> None:
    spec = VolumeSpec.from_json({"name": "data", "size": "20Gi"})

    assert spec == VolumeSpec("data", "20Gi", None, "ReadWriteOnce")
    assert VolumeSpec.from_json(spec.to_json()) == spec
    with pytest.raises(LabwrightError, match="`access_mode` is 'Mine'"):
        VolumeSpec.from_json({"name": "data", "size": "1Gi", "access_mode": "Mine"})


def test_a_change_leaves_alone_what_it_does_not_name() -> None:
    before = ServerSpec.from_json(WHOLE)

    after = ServerChange.from_json({"cpu": "4", "idle_after": None}).apply(before)

    assert after.cpu == "4"
    assert after.idle_after is None
    assert after.to_json() == {**WHOLE, "cpu": "4", "idle_after": None}


def test_null_in_a_change_is_the_default() -> None:
    after = ServerChange.from_json({"volumes": None, "env": None}).apply(
        ServerSpec.from_json(WHOLE)
    )

    assert after.volumes == ()
    assert after.env == {}


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"name": "b"}, "`name` cannot be changed"),
        ({"cpus": 2}, "`cpus` is unknown"),
        ({"cpu": "x"}, "`cpu` is 'x'"),
        ([], "an object"),
    ],
)
def test_a_change_that_cannot_be(data: Any, words: str) -> None:
    with pytest.raises(LabwrightError, match=words):
        ServerChange.from_json(data)


def test_volumes_grow_and_do_not_shrink() -> None:
    before = ServerSpec("a", volumes=(Mount("w", "/w", size="10Gi"),))

    def resized(size: str) -> ServerSpec:
        return ServerChange({"volumes": [{"name": "w", "path": "/w", "size": size}]}).apply(before)

    assert resized("20Gi").volumes[0].size == "20Gi"
    with pytest.raises(
        LabwrightError, match="a, volume w: a volume cannot shrink from 10Gi to 1Gi"
    ):
        resized("1Gi")


def test_a_volume_does_not_become_another_one() -> None:
    before = ServerSpec("a", volumes=(Mount("w", "/w", size="10Gi"),))
    change = ServerChange({"volumes": [{"name": "w", "path": "/w", "existing": "other"}]})

    with pytest.raises(LabwrightError, match="cannot become another one"):
        change.apply(before)


@pytest.mark.parametrize(
    ("data", "restart"),
    [
        ({"idle_after": 60}, False),
        ({"preset": None}, False),
        ({"cpu": "3"}, True),
        ({"env": {}}, True),
        ({"volumes": []}, True),
        ({"volumes": [{"name": "w", "path": "/w", "size": "99Gi", "reclaim": "Delete"}]}, False),
        ({"volumes": [{"name": "w", "path": "/x", "size": "10Gi"}]}, True),
    ],
)
def test_what_a_running_server_only_takes_up_anew(data: dict[str, Any], restart: bool) -> None:
    before = ServerSpec.from_json(
        {**WHOLE, "volumes": [{"name": "w", "path": "/w", "size": "10Gi"}]}
    )

    assert needs_restart(before, ServerChange(data).apply(before)) is restart


def test_a_preset_fills_in_what_was_left_open() -> None:
    spec = with_preset(ServerSpec("a", cpu="1", preset="large-training"), vendor="amd.com/gpu")

    assert (spec.cpu, spec.memory, spec.gpu) == ("1", "64Gi", Gpu(4, "amd.com/gpu"))


def test_a_preset_gives_no_gpu_to_who_wants_none() -> None:
    assert with_preset(ServerSpec("a", gpu=Gpu(0), preset="small-training")).gpu == Gpu(0)


def test_every_preset_is_a_server() -> None:
    assert len(PRESETS) == 6
    for name, preset in PRESETS.items():
        assert name == preset.id
        assert with_preset(ServerSpec("a", preset=name)).cpu == preset.cpu
