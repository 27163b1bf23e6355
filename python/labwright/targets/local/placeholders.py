"""Fill the placeholders of a command: `{{$}}`, `{{$.inputs.parameters['x']}}`, Concat, IfPresent.

Each text is filled in one pass, so a value that happens to look like a placeholder stays a value.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

_PLACEHOLDER = re.compile(r"\{\{\$(.*?)\}\}", re.DOTALL)
_PART = re.compile(r"\.(\w+)|\[\s*(?:''?|\")([^'\"]*)(?:''?|\")\s*\]|\[(\d+)\]")


class PlaceholderError(ValueError):
    """A placeholder that names nothing the step has."""


def fill_command(
    words: Sequence[str], executor_input: Mapping[str, Any], constants: Mapping[str, str]
) -> list[str]:
    """The words of a command with all placeholders filled; an absent IfPresent leaves no word."""
    present = {
        name
        for kind in ("parameterValues", "artifacts")
        for name, value in executor_input["inputs"].get(kind, {}).items()
        if value is not None
    }
    filled: list[str] = []
    for word in words:
        filled += [fill(part, executor_input, constants) for part in _expand(word, present)]
    return filled


def fill(text: str, executor_input: Mapping[str, Any], constants: Mapping[str, str]) -> str:
    """One text with its placeholders filled."""

    def one(match: re.Match[str]) -> str:
        value = _lookup(match[1], executor_input, constants)
        return value if isinstance(value, str) else json.dumps(value)

    return _PLACEHOLDER.sub(one, text)


def fill_all(value: Any, executor_input: Mapping[str, Any], constants: Mapping[str, str]) -> Any:
    """A JSON value with the placeholders of every text in it filled."""
    if isinstance(value, str):
        return fill(value, executor_input, constants)
    if isinstance(value, list):
        return [fill_all(item, executor_input, constants) for item in value]
    if isinstance(value, dict):
        return {
            fill(key, executor_input, constants): fill_all(item, executor_input, constants)
            for key, item in value.items()
        }
    return value


def _lookup(path: str, executor_input: Mapping[str, Any], constants: Mapping[str, str]) -> Any:
    if path == "":
        return executor_input
    if path in (".outputs.output_file", ".outputMetadataUri"):
        return executor_input["outputs"]["outputFile"]
    if path.startswith(".json_escape["):
        inner = _lookup(path.partition("]")[2], executor_input, constants)
        return json.dumps(inner if isinstance(inner, str) else json.dumps(inner))[1:-1]
    if path[1:] in constants:
        return constants[path[1:]]
    keys = [name or quoted or index for name, quoted, index in _PART.findall(path)]
    value = _io(keys, executor_input) if len(keys) > 2 else _MISSING
    if value is _MISSING:
        raise PlaceholderError(f"the placeholder {{{{${path}}}}} names nothing that the step has")
    return value


_MISSING = object()


def _io(keys: list[str], executor_input: Mapping[str, Any]) -> Any:
    side, kind, name, *rest = keys
    if side not in ("inputs", "outputs"):
        return _MISSING
    if kind == "parameters" and side == "inputs" and not rest:
        # A parameter the step was not given is null, as on a cluster.
        return executor_input["inputs"].get("parameterValues", {}).get(name)
    if kind == "parameters" and rest == ["output_file"]:
        return executor_input[side].get("parameters", {}).get(name, {}).get("outputFile", _MISSING)
    if kind == "artifacts":
        listed = executor_input[side].get("artifacts", {}).get(name, {}).get("artifacts")
        if not rest:
            return _MISSING if listed is None else listed
        return _artifact(listed[0], rest) if listed else _MISSING
    return _MISSING


def _artifact(artifact: Mapping[str, Any], rest: list[str]) -> Any:
    match rest:
        case ["uri" | "path"]:
            return artifact.get("uri", "")
        case ["name"]:
            return artifact.get("name", "")
        case ["metadata"]:
            return artifact.get("metadata", {})
        case ["metadata" | "properties", key]:
            return artifact.get("metadata", {}).get(key, _MISSING)
    return _MISSING


def _expand(word: str, present: set[str]) -> list[str]:
    """A word, or what a Concat or IfPresent written as JSON stands for."""
    if not word.startswith(('{"Concat":', '{"IfPresent":')):
        return [word]
    try:
        return _struct(json.loads(word), present)
    except (json.JSONDecodeError, KeyError, TypeError, AttributeError):
        raise PlaceholderError(f"the placeholder {word} cannot be read") from None


def _struct(node: Any, present: set[str]) -> list[str]:
    if node is None:
        return []
    if isinstance(node, str):
        return [node]
    if isinstance(node, list):
        return [text for item in node for text in _struct(item, present)]
    if "Concat" in node:
        return ["".join(_struct(node["Concat"], present))]
    chosen = node["IfPresent"]
    return _struct(
        chosen["Then"] if chosen["InputName"] in present else chosen.get("Else"), present
    )
