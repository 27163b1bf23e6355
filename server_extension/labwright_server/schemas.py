"""JSON schemas of the settings, for JupyterLab's FormComponent: made from the library's classes.

What a schema takes, the library takes, but for what only the library can know: whether a text is
Python, whether names are there twice.
"""

from __future__ import annotations

from copy import deepcopy
from dataclasses import MISSING, Field, fields, is_dataclass
from functools import cache
from types import NoneType, UnionType
from typing import Any, Literal, Union, cast, get_args, get_origin, get_type_hints

from labwright.notebook.settings import PipelineSettings, StepSettings

from .form_words import RULES, WORDS

_ONLY_STEPS = ("when", "foreach", "after", "finally")
_PLAIN: dict[Any, dict[str, Any]] = {
    str: {"type": "string"},
    bool: {"type": "boolean"},
    int: {"type": "integer"},
    float: {"type": "number"},
    list[str]: {"type": "array", "items": {"type": "string"}},
    # Numbers and booleans become text, as a shell would write them.
    dict[str, str]: {
        "type": "object",
        "additionalProperties": {"type": ["string", "number", "boolean"]},
    },
}


@cache
def step_schema() -> dict[str, Any]:
    """Cell metadata `labwright`."""
    return {"title": "Step", **_object(StepSettings)}


@cache
def pipeline_schema() -> dict[str, Any]:
    """Notebook metadata `labwright.pipeline`."""
    schema = {"title": "Pipeline", **_object(PipelineSettings)}
    # What makes sense for one step only cannot be a default; nor can rules about it apply.
    defaults = dict(schema["properties"]["defaults"])
    defaults["properties"] = {
        key: one for key, one in defaults["properties"].items() if key not in _ONLY_STEPS
    }
    defaults.pop("not")
    schema["properties"] = {**schema["properties"], "defaults": defaults}
    return schema


def _object(model: type[Any], *, optional: bool = False) -> dict[str, Any]:
    """An object with a class's fields. In an optional one nothing has a default.

    A form fills defaults in, and would so make an object that nobody wanted.
    """
    hints = get_type_hints(model)
    known = {one.metadata["key"] or one.name: one for one in fields(model)}
    required = [key for key, one in known.items() if _is_required(one)]
    schema: dict[str, Any] = {
        "type": "object",
        "additionalProperties": False,
        "properties": {
            key: _property(model, key, one, hints[one.name], optional) for key, one in known.items()
        },
        **RULES.get(model, {}),
    }
    return {**schema, "required": required} if required else schema


def _property(
    model: type[Any], key: str, one: Field[Any], hint: Any, optional: bool
) -> dict[str, Any]:
    words = WORDS[model][key]
    inner = [part for part in get_args(hint) if part is not NoneType]
    nullable = get_origin(hint) in (Union, UnionType)
    schema = _type(inner[0] if nullable else hint, optional or nullable)
    types = [schema["type"]]
    if "type" in words.limits:
        # An object has a short form beside; a plain value is written in other types instead.
        types = [*(types if types == ["object"] else []), *words.limits["type"]]
    if nullable:
        types.append("null")
    schema = {
        "title": words.title,
        "description": words.description,
        **schema,
        **words.limits,
        "type": types if len(types) > 1 else types[0],
    }
    if nullable and "enum" in schema:
        schema["enum"] = [*schema["enum"], None]
    plain = isinstance(one.default, (bool, int, float, str))
    return {**schema, "default": one.default} if plain and not optional else schema


def _type(hint: Any, optional: bool) -> dict[str, Any]:
    if get_origin(hint) is Literal:
        return {"type": "string", "enum": list(get_args(hint))}
    if is_dataclass(hint):
        return _object(cast("type[Any]", hint), optional=optional)
    if get_origin(hint) is list and is_dataclass(get_args(hint)[0]):
        return {"type": "array", "items": _object(get_args(hint)[0], optional=True)}
    return deepcopy(_PLAIN[hint])


def _is_required(one: Field[Any]) -> bool:
    return one.default is MISSING and one.default_factory is MISSING
