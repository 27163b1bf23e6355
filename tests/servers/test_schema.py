"""The form takes what a server may be, and shows what a target has."""

from __future__ import annotations

from typing import Any

import jsonschema
import pytest

from labwright.servers.schema import Offers, spawn_schema
from labwright.servers.spec import ServerSpec

from .test_spec import WHOLE

IMAGES: list[dict[str, Any]] = [
    {"name": "base", "display_name": "Base"},
    {"name": "old", "display_name": "Old", "deprecated": True},
    {"name": "secret", "display_name": "Secret", "hidden": True},
]
OFFERS = Offers(
    images=IMAGES,
    gpus=[{"vendor": "nvidia.com/gpu", "name": "H100", "total": 8, "free": 3}],
    storage_classes=["fast"],
    volumes=["team.shared"],
    configurations=["s3-access"],
)


def test_it_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(spawn_schema(OFFERS))
    jsonschema.Draft202012Validator.check_schema(spawn_schema(Offers()))


@pytest.mark.parametrize("data", [WHOLE, ServerSpec("a").to_json() | {"gpu": {}}, {"name": "a"}])
def test_it_takes_a_server(data: dict[str, Any]) -> None:
    jsonschema.validate(data, spawn_schema(OFFERS))


@pytest.mark.parametrize(
    "change",
    [
        {"name": "No!"},
        {"cpu": "much"},
        {"memory": "8GB"},
        {"idle_after": "soon"},
        {"gpu": {"count": -1}},
        {"preset": "huge"},
        {"volumes": [{"name": "a"}]},
        {"configurations": ["other"]},
        {"colour": "red"},
    ],
)
def test_it_refuses_what_the_library_refuses(change: dict[str, Any]) -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"name": "a", **change}, spawn_schema(OFFERS))


def test_images_to_choose_from() -> None:
    listed = spawn_schema(Offers(images=IMAGES, own_image=False))["properties"]["image"]["oneOf"]
    free = spawn_schema(Offers(images=IMAGES))["properties"]["image"]

    assert [one["title"] for one in listed] == ["The target's own", "Base", "Old (deprecated)"]
    assert free["examples"] == ["base", "old"]


def test_gpus_that_are_free_are_told_before_the_start() -> None:
    gpu = spawn_schema(OFFERS)["properties"]["gpu"]

    assert gpu["description"] == "3 of 8 H100 free"


def test_what_is_not_offered_is_not_in_the_form() -> None:
    offers = Offers(not_offered={"tolerations": "no nodes", "volumes.storage_class": "no classes"})
    found = spawn_schema(offers)["properties"]

    assert "tolerations" not in found
    assert "configurations" not in found
    assert "storage_class" not in found["volumes"]["items"]["properties"]
    assert "size" in found["volumes"]["items"]["properties"]


def test_defaults_are_shown_as_people_write_them() -> None:
    found = spawn_schema(Offers(defaults={"cpu": "2", "idle_after": 5400, "image": None}))

    assert found["properties"]["cpu"]["default"] == "2"
    assert found["properties"]["idle_after"]["default"] == "1h30m"
    assert "default" not in found["properties"]["image"]
