"""What a command line says of a server."""

from __future__ import annotations

from typing import Any

import pytest

from labwright.errors import LabwrightError
from labwright.servers.options import (
    edited,
    given,
    mount_option,
    toleration_option,
    toleration_text,
    volume_option,
)
from labwright.servers.spec import ServerChange, ServerSpec


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("data:20Gi", {"name": "data", "size": "20Gi", "path": "/home/jovyan/data"}),
        (
            "data:20Gi:/data:delete:class=fast",
            {
                "name": "data", "size": "20Gi", "path": "/data", "reclaim": "Delete",
                "storage_class": "fast",
            },
        ),
    ],
)  # fmt: skip
def test_a_new_volume(text: str, found: dict[str, Any]) -> None:
    assert volume_option(text) == found


def test_a_volume_that_is_there() -> None:
    assert mount_option("team.shared:/data:ro") == {
        "name": "team-shared", "existing": "team.shared", "path": "/data", "read_only": True,
    }  # fmt: skip


def test_a_toleration_as_kubectl_writes_taints() -> None:
    assert toleration_option("gpu") == {"key": "gpu", "operator": "Exists"}
    assert toleration_option("gpu=yes:NoSchedule") == {
        "key": "gpu", "operator": "Equal", "value": "yes", "effect": "NoSchedule",
    }  # fmt: skip


def test_all_that_can_be_said_is_a_server() -> None:
    said = given(
        {
            "image": "base", "cpu": "2", "memory": "8Gi", "gpu": "2:amd", "preset": "model-serving",
            "idle_after": "never", "limit_factor": "1.5", "volume": ["a:1Gi"], "mount": ["b"],
            "env": ["A=b=c"], "node_selector": ["disk=ssd"], "toleration": ["gpu"],
            "configuration": ["s3"], "target": "ignored", "as_json": True,
        }
    )  # fmt: skip
    spec = ServerSpec.from_json({"name": "x", **said})

    assert spec.gpu is not None
    assert (spec.gpu.count, spec.gpu.vendor) == (2, "amd.com/gpu")
    assert spec.idle_after == 0
    assert spec.env == {"A": "b=c"}
    assert [one.name for one in spec.volumes] == ["a", "b"]
    assert given({"image": "", "volume": [], "gpu": ""}) == {}


VIEW = {
    "configurations": ["s3"],
    "tolerations": [{"key": "gpu", "operator": "Exists"}],
    "node_selector": {"disk": "ssd"},
    "env": {"A_TOKEN": "(hidden)", "DEPTH": "3"},
    "volumes": [
        {
            "name": "data", "path": "/data", "claim": "x-data", "size": "1Gi", "read_only": False,
            "reclaim": "Delete", "existing": False,
        },
        {
            "name": "team", "path": "/team", "claim": "shared", "size": "9Gi", "read_only": True,
            "reclaim": "Retain", "existing": True,
        },
    ],
}  # fmt: skip


def change(
    said: dict[str, Any], unmount: tuple[str, ...] = (), unset: tuple[str, ...] = ()
) -> ServerSpec:
    before = ServerSpec.from_json(
        {
            "name": "x",
            "env": {"A_TOKEN": "secret", "DEPTH": "3"},
            "volumes": [
                {
                    "name": "data", "path": "/data", "size": "1Gi", "reclaim": "Delete",
                    "storage_class": "fast",
                },
                {"name": "team", "path": "/team", "existing": "shared", "read_only": True},
            ],
        }
    )  # fmt: skip
    return ServerChange.from_json(edited(VIEW, said, unmount, unset)).apply(before)


def test_a_volume_grows_where_it_is() -> None:
    after = change(given({"volume": ["data:2Gi"]}))

    assert [(one.name, one.path, one.size, one.storage_class) for one in after.volumes] == [
        ("data", "/data", "2Gi", "fast"),
        ("team", "/team", None, None),
    ]
    assert after.volumes[0].reclaim == "Delete"
    assert after.volumes[1].read_only


def test_a_volume_is_added_and_one_is_taken_out() -> None:
    after = change(given({"mount": ["other"]}), unmount=("team",))

    assert [one.name for one in after.volumes] == ["data", "other"]
    with pytest.raises(LabwrightError, match="--unmount: there is no volume 'nothing'"):
        change({}, unmount=("nothing",))


def test_a_value_that_was_not_shown_stays_as_it_is() -> None:
    after = change(given({"env": ["MORE=1"]}), unset=("DEPTH",))

    assert after.env == {"A_TOKEN": "secret", "MORE": "1"}
    with pytest.raises(LabwrightError, match="--unset: 'NO' is not set"):
        change({}, unset=("NO",))


def test_what_there_can_be_several_of_is_added() -> None:
    said = given(
        {"configuration": ["s3", "git"], "toleration": ["gpu", "big=yes"], "node_selector": ["a="]}
    )
    taint = {"key": "big", "operator": "Equal", "value": "yes"}
    assert edited(VIEW, said) == {
        "configurations": ["s3", "git"],
        "tolerations": [*VIEW["tolerations"], taint],
        "node_selector": {"disk": "ssd", "a": ""},
    }


def test_what_is_cleared_goes_first() -> None:
    said = given({"toleration": ["big"]})
    clear = ["toleration", "limit-factor", "node-label"]
    assert edited(VIEW, said, clear=clear) == {
        "tolerations": [{"key": "big", "operator": "Exists"}],
        "limit_factor": None,
        "node_selector": None,
    }
    with pytest.raises(LabwrightError, match=r"--clear: 'volume' cannot be cleared.*toleration"):
        edited(VIEW, {}, clear=["volume"])


def test_tolerations_are_shown_as_they_are_said() -> None:
    for text in ("gpu", "gpu=yes:NoSchedule", "gpu:NoExecute"):
        assert toleration_text(toleration_option(text)) == text
    assert toleration_text({"operator": "Exists"}) == "all taints"


def test_an_edit_of_something_else_names_neither() -> None:
    assert edited(VIEW, {"cpu": "2"}, (), ()) == {"cpu": "2"}
