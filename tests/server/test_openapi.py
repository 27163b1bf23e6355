"""The description is current, and says what the server does."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml

from labwright_server import models, openapi
from labwright_server.routes import BASE, ROUTES
from labwright_server.stream import EVENTS

from .conftest import Ask, told


def test_the_file_is_current() -> None:
    again = "python -m labwright_server.openapi"
    assert openapi.FILE.read_text(encoding="utf-8") == openapi.text(), f"write it: {again}"


def test_every_reference_leads_somewhere() -> None:
    document = openapi.document()
    for reference in _references(document):
        place: Any = document
        for part in reference.removeprefix("#/").split("/"):
            place = place[part]
        assert isinstance(place, dict)


def test_every_route_is_described() -> None:
    paths = openapi.document()["paths"]
    for route in ROUTES:
        operation = paths[route.path][route.method.lower()]
        assert operation["summary"].endswith(".")
        assert str(route.status) in operation["responses"]
    operations = [one["operationId"] for path in paths.values() for one in path.values()]
    assert len(set(operations)) == len(ROUTES)


def test_the_page_of_the_api_names_every_route_and_event(repository: Path) -> None:
    page = (repository / "docs" / "api.md").read_text(encoding="utf-8")
    assert f"/{BASE}/" in page
    for route in ROUTES:
        assert f"`{route.method} {route.path}`" in page
    for schema in EVENTS.glob("*.yaml"):
        assert yaml.safe_load(schema.read_text(encoding="utf-8"))["$id"] in page


async def test_the_server_gives_it(ask: Ask) -> None:
    assert told(await ask("GET", "openapi.json")) == openapi.document()


async def test_the_schemas_of_the_forms(ask: Ask) -> None:
    schemas = models.Schemas.model_validate(told(await ask("GET", "schemas")))
    assert "resources" in json.dumps(schemas.step)


async def test_the_targets(ask: Ask) -> None:
    (local,) = told(await ask("GET", "targets"))["targets"]
    assert (local["name"], local["available"]) == ("local", True)
    assert local["cpus"] >= 1


def _references(part: Any) -> list[str]:
    if isinstance(part, dict):
        own = [part["$ref"]] if isinstance(part.get("$ref"), str) else []
        return own + [one for value in part.values() for one in _references(value)]
    return [one for value in part for one in _references(value)] if isinstance(part, list) else []
