from __future__ import annotations

import re
from typing import Any

import pytest

from labwright.errors import LabwrightError
from labwright.notebook.settings import step_settings
from labwright.notebook.stepline import USAGE, StepLine, parse_step_line, split_step_line


@pytest.mark.parametrize(
    ("source", "arguments", "rest"),
    [
        ("%%step a\nx = 1", "a", "x = 1"),
        ("\n\n%%step a --gpu 1\nx", "a --gpu 1", "x"),
        ("%%step\nx", "", "x"),
        ("%%step a", "a", ""),
        ("x = 1\n%%step a", None, "x = 1\n%%step a"),
        ("%%steps a", None, "%%steps a"),
        ("# note\n%%step a", None, "# note\n%%step a"),
        ("", None, ""),
    ],
)
def test_split(source: str, arguments: str | None, rest: str) -> None:
    assert split_step_line(source) == (arguments, rest)


FLAGS: list[tuple[str, dict[str, Any]]] = [
    ("--image python:3.12", {"image": "python:3.12"}),
    (
        "--packages 'pandas>=2,<3, scipy' --packages x[a,b]",
        {"packages": ["pandas>=2,<3", "scipy", "x[a,b]"]},
    ),
    ("--packages 'a b==1 c'", {"packages": ["a", "b==1", "c"]}),
    ("--cpu 500m --memory=4Gi", {"resources": {"cpu": "500m", "memory": "4Gi"}}),
    ("--gpu 1", {"resources": {"gpu": {"count": "1"}}}),
    ("--gpu 1 --gpu-vendor amd", {"resources": {"gpu": {"count": "1", "vendor": "amd"}}}),
    ("--retry 3", {"retry": {"count": "3"}}),
    (
        "--retry 3 --retry-backoff 10s --retry-factor 3 --retry-max 5m",
        {"retry": {"count": "3", "backoff": "10s", "factor": "3", "max": "5m"}},
    ),
    ("--timeout 10m", {"timeout": "10m"}),
    ("--cache", {"cache": True}),
    ("--no-cache", {"cache": False}),
    ('--when "accuracy > 0.85"', {"when": "accuracy > 0.85"}),
    ("--foreach 'n in [1, 2]'", {"foreach": "n in [1, 2]"}),
    ("--after a,b --after c", {"after": ["a", "b", "c"]}),
    (
        "--volume name=d,mount=/d,size=5Gi --volume name=m,mount=m,claim=c",
        {
            "volumes": [
                {"name": "d", "mount": "/d", "size": "5Gi"},
                {"name": "m", "mount": "m", "claim": "c"},
            ]
        },
    ),
    ("--env A=1 --env 'B=x = y'", {"env": {"A": "1", "B": "x = y"}}),
    ("--secret s:k:TOKEN", {"secrets": [{"name": "s", "key": "k", "env": "TOKEN"}]}),
    ("--node-selector pool=gpu", {"node_selector": {"pool": "gpu"}}),
    (
        "--toleration key=gpu,operator=Exists,effect=NoSchedule",
        {"tolerations": [{"key": "gpu", "operator": "Exists", "effect": "NoSchedule"}]},
    ),
    ("--finally", {"finally": True}),
    ("--label team=x", {"labels": {"team": "x"}}),
    ("--annotation a.b/c=d:e", {"annotations": {"a.b/c": "d:e"}}),
]


@pytest.mark.parametrize(("flags", "settings"), FLAGS)
def test_every_flag(flags: str, settings: dict[str, Any]) -> None:
    assert parse_step_line(f"train {flags}") == StepLine("train", settings)
    assert parse_step_line(f"{flags} train") == StepLine("train", settings)
    step_settings(settings, "")


def test_usage_names_every_flag_and_the_tests_cover_each() -> None:
    from labwright.notebook import stepline

    flags = {*stepline._FLAGS, *stepline._SWITCHES}
    tested = set(re.findall(r"--[a-z-]+", " ".join(line for line, _ in FLAGS)))
    assert set(re.findall(r"--[a-z-]+", USAGE)) == flags == tested


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("", "the step has no name"),
        ("--gpu 1", "the step has no name"),
        ("a b", "one step name is wanted, not 2 (write %%step NAME, and quote"),
        ("a --gpus 1", "unknown flag --gpus (did you mean '--gpu'? flags: --image"),
        ("a --gpu", "flag --gpu needs a value"),
        ("a --gpu --cache", "flag --gpu needs a value"),
        ("a --cache=yes", "flag --cache takes no value"),
        ("a --gpu 1 --gpu 2", "flag --gpu is given twice"),
        ("a --cache --no-cache", "flag --no-cache is given twice"),
        ("a --env A=1 --env A=2", "flag --env A is given twice"),
        ("a --env A", "flag --env has 'A' (write --env NAME=VALUE)"),
        ("a --secret x:y", "flag --secret has 'x:y' (write --secret NAME:KEY:ENV)"),
        ("a --volume data", "flag --volume has 'data' (write --volume name=data,mount=/data)"),
        ('a --when "x', "No closing quotation"),
    ],
)
def test_mistakes(arguments: str, message: str) -> None:
    with pytest.raises(LabwrightError) as error:
        parse_step_line(arguments, "nb.ipynb, cell 2 (id x)")
    assert str(error.value).startswith("nb.ipynb, cell 2 (id x): %%step: ")
    assert message in str(error.value)
