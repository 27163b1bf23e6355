from __future__ import annotations

from typing import Any

import pytest

from labwright.errors import LabwrightError
from labwright.notebook.settings import (
    Gpu,
    PipelineSettings,
    Resources,
    Retry,
    Secret,
    StepSettings,
    Toleration,
    Volume,
    byte_count,
    cpu_cores,
    loop_parts,
    merge,
    pipeline_settings,
    step_settings,
)

WHERE = "nb.ipynb, cell 3 (id abc)"


def test_nothing_said() -> None:
    assert step_settings({}, WHERE) == StepSettings()
    assert pipeline_settings({}, WHERE) == PipelineSettings()


def test_every_key() -> None:
    raw = {
        "image": " python:3.12 ",
        "packages": ["pandas>=2", "x[a,b]"],
        "resources": {"cpu": 2, "memory": "4Gi", "gpu": {"count": 2, "vendor": "amd"}},
        "retry": {"count": 3, "backoff": "10s", "factor": 1.5, "max": "5m"},
        "timeout": "1h30m",
        "cache": False,
        "when": "accuracy > 0.85",
        "foreach": "depth in [1, 2]",
        "after": ["load"],
        "volumes": [
            {"name": "d", "mount": "data", "size": "5Gi"},
            {"name": "m", "mount": "/models", "claim": "pvc"},
        ],
        "env": {"A": 1, "B": True, "C": "x", "D": ""},
        "secrets": [{"name": "s", "key": "k", "env": "TOKEN"}],
        "node_selector": {"pool": "gpu"},
        "tolerations": [
            {"key": "a", "value": "b", "effect": "NoExecute", "tolerationSeconds": 30},
            {"operator": "Exists"},
        ],
        "labels": {"team": "x"},
        "annotations": {"a.b/c": "1:2"},
    }
    assert step_settings(raw, WHERE) == StepSettings(
        image="python:3.12",
        packages=["pandas>=2", "x[a,b]"],
        resources=Resources("2", "4Gi", Gpu(2, "amd")),
        retry=Retry(3, 10.0, 1.5, 300.0),
        timeout=5400.0,
        cache=False,
        when="accuracy > 0.85",
        foreach="depth in [1, 2]",
        after=["load"],
        volumes=[Volume("d", "data", size="5Gi"), Volume("m", "/models", claim="pvc")],
        env={"A": "1", "B": "true", "C": "x", "D": ""},
        secrets=[Secret("s", "k", "TOKEN")],
        node_selector={"pool": "gpu"},
        tolerations=[
            Toleration("a", "Equal", "b", "NoExecute", 30),
            Toleration(operator="Exists"),
        ],
        labels={"team": "x"},
        annotations={"a.b/c": "1:2"},
    )
    assert step_settings({"finally": True}, WHERE).finally_


def test_short_forms() -> None:
    assert step_settings({"retry": 2}, WHERE).retry == Retry(2, 0.0, 2.0, 3600.0)
    assert step_settings({"resources": {"gpu": 1}}, WHERE).resources.gpu == Gpu(1, "nvidia")
    assert step_settings({"retry": None, "image": None}, WHERE) == StepSettings()


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        (30, 30),
        (1.5, 1.5),
        ("90", 90),
        ("30s", 30),
        ("10m", 600),
        ("1.5h", 5400),
        ("1d2h3m4s", 93784),
    ],
)
def test_durations(text: Any, seconds: float) -> None:
    assert step_settings({"timeout": text}, WHERE).timeout == seconds


def test_quantities() -> None:
    assert (cpu_cores("500m"), cpu_cores("2"), cpu_cores("0.5")) == (0.5, 2.0, 0.5)
    assert [byte_count(text) for text in ("1000", "512M", "4Gi", "1.5Ki")] == [
        1000,
        512 * 10**6,
        4 * 2**30,
        1536,
    ]
    assert Gpu(1, "nvidia").resource == "nvidia.com/gpu"
    assert Gpu(1, "habana.ai/gaudi").resource == "habana.ai/gaudi"


def test_loops() -> None:
    assert loop_parts("n in [1, 2]") == ("n", "[1, 2]")
    assert loop_parts("n in sizes") == ("n", "sizes")
    for wrong in ("n", "n in", "n of x", "a, b in x", "n in x if n", "n in x for m in n", ""):
        with pytest.raises(ValueError, match=r"^"):
            loop_parts(wrong)


