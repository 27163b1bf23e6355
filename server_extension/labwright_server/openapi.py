"""The OpenAPI 3.1 description of the API, made from the routes and the models.

`python -m labwright_server.openapi` writes it beside this file, where it is committed.
"""

from __future__ import annotations

import json
import re
from http import HTTPStatus
from pathlib import Path
from typing import Any

from pydantic.json_schema import models_json_schema

from . import models
from .models import Model
from .routes import ANYTHING, BASE, LINES, NOTEBOOK_JSON, ROUTES, Route

FILE = Path(__file__).with_name("openapi.json")
VERSION = "1"
_REF = "#/components/schemas/{model}"
_ALWAYS = (400, 403)
_MEDIA: dict[str, dict[str, Any]] = {
    ANYTHING: {},
    NOTEBOOK_JSON: {"type": "object"},
    "application/json": {"type": "object"},
    "text/html": {"type": "string"},
}
_PATH_WORDS = {
    "run_id": "The run's id.",
    "schedule_id": "The schedule's id.",
    "server": "The server's name.",
    "volume": "The volume's name.",
    "step": "The step's name.",
    "artifact": "The file's path in the run's folder, as in a step's inputs and outputs.",
}


def document() -> dict[str, Any]:
    """The whole description."""
    paths: dict[str, Any] = {}
    for route in ROUTES:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Labwright",
            "version": VERSION,
            "description": "What JupyterLab's panels ask of the Jupyter server."
            " Every route needs Jupyter's own authentication.",
        },
        "servers": [
            {
                "url": f"{{base_url}}{BASE}",
                "variables": {
                    "base_url": {"default": "/", "description": "The Jupyter server's base URL."}
                },
            }
        ],
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "schemas": _schemas(),
            "responses": _failures(),
            "securitySchemes": {
                "token": {
                    "type": "apiKey",
                    "in": "header",
                    "name": "Authorization",
                    "description": "`token <the server's token>`; a browser sends its cookie.",
                }
            },
        },
    }


def text() -> str:
    """The description as the file holds it."""
    return json.dumps(document(), indent=2, ensure_ascii=False) + "\n"


def _operation(route: Route) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": route.operation,
        "summary": route.summary,
        "tags": [route.path.split("/")[1]],
        "parameters": [*_path_parameters(route.path), *_query_parameters(route.query)],
        "responses": _responses(route),
    }
    if route.body is not None:
        operation["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": _ref(route.body)}},
        }
    return operation


def _path_parameters(path: str) -> list[dict[str, Any]]:
    return [
        {
            "name": name,
            "in": "path",
            "required": True,
            "description": _PATH_WORDS[name],
            "schema": {"type": "string", "minLength": 1},
        }
        for name in re.findall(r"{(\w+)}", path)
    ]


def _query_parameters(query: type[Model] | None) -> list[dict[str, Any]]:
    if query is None:
        return []
    schema = query.model_json_schema(ref_template=_REF)
    required = schema.get("required", [])
    return [
        {
            "name": name,
            "in": "query",
            "required": name in required,
            "description": one.pop("description"),
            "schema": _stated(one),
        }
        for name, one in schema["properties"].items()
    ]


def _stated(schema: dict[str, Any]) -> dict[str, Any]:
    """A query parameter is a text or left out; it cannot be null."""
    stated = {key: value for key, value in schema.items() if key != "title"}
    options = [one for one in stated.pop("anyOf", []) if one != {"type": "null"}]
    if stated.get("default", ...) is None:
        del stated["default"]
    return {**stated, **options[0]} if options else stated


def _responses(route: Route) -> dict[str, Any]:
    good: dict[str, Any] = {"description": HTTPStatus(route.status).phrase}
    if isinstance(route.answer, str):
        good["content"] = {route.answer: {"schema": _MEDIA[route.answer]}}
    elif route.lines and route.answer is not None:
        good["description"] = (
            "A line of JSON for each piece, as it comes; an empty line says that the connection is"
            " kept. An answer that ends before `end` was lost."
        )
        good["content"] = {LINES: {"schema": _ref(route.answer)}}
    elif route.answer is not None:
        good["content"] = {"application/json": {"schema": _ref(route.answer)}}
    failed = {
        str(status): {"$ref": f"#/components/responses/{_failure(status)}"}
        for status in sorted({*_ALWAYS, *route.errors})
    }
    return {str(route.status): good, **failed}


def _failures() -> dict[str, Any]:
    return {
        _failure(status): {
            "description": HTTPStatus(status).phrase,
            "content": {"application/json": {"schema": _ref(models.Error)}},
        }
        for status in sorted({*_ALWAYS, *(one for route in ROUTES for one in route.errors)})
    }


def _failure(status: int) -> str:
    return HTTPStatus(status).phrase.title().replace(" ", "")


def _ref(model: type[Model]) -> dict[str, str]:
    return {"$ref": _REF.format(model=model.__name__)}


def _schemas() -> dict[str, Any]:
    """Requests as they may be written, answers as they are given: with every field."""
    taken = [(route.body, "validation") for route in ROUTES if route.body]
    given = [(one.answer, "serialization") for one in ROUTES if isinstance(one.answer, type)]
    wanted = dict.fromkeys([*taken, *given, (models.Error, "serialization")])
    _, schema = models_json_schema(list(wanted), ref_template=_REF)  # type: ignore[arg-type]
    found: dict[str, Any] = schema["$defs"]
    return {name: found[name] for name in sorted(found)}


if __name__ == "__main__":
    FILE.write_text(text(), encoding="utf-8")
