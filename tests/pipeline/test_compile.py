"""The IR of pipelines: structure, settings, control flow, size, determinism."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

from labwright.errors import LabwrightError
from labwright.pipeline import compile as compile_module
from labwright.pipeline.compile import compile_pipeline
from labwright.pipeline.executors import RUNTIME_PLACEHOLDER
from labwright.pipeline.load import pipeline_of
from labwright.pipeline.model import schema
from labwright.pipeline.program import decode
from pipeline.notebooks import compiled, dag, notebook, pipeline

CHAIN = (
    ("parameters", "lr = 0.1\nunused = 3"),
    ("step:load", "data = [1, 2]"),
    ("step:Train", "model = [d * lr for d in data]"),
    ("step:show", "print(model)"),
)


def program(spec: dict[str, Any], executor: str) -> dict[str, Any]:
    args = spec["deploymentSpec"]["executors"][executor]["container"]["args"]
    return decode(args[args.index("--program") + 1])


def test_a_chain() -> None:
    spec = compiled(*CHAIN).spec
    assert spec["schemaVersion"] == "2.1.0"
    assert spec["pipelineInfo"] == {"name": "study"}
    assert spec["root"]["inputDefinitions"]["parameters"]["lr"] == {
        "parameterType": "NUMBER_DOUBLE",
        "isOptional": True,
        "defaultValue": 0.1,
    }
    train = dag(spec)["train"]
    assert train["taskInfo"] == {"name": "Train"}
    assert train["dependentTasks"] == ["load"]
    assert train["inputs"] == {
        "artifacts": {
            "data": {"taskOutputArtifact": {"producerTask": "load", "outputArtifactKey": "data"}}
        },
        "parameters": {"lr": {"componentInputParameter": "lr"}},
    }
    assert "parameters" not in dag(spec)["show"]["inputs"]
    outputs = spec["components"]["comp-train"]["outputDefinitions"]["artifacts"]
    assert sorted(outputs) == ["labwright_html", "labwright_notebook", "model"]
    container = spec["deploymentSpec"]["executors"]["exec-train"]["container"]
    assert container["command"][:3] == ["python3", "-u", "-c"]
    assert container["args"][-2:] == ["--executor_input", "{{$}}"]


def test_the_program_holds_what_the_step_runs() -> None:
    spec = compiled(
        ("imports", "%matplotlib inline\nimport math"),
        ("step:a", "%%step a --gpu 1\nx = math.pi\n!echo {x}"),
        ("step:b", "print(x)"),
    ).spec
    given = program(spec, "exec-a")
    (cell,) = given["cells"]
    assert cell["id"] == "c1"
    assert cell["tags"] == ["step:a"]
    assert cell["source"] == "x = math.pi\n!echo {x}"
    assert cell["written"].startswith("%%step a")
    assert "get_ipython().system" in cell["python"]
    assert given["outputs"] == {"x": "x"}
    assert any("import math" in part["source"] for part in given["setup"])
    assert program(spec, "exec-b")["inputs"] == {"x": "x"}


def test_equal_notebooks_give_equal_bytes() -> None:
    assert compiled(*CHAIN).to_yaml() == compiled(*CHAIN).to_yaml()


def test_settings_reach_the_container() -> None:
    settings = {
        "image": "team/ml:1",
        "resources": {"cpu": "1500m", "memory": "4Gi", "gpu": {"count": 2, "vendor": "amd"}},
        "retry": {"count": 3, "backoff": 1.5, "factor": 3, "max": 60},
        "env": {"B": "2", "A": "1"},
        "cache": False,
    }
    spec = compiled(("step:a", "x = 1", settings)).spec
    container = spec["deploymentSpec"]["executors"]["exec-a"]["container"]
    assert container["image"] == "team/ml:1"
    assert container["env"] == [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}]
    assert container["resources"] == {
        "cpuLimit": 1.5,
        "resourceCpuLimit": "1500m",
        "memoryLimit": 4.294967296,
        "resourceMemoryLimit": "4Gi",
        "accelerator": {
            "type": "amd.com/gpu",
            "count": "2",
            "resourceType": "amd.com/gpu",
            "resourceCount": "2",
        },
    }
    assert dag(spec)["a"]["cachingOptions"] == {}
    assert dag(spec)["a"]["retryPolicy"] == {
        "maxRetryCount": 3,
        "backoffDuration": "1.5s",
        "backoffFactor": 3.0,
        "backoffMaxDuration": "60s",
    }


def test_the_image_of_a_step_that_names_none(monkeypatch: pytest.MonkeyPatch) -> None:
    def image() -> str:
        spec = compiled(("step:a", "x = 1")).spec
        return spec["deploymentSpec"]["executors"]["exec-a"]["container"]["image"]

    assert image() == "python:3.11"
    monkeypatch.setenv("LABWRIGHT_IMAGE", "team/base:2")
    assert image() == "team/base:2"


def test_what_is_asked_of_kubernetes() -> None:
    result = compiled(
        (
            "step:a",
            "x = 1",
            {
                "timeout": "2m",
                "volumes": [
                    {"name": "data", "mount": "data"},
                    {"name": "models", "mount": "/m", "claim": "shared"},
                    {"name": "scratch", "mount": "tmp", "size": "1500M"},
                ],
                "secrets": [
                    {"name": "db", "key": "user", "env": "DB_USER"},
                    {"name": "db", "key": "password", "env": "DB_PASSWORD"},
                ],
                "node_selector": {"zone": "a"},
                "tolerations": [{"key": "gpu", "operator": "Exists", "tolerationSeconds": 5}],
                "labels": {"team": "x"},
                "annotations": {"note": "y"},
            },
        ),
        ("step:b", "y = 1"),
    )
    assert result.platform == {
        "platforms": {
            "kubernetes": {
                "pipelineConfig": {
                    "workspace": {
                        "size": "1431Mi",
                        "kubernetes": {"pvcSpecPatch": {"accessModes": ["ReadWriteOnce"]}},
                    }
                },
                "deploymentSpec": {
                    "executors": {
                        "exec-a": {
                            "activeDeadlineSeconds": "180",
                            "pvcMount": [
                                {
                                    "mountPath": "/labwright/data",
                                    "constant": "data",
                                    "pvcNameParameter": {"runtimeValue": {"constant": "data"}},
                                },
                                {
                                    "mountPath": "/m",
                                    "constant": "shared",
                                    "pvcNameParameter": {"runtimeValue": {"constant": "shared"}},
                                },
                            ],
                            "secretAsEnv": [
                                {
                                    "secretName": "db",
                                    "secretNameParameter": {"runtimeValue": {"constant": "db"}},
                                    "keyToEnv": [
                                        {"secretKey": "password", "envVar": "DB_PASSWORD"},
                                        {"secretKey": "user", "envVar": "DB_USER"},
                                    ],
                                    "optional": False,
                                }
                            ],
                            "nodeSelector": {"labels": {"zone": "a"}},
                            "tolerations": [
                                {"key": "gpu", "operator": "Exists", "tolerationSeconds": "5"}
                            ],
                            "podMetadata": {
                                "labels": {"team": "x"},
                                "annotations": {"note": "y"},
                            },
                        }
                    }
                },
            }
        }
    }
    given = program(result.spec, "exec-a")
    assert given["timeout"] == 120
    assert given["links"] == {"/labwright/tmp": "/kfp-workspace/scratch"}
    assert dag(result.spec)["a"]["inputs"]["parameters"] == {
        "labwright_workspace": {"runtimeValue": {"constant": "/kfp-workspace"}}
    }


def test_volumes_of_the_pipeline_are_in_every_step() -> None:
    result = compiled(
        ("step:a", "x = 1"),
        ("step:b", "y = 1", {"volumes": [{"name": "own", "mount": "data"}]}),
        volumes=[{"name": "all", "mount": "data"}],
    )
    executors = result.platform["platforms"]["kubernetes"]["deploymentSpec"]["executors"]
    mounts = {name: [m["constant"] for m in e["pvcMount"]] for name, e in executors.items()}
    assert mounts == {"exec-a": ["all"], "exec-b": ["own"]}


def test_what_is_taken_from_a_cache() -> None:
    cells = (
        ("step:a", "x = 1", {"volumes": [{"name": "data", "mount": "data"}]}),
        ("step:b", "y = 1"),
        ("step:c", "print(1)", {"finally": True}),
    )
    built = pipeline(*cells)

    def cached(**options: bool) -> dict[str, bool]:
        spec = compile_pipeline(built, **options).spec
        tasks = dag(spec, "exit-handler-1") | dag(spec)
        return {
            name: bool(task["cachingOptions"])
            for name, task in tasks.items()
            if "cachingOptions" in task
        }

    # A cluster compares the names of claims, not what is in them.
    assert cached() == {"a": False, "b": True, "c": False}
    assert cached(cache_volumes=True) == {"a": True, "b": True, "c": False}


def test_packages_are_installed_before_the_loader() -> None:
    spec = compiled(("step:a", "x = 1", {"packages": ["tqdm==4.66.1", "a'b"]})).spec
    source = spec["deploymentSpec"]["executors"]["exec-a"]["container"]["command"][3]
    compile(source, "command", "exec")
    assert "_install(['tqdm==4.66.1', \"a'b\"])" in source
    assert "python3" not in source  # kfp.local would replace it


def test_large_pipelines_carry_the_runtime_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compile_module, "INLINE_LIMIT", 1000)
    spec = compiled(*CHAIN, ("step:end", "print(lr)", {"finally": True})).spec
    (group,) = dag(spec)
    assert group == "pipeline"
    constant = dag(spec)[group]["inputs"]["parameters"]["labwright_runtime"]
    assert len(constant["runtimeValue"]["constant"]) > 10_000
    args = spec["deploymentSpec"]["executors"]["exec-load"]["container"]["args"]
    assert RUNTIME_PLACEHOLDER in args
    inner = dag(spec, group, "exit-handler-1")["train"]["inputs"]["parameters"]
    assert inner["labwright_runtime"] == {"componentInputParameter": "labwright_runtime"}
    assert inner["lr"] == {"componentInputParameter": "pipelinechannel--lr"}
    assert dag(spec, group)["end"]["inputs"]["parameters"]["labwright_runtime"] == {
        "componentInputParameter": "labwright_runtime"
    }


def test_twenty_steps_stay_below_the_limit_of_a_manifest() -> None:
    cells = [("step:s0", "x = 0"), *((f"step:s{i}", "x = x + 1") for i in range(1, 60))]
    assert len(compiled(*cells).to_yaml()) < 2**20


def test_too_large_names_the_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compile_module, "INLINE_LIMIT", 10)
    monkeypatch.setattr(compile_module, "SIZE_LIMIT", 20)
    with pytest.raises(LabwrightError, match=r"takes [\d,]+ bytes, more than the 20 a cluster"):
        compiled(*CHAIN)


def test_a_step_too_large_for_its_command_is_named() -> None:
    import random

    noise = "".join(random.Random(0).choices("abcdefghijklmnopqrstuvwxyz0123456789", k=200_000))
    with pytest.raises(LabwrightError, match=r"step `big`: its cells take [\d,]+ bytes"):
        compiled(("step:big", f"x = '{noise}'"))


def test_a_pipeline_without_steps_is_refused() -> None:
    built = pipeline_of(notebook(("imports", "import math")))[2]
    with pytest.raises(LabwrightError, match="no step"):
        compile_pipeline(built)


def test_a_step_named_as_the_notebook_does_not_take_its_place() -> None:
    spec = compiled(("step:study", "x = 1")).spec
    assert list(dag(spec)) == ["study-2"]
    assert dag(spec)["study-2"]["taskInfo"]["name"] == "study"


def test_names_are_made_safe_and_kept_for_display() -> None:
    spec = compiled(("step:a", "x = 1"), name="My Study", description="what it is").spec
    assert spec["pipelineInfo"] == {
        "name": "my-study",
        "displayName": "My Study",
        "description": "what it is",
    }


def test_the_model_has_a_schema_and_json() -> None:
    assert schema()["title"] == "Pipeline"
    assert pipeline(*CHAIN).to_json()["steps"][0]["component"]["name"] == "load"


def test_compiling_imports_nothing_heavy() -> None:
    code = (
        "import sys\n"
        "import labwright.pipeline.load, labwright.pipeline.compile\n"
        "from labwright.runtime.bundle import runtime_bundle\n"
        "heavy = 'pydantic yaml nbformat IPython papermill sqlalchemy rich typer'.split()\n"
        "print([name for name in heavy if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
