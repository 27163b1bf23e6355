"""The forms' schemas take what the library takes, and refuse what it refuses."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import pytest
from jsonschema import Draft7Validator

from labwright.errors import LabwrightError
from labwright.notebook.settings import pipeline_settings, step_settings
from labwright_server.form_words import WORDS
from labwright_server.schemas import pipeline_schema, step_schema

GOOD: list[dict[str, Any]] = [
    {},
    {"image": "python:3.12"},
    {"image": None},
    {"packages": []},
    {"packages": ["pandas>=2", "numpy"]},
    {"resources": {}},
    {"resources": {"cpu": 2}},
    {"resources": {"cpu": 0.5}},
    {"resources": {"cpu": "500m"}},
    {"resources": {"cpu": "2"}},
    {"resources": {"cpu": None, "memory": None, "gpu": None}},
    {"resources": {"memory": "4Gi"}},
    {"resources": {"memory": "512M"}},
    {"resources": {"memory": "1.5Gi"}},
    {"resources": {"memory": 1000000}},
    {"resources": {"gpu": 1}},
    {"resources": {"gpu": "2"}},
    {"resources": {"gpu": {}}},
    {"resources": {"gpu": {"count": 0}}},
    {"resources": {"gpu": {"count": 1, "vendor": "amd"}}},
    {"resources": {"gpu": {"count": 1, "vendor": "example.com/gpu"}}},
    {"retry": 3},
    {"retry": "3"},
    {"retry": None},
    {"retry": {"count": 3, "backoff": "30s", "factor": 1.5, "max": "1h"}},
    {"retry": {"count": 3, "backoff": 0, "factor": 1, "max": 60}},
    {"timeout": 90},
    {"timeout": "90"},
    {"timeout": "1h30m"},
    {"timeout": "0.5h"},
    {"timeout": None},
    {"cache": False},
    {"when": "accuracy > 0.85"},
    {"when": None},
    {"foreach": "depth in [1, 2, 3]"},
    {"foreach": "depth in depths"},
    {"foreach": None},
    {"after": ["load", "split"]},
    {"volumes": [{"name": "data", "mount": "data"}]},
    {"volumes": [{"name": "data", "mount": "/data", "size": "10Gi"}]},
    {"volumes": [{"name": "data", "mount": "/data", "claim": "mine", "size": None}]},
    {"env": {"A": "b", "B": 1, "C": True}},
    {"secrets": [{"name": "s", "key": "k", "env": "TOKEN"}]},
    {"node_selector": {"disk": "ssd"}},
    {"tolerations": [{"key": "gpu", "value": "yes", "effect": "NoSchedule"}]},
    {"tolerations": [{"operator": "Exists"}]},
    {"tolerations": [{"operator": "Exists", "key": "gpu", "tolerationSeconds": 30}]},
    {"tolerations": [{"key": "gpu", "effect": None, "value": None}]},
    {"finally": True},
    {"finally": False, "when": "x"},
    {"labels": {"team": "a"}, "annotations": {"note": ""}},
]
BAD: list[dict[str, Any]] = [
    {"imagee": "python"},
    {"image": ""},
    {"image": " "},
    {"image": 3},
    {"packages": "pandas"},
    {"packages": [""]},
    {"packages": None},
    {"resources": None},
    {"resources": {"cpus": 1}},
    {"resources": {"cpu": 0}},
    {"resources": {"cpu": "0"}},
    {"resources": {"cpu": "0.0"}},
    {"resources": {"cpu": -1}},
    {"resources": {"cpu": "two"}},
    {"resources": {"cpu": True}},
    {"resources": {"memory": "4GB"}},
    {"resources": {"memory": "0Gi"}},
    {"resources": {"memory": ""}},
    {"resources": {"gpu": -1}},
    {"resources": {"gpu": 1.5}},
    {"resources": {"gpu": True}},
    {"resources": {"gpu": {"count": "one"}}},
    {"resources": {"gpu": {"vendor": "other"}}},
    {"retry": {}},
    {"retry": {"backoff": 1}},
    {"retry": {"count": 1, "factor": 0.5}},
    {"retry": {"count": 1, "backoff": "soon"}},
    {"timeout": 0},
    {"timeout": "0"},
    {"timeout": "0s"},
    {"timeout": "soon"},
    {"timeout": "10 m"},
    {"cache": "yes"},
    {"cache": None},
    {"when": ""},
    {"when": True},
    {"foreach": "depths"},
    {"foreach": ""},
    {"foreach": "1 in x"},
    {"after": "load"},
    {"after": [""]},
    {"volumes": [{"name": "data"}]},
    {"volumes": [{"name": "data", "mount": "d", "size": "1Gi", "claim": "c"}]},
    {"env": {"not a name": "x"}},
    {"env": {"A": None}},
    {"env": {"A": ["x"]}},
    {"secrets": [{"name": "s", "key": "k"}]},
    {"secrets": [{"name": "s", "key": "k", "env": "1A"}]},
    {"node_selector": {"": "x"}},
    {"tolerations": [{}]},
    {"tolerations": [{"operator": "Equal", "value": "x"}]},
    {"tolerations": [{"operator": "Exists", "value": "x"}]},
    {"tolerations": [{"operator": "Is", "key": "x"}]},
    {"tolerations": [{"key": "x", "effect": "No"}]},
    {"tolerations": [{"key": "x", "toleration_seconds": 3}]},
    {"finally": True, "when": "x"},
    {"finally": True, "after": ["load"]},
    {"finally": "yes"},
]


@pytest.mark.parametrize("settings", GOOD, ids=repr)
def test_what_the_library_takes_the_form_takes(settings: dict[str, Any]) -> None:
    step_settings(settings, "here")
    Draft7Validator(step_schema()).validate(settings)


@pytest.mark.parametrize("settings", BAD, ids=repr)
def test_what_the_library_refuses_the_form_refuses(settings: dict[str, Any]) -> None:
    with pytest.raises(LabwrightError):
        step_settings(settings, "here")
    assert not Draft7Validator(step_schema()).is_valid(settings)


@pytest.mark.parametrize(
    ("settings", "good"),
    [
        ({}, True),
        ({"name": "digits", "description": "", "experiment": "first"}, True),
        ({"volumes": [{"name": "data", "mount": "data"}]}, True),
        ({"defaults": {"cache": False, "retry": 2}}, True),
        ({"nam": "digits"}, False),
        ({"experiment": ""}, False),
        ({"description": None}, False),
        ({"defaults": {"when": "x"}}, False),
        ({"defaults": {"finally": True}}, False),
        ({"defaults": {"timeout": "soon"}}, False),
    ],
    ids=repr,
)
def test_the_pipelines_form(settings: dict[str, Any], good: bool) -> None:
    assert Draft7Validator(pipeline_schema()).is_valid(settings) is good
    if good:
        pipeline_settings(settings, "here")
    else:
        with pytest.raises(LabwrightError):
            pipeline_settings(settings, "here")


def test_every_setting_has_words_and_no_other() -> None:
    for model, words in WORDS.items():
        assert set(words) == {one.metadata["key"] or one.name for one in fields(model)}


def test_the_schemas_are_schemas_a_form_can_draw() -> None:
    for schema in (step_schema(), pipeline_schema()):
        Draft7Validator.check_schema(schema)
        for place, one in _properties(schema):
            assert one["title"], place
            assert one["description"], place
            assert "type" in one, place
            # A form shows the first type that is not null.
            assert ([one["type"]] if isinstance(one["type"], str) else one["type"])[0] != "null"


def test_an_empty_form_says_nothing() -> None:
    """The defaults a form fills in are what the library means where nothing is said."""
    given = {key: one["default"] for key, one in step_schema()["properties"].items()
             if "default" in one}  # fmt: skip
    assert step_settings(given, "here") == step_settings({}, "here")
    for key in ("resources", "retry"):
        assert not [one for _, one in _properties(step_schema()["properties"][key])
                    if "default" in one]  # fmt: skip


def _properties(schema: dict[str, Any], place: str = "") -> list[tuple[str, dict[str, Any]]]:
    found = []
    for key, one in schema.get("properties", {}).items():
        found += [(f"{place}.{key}", one), *_properties(one, f"{place}.{key}")]
        found += _properties(one.get("items", {}), f"{place}.{key}[]")
    return found
