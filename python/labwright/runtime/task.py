"""What the launcher gives a step, read from `executor_input`, and where its results go."""

from __future__ import annotations

import json
import os
from typing import Any, Dict, List, Optional

from .paths import local_path, write_atomic, write_json

LOOP_ITEM = "labwright_item"
NOTEBOOK, HTML, METRICS = "labwright_notebook", "labwright_html", "labwright_metrics"


class Task:
    """The two halves of `executor_input`, by name."""

    def __init__(self, executor_input: Dict[str, Any]) -> None:
        inputs = executor_input.get("inputs") or {}
        outputs = executor_input.get("outputs") or {}
        self.parameters: Dict[str, Any] = inputs.get("parameterValues") or inputs.get(
            "parameters", {}
        )
        self._inputs = inputs.get("artifacts") or {}
        self._outputs = outputs.get("artifacts") or {}
        self._output_parameters = outputs.get("parameters") or {}
        self.output_file: Optional[str] = outputs.get("outputFile")
        self._results: Dict[str, Any] = {}
        self._metadata: Dict[str, Dict[str, Any]] = {}

    @classmethod
    def parse(cls, text: str) -> Task:
        return cls(json.loads(text))

    @property
    def folder(self) -> str:
        """The step's own folder: the report lies beside the output file."""
        return os.path.dirname(os.path.abspath(self.output_file or "executor_output.json"))

    def input_paths(self, artifact: str) -> List[str]:
        """Local paths of an input artifact: one, or several for a collected one."""
        found = self._inputs.get(artifact, {}).get("artifacts", [])
        return [each.get("customPath") or local_path(each["uri"]) for each in found]

    def output_path(self, artifact: str) -> Optional[str]:
        """Where an output artifact goes; None when this run has no such output."""
        found = self._outputs.get(artifact, {}).get("artifacts", [])
        return (found[0].get("customPath") or local_path(found[0]["uri"])) if found else None

    def describe(self, artifact: str, metadata: Dict[str, Any]) -> None:
        self._metadata.setdefault(artifact, {}).update(metadata)

    def set_parameter(self, name: str, value: Any, kind: str) -> None:
        """Give an output parameter; raises ValueError where the value is not of its type."""
        value = to_parameter(value, kind)
        self._results[name] = value
        path = self._output_parameters.get(name, {}).get("outputFile")
        if path:
            write_atomic(path, value if isinstance(value, str) else json.dumps(value))

    def write_output(self) -> None:
        """Write `executor_output.json`, by which the launcher takes the results over."""
        if not self.output_file:
            return
        artifacts = {}
        for name, listed in self._outputs.items():
            given = [dict(each) for each in listed.get("artifacts", [])[:1]]
            for each in given:
                each["metadata"] = dict(each.get("metadata") or {}, **self._metadata.get(name, {}))
            artifacts[name] = {"artifacts": given}
        result: Dict[str, Any] = {}
        if self._results:
            result["parameterValues"] = self._results
        if artifacts:
            result["artifacts"] = artifacts
        write_json(self.output_file, result)


def to_parameter(value: Any, kind: str) -> Any:
    """A value as a typed pipeline parameter, exactly; ValueError where it is of another type.

    TRUTH is a value's truthiness; ITEMS what a loop walks, each item as JSON text.
    """
    if kind == "TRUTH":
        return bool(value)
    if kind == "ITEMS":
        return [_item(each) for each in value]
    item = getattr(value, "item", None)
    if callable(item) and getattr(value, "shape", None) == ():
        value = item()
    if kind == "NUMBER_DOUBLE" and isinstance(value, (int, float)):
        return float(value)
    if kind == "NUMBER_INTEGER" and isinstance(value, (int, bool)):
        return int(value)
    if kind == "BOOLEAN" and isinstance(value, (bool, int)) and value in (True, False):
        return bool(value)
    if kind == "STRING" and isinstance(value, str):
        return value
    if kind == "LIST" and not isinstance(value, (str, bytes, dict)):
        return json.loads(json.dumps([_plain(each) for each in value]))
    if kind == "STRUCT" and isinstance(value, dict):
        return json.loads(json.dumps(_plain(value)))
    raise ValueError("expected %s, got %s" % (kind, type(value).__name__))


def from_parameter(value: Any, kind: Optional[str]) -> Any:
    """An input parameter as the type it was declared with (JSON knows one kind of number)."""
    if kind == "NUMBER_INTEGER" and isinstance(value, float) and value.is_integer():
        return int(value)
    if kind == "NUMBER_DOUBLE" and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if isinstance(value, str) and kind in ("LIST", "STRUCT", "NUMBER_INTEGER", "NUMBER_DOUBLE"):
        value = json.loads(value)
    if isinstance(value, str) and kind == "BOOLEAN":
        return value.lower() == "true"
    return value


def _item(value: Any) -> str:
    """A loop's item as JSON text; ValueError where JSON would not give it back as it is."""
    try:
        text = json.dumps(value)
    except (TypeError, ValueError):
        text = "null"
    if not _same(json.loads(text), value):
        raise ValueError(
            "a loop's items are plain numbers, text, lists and dicts, not %s (an array's "
            "`.tolist()` gives such)" % type(value).__name__
        )
    return text


def _same(one: Any, other: Any) -> bool:
    if type(one) is not type(other):
        return False
    if isinstance(one, list):
        return len(one) == len(other) and all(map(_same, one, other))
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(_same(one[k], other[k]) for k in one)
    return bool(one == other)


def _plain(value: Any) -> Any:
    item = getattr(value, "item", None)
    if callable(item) and getattr(value, "shape", None) == ():
        return item()
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(each) for each in value]
    return value