@pytest.mark.parametrize(
    ("raw", "key", "words"),
    [
        ({"imag": "x"}, "imag", "is unknown (did you mean 'image'? allowed: image, packages, res"),
        ({"zzz": 1}, "zzz", "is unknown (allowed: image, packages"),
        ({3: 1}, "3", "is unknown"),
        ({"finally_": True}, "finally_", "did you mean 'finally'?"),
        ({"resources": {"gpus": 1}}, "resources.gpus", "did you mean 'gpu'? allowed: cpu, memory,"),
        ({"resources": 3}, "resources", "is 3 (allowed: an object)"),
        ({"resources": {"cpu": "x"}}, "resources.cpu", "allowed: a number of cores, as 2, 0.5 or"),
        ({"resources": {"cpu": 0}}, "resources.cpu", "a number of cores"),
        ({"resources": {"memory": "4Q"}}, "resources.memory", "a size, as 512Mi or 4Gi"),
        ({"resources": {"memory": True}}, "resources.memory", "a size"),
        ({"resources": {"memory": []}}, "resources.memory", "a size"),
        ({"resources": {"gpu": -1}}, "resources.gpu.count", "a whole number, 0 or more"),
        ({"resources": {"gpu": {"vendor": "x"}}}, "resources.gpu.vendor", "nvidia, amd, intel, or"),
        ({"image": 3}, "image", "is 3 (allowed: text that is not empty)"),
        ({"image": " "}, "image", "text that is not empty"),
        ({"packages": "x"}, "packages", "is 'x' (allowed: a list)"),
        ({"packages": ["a", ""]}, "packages[1]", "text that is not empty"),
        ({"retry": "a"}, "retry.count", "a whole number, 0 or more"),
        ({"retry": True}, "retry.count", "is True (allowed: a whole number"),
        ({"retry": {}}, "retry.count", "is missing"),
        ({"retry": {"count": 1.5}}, "retry.count", "a whole number"),
        ({"retry": {"count": 1, "backoff": "x"}}, "retry.backoff", "seconds as a number, or text"),
        ({"retry": {"count": 1, "factor": 0}}, "retry.factor", "a number, 1 or more"),
        ({"timeout": "soon"}, "timeout", "seconds above 0 as a number, or text such as 30s"),
        ({"timeout": 0}, "timeout", "seconds above 0"),
        ({"timeout": True}, "timeout", "seconds above 0"),
        ({"timeout": float("inf")}, "timeout", "seconds above 0"),
        ({"timeout": {}}, "timeout", "seconds above 0"),
        ({"cache": "maybe"}, "cache", "true or false"),
        ({"cache": 1}, "cache", "true or false"),
        ({"when": "a >"}, "when", "a Python expression, as accuracy > 0.85"),
        ({"when": True}, "when", "text that is not empty"),
        ({"foreach": "x of y"}, "foreach", "name in expression, as depth in [1, 2, 3]"),
        ({"after": "load"}, "after", "is 'load' (allowed: a list)"),
        ({"volumes": [{"name": "x"}]}, "volumes[0].mount", "is missing"),
        ({"volumes": [{"name": "x", "mount": "y", "clam": 1}]}, "volumes[0].clam", "'claim'?"),
        (
            {"volumes": [{"name": "x", "mount": "y", "size": "1Gi", "claim": "z"}]},
            "volumes[0]",
            "has both `size` (a new claim) and `claim`",
        ),
        (
            {"volumes": [{"name": "x", "mount": "y"}, {"name": "x", "mount": "z"}]},
            "volumes[1]",
            "is a second volume called 'x'",
        ),
        ({"env": []}, "env", "an object of texts"),
        ({"env": {"a-b": "1"}}, "env.a-b", "the name of an environment variable"),
        ({"env": {"A": None}}, "env.A", "is None (allowed: text)"),
        ({"secrets": [{"name": "x", "key": "k"}]}, "secrets[0].env", "is missing"),
        ({"node_selector": {"": "x"}}, "node_selector.", "text that is not empty"),
        ({"tolerations": [{"operator": "Is"}]}, "tolerations[0].operator", "one of Equal, Exists"),
        (
            {"tolerations": [{"key": "a", "effect": "X"}]},
            "tolerations[0].effect",
            "NoSchedule, Pre",
        ),
        ({"tolerations": [{}]}, "tolerations[0]", "has no `key`"),
        (
            {"tolerations": [{"operator": "Exists", "value": "x"}]},
            "tolerations[0]",
            "has a `value` with the operator Exists",
        ),
        ({"finally": "yes"}, "finally", "true or false"),
        ({"finally": True, "when": "x"}, "finally", "is not possible together with `when`"),
        ({"finally": True, "after": ["x"]}, "finally", "not possible together with `after`"),
        ({"labels": {"a": []}}, "labels.a", "is [] (allowed: text)"),
    ],
)
def test_every_mistake_names_cell_key_and_what_is_allowed(
    raw: dict[Any, Any], key: str, words: str
) -> None:
    with pytest.raises(LabwrightError) as error:
        step_settings(raw, WHERE)
    assert str(error.value).startswith(f"{WHERE}: setting `{key}` ")
    assert words in str(error.value)


def test_long_values_are_cut() -> None:
    with pytest.raises(LabwrightError) as error:
        step_settings({"cache": "x" * 500}, WHERE)
    assert len(str(error.value)) < 200


def test_pipeline_settings() -> None:
    raw = {
        "name": "p",
        "description": "d",
        "experiment": "e",
        "volumes": [{"name": "v", "mount": "m"}],
        "defaults": {"image": "i"},
    }
    assert pipeline_settings(raw, WHERE) == PipelineSettings(
        "p", "d", "e", [Volume("v", "m")], StepSettings(image="i")
    )


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        ({"nam": "x"}, "`nam` is unknown (did you mean 'name'?"),
        ({"defaults": {"imag": "x"}}, "`defaults.imag` is unknown (did you mean 'image'?"),
        ({"defaults": {"when": "x"}}, "`defaults.when` cannot be a default (write it on a step's"),
        ({"defaults": {"finally": True}}, "`defaults.finally` cannot be a default"),
        ([], "the settings is [] (allowed: an object)"),
    ],
)
def test_pipeline_mistakes(raw: Any, message: str) -> None:
    with pytest.raises(LabwrightError) as error:
        pipeline_settings(raw, WHERE)
    assert message in str(error.value)


def test_merge_lays_objects_together_and_replaces_the_rest() -> None:
    under = {"env": {"A": "1", "B": "2"}, "packages": ["a"], "image": "x"}
    over = {"env": {"B": "3"}, "packages": ["b"], "cache": False}
    assert merge(under, over) == {
        "env": {"A": "1", "B": "3"},
        "packages": ["b"],
        "image": "x",
        "cache": False,
    }
    assert under["env"] == {"A": "1", "B": "2"}
